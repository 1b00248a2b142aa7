//! A1 to A5: target **stall**. Every answer takes S = 100 ms; each period P = 10 s begins with a freeze of F = 1 s. A
//! request that arrives in a freeze waits for its end, then sleeps S; requests that already sleep are unaffected.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hdrhistogram::Histogram;
use perflab_model::{
    flow::Think,
    load::{Load, OnSaturated},
    plan::Plan,
    runner::{Ending, Report},
    unit::Millis,
};

use crate::{
    alone, assert_within_one_percent, at, quantiles,
    support::{Measure, Outcome, Runner, constant_rate, get, plan, request, users},
    target::{Service, SlowTarget},
};

const SLEEP_MS: f64 = 100.0;
const PERIOD_MS: f64 = 10_000.0;
const FREEZE_MS: f64 = 1_000.0;

const STALL: Service = Service::Stall {
    sleep: Duration::from_millis(100),
    period: Duration::from_secs(10),
    freeze: Duration::from_secs(1),
};

/// How far beyond half a period runs begin, so that the first request after a freeze comes 2.1 ms after its end (and the
/// last one in it 0.4 ms before). The answers to a freeze are all due at its end plus S; writing and reading 400 of them
/// takes both processes some milliseconds. That is work and not waiting, and p90 lies exactly between the two.
const PHASE_SHIFT: Duration = Duration::from_micros(2_100);

/// Carries out a run that begins in the middle of a period of the stall. Its runner must be ready in the time between
/// its word that it starts and its first start; a machine that is too busy for that is given another run.
fn carry_out_stalled(load: Load, change: impl Fn(&mut Plan)) -> Outcome {
    let target = SlowTarget::start(STALL);
    let mut plan = plan(&target.url(), load, vec![request(get("probe", "/"))]);
    change(&mut plan);
    let mut runner = Runner::start(plan);
    let Some(Report::Started(started)) = runner.next() else { panic!("the runner says first when it starts") };
    let ahead = started.at_us - wall_us();
    let half = Duration::from_secs(5) - PHASE_SHIFT;
    // What was late is taken off the half period that lies before the first freeze.
    let to_freeze = if ahead >= 0 {
        half + Duration::from_micros(ahead.unsigned_abs())
    } else {
        half.saturating_sub(Duration::from_micros(ahead.unsigned_abs()))
    };
    target.freeze_from(Instant::now() + to_freeze);
    let outcome = runner.finish();
    println!("the target was late by {:?} at the median and {:?} at 99 %", target.late().0, target.late().1);
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    outcome
}

fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_micros()).expect("it is earlier than 294247")
}

/// A1. A quantile is S up to 0.9 and S + P·(q − 0.9) beyond.
#[test]
fn accuracy_a1_an_open_run_sees_the_whole_stall() {
    let _alone = alone();
    let outcome = carry_out_stalled(constant_rate(400.0, 60, 600), |_| ());
    assert_eq!(outcome.sum(|tick| tick.point.started), 24_000);
    assert_eq!(outcome.sum(|tick| tick.point.dropped), 0);

    let response = outcome.values(Measure::Response, |_| true);
    quantiles("A1", &response);
    assert_eq!(response.len(), 24_000);
    assert_within_one_percent("p50", at(&response, 0.5), SLEEP_MS);
    assert!(at(&response, 0.5) - SLEEP_MS <= 1.0, "the engine adds more than 1 ms at the median");
    // p90 is the corner of the curve: one request in ten thousand moves it by a whole millisecond, whoever was late. The
    // same place is judged from the other side: how many requests lie beyond it. Of P, all that arrive in F but its last
    // millisecond wait for more than S + 1 %.
    let beyond = 1.0 - response.quantile_below(101_000);
    assert_within_one_percent("share beyond S + 1 %", beyond, 0.0999);
    assert_within_one_percent("p95", at(&response, 0.95), 600.0);
    assert_within_one_percent("p99", at(&response, 0.99), 1000.0);
    assert_within_one_percent("p99.9", at(&response, 0.999), 1090.0);
    assert_within_one_percent("max", response.max() as f64 / 1000.0, SLEEP_MS + FREEZE_MS);
    assert_within_one_percent("mean", response.mean() / 1000.0, SLEEP_MS + FREEZE_MS * FREEZE_MS / (2.0 * PERIOD_MS));
}

/// What a user of a closed run does in a period of the stall.
struct Rounds {
    /// Service times of whole periods from the second freeze on: it begins 15 s into the run.
    service: Histogram<u64>,
    /// Mean time from a request to the next one, ms, away from freezes.
    cycle_ms: f64,
    /// Requests of a user in a period.
    rounds: f64,
    /// How long the held one of them takes, ms.
    held_ms: f64,
}

fn rounds(outcome: &Outcome, users: f64, think_ms: f64) -> Rounds {
    let service = outcome.values(Measure::Service, |second| (15..55).contains(&second));
    let undisturbed = outcome.values(Measure::Service, |second| (7..14).contains(&second));
    // A user's cycle is its wait for the answer, its thinking, and what lies between that and the next request. The
    // latter does not show in any request, but over a whole period all three fill it.
    let per_user_and_period = service.len() as f64 / (users * 4.0);
    let between = PERIOD_MS / per_user_and_period - service.mean() / 1000.0 - think_ms;
    let cycle_ms = undisturbed.mean() / 1000.0 + think_ms + between;
    let rounds = ((PERIOD_MS - FREEZE_MS) / cycle_ms).ceil();
    let held_ms = SLEEP_MS + PERIOD_MS - rounds * cycle_ms;
    println!("cycle {cycle_ms:.3} ms, {rounds} rounds, held {held_ms:.1} ms");
    Rounds { service, cycle_ms, rounds, held_ms }
}

/// A2. Closed users wait the stall out: it hides from their p95.
#[test]
fn accuracy_a2_closed_users_hide_the_stall_from_p95() {
    let _alone = alone();
    let outcome = carry_out_stalled(users(50, 60), |_| ());
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    let Rounds { service, rounds, held_ms, .. } = rounds(&outcome, 50.0, 0.0);
    quantiles("A2", &service);
    assert_within_one_percent("p50", at(&service, 0.5), SLEEP_MS);
    assert_within_one_percent("p95", at(&service, 0.95), SLEEP_MS);
    assert_within_one_percent("p98", at(&service, 0.98), SLEEP_MS);
    assert_within_one_percent("p99.5", at(&service, 0.995), held_ms);
    assert_within_one_percent("requests", service.len() as f64, 50.0 * 4.0 * rounds);
}

/// A3 to A5 share a minute: each has a target of its own, and they begin a third of a period apart, so that no burst of
/// answers meets another's.
#[test]
fn accuracy_a3_a4_a5_thinking_users_capped_and_queued_arrivals() {
    let _alone = alone();
    let apart = Duration::from_millis(3_300);
    thread::scope(|scope| {
        let a3 = scope.spawn(|| {
            carry_out_stalled(users(50, 60), |plan| plan.classes[0].think = Think::Constant(Millis::new(850)))
        });
        let a4 = scope.spawn(|| {
            thread::sleep(apart);
            carry_out_stalled(constant_rate(400.0, 60, 100), |plan| plan.find_limit = true)
        });
        let a5 = scope.spawn(|| {
            thread::sleep(apart * 2);
            carry_out_stalled(queueing(constant_rate(400.0, 60, 100)), |_| ())
        });
        thinking_users(&a3.join().expect("A3 is measured"));
        capped(&a4.join().expect("A4 is measured"));
        queued(&a5.join().expect("A5 is measured"));
    });
}

fn queueing(load: Load) -> Load {
    let Load::Open { stages, mut limits } = load else { panic!("only open runs queue") };
    limits.on_saturated = OnSaturated::Queue;
    Load::Open { stages, limits }
}

/// A3. With time to think the stall shows a little earlier: one request in ten is held.
fn thinking_users(outcome: &Outcome) {
    let Rounds { service, cycle_ms, rounds, held_ms } = rounds(outcome, 50.0, 850.0);
    quantiles("A3", &service);
    assert_eq!(rounds, 10.0, "a cycle of {cycle_ms} ms");
    assert_within_one_percent("p50", at(&service, 0.5), SLEEP_MS);
    assert_within_one_percent("p85", at(&service, 0.85), SLEEP_MS);
    assert_within_one_percent("p95", at(&service, 0.95), held_ms);
    assert_within_one_percent("p99", at(&service, 0.99), held_ms);
    assert_within_one_percent("held", held_ms, 600.0);
}

/// A4. With 100 lanes a freeze of λ(F + S) arrivals drops all but 100 of them.
fn capped(outcome: &Outcome) {
    let (planned, dropped) = (outcome.sum(|tick| tick.point.planned), outcome.sum(|tick| tick.point.dropped));
    println!("A4: {dropped} of {planned} dropped");
    assert_eq!(planned, 24_000);
    assert_eq!(planned, outcome.sum(|tick| tick.point.started) + dropped);
    assert_within_one_percent("dropped per period", dropped as f64 / 6.0, 400.0 * 1.1 - 100.0);
    assert_within_one_percent("dropped share", dropped as f64 / planned as f64, 0.085);
}

/// A5. Waiting for a lane is part of the response, and counts as late.
fn queued(outcome: &Outcome) {
    let response = outcome.values(Measure::Response, |_| true);
    quantiles("A5", &response);
    assert_eq!(outcome.sum(|tick| tick.point.started), 24_000, "nothing waits for five seconds");
    assert_within_one_percent("p90", at(&response, 0.9), 450.0);
    assert_within_one_percent("p95", at(&response, 0.95), 750.0);
    assert_within_one_percent("p99", at(&response, 0.99), 1000.0);
    assert_within_one_percent("max", response.max() as f64 / 1000.0, SLEEP_MS + FREEZE_MS);
    let lag = outcome.values(Measure::Lag, |_| true);
    assert_within_one_percent("longest lag", lag.max() as f64 / 1000.0, 850.0);
    let late = outcome.sum(|tick| tick.point.late) as f64 / 24_000.0;
    assert_within_one_percent("late share", late, 0.135);
    assert_eq!(outcome.sum(|tick| tick.point.late_own), 0, "a lane that is not free is not the generator's fault");
}

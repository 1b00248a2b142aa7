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

/// A run against the stall, and what the target knows of it.
struct Stalled {
    outcome: Outcome,
    target: SlowTarget,
    /// The first planned start.
    begin: Instant,
}

impl Stalled {
    /// Checks quantiles twice: against the closed form, and against what the target itself took, which holds the
    /// lateness of this machine's timers and the work of answering many at one instant. None of that is the engine's; what
    /// is left between the two is.
    #[track_caller]
    fn assert_quantiles(&self, measured: &Histogram<u64>, took: &Histogram<u64>, expected: &[(f64, Option<f64>)]) {
        quantiles("of the target itself", took);
        for (quantile, expected) in expected {
            let (name, value) = (format!("p{}", quantile * 100.0), at(measured, *quantile));
            assert_within_one_percent(&format!("{name} and what the target took"), value, at(took, *quantile));
            if let Some(expected) = expected {
                assert_within_one_percent(&name, value, *expected);
            }
        }
    }

    /// What the target itself took in these seconds of the run.
    fn took(&self, from: u64, to: u64) -> Histogram<u64> {
        self.target.took(self.begin + Duration::from_secs(from), self.begin + Duration::from_secs(to))
    }
}

/// Carries out a run that begins in the middle of a period of the stall.
fn carry_out_stalled(load: Load, change: impl Fn(&mut Plan)) -> Stalled {
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
    let freeze = Instant::now() + to_freeze;
    target.freeze_from(freeze);
    let outcome = runner.finish();
    println!("the target was late by {:?} at the median and {:?} at 99 %", target.late().0, target.late().1);
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    Stalled { outcome, target, begin: freeze - half }
}

fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_micros()).expect("it is earlier than 294247")
}

/// A1. A quantile is S up to 0.9 and S + P·(q − 0.9) beyond.
#[test]
fn accuracy_a1_an_open_run_sees_the_whole_stall() {
    let _alone = alone();
    let stalled = carry_out_stalled(constant_rate(400.0, 60, 600), |_| ());
    let outcome = &stalled.outcome;
    assert_eq!(outcome.sum(|tick| tick.point.started), 24_000);
    assert_eq!(outcome.sum(|tick| tick.point.dropped), 0);

    let response = outcome.values(Measure::Response, |_| true);
    quantiles("A1", &response);
    assert_eq!(response.len(), 24_000);
    assert!(at(&response, 0.5) - SLEEP_MS <= 1.0, "the engine adds more than 1 ms at the median");
    // p90 is the corner of the closed form, where one request in ten thousand that anybody delays by a moment moves the
    // value by a millisecond. The place is judged from the other side: of P, all that arrive in F but its last 5 ms wait
    // for more than S + 5 ms.
    let beyond = 1.0 - response.quantile_below(105_000);
    assert_within_one_percent("share beyond S + 5 ms", beyond, 0.0995);
    let took = stalled.target.took_since_plan(stalled.begin, Duration::from_micros(2_500));
    stalled.assert_quantiles(
        &response,
        &took,
        &[(0.5, Some(SLEEP_MS)), (0.95, Some(600.0)), (0.99, Some(1000.0)), (0.999, Some(1090.0))],
    );
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
    let stalled = carry_out_stalled(users(50, 60), |_| ());
    let outcome = &stalled.outcome;
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    let Rounds { service, rounds, held_ms, .. } = rounds(outcome, 50.0, 0.0);
    quantiles("A2", &service);
    // After a freeze all users go on in step: fifty requests are sent at one instant, and fifty answers due at another. What
    // that costs the last of them is work on both sides; p98 is the last but one. So p50 is held to the closed form itself,
    // p95 to it by way of what the target took, and of p98 it is only asked that the stall does not show there.
    stalled.assert_quantiles(
        &service,
        &stalled.took(15, 55),
        &[(0.5, Some(SLEEP_MS)), (0.95, None), (0.995, Some(held_ms))],
    );
    assert!(at(&service, 0.98) < SLEEP_MS + 5.0, "the stall shows at p98: {}", at(&service, 0.98));
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
        capped(&a4.join().expect("A4 is measured").outcome);
        queued(&a5.join().expect("A5 is measured"));
    });
}

fn queueing(load: Load) -> Load {
    let Load::Open { stages, mut limits } = load else { panic!("only open runs queue") };
    limits.on_saturated = OnSaturated::Queue;
    Load::Open { stages, limits }
}

/// A3. With time to think the stall shows a little earlier: one request in ten is held.
fn thinking_users(stalled: &Stalled) {
    let Rounds { service, cycle_ms, rounds, held_ms } = rounds(&stalled.outcome, 50.0, 850.0);
    quantiles("A3", &service);
    assert_eq!(rounds, 10.0, "a cycle of {cycle_ms} ms");
    stalled.assert_quantiles(
        &service,
        &stalled.took(15, 55),
        &[(0.5, Some(SLEEP_MS)), (0.95, Some(held_ms)), (0.99, Some(held_ms))],
    );
    // The fifty go in step here, too: what stands of p98 in A2 holds for p85.
    assert!(at(&service, 0.85) < SLEEP_MS + 5.0, "the stall shows at p85: {}", at(&service, 0.85));
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
fn queued(stalled: &Stalled) {
    let outcome = &stalled.outcome;
    let response = outcome.values(Measure::Response, |_| true);
    quantiles("A5", &response);
    assert_eq!(outcome.sum(|tick| tick.point.started), 24_000, "nothing waits for five seconds");
    // Every answer that comes late keeps a lane from those that wait, so p90, 450 ms by the closed form, grows with the
    // lateness of the machine's timers: it is held to what the target took.
    let took = stalled.target.took_since_plan(stalled.begin, Duration::from_micros(2_500));
    stalled.assert_quantiles(&response, &took, &[(0.9, None), (0.95, Some(750.0)), (0.99, Some(1000.0))]);
    assert_within_one_percent("max", response.max() as f64 / 1000.0, SLEEP_MS + FREEZE_MS);
    let lag = outcome.values(Measure::Lag, |_| true);
    assert_within_one_percent("longest lag", lag.max() as f64 / 1000.0, 850.0);
    let (late, own) = (outcome.sum(|tick| tick.point.late), outcome.sum(|tick| tick.point.late_own));
    assert_within_one_percent("share that waited for a lane", (late - own) as f64 / 24_000.0, 0.135);
    // What is late for other reasons is this machine's doing; more than this would make a run suspect.
    assert!((own as f64) < 0.005 * 24_000.0, "{own} starts were late although a lane was free");
}

//! Is the clock read rightly? The accuracy tests: measured times against closed forms.
//!
//! They take minutes and want the machine for themselves; `cargo xtask` runs this target alone.
//!
//! Target **stall**: every answer takes S = 100 ms; each period P = 10 s begins with a freeze of F = 1 s. A request that
//! arrives in a freeze waits for its end, then sleeps S; requests that already sleep are unaffected.

mod stall;
mod support;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hdrhistogram::Histogram;
use perflab_mita::{
    BackgroundTarget, Config,
    faults::{Errors, Faults, Share, SlowBody},
};
use perflab_model::{
    load::Load,
    runner::{Ending, Report},
};
use stall::{Stall, StallTarget};
use support::{Measure, Outcome, Runner, constant_rate, get, plan, request, users};

/// One at a time: two runs side by side would measure each other.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
#[ignore = "not a test: the runner process of the tests here"]
fn runner_process() {
    support::be_a_runner_if_asked();
}

fn target() -> BackgroundTarget {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), load_users: 0, ..Config::default() };
    BackgroundTarget::start(config, 1).expect("the reference target starts")
}

const STALL: Stall =
    Stall { sleep: Duration::from_millis(100), period: Duration::from_secs(10), freeze: Duration::from_secs(1) };

/// How far beyond half a period runs begin, so that the first request after a freeze comes 2.1 ms after its end (and the
/// last one in it 0.4 ms before). The answers to a freeze are all due at its end plus S; writing and reading 400 of them
/// takes both processes some milliseconds. That is work and not waiting, and p90 lies exactly between the two.
const PHASE_SHIFT: Duration = Duration::from_micros(2_100);

/// Carries out a run that begins in the middle of a period of the stall.
fn carry_out_stalled(load: Load) -> Outcome {
    let target = StallTarget::start(STALL);
    let mut runner = Runner::start(plan(&target.url(), load, vec![request(get("probe", "/"))]));
    let Some(Report::Started(started)) = runner.next() else { panic!("the runner says first when it starts") };
    let ahead = u64::try_from(started.at_us - wall_us()).map(Duration::from_micros);
    let ahead = ahead.expect("the first start is still to come, unless this machine is too busy to measure anything");
    target.freeze_from(Instant::now() + ahead + STALL.period / 2 - PHASE_SHIFT);
    let outcome = runner.finish();
    println!("the target was late by {:?} at the median and {:?} at 99 %", target.late().0, target.late().1);
    outcome
}

fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_micros()).expect("it is earlier than 294247")
}

fn carry_out(target: &BackgroundTarget, load: Load) -> Outcome {
    let runner = Runner::start(plan(&target.target().url(), load, vec![request(get("probe", "/_probe"))]));
    runner.finish()
}

/// Milliseconds at a quantile.
fn at(values: &Histogram<u64>, quantile: f64) -> f64 {
    values.value_at_quantile(quantile) as f64 / 1000.0
}

#[track_caller]
fn assert_within_one_percent(what: &str, measured: f64, expected: f64) {
    let off = (measured - expected).abs() / expected;
    assert!(off <= 0.01, "{what}: {measured:.3} ms instead of {expected:.3} ms, {:.2} % off", off * 100.0);
}

/// A1. With S, P and F as above a quantile is S up to 0.9 and S + P·(q − 0.9) beyond.
#[test]
#[ignore = "wants a machine that does nothing else: the stalled answers are due at one instant, and 1 % of S is one millisecond. Run it with: cargo xtask test --only accuracy -- --include-ignored"]
fn accuracy_a1_an_open_run_sees_the_whole_stall() {
    let _alone = alone();
    let outcome = carry_out_stalled(constant_rate(400.0, 60, 600));
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert_eq!(outcome.sum(|tick| tick.point.started), 24_000);
    assert_eq!(outcome.sum(|tick| tick.point.dropped), 0);

    let response = outcome.values(Measure::Response, |_| true);
    println!(
        "A1: p50 {:.3} p90 {:.3} p95 {:.3} p99 {:.3} p99.9 {:.3} max {:.3} mean {:.3} ms",
        at(&response, 0.5),
        at(&response, 0.9),
        at(&response, 0.95),
        at(&response, 0.99),
        at(&response, 0.999),
        response.max() as f64 / 1000.0,
        response.mean() / 1000.0,
    );
    assert_eq!(response.len(), 24_000);
    assert_within_one_percent("p50", at(&response, 0.5), 100.0);
    assert!(at(&response, 0.5) - 100.0 <= 1.0, "the engine adds more than 1 ms at the median");
    // p90 is the corner of the curve: one request in ten thousand moves it by a whole millisecond, whoever was late. The
    // same place is judged from the other side: how many requests lie beyond it. Of P, all that arrive in F but its last
    // millisecond wait for more than S + 1 %.
    let beyond = 1.0 - response.quantile_below(101_000);
    let expected = 0.0999;
    assert!((beyond - expected).abs() <= 0.01 * expected, "{beyond} of all lie beyond S + 1 % instead of {expected}");
    assert_within_one_percent("p95", at(&response, 0.95), 600.0);
    assert_within_one_percent("p99", at(&response, 0.99), 1000.0);
    assert_within_one_percent("p99.9", at(&response, 0.999), 1090.0);
    assert_within_one_percent("max", response.max() as f64 / 1000.0, 1100.0);
    assert_within_one_percent("mean", response.mean() / 1000.0, 150.0);
}

/// A2. Closed users wait the stall out: it hides from their p95.
#[test]
#[ignore = "wants a machine that does nothing else: the stalled answers are due at one instant, and 1 % of S is one millisecond. Run it with: cargo xtask test --only accuracy -- --include-ignored"]
fn accuracy_a2_closed_users_hide_the_stall_from_p95() {
    let _alone = alone();
    let outcome = carry_out_stalled(users(50, 60));
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());

    // Whole periods from the second freeze on: it begins 15 s into the run.
    let service = outcome.values(Measure::Service, |second| (15..55).contains(&second));
    let undisturbed = outcome.values(Measure::Service, |second| (7..14).contains(&second));
    let (period, freeze, sleep) = (10_000.0, 1_000.0, 100.0);
    // A user's cycle is its wait for the answer and what lies between that and the next request. The latter does not show
    // in any request, but over a whole period both fill it.
    let per_user_and_period = service.len() as f64 / (50.0 * 4.0);
    let between = period / per_user_and_period - service.mean() / 1000.0;
    let cycle = undisturbed.mean() / 1000.0 + between;
    let rounds = ((period - freeze) / cycle).ceil();
    let held = sleep + period - rounds * cycle;
    println!(
        "A2: cycle {cycle:.3} ms, {rounds} rounds, held {held:.1}; p50 {:.3} p95 {:.3} p98 {:.3} p99.5 {:.3} ms, {} requests",
        at(&service, 0.5),
        at(&service, 0.95),
        at(&service, 0.98),
        at(&service, 0.995),
        service.len(),
    );
    assert_within_one_percent("p50", at(&service, 0.5), 100.0);
    assert_within_one_percent("p95", at(&service, 0.95), 100.0);
    assert_within_one_percent("p98", at(&service, 0.98), 100.0);
    assert_within_one_percent("p99.5", at(&service, 0.995), held);
    let expected = 50.0 * 4.0 * rounds;
    let off = (service.len() as f64 - expected).abs() / expected;
    assert!(off <= 0.01, "{} requests instead of {expected}", service.len());
}

/// A9. The pacer is as exact as a bare thread that sleeps to the same deadlines beside it.
#[test]
fn accuracy_a9_starts_are_as_punctual_as_a_bare_thread() {
    let _alone = alone();
    let target = target();
    let bare = thread::spawn(bare_thread);
    let outcome = carry_out(&target, constant_rate(200.0, 60, 100));
    let bare = bare.join().expect("the bare thread only sleeps");
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert_eq!(outcome.sum(|tick| tick.point.started), 12_000);
    let lag = outcome.values(Measure::Lag, |_| true);
    println!(
        "A9: lag p50 {:.3} p99 {:.3} max {:.3} ms; bare thread p50 {:.3} p99 {:.3} max {:.3} ms",
        at(&lag, 0.5),
        at(&lag, 0.99),
        at(&lag, 1.0),
        at(&bare, 0.5),
        at(&bare, 0.99),
        at(&bare, 1.0),
    );
    assert_eq!(lag.len(), 12_000);
    assert!(at(&lag, 0.99) <= at(&bare, 0.99) + 1.0);
    assert!(at(&lag, 1.0) <= at(&bare, 1.0) + 10.0);
}

/// Sleeps to 200 deadlines a second for a minute and notes how late it woke.
fn bare_thread() -> Histogram<u64> {
    let mut late = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds");
    let begin = Instant::now();
    for k in 0..12_000 {
        let due = begin + Duration::from_millis(5) * k;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        late.saturating_record(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX).max(1));
    }
    late
}

fn troubled() -> Faults {
    Faults {
        seed: 7,
        errors: Some(Errors { rate: 0.1, status: 500 }),
        resets: Some(Share { rate: 0.05 }),
        truncated_body: Some(Share { rate: 0.05 }),
        slow_body: Some(SlowBody { chunk_bytes: 16, every_ms: 2.0, rate: 0.2 }),
        ..Faults::default()
    }
}

/// A10. Nothing is lost between plan, starts, codes, histograms and goose.
#[test]
fn accuracy_a10_the_books_of_an_open_run_balance() {
    let _alone = alone();
    let target = target();
    target.target().set_faults(troubled()).expect("the faults are within their ranges");
    let outcome = carry_out(&target, constant_rate(500.0, 10, 8));
    assert_eq!(outcome.done().ending, Ending::Completed);
    let planned = outcome.sum(|tick| tick.point.planned);
    assert_eq!(planned, 5_000);
    assert_eq!(planned, outcome.sum(|tick| tick.point.started) + outcome.sum(|tick| tick.point.dropped));
    let ended = outcome.sum(|tick| tick.point.finished) + outcome.sum(|tick| tick.point.aborted);
    assert_eq!(outcome.sum(|tick| tick.point.started), ended, "each iteration here is one request");
    assert_eq!(outcome.sum(|tick| tick.point.iterations), ended);
    assert_the_counts_agree(&outcome);
    for code in ["http.5xx", "connect.reset", "body.truncated"] {
        assert!(errors(&outcome, code) > 0, "no {code} among {:?}", outcome.ticks.last());
    }
}

#[test]
fn accuracy_a10_the_books_of_a_closed_run_balance_and_goose_agrees() {
    let _alone = alone();
    let target = target();
    target.target().set_faults(troubled()).expect("the faults are within their ranges");
    let outcome = carry_out(&target, users(10, 10));
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    let ended = outcome.sum(|tick| tick.point.finished) + outcome.sum(|tick| tick.point.aborted);
    assert!(ended > 1_000, "{ended}");
    assert_eq!(outcome.sum(|tick| tick.point.started), ended);
    assert_eq!(outcome.sum(|tick| tick.point.planned), ended);
    assert_the_counts_agree(&outcome);
    for code in ["http.5xx", "connect.reset", "body.truncated"] {
        assert!(errors(&outcome, code) > 0, "no {code}");
    }
}

fn errors(outcome: &Outcome, code: &str) -> u64 {
    outcome.sum(|tick| tick.point.errors.get(code).copied().unwrap_or(0))
}

fn assert_the_counts_agree(outcome: &Outcome) {
    for tick in &outcome.ticks {
        let outcomes: Vec<_> = tick.requests.iter().flat_map(|request| &request.outcomes).collect();
        let counted: u64 = outcomes.iter().map(|outcome| outcome.count).sum();
        assert_eq!(counted, tick.point.finished + tick.point.aborted);
        for outcome in &outcomes {
            assert_eq!(support::decode(&outcome.response).len(), outcome.count);
            assert_eq!(support::decode(&outcome.service).len(), outcome.count);
        }
        let failed: u64 = outcomes.iter().filter(|outcome| outcome.error.is_some()).map(|outcome| outcome.count).sum();
        assert_eq!(failed, tick.point.errors.values().sum::<u64>());
        let received: u64 = outcomes.iter().map(|outcome| outcome.bytes_received).sum();
        assert_eq!(received, tick.point.bytes_received);
    }
}

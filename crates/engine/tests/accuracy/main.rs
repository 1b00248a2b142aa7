//! Is the clock read rightly? The accuracy tests A1 to A11: measured times against closed forms. (A8, which needs no
//! clock, stands beside the schedule it is about.)
//!
//! They take minutes and want the machine for themselves; `cargo xtask test` runs this target alone. What it measures is
//! real time, so other work on the machine shows in it: a test that fails is measured again, at most twice, and is red
//! when it fails each time. Tolerances are those of the closed forms and are not widened.

#[path = "../support/bench.rs"]
mod bench;
mod books;
mod cases;
mod health;
mod overload;
mod punctual;
mod stalled;
#[path = "../support/mod.rs"]
mod support;
mod target;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;
use perflab_mita::{BackgroundTarget, Config};
use perflab_model::load::Load;
use support::{Outcome, Runner, get, plan, request};

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

/// The reference target, without users of its own.
fn reference_target() -> BackgroundTarget {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), load_users: 0, ..Config::default() };
    BackgroundTarget::start(config, 1).expect("the reference target starts")
}

/// Carries out a load of one small request against the reference target.
fn carry_out(target: &BackgroundTarget, load: Load) -> Outcome {
    let runner = Runner::start(plan(&target.target().url(), load, vec![request(get("probe", "/_probe"))]));
    runner.finish()
}

/// Milliseconds at a quantile.
fn at(values: &Histogram<u64>, quantile: f64) -> f64 {
    values.value_at_quantile(quantile) as f64 / 1000.0
}

/// Quantiles as one line, to see how far off a red test is.
fn quantiles(what: &str, values: &Histogram<u64>) {
    let each = [0.5, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999].map(|q| format!("p{} {:.3}", q * 100.0, at(values, q)));
    println!(
        "{what}: {} max {:.3} mean {:.3} ms, {} values",
        each.join(" "),
        values.max() as f64 / 1000.0,
        values.mean() / 1000.0,
        values.len()
    );
}

#[track_caller]
fn assert_within_one_percent(what: &str, measured: f64, expected: f64) {
    let off = (measured - expected).abs() / expected;
    assert!(off <= 0.01, "{what}: {measured:.3} instead of {expected:.3}, {:.2} % off", off * 100.0);
}

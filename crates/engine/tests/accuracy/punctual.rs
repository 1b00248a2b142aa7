//! A9: starts are as punctual as the machine allows.

use std::{
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use perflab_model::runner::Ending;

use crate::{
    alone, at, carry_out, reference_target,
    support::{Measure, constant_rate},
};

/// A9. The pacer is as exact as a bare thread that sleeps to the same deadlines beside it.
#[test]
fn accuracy_a9_starts_are_as_punctual_as_a_bare_thread() {
    let _alone = alone();
    let target = reference_target();
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

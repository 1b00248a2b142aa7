//! Counts what an operation allocates, in a pass of its own: counting never runs beside the clock.
//!
//! In:  an operation that does its work in this thread. Out: allocations and bytes, where the process counts at all.
//!
//! Counting is done by `alloc_tracker`, which the binary has to have made its allocator: a few plain additions on counters
//! of the thread, in every allocation of the process. Threads share nothing, so users and arrivals of load runs do not wait
//! for each other by it.

use std::time::Instant;

use alloc_tracker::Session;
use perflab_model::bench::AllocationCount;

use super::timed::Timed;

/// Operations that are counted, where they are short.
const OPERATIONS: u64 = 1_000;

/// How many are done before it is asked how long they take.
const STEP: u64 = 10;

/// Time after which no more are counted.
const ENOUGH: std::time::Duration = std::time::Duration::from_millis(500);

/// Counts operations from a number on; nothing where nobody counts, or where one of them failed.
pub(super) fn count(timed: &mut dyn Timed, from: u64) -> Option<AllocationCount> {
    if !timed.is_local() || !is_counted() {
        return None;
    }
    let session = Session::new().no_stdout().no_file();
    let counted = session.operation("operations");
    let begun = Instant::now();
    let mut operations = 0;
    while operations < OPERATIONS && (operations == 0 || begun.elapsed() < ENOUGH) {
        let span = counted.measure_thread().iterations(STEP);
        let right = timed.run(from + operations, STEP);
        drop(span);
        if right < STEP {
            return None;
        }
        operations += STEP;
    }
    let (allocations, bytes) = totals(&session)?;
    Some(AllocationCount { operations, allocations, bytes })
}

/// Whether the process's allocator counts: one allocation must show.
fn is_counted() -> bool {
    let session = Session::new().no_stdout().no_file();
    let counted = session.operation("operations");
    let span = counted.measure_thread().iterations(1);
    drop(std::hint::black_box(Box::new(std::hint::black_box(7_u64))));
    drop(span);
    totals(&session).is_some_and(|(allocations, _)| allocations > 0)
}

fn totals(session: &Session) -> Option<(u64, u64)> {
    let report = session.to_report();
    let (_, operation) = report.operations().next()?;
    Some((operation.total_allocations_count(), operation.total_bytes_allocated()))
}

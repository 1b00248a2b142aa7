//! Readings of this process's memory along the operations of a case.
//!
//! In:  how many operations were done. Out: at most 400 readings, evenly spread; at least 200 of 200 operations or more.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use perflab_model::bench::MemoryReading;

use crate::vitals;

/// Readings that are kept.
const READINGS: usize = 400;

/// Looks at memory as the operations go on.
#[derive(Debug)]
pub(super) struct MemoryLog {
    /// After how many operations the next look is due; never where nobody watches.
    due: AtomicU64,
    readings: Mutex<Readings>,
}

#[derive(Debug)]
struct Readings {
    kept: Vec<MemoryReading>,
    /// Operations between two looks: twice as many whenever there are too many readings.
    step: u64,
}

impl MemoryLog {
    /// One that watches, or one that never looks.
    pub(super) fn new(watches: bool) -> Self {
        let kept = Vec::with_capacity(if watches { READINGS } else { 0 });
        Self {
            due: AtomicU64::new(if watches { 0 } else { u64::MAX }),
            readings: Mutex::new(Readings { kept, step: 1 }),
        }
    }

    /// Looks, where a look is due after so many operations. To be called outside whatever is timed.
    pub(super) fn look(&self, operations: u64) {
        if operations < self.due.load(Ordering::Relaxed) {
            return;
        }
        // Of several threads one looks.
        let Some(mut readings) = self.readings.try_lock() else { return };
        if operations < self.due.load(Ordering::Relaxed) {
            return;
        }
        let Some(bytes) = vitals::resident_bytes() else {
            self.due.store(u64::MAX, Ordering::Relaxed);
            return;
        };
        self.due.store(operations + readings.take(MemoryReading { operations, bytes }), Ordering::Relaxed);
    }

    /// The readings.
    pub(super) fn readings(&self) -> Vec<MemoryReading> {
        self.readings.lock().kept.clone()
    }
}

impl Readings {
    /// Keeps a reading; says after how many operations the next one is due.
    fn take(&mut self, reading: MemoryReading) -> u64 {
        if self.kept.len() == READINGS {
            let mut place = 0_usize;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step *= 2;
        }
        self.kept.push(reading);
        self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_spread_over_all_operations_whatever_their_number() {
        for operations in [150_u64, 1_000, 123_456] {
            let log = MemoryLog::new(true);
            (0..operations).for_each(|done| log.look(done));
            let readings = log.readings();
            assert!((150..=READINGS).contains(&readings.len()), "{} of {operations}", readings.len());
            assert!(readings.is_sorted_by_key(|reading| reading.operations));
            let last = readings.last().expect("readings").operations;
            assert!(last as f64 > 0.98 * operations as f64, "{last} of {operations}");
            assert!(readings.iter().all(|reading| reading.bytes > 100_000));
        }
    }

    #[test]
    fn where_nobody_watches_nothing_is_read() {
        let log = MemoryLog::new(false);
        (0..10).for_each(|done| log.look(done));
        assert_eq!(log.readings(), []);
    }
}

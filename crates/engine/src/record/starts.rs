//! Starts by the second in which they were planned.
//!
//! A start may be made, or given up, long after its planned second was reported; it is then counted in the next second
//! that is reported, so that the books of the whole run stay balanced: planned = started + dropped.
//!
//! Each thread counts for itself, as with samples: one lock for all of them would be taken twice for every start, by the
//! pacer and by those that it hands its starts to.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::shards::{of_this_thread, shards};

/// Counts of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StartCounts {
    pub(crate) planned: u64,
    pub(crate) started: u64,
    pub(crate) late: u64,
    pub(crate) late_own: u64,
    pub(crate) dropped: u64,
}

/// What happened to a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartEvent {
    Planned,
    Started,
    /// Late for whatever reason.
    Late,
    /// Late by our own fault: it did not wait for a slot. Counted besides `Late`.
    LateOwn,
    Dropped,
}

/// The counts that have not been reported yet.
#[derive(Debug)]
pub(crate) struct Starts {
    pending: Vec<Mutex<Pending>>,
}

impl Default for Starts {
    fn default() -> Self {
        Self { pending: shards() }
    }
}

impl StartCounts {
    fn add(&mut self, other: Self) {
        let Self { planned, started, late, late_own, dropped } = other;
        self.planned += planned;
        self.started += started;
        self.late += late;
        self.late_own += late_own;
        self.dropped += dropped;
    }
}

#[derive(Debug, Default)]
struct Pending {
    /// The second that the front belongs to.
    first: u32,
    seconds: VecDeque<StartCounts>,
}

impl Starts {
    /// Counts one thing that happened to a start planned in `second`.
    pub(crate) fn count(&self, second: u32, event: StartEvent) {
        self.count_many(second, event, 1);
    }

    /// The same of several starts.
    pub(crate) fn count_many(&self, second: u32, event: StartEvent, how_many: u64) {
        let mut pending = self.pending[of_this_thread()].lock();
        let index = second.saturating_sub(pending.first) as usize;
        if pending.seconds.len() <= index {
            pending.seconds.resize(index + 1, StartCounts::default());
        }
        let counts = &mut pending.seconds[index];
        match event {
            StartEvent::Planned => counts.planned += how_many,
            StartEvent::Started => counts.started += how_many,
            StartEvent::Late => counts.late += how_many,
            StartEvent::LateOwn => counts.late_own += how_many,
            StartEvent::Dropped => counts.dropped += how_many,
        }
    }

    /// Takes the counts of the next second. Seconds are asked for one after the other.
    pub(crate) fn take(&self, second: u32) -> StartCounts {
        let mut sum = StartCounts::default();
        for pending in &self.pending {
            let mut pending = pending.lock();
            pending.first = second + 1;
            sum.add(pending.seconds.pop_front().unwrap_or_default());
        }
        sum
    }

    /// Whether anything is still to be reported.
    pub(crate) fn is_empty(&self) -> bool {
        let is_nothing = |counts: &StartCounts| *counts == StartCounts::default();
        self.pending.iter().all(|pending| pending.lock().seconds.iter().all(is_nothing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_is_dropped_after_its_second_was_reported_is_still_in_the_books() {
        let starts = Starts::default();
        starts.count(0, StartEvent::Planned);
        starts.count(1, StartEvent::Planned);
        assert_eq!(starts.take(0), StartCounts { planned: 1, ..StartCounts::default() });
        starts.count(0, StartEvent::Dropped);
        assert_eq!(starts.take(1), StartCounts { planned: 1, dropped: 1, ..StartCounts::default() });
        assert!(starts.is_empty());
        assert_eq!(starts.take(2), StartCounts::default());
    }

    #[test]
    fn what_several_threads_count_is_one_second() {
        let starts = Starts::default();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..100).for_each(|_| starts.count(4, StartEvent::Started)));
            }
        });
        starts.count_many(4, StartEvent::Planned, 300);
        assert!((0..4).all(|second| starts.take(second) == StartCounts::default()));
        assert_eq!(starts.take(4), StartCounts { planned: 300, started: 300, ..StartCounts::default() });
        assert!(starts.is_empty());
    }
}

//! The pacer: a thread that sleeps to absolute deadlines and hands over every start that is due.
//!
//! A thread and not a task: timers of the runtime round up to a millisecond, and a busy runtime would delay its own
//! starts. When it wakes late it releases all that is due and keeps the planned stamps: the delay then shows as lag
//! instead of vanishing.

use std::{
    sync::{Arc, OnceLock},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use perflab_model::unit::Nanos;

use super::{
    lanes::{Lanes, Start, Waiting},
    schedule::Schedule,
};
use crate::{
    clock::RunClock,
    record::{Adjustment, second_of},
    stop::Stop,
};

/// The pacer never sleeps for less. At 100,000 starts a second it would otherwise go to sleep and be woken for each of
/// them, take a core for that alone, and so slow down what it paces; starts that are due within one nap of each other are
/// released together, at most this late.
const NAP: Duration = Duration::from_micros(100);

/// How long it sleeps while starts wait for a lane for more than twice this long. None that becomes due meanwhile could
/// begin at its instant, and the lanes have enough to do: waking up for it would only take time from them.
const LONG_NAP: Duration = Duration::from_millis(1);

/// How long it gives the thread that it has called, before it calls another one: the system may let another program work
/// where that thread would.
const COME_WITHIN: Duration = Duration::from_micros(200);

/// How many starts it releases by one look at the clock, before it looks whether anybody wants it to end.
const AT_ONCE: usize = 1_000;

/// Changes of the rate that a person ordered, on their way to the pacer.
#[derive(Debug, Default)]
pub(crate) struct Adjustments {
    ordered: Mutex<Vec<Ordered>>,
    pacer: OnceLock<Thread>,
}

/// A change that was ordered.
#[derive(Clone, Copy, Debug)]
struct Ordered {
    number: u32,
    by: f64,
}

impl Adjustments {
    /// Orders a change.
    pub(crate) fn order(&self, number: u32, by: f64) {
        self.ordered.lock().push(Ordered { number, by });
        if let Some(pacer) = self.pacer.get() {
            pacer.unpark();
        }
    }
}

/// What the pacer works with.
pub(crate) struct Pacer<'a> {
    pub(crate) schedule: Schedule,
    pub(crate) clock: RunClock,
    /// The start of the plan, counted from that of the run: before it there is no rate to be changed.
    pub(crate) begin: Nanos,
    /// The end of the plan: later than its last start.
    pub(crate) end: Nanos,
    pub(crate) stop: Arc<Stop>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) adjustments: Arc<Adjustments>,
    /// The highest rate that an adjustment may lead to.
    pub(crate) cap: f64,
    /// Told of every adjustment that was made.
    pub(crate) adjusted: &'a dyn Fn(Adjustment),
}

impl Pacer<'_> {
    /// Paces until the plan or the run ends; gives back when that was.
    pub(crate) fn run(mut self) -> Nanos {
        wake_precisely();
        self.stop.wake_thread(thread::current());
        // Set once: one pacer a run.
        let _ = self.adjustments.pacer.set(thread::current());
        let mut index = 0;
        let mut starts = Vec::with_capacity(AT_ONCE);
        loop {
            self.adjust();
            let due = self.schedule.peek().unwrap_or(self.end);
            let now = self.clock.now();
            if self.stop.starts_over() {
                return now.min(self.end);
            }
            // Before the origin the clock says zero, which is when the first start may be due.
            if now < due || Instant::now() < self.clock.instant(due) {
                let left = self.clock.instant(due).saturating_duration_since(Instant::now());
                let waiting = self.lanes.waiting();
                let sleeps = left.max(nap(now, waiting));
                thread::park_timeout(if waiting.for_a_thread { sleeps.min(COME_WITHIN) } else { sleeps });
                if waiting.for_a_thread {
                    self.lanes.call_again();
                }
                continue;
            }
            while starts.len() < AT_ONCE && self.schedule.peek().is_some_and(|due| due <= now) {
                let Some(planned) = self.schedule.next() else { break };
                starts.push(Start { index, planned, queued: false });
                index += 1;
            }
            if starts.is_empty() {
                // The end was due, and nothing before it.
                return self.end;
            }
            self.lanes.dispatch(&starts, now);
            starts.clear();
        }
    }

    fn adjust(&mut self) {
        let ordered = std::mem::take(&mut *self.adjustments.ordered.lock());
        for Ordered { number, by } in ordered.into_iter().filter(|ordered| ordered.by.is_finite()) {
            let first = u32::try_from(self.begin.get().div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
            let from_second = (second_of(self.clock.now()) + 1).max(first);
            self.schedule.adjust(from_second, by, self.cap);
            (self.adjusted)(Adjustment { number, from_second, by, cap: self.cap });
        }
    }
}

/// The shortest sleep.
fn nap(now: Nanos, waiting: Waiting) -> Duration {
    match waiting.for_a_slot {
        Some(planned) if now.since(planned).duration() > 2 * LONG_NAP => LONG_NAP,
        _ => NAP,
    }
}

/// Asks the kernel not to bundle this thread's wake-ups with others': by default it may delay them by 50 µs.
fn wake_precisely() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_timerslack(1) {
        tracing::debug!(%error, "the pacer's wake-ups stay as coarse as the system makes them");
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nobody_waits(None, NAP)]
    #[case::one_that_just_came(Some(9_000_000), NAP)]
    #[case::lanes_have_enough_to_do(Some(7_000_000), LONG_NAP)]
    fn it_sleeps_longer_only_while_lanes_are_behind(#[case] oldest_waiting: Option<u64>, #[case] sleeps: Duration) {
        let waiting = Waiting { for_a_slot: oldest_waiting.map(Nanos::new), for_a_thread: false };
        assert_eq!(nap(Nanos::new(10_000_000), waiting), sleeps);
    }
}

//! The most requests a second that a target has agreed to, kept while the load goes on.
//!
//! Users who wait for their answers wait for their turn as well: they think a little longer, and no time that is measured
//! grows. Starts of an open run cannot wait without being measured too late, so there the limit ends the run.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How far an open run may be ahead of the limit: gaps between starts are not even, and one second is what the limit is
/// said in.
const AHEAD: Duration = Duration::from_secs(1);

/// When a request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Now.
    Now,
    /// Not before.
    At(Instant),
    /// Never: the limit is exceeded.
    Over,
}

/// What becomes of requests above the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    /// They wait.
    Wait,
    /// The run ends.
    End,
}

/// Keeps one limit. Each request takes the next place on a line of even gaps.
#[derive(Debug)]
pub(super) struct Pace {
    begin: Instant,
    above: Above,
    /// Nanoseconds between requests; none where there is no limit.
    gap: AtomicU64,
    /// The next free place, nanoseconds after the beginning.
    next: AtomicU64,
}

impl Pace {
    pub(super) fn new(above: Above) -> Self {
        Self { begin: Instant::now(), above, gap: AtomicU64::new(0), next: AtomicU64::new(0) }
    }

    /// Another limit, or none.
    pub(super) fn set(&self, max_rps: Option<f64>) {
        // A very small rate becomes a very long gap: the cast saturates.
        self.gap.store(max_rps.map_or(0, |rate| (1e9 / rate) as u64), Ordering::Relaxed);
    }

    /// Takes a place.
    pub(super) fn turn(&self, now: Instant) -> Turn {
        let gap = self.gap.load(Ordering::Relaxed);
        if gap == 0 {
            return Turn::Now;
        }
        let now = nanos(now.saturating_duration_since(self.begin));
        let taken = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| Some(next.max(now).saturating_add(gap)));
        let place = taken.unwrap_or_else(|next| next).max(now);
        match self.above {
            Above::Wait if place > now => Turn::At(self.begin + Duration::from_nanos(place)),
            Above::End if place - now > nanos(AHEAD) => Turn::Over,
            Above::Wait | Above::End => Turn::Now,
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pace: &Pace, millis: u64) -> Instant {
        pace.begin + Duration::from_millis(millis)
    }

    #[test]
    fn users_take_turns_in_even_gaps() {
        let pace = Pace::new(Above::Wait);
        pace.set(Some(100.0));
        let now = after(&pace, 5);
        assert_eq!(pace.turn(now), Turn::Now);
        assert_eq!(pace.turn(now), Turn::At(after(&pace, 15)));
        assert_eq!(pace.turn(now), Turn::At(after(&pace, 25)));
        assert_eq!(pace.turn(after(&pace, 1_000)), Turn::Now, "time that was not used is not saved up");
        assert_eq!(pace.turn(after(&pace, 1_000)), Turn::At(after(&pace, 1_010)));
    }

    #[test]
    fn starts_may_be_a_second_ahead_of_the_limit_and_no_more() {
        let pace = Pace::new(Above::End);
        pace.set(Some(10.0));
        let at_once = (0..11).map(|_| pace.turn(after(&pace, 0))).collect::<Vec<_>>();
        assert_eq!(at_once, [Turn::Now; 11]);
        assert_eq!(pace.turn(after(&pace, 0)), Turn::Over);
        let even = Pace::new(Above::End);
        even.set(Some(10.0));
        assert!((0..1_000).all(|start| even.turn(after(&even, start * 100)) == Turn::Now));
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let pace = Pace::new(Above::Wait);
        assert!((0..1_000).all(|_| pace.turn(after(&pace, 0)) == Turn::Now));
        pace.set(Some(1.0));
        pace.set(None);
        assert_eq!(pace.turn(after(&pace, 0)), Turn::Now);
    }
}

//! The clock of a run: nanoseconds since its first planned start.
//!
//! Everything that is timed uses the monotonic clock. The wall clock only labels what people read.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use perflab_model::unit::Nanos;

/// Monotonic time since the origin of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunClock {
    origin: Instant,
}

impl RunClock {
    /// A clock whose zero lies at `origin`, which may be in the near future.
    pub(crate) const fn starting_at(origin: Instant) -> Self {
        Self { origin }
    }

    /// Now; zero before the origin.
    pub(crate) fn now(self) -> Nanos {
        self.at(Instant::now())
    }

    /// An instant on this clock; zero before the origin.
    pub(crate) fn at(self, instant: Instant) -> Nanos {
        Nanos::from(instant.saturating_duration_since(self.origin))
    }

    /// The instant that lies `nanos` after the origin.
    pub(crate) fn instant(self, nanos: Nanos) -> Instant {
        self.origin + nanos.duration()
    }
}

/// Microseconds since the epoch, UTC. A label, never used to measure.
pub(crate) fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

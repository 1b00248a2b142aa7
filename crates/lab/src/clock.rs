//! The wall clock as a value, so that tests can say what time it is. Labels only: durations are monotonic elsewhere.

use std::sync::Arc;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Microseconds since the epoch, UTC.
    fn now_us(&self) -> i64;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        jiff::Timestamp::now().as_microsecond()
    }
}

/// A clock that always says the same.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(
    /// Microseconds since the epoch.
    pub i64,
);

impl Clock for FixedClock {
    fn now_us(&self) -> i64 {
        self.0
    }
}

/// A clock that is shared.
pub type SharedClock = Arc<dyn Clock>;

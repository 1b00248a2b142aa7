//! What timing itself costs on this machine.
//!
//! In:  the clock. Out: nanoseconds that an operation of nothing seems to take when it is timed alone.

use super::{
    operation::{Fault, Perform},
    timed::{Timed as _, Timer},
};

/// How often nothing is timed: the smallest of many is what it costs when nobody comes in between.
const TRIALS: u64 = 20_000;

/// An operation of nothing.
struct Nothing;

impl Perform for Nothing {
    type Answer = ();

    fn perform(&mut self, _nth: u64) -> Result<(), Fault> {
        Ok(())
    }

    fn check(&self, _nth: u64, (): &()) -> Result<(), Fault> {
        Ok(())
    }
}

/// The cost of timing one operation alone, nanoseconds: of one reading of the clock, half before and half after it.
pub(super) fn cost_ns() -> f64 {
    let mut nothing = Timer::new(Nothing);
    let smallest = (0..TRIALS).map(|nth| nothing.single(nth).took.as_nanos()).min().unwrap_or(0);
    smallest as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_costs_something_but_less_than_what_is_measured_in_batches() {
        assert!((0.0..10_000.0).contains(&cost_ns()));
    }
}

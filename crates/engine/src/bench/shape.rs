//! How the operations of a case are timed: one by one, or in rounds of a batch and some single ones.
//!
//! In:  how long one takes, what the clock costs, how much is wanted. Out: a [`Shape`].
//!
//! Batches are for what is so short that reading the clock would show. Half of the operations are in batches, from which
//! means, intervals and comparisons come; the other half is timed one by one, for percentiles: a batch of a thousand hides
//! the one slow operation in it.

use std::time::Duration;

use perflab_model::bench::Sampling;

/// Operations that take less than this are timed in batches.
const SHORT_NS: f64 = 10_000.0;

/// A batch takes this many times what the clock costs, so that its cost is a thousandth …
const CLOCKS: f64 = 1_000.0;

/// … or, where so few operations are wanted that this would leave too few batches, at least as many: the cost is taken off,
/// what is left is how much it varies.
const FEWEST_CLOCKS: f64 = 40.0;

/// Batches that are wanted: twenty blocks of twenty.
const BATCHES: u64 = 400;

/// Batches that there are at least, however few the operations: twenty blocks of two.
const FEWEST_BATCHES: u64 = 40;

/// Single operations of a case beyond which percentiles gain nothing.
const SINGLES: u64 = 1_000_000;

/// Operations of a batch at most: their answers are kept until the clock has stopped.
const LARGEST: u64 = 100_000;

/// How operations are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each for itself.
    OneByOne,
    /// A batch, timed as one, and then single ones.
    Rounds {
        /// Operations of the batch.
        batch: u64,
        /// Single ones after it.
        singles: u64,
    },
}

/// How much is wanted of a case, in operations (of a pair: pairs) or in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wanted {
    Operations(u64),
    Pairs(u64),
    Time(Duration),
    TimeOfPairs(Duration),
}

impl Shape {
    /// For operations that take so long, by a clock that costs so much.
    pub(super) fn of(operation_ns: f64, clock_ns: f64, wanted: Wanted) -> Self {
        if operation_ns >= SHORT_NS {
            return Self::OneByOne;
        }
        let one = operation_ns.max(0.5);
        let clock = clock_ns.max(1.0);
        let whole = |operations: f64| (operations.ceil() as u64).clamp(1, LARGEST);
        let (ideal, smallest) = (whole(CLOCKS * clock / one), whole(FEWEST_CLOCKS * clock / one));
        // What a single one takes in all: clock, check and notes with it. A guess, for how many there will be.
        let beside = 4.0 * clock;
        match wanted {
            Wanted::Operations(operations) => {
                let (fair, most) = (operations / 2 / BATCHES, (operations / 2 / FEWEST_BATCHES).max(1));
                let batch = ideal.min(fair.max(smallest)).min(most);
                let rounds = (operations / 2 / batch).max(1);
                Self::Rounds { batch, singles: (SINGLES / rounds).clamp(1, batch) }
            }
            Wanted::Time(time) => {
                let round = ideal as f64 * (2.0 * one + beside);
                let rounds = (time.as_nanos() as f64 / round) as u64;
                Self::Rounds { batch: ideal, singles: (SINGLES / rounds.max(1)).clamp(1, ideal) }
            }
            Wanted::Pairs(pairs) => Self::Rounds { batch: ideal, singles: (SINGLES / pairs.max(1)).clamp(1, ideal) },
            Wanted::TimeOfPairs(time) => {
                let round = ideal as f64 * 2.0 * (2.0 * one + beside);
                let rounds = (time.as_nanos() as f64 / round) as u64;
                Self::Rounds { batch: ideal, singles: (SINGLES / rounds.max(1)).clamp(1, ideal) }
            }
        }
    }

    /// Operations of one turn.
    pub(super) const fn operations(self) -> u64 {
        match self {
            Self::OneByOne => 1,
            Self::Rounds { batch, singles } => batch + singles,
        }
    }

    /// What is told of it.
    pub(super) const fn sampling(self) -> Sampling {
        match self {
            Self::OneByOne => Sampling::OneByOne,
            Self::Rounds { batch, .. } => Sampling::Batches { size: batch },
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn rounds(shape: Shape) -> (u64, u64) {
        match shape {
            Shape::Rounds { batch, singles } => (batch, singles),
            Shape::OneByOne => panic!("timed one by one"),
        }
    }

    #[test]
    fn what_takes_ten_microseconds_is_timed_alone() {
        assert_eq!(Shape::of(10_000.0, 25.0, Wanted::Operations(1_000)), Shape::OneByOne);
        assert!(matches!(Shape::of(9_999.0, 25.0, Wanted::Operations(1_000)), Shape::Rounds { .. }));
    }

    #[rstest]
    #[case::so_many_that_the_clock_is_a_thousandth(80.0, 10_000_000, 313)]
    #[case::few_make_smaller_batches(80.0, 40_000, 50)]
    #[case::few_still_drown_the_clock(80.0, 2_000, 13)]
    #[case::very_few_make_forty_batches(80.0, 800, 10)]
    #[case::nothing_at_all(0.0, u64::MAX, 50_000)]
    #[case::one(80.0, 1, 1)]
    fn a_batch_is_as_large_as_it_must_be(#[case] ns: f64, #[case] operations: u64, #[case] batch: u64) {
        assert_eq!(rounds(Shape::of(ns, 25.0, Wanted::Operations(operations))).0, batch);
    }

    #[test]
    fn half_of_few_operations_are_single_and_a_million_of_many() {
        let (batch, singles) = rounds(Shape::of(80.0, 25.0, Wanted::Operations(40_000)));
        assert_eq!(batch, singles);
        let (batch, singles) = rounds(Shape::of(80.0, 25.0, Wanted::Time(Duration::from_secs(600))));
        assert!(singles < batch && singles > 0, "{batch} and {singles}");
    }
}

//! One word for a comparison, and what would decide where there is none.
//!
//! Used where two runs are looked at (compare page, `perflab stats compare`); runs are judged by [`super::judge`].

use super::{Better, Comparison};

/// Smaller changes are called nothing, however sure they are.
const SMALLEST_CHANGE: f64 = 0.01;
/// Two sides are the same when the interval lies within this share of 1.
pub(super) const SAME_WITHIN: f64 = 0.05;
/// Fewer values a side than this decide nothing.
const SMALLEST_SIDE: u64 = 5;

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The candidate is better.
    Faster,
    /// The candidate is worse.
    Slower,
    /// Whatever the difference is, it is smaller than 5 %.
    Same,
    /// Too little was measured to say.
    Inconclusive(Needed),
}

/// What would decide, if what comes is like what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// So many values a side.
    Samples(u64),
    /// So many runs a side: what moves between runs hides the answer, and no number of samples would show it.
    Runs(u32),
}

impl Comparison {
    /// The word, for a measure of this direction.
    pub fn word(&self, better: Better) -> Word {
        let Some((low, high)) = self.interval.filter(|_| self.samples >= SMALLEST_SIDE) else {
            return Word::Inconclusive(Needed::Samples(SMALLEST_SIDE.max(self.samples + 1)));
        };
        let excludes_one = low > 1.0 || high < 1.0;
        if excludes_one && (self.ratio - 1.0).abs() >= SMALLEST_CHANGE {
            return if (self.ratio > 1.0) == (better == Better::Lower) { Word::Slower } else { Word::Faster };
        }
        if low >= 1.0 - SAME_WITHIN && high <= 1.0 + SAME_WITHIN {
            return Word::Same;
        }
        Word::Inconclusive(self.needed())
    }

    /// Half the width shrinks with the root of the samples, its part between runs with the root of the runs.
    fn needed(&self) -> Needed {
        let times = |half: f64| (half / SAME_WITHIN).powi(2);
        if self.half_width_of_runs >= SAME_WITHIN {
            let runs = (f64::from(self.runs.fewer()) * times(self.half_width_of_runs)).ceil();
            return Needed::Runs((runs as u32).max(self.runs.fewer() + 1));
        }
        let samples = (self.samples as f64 * times(self.half_width)).ceil();
        Needed::Samples((samples.min(1e12) as u64).max(self.samples + 1))
    }
}

//! How much the same code differs from itself, from run to run on one environment.
//!
//! In:  log ratios of earlier pairs of runs of one revision, and the error that comes from within the runs.
//! Out: the variance that is left, with its degrees of freedom.
//!
//! A machine moves between runs: other neighbours, other addresses, other temperature. More samples in a run do not show
//! that. Measured on simulated runs with a shift of 1.5 % of their own, an interval that leaves it out cries wolf in a
//! third of equal pairs.

use crate::Series;

/// From so many pairs on they speak for themselves.
const ENOUGH_PAIRS: usize = 8;
/// Before that, what is assumed: as if four pairs had shown 2 %. A choice, not measured.
const ASSUMED_PAIRS: f64 = 4.0;
const ASSUMED_SIGMA: f64 = 0.02;

/// Noise between two runs of the same code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunNoise {
    /// Variance of the log ratio of two runs beyond what noise within them explains.
    pub variance: f64,
    /// How much is known about it: degrees of freedom.
    pub degrees: f64,
    /// Earlier pairs it comes from; under eight it is partly assumed.
    pub pairs: usize,
}

/// From how many runs the values of each side come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Of the baseline.
    pub baseline: u32,
    /// Of the candidate.
    pub candidate: u32,
}

impl Runs {
    /// One against one.
    pub const SINGLE: Self = Self { baseline: 1, candidate: 1 };

    /// By what the variance between two runs is multiplied: 1 for one against one, ½ for two against two.
    pub(super) fn factor(self) -> f64 {
        let share = |runs: u32| 1.0 / f64::from(runs.max(1));
        f64::midpoint(share(self.baseline), share(self.candidate))
    }

    /// Runs of the smaller side.
    pub(super) fn fewer(self) -> u32 {
        self.baseline.min(self.candidate).max(1)
    }
}

impl RunNoise {
    pub(super) fn of(earlier: &Series, within_squared: f64) -> Self {
        let pairs = earlier.values().len();
        let squares: f64 = earlier.values().iter().map(|ratio| ratio * ratio).sum();
        let beyond = squares - pairs as f64 * within_squared;
        let (sum, degrees) = if pairs < ENOUGH_PAIRS {
            (ASSUMED_PAIRS * ASSUMED_SIGMA * ASSUMED_SIGMA + beyond, ASSUMED_PAIRS + pairs as f64)
        } else {
            (beyond, pairs as f64)
        };
        Self { variance: (sum / degrees).max(0.0), degrees, pairs }
    }

    /// Whether the pairs speak for themselves.
    pub fn is_measured(self) -> bool {
        self.pairs >= ENOUGH_PAIRS
    }
}

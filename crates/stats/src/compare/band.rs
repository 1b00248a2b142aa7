//! How bad a change is: the size of the estimate and the evidence for it together.
//!
//! In:  a comparison, its q among all comparisons of the run, the direction of the measure.
//! Out: where it stands. A large estimate without evidence is undecided, never a finding; evidence for next to nothing is
//!      listed and never gates.

use super::{Better, Comparison};

/// A finding needs at most this share of false ones among all findings.
const MOST_FALSE: f64 = 0.05;

/// How large a change for the worse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 5 to 10 %, or less evidence than [`Level::Minor`] needs. Never gates.
    Small,
    /// More than 10 %.
    Minor,
    /// More than 20 %.
    Significant,
    /// More than 50 %.
    Critical,
}

impl Level {
    const DOWNWARDS: [Self; 4] = [Self::Critical, Self::Significant, Self::Minor, Self::Small];

    /// The band of an estimate that is worse by this share; nothing up to 5 %.
    pub fn of(worse: f64) -> Option<Self> {
        Self::DOWNWARDS.into_iter().find(|level| worse > level.band())
    }

    /// The estimate must lie above this.
    const fn band(self) -> f64 {
        match self {
            Self::Critical => 0.5,
            Self::Significant => 0.2,
            Self::Minor => 0.1,
            Self::Small => 0.05,
        }
    }

    /// The interval's near end must lie above this.
    const fn near_end(self) -> f64 {
        match self {
            Self::Critical => 0.2,
            Self::Significant => 0.1,
            Self::Minor => 0.05,
            Self::Small => f64::NEG_INFINITY,
        }
    }
}

/// Where a comparison stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// Worse, and shown.
    Worse(Level),
    /// Better by 10 % or more, and shown.
    Improvement,
    /// Shown, but under 5 % (or an improvement under 10 %): listed, never gates.
    SmallButReal,
    /// The estimate lies in this band, but the evidence does not carry it: measure again.
    Undecided(Level),
    /// Nothing that needs anybody.
    Noise,
}

/// What speaks for a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// How much worse the estimate is, as a share; negative is better.
    pub worse: f64,
    /// The interval's end nearest to "no change", as a share of worse; negative is better.
    pub near: f64,
    /// Its other end.
    pub far: f64,
    /// p after all comparisons of the run were taken into account.
    pub q: f64,
}

impl Evidence {
    /// Of a comparison; nothing when it has no interval, which is undecided too.
    pub fn of(comparison: &Comparison, q: f64, better: Better) -> Option<Self> {
        let (low, high) = comparison.interval?;
        let worse = |ratio: f64| match better {
            Better::Lower => ratio - 1.0,
            Better::Higher => 1.0 - ratio,
        };
        let (near, far) = match better {
            Better::Lower => (worse(low), worse(high)),
            Better::Higher => (worse(high), worse(low)),
        };
        Some(Self { worse: worse(comparison.ratio), near, far, q })
    }

    fn is_shown(self) -> bool {
        self.q <= MOST_FALSE
    }
}

/// Puts size and evidence together.
pub fn judge(evidence: Evidence) -> Standing {
    let Evidence { worse, near, far, .. } = evidence;
    match (Level::of(worse), evidence.is_shown()) {
        (Some(band), true) => {
            let carried = |level: &Level| *level <= band && near > level.near_end();
            Standing::Worse(Level::DOWNWARDS.into_iter().find(carried).unwrap_or(Level::Small))
        }
        (Some(_), false) if far < Level::Minor.band() => Standing::Noise,
        (Some(band), false) => Standing::Undecided(band),
        (None, true) if worse <= -Level::Minor.band() => Standing::Improvement,
        (None, true) => Standing::SmallButReal,
        (None, false) => Standing::Noise,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const fn evidence(worse: f64, near: f64, far: f64, q: f64) -> Evidence {
        Evidence { worse, near, far, q }
    }

    #[rstest]
    #[case::shown(evidence(0.60, 0.40, 0.80, 0.01), Standing::Worse(Level::Critical))]
    #[case::near_end_caps_it(evidence(0.60, 0.15, 1.20, 0.01), Standing::Worse(Level::Significant))]
    #[case::near_end_caps_it_twice(evidence(0.60, 0.07, 1.20, 0.01), Standing::Worse(Level::Minor))]
    #[case::hardly_off_nothing(evidence(0.60, 0.01, 1.20, 0.04), Standing::Worse(Level::Small))]
    #[case::in_a_band_without_evidence(evidence(0.60, -0.10, 1.60, 0.20), Standing::Undecided(Level::Critical))]
    #[case::cannot_be_ten_percent(evidence(0.06, -0.01, 0.09, 0.20), Standing::Noise)]
    #[case::small_and_sure(evidence(0.02, 0.01, 0.03, 0.001), Standing::SmallButReal)]
    #[case::better(evidence(-0.20, -0.10, -0.30, 0.001), Standing::Improvement)]
    #[case::a_little_better(evidence(-0.05, -0.02, -0.08, 0.001), Standing::SmallButReal)]
    #[case::seems_better(evidence(-0.20, 0.10, -0.40, 0.30), Standing::Noise)]
    fn size_and_evidence_together(#[case] evidence: Evidence, #[case] expected: Standing) {
        assert_eq!(judge(evidence), expected);
    }

    proptest! {
        #[test]
        fn without_evidence_nothing_is_a_finding(worse in -0.9_f64..3.0, width in 0.0_f64..1.0, q in 0.051_f64..1.0) {
            let standing = judge(evidence(worse, worse - width, worse + width, q));
            prop_assert!(matches!(standing, Standing::Undecided(_) | Standing::Noise));
        }

        #[test]
        fn a_wider_interval_never_raises_the_level(
            worse in 0.05_f64..3.0, width in 0.0_f64..1.0, more in 0.0_f64..1.0
        ) {
            let level = |width: f64| match judge(evidence(worse, worse - width, worse + width, 0.01)) {
                Standing::Worse(level) => Some(level),
                _ => None,
            };
            prop_assert!(level(width + more) <= level(width));
        }
    }
}

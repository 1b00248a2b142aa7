//! Overhead: two ways of doing the same, measured in interleaved pairs on a machine that drifts meanwhile.
//!
//! In:  one difference for each pair, in the order of the pairs, the order within a pair drawn by lot.
//! Out: the estimate with its interval, and whether it keeps a budget.
//!
//! Source: Hodges and Lehmann's estimate of one sample, the median of Walsh averages, with the interval that goes with
//! Wilcoxon's signed ranks (Hollander and Wolfe, Nonparametric Statistical Methods). Measured one after the other instead,
//! +3 ms on 50 ms of a drifting host is shown to keep 5 ms in half of the cases only; in pairs in 95 %.

use crate::{
    Series,
    rank::{WalshAverages, critical_average, signed_rank_p},
};

/// Fewer pairs decide no budget.
pub const FEWEST_PAIRS: usize = 20;

/// What pairs say about a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Median of the averages of all pairs of differences.
    pub estimate: f64,
    /// Its 95 % interval; nothing when so few pairs have none.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p of "no difference".
    pub p: f64,
    /// How many pairs.
    pub pairs: usize,
}

/// Whether a budget is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// The whole interval lies below it.
    Within,
    /// The whole interval lies above it.
    Over,
    /// So many pairs would decide, if what comes is like what came. Nothing when the estimate sits on the budget.
    Undecided(Option<u64>),
}

/// The estimate; nothing of no pairs.
pub fn paired(differences: &Series) -> Option<Paired> {
    let values = differences.values();
    let averages = WalshAverages::new(values)?;
    let k = critical_average(values.len(), 0.05);
    Some(Paired {
        estimate: averages.median(),
        interval: (k >= 1).then(|| averages.ends(k)),
        p: signed_rank_p(values),
        pairs: values.len(),
    })
}

/// The same in shares: differences of logs. Nothing of no pairs, or when a time is not positive; ends and estimate are
/// shares, 0.05 for 5 % more.
pub fn paired_share(pairs: &[(f64, f64)]) -> Option<Paired> {
    let positive = |value: f64| value > 0.0 && value.is_finite();
    let logs = pairs.iter().map(|(a, b)| (positive(*a) && positive(*b)).then(|| (b / a).ln()));
    let told = paired(&Series::new(logs.collect::<Option<Vec<_>>>()?).ok()?)?;
    Some(Paired {
        estimate: told.estimate.exp_m1(),
        interval: told.interval.map(|(low, high)| (low.exp_m1(), high.exp_m1())),
        ..told
    })
}

impl Paired {
    /// Whether it keeps a budget, in the unit of the differences.
    pub fn against(&self, budget: f64) -> Budget {
        let Some((low, high)) = self.interval.filter(|_| self.pairs >= FEWEST_PAIRS) else {
            return Budget::Undecided(Some(FEWEST_PAIRS as u64));
        };
        if high < budget {
            return Budget::Within;
        }
        if low > budget {
            return Budget::Over;
        }
        // Half the width shrinks with the root of the pairs.
        let needed = self.pairs as f64 * ((high - low) / 2.0 / (budget - self.estimate)).powi(2);
        Budget::Undecided(
            (needed.is_finite() && needed < 1e9).then(|| (needed.ceil() as u64).max(self.pairs as u64 + 1)),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::vectors;

    fn of(values: Vec<f64>) -> Paired {
        paired(&Series::new(values).expect("finite")).expect("pairs")
    }

    #[test]
    fn the_pairs_of_the_vector() {
        let vector = vectors::named("paired_hodges_lehmann");
        let told = paired(&vectors::series(&vector["d"])).expect("pairs");
        vectors::assert_near(told.estimate, &vector["estimate"]);
        vectors::assert_near(told.p, &vector["p"]);
        let (low, high) = told.interval.expect("ten pairs");
        vectors::assert_near(low, &vector["ci95"][0]);
        vectors::assert_near(high, &vector["ci95"][1]);
    }

    /// Thirty differences about a centre.
    fn about(centre: f64) -> Paired {
        of((0..30).map(|i| centre + 0.1 * f64::from(i * 7 % 30 - 15)).collect())
    }

    #[test]
    fn a_budget_is_kept_broken_or_open() {
        assert_eq!(about(3.0).against(5.0), Budget::Within);
        assert_eq!(about(7.0).against(5.0), Budget::Over);
        assert!(matches!(about(4.8).against(5.0), Budget::Undecided(Some(pairs)) if pairs > 30));
        let ten = of((0..10).map(|i| 1.0 + 0.01 * f64::from(i)).collect());
        assert_eq!(ten.against(5.0), Budget::Undecided(Some(20)), "ten pairs decide nothing");
    }

    #[test]
    fn shares_are_those_of_the_faster_side() {
        let pairs: Vec<(f64, f64)> = (0..25).map(|i| (100.0 + f64::from(i), 1.1 * (100.0 + f64::from(i)))).collect();
        let told = paired_share(&pairs).expect("positive");
        assert!((told.estimate - 0.1).abs() < 1e-9, "{told:?}");
        assert_eq!(paired_share(&[(0.0, 1.0)]), None);
    }

    proptest! {
        #[test]
        fn turning_the_pairs_over_turns_the_answer_over(d in vec(-50.0_f64..50.0, 1..70)) {
            let (there, back) = (of(d.clone()), of(d.iter().map(|d| -d).collect()));
            prop_assert_eq!(there.estimate, -back.estimate);
            prop_assert!((there.p - back.p).abs() < 1e-12);
            prop_assert_eq!(there.interval, back.interval.map(|(low, high)| (-high, -low)));
            prop_assert!(there.interval.is_none_or(|(low, high)| low <= there.estimate && there.estimate <= high));
        }
    }
}

//! The rank sum of two samples (Mann and Whitney, Annals of Mathematical Statistics 18, 1947).
//!
//! In:  two samples; by how much neighbouring values inflate the variance (1 = not at all).
//! Out: U, its two-sided p, and the rank of the differences at which an interval ends.
//! Exact up to `n·m = 400` without ties, else normal with the variance corrected for ties and half a rank taken off.

use super::{largest_below, share_up_to, tie_sum};
use crate::{
    distribution::{normal_above, normal_quantile},
    robust::sorted,
};

/// Up to so many pairs the exact distribution is used: its counts are whole numbers below 2⁵³.
const EXACT_UP_TO: usize = 400;

/// How often the one sample exceeds the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MannWhitney {
    /// Pairs in which `b` is larger, equal ones half.
    pub(crate) larger: f64,
    a: usize,
    b: usize,
    ties: f64,
}

impl MannWhitney {
    /// Counts the pairs.
    pub(crate) fn new(a: &[f64], b: &[f64]) -> Self {
        let (low, all) = (sorted(a), sorted(&[a, b].concat()));
        let larger = b
            .iter()
            .map(|value| {
                let below = low.partition_point(|other| other < value);
                let not_above = low.partition_point(|other| other <= value);
                f64::midpoint(below as f64, not_above as f64)
            })
            .sum();
        Self { larger, a: a.len(), b: b.len(), ties: tie_sum(&all) }
    }

    /// The two-sided p. `inflation` widens the variance of the normal approximation for values that remember their
    /// neighbours; the exact distribution knows of no memory.
    pub(crate) fn p(self, inflation: f64) -> f64 {
        let pairs = self.a * self.b;
        let half = pairs as f64 / 2.0;
        let off = (self.larger - half).abs();
        if pairs <= EXACT_UP_TO && self.ties == 0.0 {
            let counts = counts(self.a, self.b);
            return (2.0 * share_up_to(&counts, (half - off) as usize)).min(1.0);
        }
        let variance = variance(self.a, self.b, self.ties) * inflation;
        if variance > 0.0 { (2.0 * normal_above((off - 0.5).max(0.0) / variance.sqrt())).min(1.0) } else { 1.0 }
    }
}

/// The number of the difference, from each end, at which the interval of the shift with error `alpha` ends; 0 when so
/// few values have none. `sorted` are the values of both sides together, of which ties are counted.
pub(crate) fn critical_count(a: usize, b: usize, sorted: &[f64], alpha: f64) -> u64 {
    if a * b <= EXACT_UP_TO {
        return largest_below(&counts(a, b), alpha / 2.0) as u64;
    }
    let reach = normal_quantile(1.0 - alpha / 2.0) * variance(a, b, tie_sum(sorted)).sqrt();
    let k = (a as f64 * b as f64 / 2.0 - reach - 0.5).floor() + 1.0;
    if k >= 1.0 { k as u64 } else { 0 }
}

fn variance(a: usize, b: usize, ties: f64) -> f64 {
    let (n, m) = (a as f64, b as f64);
    let all = n + m;
    let correction = if all > 1.0 { ties / (all * (all - 1.0)) } else { 0.0 };
    n * m * (all + 1.0 - correction) / 12.0
}

/// In how many orders of `a + b` values the pairs are 0, 1, … : the coefficients of the Gaussian binomial
/// `Π (1 − qᵇ⁺ⁱ)/(1 − qⁱ)`, `i = 1…a`.
fn counts(a: usize, b: usize) -> Vec<f64> {
    let (few, many) = (a.min(b), a.max(b));
    let mut counts = vec![0.0; few * many + 1];
    counts[0] = 1.0;
    for i in 1..=few {
        for at in (many + i..counts.len()).rev() {
            counts[at] -= counts[at - many - i];
        }
        for at in i..counts.len() {
            counts[at] += counts[at - i];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use statrs::stats_tests::{
        Alternative,
        mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu},
    };

    use super::*;

    /// By definition: of all ways to choose which ranks are `b`'s, the share whose U is as far off the middle.
    // The exact method of `statrs` 0.19.1 is no second opinion: unless the first sample is the larger one it gives
    // 1 − P(U ≤ u) for P(U ≥ u), a p of 1 for five values wholly below three.
    fn p_by_counting(a: usize, b: usize, larger: f64) -> f64 {
        let middle = (a * b) as f64 / 2.0;
        let (mut all, mut as_far) = (0.0, 0.0);
        for chosen in 0_u32..1 << (a + b) {
            if chosen.count_ones() as usize == b {
                let ranks: usize = (0..a + b).filter(|rank| chosen >> rank & 1 == 1).map(|rank| rank + 1).sum();
                all += 1.0;
                as_far +=
                    f64::from(u8::from(((ranks - b * (b + 1) / 2) as f64 - middle).abs() >= (larger - middle).abs()));
            }
        }
        as_far / all
    }

    proptest! {
        #[test]
        fn p_is_the_share_of_orders_as_far_off(a in vec(-100.0_f64..100.0, 1..7), b in vec(-60.0_f64..140.0, 1..7)) {
            prop_assume!(tie_sum(&sorted(&[a.as_slice(), &b].concat())) == 0.0);
            let test = MannWhitney::new(&a, &b);
            let expected = p_by_counting(a.len(), b.len(), test.larger);
            prop_assert!((test.p(1.0) - expected).abs() < 1e-12, "{} {}", test.p(1.0), expected);
        }

        #[test]
        fn with_ties_p_is_that_of_a_second_implementation(a in vec(0_u8..6, 5..30), b in vec(1_u8..8, 5..30)) {
            prop_assume!(a.iter().chain(&b).any(|value| *value != a[0]));
            let (a, b): (Vec<f64>, Vec<f64>) =
                (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let all = sorted(&[a.as_slice(), &b].concat());
            prop_assume!(tie_sum(&all) > 0.0);
            let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
            let (_, p) = mannwhitneyu(&b, &a, method, Alternative::TwoSided).expect("comparable");
            let ours = MannWhitney::new(&a, &b).p(1.0);
            prop_assert!((ours - p.min(1.0)).abs() < 1e-9, "{} {}", ours, p);
        }

        #[test]
        fn memory_never_makes_a_difference_clearer(
            a in vec(0_u8..6, 21..30), b in vec(1_u8..8, 21..30), inflation in 1.0_f64..19.0
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) =
                (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let test = MannWhitney::new(&a, &b);
            prop_assert!(test.p(inflation) >= test.p(1.0));
        }

        #[test]
        fn all_orders_are_counted(a in 1_usize..20, b in 1_usize..20) {
            let orders: f64 = (1..=a).map(|i| (b + i) as f64 / i as f64).product();
            let counted: f64 = counts(a, b).iter().sum();
            prop_assert!((counted / orders - 1.0).abs() < 1e-9);
        }
    }
}

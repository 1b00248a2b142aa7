//! The signed rank of one sample of differences (Wilcoxon, Biometrics Bulletin 1, 1945).
//!
//! In:  differences of pairs.
//! Out: the two-sided p, and the rank of the Walsh averages at which an interval ends.
//! Exact to 50 differences without ties, else normal with the variance corrected for ties.

use super::{largest_below, share_up_to, tie_sum};
use crate::{
    distribution::{normal_above, normal_quantile},
    robust::sorted,
};

/// Up to so many differences the exact distribution is used: its counts are whole numbers below 2⁵³.
const EXACT_UP_TO: usize = 50;

/// The two-sided p that the differences lie about 0. Those that are 0 say nothing and are left out.
pub(crate) fn signed_rank_p(differences: &[f64]) -> f64 {
    let told: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    let sizes = sorted(&told.iter().map(|difference| difference.abs()).collect::<Vec<_>>());
    let n = told.len();
    if n == 0 {
        return 1.0;
    }
    let positive: f64 = told
        .iter()
        .filter(|difference| **difference > 0.0)
        .map(|difference| {
            let below = sizes.partition_point(|size| size < difference);
            let not_above = sizes.partition_point(|size| size <= difference);
            (below + 1 + not_above) as f64 / 2.0
        })
        .sum();
    let half = (n * (n + 1)) as f64 / 4.0;
    let off = (positive - half).abs();
    let ties = tie_sum(&sizes);
    if n <= EXACT_UP_TO && ties == 0.0 {
        return (2.0 * share_up_to(&counts(n), (half - off) as usize)).min(1.0);
    }
    let variance = variance(n) - ties / 48.0;
    (2.0 * normal_above((off - 0.5).max(0.0) / variance.sqrt())).min(1.0)
}

/// The number of the Walsh average, from each end, at which the interval with error `alpha` ends; 0 when so few
/// differences have none.
pub(crate) fn critical_average(n: usize, alpha: f64) -> u64 {
    if n <= EXACT_UP_TO {
        return largest_below(&counts(n), alpha / 2.0) as u64;
    }
    let half = n as f64 * (n as f64 + 1.0) / 4.0;
    let k = (half - normal_quantile(1.0 - alpha / 2.0) * variance(n).sqrt() - 0.5).floor() + 1.0;
    if k >= 1.0 { k as u64 } else { 0 }
}

fn variance(n: usize) -> f64 {
    let n = n as f64;
    n * (n + 1.0) * (2.0 * n + 1.0) / 24.0
}

/// In how many of the 2ⁿ choices of signs the rank sum is 0, 1, … : the coefficients of `Π (1 + qⁱ)`.
fn counts(n: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n * (n + 1) / 2 + 1];
    counts[0] = 1.0;
    for i in 1..=n {
        for at in (i..counts.len()).rev() {
            counts[at] += counts[at - i];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_differences_on_one_side_are_one_of_sixteen_signs_twice() {
        assert!((signed_rank_p(&[1.0, 2.0, 3.0, 4.0]) - 2.0 / 16.0).abs() < 1e-12);
        assert!((signed_rank_p(&[-1.0, -2.0, -3.0, -4.0, 0.0]) - 2.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn exact_and_normal_ends_meet_at_fifty() {
        let exact = critical_average(50, 0.05);
        let half = 50.0 * 51.0 / 4.0;
        let normal = (half - 1.959_964 * variance(50).sqrt() - 0.5).floor() + 1.0;
        assert!((exact as f64 - normal).abs() <= 2.0, "{exact} {normal}");
    }
}

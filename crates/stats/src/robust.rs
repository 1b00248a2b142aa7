//! Centre and spread that a few wild values cannot move.
//!
//! In:  finite numbers in any order.
//! Out: median, median absolute deviation, trimmed mean, standard error of a median.
//!
//! Sources: Huber and Ronchetti, Robust Statistics (2nd ed. 2009); Wilcox, Introduction to Robust Estimation (trimmed
//! means and the winsorised variance, after Yuen, Biometrika 61, 1974).

use crate::{
    distribution::normal_quantile,
    quantile::{quantile_of_sorted, quantile_ranks},
};

/// Makes the median absolute deviation of normal values their standard deviation.
pub(crate) const MAD_TO_SIGMA: f64 = 1.4826;
/// `√(π/2)`: how much wider the median of normal values varies than their mean.
const MEDIAN_TO_MEAN: f64 = 1.2533;
/// Under this many values the interval by order statistics has no ends.
const SMALLEST_FOR_RANKS: usize = 6;

/// The values in order.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The median; of nothing 0.
pub(crate) fn median(values: &[f64]) -> f64 {
    median_of_sorted(&sorted(values))
}

/// The median of values in order; of nothing 0.
pub(crate) fn median_of_sorted(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[half],
        _ => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

/// Standard deviation by the median absolute deviation from the median: `1.4826·MAD`.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let centre = median(values);
    MAD_TO_SIGMA * median(&values.iter().map(|value| (value - centre).abs()).collect::<Vec<_>>())
}

/// The mean; of nothing 0.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The variance with `n − 1`; of fewer than two values 0.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let centre = mean(values);
    if values.len() < 2 {
        return 0.0;
    }
    values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// The mean without the lowest and the highest fifth, and how much the rest varies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trimmed {
    /// Mean of what is kept.
    pub(crate) mean: f64,
    /// Sum of squares about their mean, of all values with the cut ones drawn in to the nearest that was kept.
    pub(crate) winsorised_squares: f64,
    /// How many are kept.
    pub(crate) kept: usize,
}

impl Trimmed {
    /// Cuts a fifth from each end, `⌊0.2n⌋` values.
    pub(crate) fn fifth(values: &[f64]) -> Self {
        let mut sorted = sorted(values);
        let n = sorted.len();
        let cut = n / 5;
        let kept = &sorted[cut..n - cut];
        let (centre, count) = (mean(kept), kept.len());
        if let (Some(lowest), Some(highest)) = (kept.first().copied(), kept.last().copied()) {
            sorted[..cut].fill(lowest);
            sorted[n - cut..].fill(highest);
        }
        let winsorised = mean(&sorted);
        let squares = sorted.iter().map(|value| (value - winsorised).powi(2)).sum();
        Self { mean: centre, winsorised_squares: squares, kept: count }
    }
}

/// Standard error of the median: the 95 % interval by order statistics over `2z`; of fewer than six values
/// `1.2533·sd/√n`.
pub(crate) fn median_error(values: &[f64]) -> f64 {
    let n = values.len();
    if n >= SMALLEST_FOR_RANKS
        && let (Some(low), Some(high)) = quantile_ranks(n as u64, 0.5)
    {
        let sorted = sorted(values);
        return (sorted[high as usize - 1] - sorted[low as usize - 1]) / (2.0 * normal_quantile(0.975));
    }
    if n == 0 { 0.0 } else { MEDIAN_TO_MEAN * (variance(values) / n as f64).sqrt() }
}

/// Quartiles by type 7; of nothing all 0.
pub(crate) fn quartiles(values: &[f64]) -> [f64; 3] {
    let sorted = sorted(values);
    [0.25, 0.5, 0.75].map(|p| quantile_of_sorted(&sorted, p).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_trimmed_mean_of_the_vector() {
        let trimmed = Trimmed::fifth(&[12.1, 11.8, 12.6, 12.0, 11.9, 12.3, 12.25, 11.7]);
        assert!((trimmed.mean - 12.058_333_333).abs() < 1e-6, "{trimmed:?}");
        assert!((trimmed.winsorised_squares - 0.317_187_5).abs() < 1e-6, "{trimmed:?}");
        assert_eq!(trimmed.kept, 6);
    }

    #[test]
    fn six_values_have_an_interval_of_their_median_and_five_have_not() {
        // Ranks 1 and 6 of six values: the whole range over 2·1.96.
        let six = median_error(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert!((six - 5.0 / (2.0 * 1.959_963_985)).abs() < 1e-6, "{six}");
        let five = median_error(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((five - 1.2533 * (2.5_f64 / 5.0).sqrt()).abs() < 1e-9, "{five}");
    }

    proptest! {
        #[test]
        fn one_wild_value_hardly_moves_centre_and_spread(
            values in proptest::collection::vec(-10.0_f64..10.0, 9..60), wild in 1e6_f64..1e12
        ) {
            let mut spoiled = values;
            spoiled.push(wild);
            prop_assert!(median(&spoiled).abs() <= 10.0);
            prop_assert!(spread(&spoiled) <= 20.0 * MAD_TO_SIGMA);
            prop_assert!(Trimmed::fifth(&spoiled).mean.abs() <= 10.0);
        }
    }
}

//! The divergence that other tools find change points by, for checking the change points of imported histories.
//!
//! In:  values in time order.
//! Out: for each split, how far both sides diverge in distribution; the best split.
//! Not here: perflab's own changes ([`crate::steps`]).
//!
//! Source: E-divisive (Matteson and James, Journal of the American Statistical Association 109, 2014) with exponent 1, as
//! used by MongoDB's and Otava's detectors.

use crate::Series;

/// Divergence of `values[..split]` from `values[split..]` for each split from 1 on: `nm/(n+m)` times twice the mean distance
/// between the sides less the mean distances within. Empty under two values. Takes time with the square of the length.
pub fn divergences(values: &Series) -> Vec<f64> {
    let x = values.values();
    let n = x.len();
    if n < 2 {
        return Vec::new();
    }
    let distances_to =
        |at: usize, range: std::ops::Range<usize>| -> f64 { x[range].iter().map(|y| (x[at] - y).abs()).sum() };
    // Sums of distances within the left side, within the right side and between them, moved along split by split.
    let mut left = 0.0;
    let mut right: f64 = (0..n).map(|at| distances_to(at, at + 1..n)).sum();
    let mut between = 0.0;
    (1..n)
        .map(|split| {
            let moved = split - 1;
            let (to_left, to_right) = (distances_to(moved, 0..moved), distances_to(moved, split..n));
            left += to_left;
            right -= to_right;
            between += to_right - to_left;
            let (a, b) = (split as f64, (n - split) as f64);
            let mean_within = |sum: f64, size: f64| if size > 1.0 { 2.0 * sum / (size * (size - 1.0)) } else { 0.0 };
            a * b / (a + b) * (2.0 * between / (a * b) - mean_within(left, a) - mean_within(right, b))
        })
        .collect()
}

/// The split with the largest divergence, the first of several, and that divergence.
pub fn best_split(values: &Series) -> Option<(usize, f64)> {
    let all = divergences(values).into_iter().enumerate();
    all.reduce(|best, other| if other.1 > best.1 { other } else { best }).map(|(at, value)| (at + 1, value))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::vectors;

    #[test]
    fn the_divergences_of_the_vector() {
        let vector = vectors::named("e_divisive");
        let values = vectors::series(&vector["y"]);
        let told = divergences(&values);
        for (q, expected) in told.iter().zip(vector["q_by_split_full_tail"].as_array().expect("list")) {
            vectors::assert_near(*q, expected);
        }
        let (split, value) = best_split(&values).expect("values");
        assert_eq!(split as f64, vectors::number(&vector["best_split"]));
        assert_eq!(split as f64, vectors::number(&vector["otava_index"]));
        vectors::assert_near(value, &vector["otava_qhat"]);
    }

    proptest! {
        #[test]
        fn splits_of_the_reverse_are_the_reverse(values in vec(-100.0_f64..100.0, 2..40)) {
            let there = divergences(&Series::new(values.clone()).expect("finite"));
            let mut back = divergences(&Series::new(values.into_iter().rev().collect()).expect("finite"));
            back.reverse();
            for (a, b) in there.iter().zip(&back) {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }
    }
}

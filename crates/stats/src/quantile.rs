//! Quantiles: when one may be shown, its value in raw samples, and the ranks of its interval.
//!
//! Sources: type 7 of Hyndman and Fan (1996); the distribution-free interval by order statistics (Conover, Practical
//! Nonparametric Statistics): the number of samples below a quantile is binomial.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Samples that must lie beyond a quantile before it is shown.
pub(crate) const SAMPLES_BEYOND: f64 = 10.0;

/// How many more samples a quantile needs before it may be shown; `0` when it may. P95 needs 200, P99 1,000.
pub fn missing_samples(n: u64, p: f64) -> u64 {
    let beyond = (1.0 - p).max(f64::EPSILON);
    // The tenth of a millionth takes back what 1 − 0.95 loses in binary.
    let needed = (SAMPLES_BEYOND / beyond - 1e-7 * SAMPLES_BEYOND / beyond).ceil();
    (needed as u64).saturating_sub(n)
}

/// Type 7: linear between neighbours at `h = (n − 1)p`. Nothing of nothing.
pub fn quantile_of_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * p.clamp(0.0, 1.0);
    let below = (h.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (h - below as f64) * (sorted[above] - sorted[below]))
}

/// Ranks (from 1) of the 95 % interval of a quantile. An end that so few samples leave open is `None`.
pub fn quantile_ranks(n: u64, p: f64) -> (Option<u64>, Option<u64>) {
    let Ok(below) = Binomial::new(p, n) else { return (None, None) };
    let low = inverse(&below, n, p, 0.025);
    let high = inverse(&below, n, p, 0.975).saturating_add(1);
    ((low >= 1).then_some(low), (high <= n).then_some(high))
}

/// The smallest `k` with `P(X ≤ k) ≥ share`. The library's own search starts from the whole range; starting at the
/// normal approximation needs two or three steps.
fn inverse(binomial: &Binomial, n: u64, p: f64, share: f64) -> u64 {
    let z = if share < 0.5 { -1.96 } else { 1.96 };
    let guess = n as f64 * p + z * (n as f64 * p * (1.0 - p)).sqrt();
    let mut k = (guess.max(0.0) as u64).min(n);
    while k > 0 && binomial.cdf(k - 1) >= share {
        k -= 1;
    }
    while k < n && binomial.cdf(k) < share {
        k += 1;
    }
    k
}

/// The smallest number of samples with an end on both sides.
pub(crate) fn smallest_sample(p: f64) -> u64 {
    let mut n = 1;
    while n < 1 << 40 {
        if let (Some(_), Some(_)) = quantile_ranks(n, p) {
            break;
        }
        n += (n / 64).max(1);
    }
    n
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.5, 3.25)]
    #[case(0.9, 6.2)]
    #[case(0.95, 7.6)]
    #[case(0.99, 8.72)]
    fn raw_samples_follow_type_7(#[case] p: f64, #[case] expected: f64) {
        let mut values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0, 3.5];
        values.sort_by(f64::total_cmp);
        let got = quantile_of_sorted(&values, p).expect("there are values");
        assert!((got - expected).abs() < 1e-6, "{got}");
    }

    #[rstest]
    #[case(20, 0.5, Some(6), Some(15))]
    #[case(100, 0.5, Some(40), Some(61))]
    #[case(100, 0.95, Some(90), Some(100))]
    #[case(1_000, 0.99, Some(983), Some(997))]
    #[case(10_000, 0.999, Some(9_983), Some(9_997))]
    #[case::too_few_for_an_upper_end(60, 0.95, Some(53), None)]
    #[case::nothing(0, 0.95, None, None)]
    fn ranks_are_those_of_the_binomial(
        #[case] n: u64,
        #[case] p: f64,
        #[case] low: Option<u64>,
        #[case] high: Option<u64>,
    ) {
        assert_eq!(quantile_ranks(n, p), (low, high));
    }

    #[rstest]
    #[case(0.5, 6)]
    #[case(0.9, 36)]
    #[case(0.95, 72)]
    #[case(0.99, 368)]
    #[case(0.999, 3_688)]
    fn an_interval_needs_this_many_samples(#[case] p: f64, #[case] n: u64) {
        assert!(matches!(quantile_ranks(n, p), (Some(_), Some(_))));
        assert!(!matches!(quantile_ranks(n - 1, p), (Some(_), Some(_))));
        let found = smallest_sample(p);
        assert!(found >= n && found as f64 <= n as f64 * 1.02 + 1.0, "{found}");
    }

    #[rstest]
    #[case(0.95, 200)]
    #[case(0.99, 1_000)]
    #[case(0.999, 10_000)]
    #[case(0.5, 20)]
    fn a_quantile_is_shown_with_ten_samples_beyond_it(#[case] p: f64, #[case] n: u64) {
        assert_eq!(missing_samples(n, p), 0);
        assert_eq!(missing_samples(n - 1, p), 1);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_quantiles_own_rank(n in 1_u64..2_000_000, p in 0.01_f64..0.9999) {
            let (low, high) = quantile_ranks(n, p);
            let own = (n as f64 * p).ceil() as u64;
            prop_assert!(low.is_none_or(|low| low <= own.max(1)));
            prop_assert!(high.is_none_or(|high| high >= own));
        }
    }
}

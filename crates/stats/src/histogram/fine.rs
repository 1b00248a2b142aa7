//! Times of benchmark cases in HDR histograms of picoseconds: an operation of a few nanoseconds still has three digits.
//!
//! In:  times of single operations in nanoseconds, or an encoding (V2 or V2-deflate, from 1 ps with 3 digits).
//! Out: counts, quantiles and order statistics in nanoseconds, to 0.1 % from 1 ns to 1 h.

use perflab_model::tick::EncodedHistogram;

use super::{HistogramError, decode, empty, encode};

/// The largest value that is told apart: one hour in picoseconds. Larger ones count as this.
const HIGHEST_PS: u64 = 3_600_000_000_000_000;
/// Picoseconds of a nanosecond.
const PS: f64 = 1e3;

/// A distribution of times, counted in picoseconds and told in nanoseconds. Grows with its largest value.
#[derive(Clone, Debug)]
pub struct FineHistogram(hdrhistogram::Histogram<u64>);

impl Default for FineHistogram {
    fn default() -> Self {
        Self(empty())
    }
}

impl PartialEq for FineHistogram {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl FineHistogram {
    /// One without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an encoding. No bytes at all are no values.
    ///
    /// # Errors
    /// When the bytes are damaged or are a histogram of another shape.
    pub fn decode(encoded: &EncodedHistogram) -> Result<Self, HistogramError> {
        decode(encoded, HIGHEST_PS).map(Self)
    }

    /// The encoding that what was measured of a case carries (V2, deflated).
    pub fn encode(&self) -> EncodedHistogram {
        encode(&self.0)
    }

    /// Adds a time; less than a picosecond becomes one, more than an hour becomes an hour, and what is no number is left
    /// out.
    pub fn record_ns(&mut self, ns: f64) {
        if ns.is_nan() {
            return;
        }
        let ps = (ns * PS).round().clamp(1.0, HIGHEST_PS as f64) as u64;
        self.0.record(ps).expect("a histogram that grows takes every value");
    }

    /// Adds the other's counters.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("a histogram that grows takes every value");
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Smallest value in nanoseconds.
    pub fn min_ns(&self) -> Option<f64> {
        self.some(|h| h.min() as f64)
    }

    /// Largest value in nanoseconds.
    pub fn max_ns(&self) -> Option<f64> {
        self.some(|h| h.max() as f64)
    }

    /// The value below or at which a share `p` of all values lies, in nanoseconds.
    pub fn quantile_ns(&self, p: f64) -> Option<f64> {
        self.some(|h| h.value_at_quantile(p.clamp(0.0, 1.0)) as f64)
    }

    /// The value at a rank, from 1, in nanoseconds.
    pub fn at_rank_ns(&self, rank: u64) -> Option<f64> {
        let n = self.count();
        // Half a rank below, so that rounding in the division cannot step over to the next one.
        (1..=n).contains(&rank).then(|| self.0.value_at_quantile((rank as f64 - 0.5) / n as f64) as f64 / PS)
    }

    /// How many values lie above `ns` (to within the resolution).
    pub fn count_above(&self, ns: f64) -> u64 {
        let ps = (ns * PS).clamp(0.0, HIGHEST_PS as f64) as u64;
        if ps >= self.0.max() { 0 } else { self.0.count_between(self.0.next_non_equivalent(ps), self.0.max()) }
    }

    fn some(&self, number: impl FnOnce(&hdrhistogram::Histogram<u64>) -> f64) -> Option<f64> {
        (!self.0.is_empty()).then(|| number(&self.0) / PS)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> FineHistogram {
        let mut histogram = FineHistogram::new();
        values.iter().for_each(|ns| histogram.record_ns(*ns));
        histogram
    }

    #[test]
    fn a_nanosecond_and_an_hour_have_three_digits() {
        for ns in [1.0, 2.345, 80_000.0, 3.6e12] {
            let told = of(&[ns]).quantile_ns(0.5).expect("a value");
            assert!((told / ns - 1.0).abs() <= 1e-3, "{ns} was told as {told}");
        }
        let odd = of(&[-5.0, 0.0, f64::INFINITY, f64::NAN]);
        assert_eq!((odd.count(), odd.min_ns()), (3, Some(0.001)));
        assert!(odd.max_ns().is_some_and(|hour| (hour / 3.6e12 - 1.0).abs() < 1e-3));
    }

    #[test]
    fn a_histogram_of_another_range_is_refused_and_no_bytes_are_no_values() {
        let mut wide = hdrhistogram::Histogram::<u64>::new_with_bounds(1, u64::MAX / 2, 3).expect("bounds");
        wide.record(5).expect("in range");
        let error = FineHistogram::decode(&encode(&wide)).expect_err("refused");
        assert!(matches!(error, HistogramError::Shape { .. }), "{error}");
        assert_eq!(FineHistogram::decode(&EncodedHistogram::default()).expect("nothing").count(), 0);
    }

    #[test]
    fn values_above_are_counted() {
        let histogram = of(&[10.0, 20.0, 30.0, 40.0]);
        assert_eq!((histogram.count_above(20.0), histogram.count_above(40.0), histogram.count_above(1.0)), (2, 0, 4));
    }

    proptest! {
        #[test]
        fn a_rank_is_the_value_of_the_sorted_list_within_a_thousandth_also_when_it_was_written_and_read(
            mut values in proptest::collection::vec(1.0_f64..1e9, 1..200), pick in any::<prop::sample::Index>()
        ) {
            let written = of(&values);
            let histogram = FineHistogram::decode(&written.encode()).expect("our own encoding");
            prop_assert_eq!(&histogram, &written);
            values.sort_by(f64::total_cmp);
            let rank = pick.index(values.len());
            let (told, true_value) = (histogram.at_rank_ns(rank as u64 + 1).expect("in range"), values[rank]);
            prop_assert!((told / true_value - 1.0).abs() <= 1.1e-3, "{} {}", told, true_value);
        }

        #[test]
        fn merge_order_is_irrelevant(
            a in proptest::collection::vec(0.1_f64..1e9, 0..80), b in proptest::collection::vec(0.1_f64..1e9, 0..80)
        ) {
            let (mut ab, mut ba) = (of(&a), of(&b));
            ab.merge(&of(&b));
            ba.merge(&of(&a));
            prop_assert_eq!(&ab, &ba);
            prop_assert_eq!(&ab, &of(&[a, b].concat()));
        }
    }
}

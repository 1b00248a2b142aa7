//! The samples of one benchmark case in numbers: what warm-up to leave out, whether the rest is steady, what it says.
//!
//! In:  samples of a case in the order in which they were taken.
//! Out: where steadiness begins, a summary with intervals, and the blocks that comparisons rest on.
//! Not here: load runs, whose samples come in histograms of seconds ([`crate::Accumulator`]).
//!
//! Outliers are never deleted: estimates are robust, and the share of samples far out is told. Samples of a run remember
//! each other, so what is compared are medians of blocks: at a correlation of 0.5 between neighbours, comparing samples
//! cries wolf in 26 % of equal pairs, comparing medians of blocks in 6 %.

use crate::{
    Interval, Series, mean_of_blocks, missing_samples, quantile_of_sorted, quantile_ranks,
    robust::{mean, median, quartiles, sorted, spread, variance},
    trend::MannKendall,
};

/// Blocks that a case is cut into, in time order.
const BLOCKS: usize = 20;
/// A block of the first half this many deviations off still belongs to the warm-up.
const OFF: f64 = 3.0;
/// Deviations are at least this share of the centre, so that a very quiet case is not all warm-up.
const LEAST_DEVIATION: f64 = 0.005;
/// A trend of the second half beyond this score (p 1 %) is no steadiness.
const TREND: f64 = 2.58;
/// Beyond the third quartile by so many interquartile ranges a sample is far out (Tukey's outer fence).
const FAR_OUT: f64 = 3.0;
/// The quantiles of a summary.
const QUANTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Where the steady part of a case begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steadiness {
    /// From this sample on.
    From(usize),
    /// Nowhere: the case is invalid, "not steady".
    NotSteady(Unsteady),
    /// Too few samples for twenty blocks: nothing is left out, nothing is known.
    Unknown,
}

/// Why a case is not steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsteady {
    /// Half of it was not enough to warm up.
    StillWarming,
    /// Its second half has a trend.
    Trend,
}

/// Finds the end of the warm-up of a case that declares none.
pub fn steadiness(samples: &Series) -> Steadiness {
    let values = samples.values();
    if values.len() < BLOCKS {
        return Steadiness::Unknown;
    }
    let medians: Vec<f64> = cut(values, BLOCKS).map(median).collect();
    let (first, last) = medians.split_at(BLOCKS / 2);
    let centre = median(last);
    let deviation = spread(last).max(LEAST_DEVIATION * centre.abs());
    let warm = first.iter().rposition(|median| (median - centre).abs() > OFF * deviation);
    if warm == Some(first.len() - 1) {
        return Steadiness::NotSteady(Unsteady::StillWarming);
    }
    if MannKendall::new(last).z(1.0).abs() > TREND {
        return Steadiness::NotSteady(Unsteady::Trend);
    }
    Steadiness::From(warm.map_or(0, |block| (block + 1) * values.len() / BLOCKS))
}

/// One block of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Its median.
    pub median: f64,
    /// Its mean.
    pub mean: f64,
    /// Its 95th percentile.
    pub p95: f64,
}

/// Twenty equal blocks in time order; as many as samples when there are fewer.
pub fn blocks(samples: &Series) -> Vec<Block> {
    let values = samples.values();
    let block = |values: &[f64]| {
        let sorted = sorted(values);
        Block { median: median(values), mean: mean(values), p95: quantile_of_sorted(&sorted, 0.95).unwrap_or(0.0) }
    };
    cut(values, BLOCKS.min(values.len())).map(block).collect()
}

fn cut(values: &[f64], blocks: usize) -> impl Iterator<Item = &[f64]> {
    (0..blocks).map(move |at| &values[at * values.len() / blocks..(at + 1) * values.len() / blocks])
}

/// A quantile of a summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SummaryQuantile {
    /// Which, 0 to 1.
    pub p: f64,
    /// Its value; nothing with fewer than ten samples beyond it.
    pub value: Option<f64>,
    /// Its 95 % interval; an end that too few samples leave open is infinite.
    pub interval: Interval,
    /// How many samples are missing until it may be shown.
    pub missing: u64,
}

/// A case in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Samples.
    pub samples: u64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Its 95 % interval, from block means.
    pub mean_interval: Interval,
    /// P50, P90, P95, P99 and P99.9.
    pub quantiles: [SummaryQuantile; 5],
    /// Standard deviation.
    pub stddev: f64,
    /// The same by the median absolute deviation.
    pub robust_stddev: f64,
    /// Share of samples beyond Q3 + 3·IQR.
    pub far_out: f64,
}

/// Sums a case up, its warm-up already left out; nothing of nothing.
pub fn summarise(samples: &Series) -> Option<Summary> {
    let values = samples.values();
    let ordered = sorted(values);
    let (min, max) = (*ordered.first()?, *ordered.last()?);
    let n = values.len() as u64;
    let quantile = |p: f64| {
        let missing = missing_samples(n, p);
        let (low, high) = quantile_ranks(n, p);
        let at = |rank: Option<u64>| ordered.get(usize::try_from(rank?).ok()?.checked_sub(1)?).copied();
        SummaryQuantile {
            p,
            value: quantile_of_sorted(&ordered, p).filter(|_| missing == 0),
            interval: Interval { low: at(low).unwrap_or(f64::NEG_INFINITY), high: at(high).unwrap_or(f64::INFINITY) },
            missing,
        }
    };
    let [lower, _, upper] = quartiles(values);
    let fence = upper + FAR_OUT * (upper - lower);
    let single: Vec<(f64, u64)> = values.iter().map(|value| (*value, 1)).collect();
    let mean = mean(values);
    Some(Summary {
        samples: n,
        min,
        max,
        mean,
        mean_interval: Interval::around(mean, mean_of_blocks(&single)),
        quantiles: QUANTILES.map(quantile),
        stddev: variance(values).sqrt(),
        robust_stddev: spread(values),
        far_out: (ordered.len() - ordered.partition_point(|value| *value <= fence)) as f64 / values.len() as f64,
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::vectors;

    fn series(values: impl IntoIterator<Item = f64>) -> Series {
        Series::new(values.into_iter().collect()).expect("finite")
    }

    /// A sample that scatters by about 1 %.
    fn quiet(i: u32) -> f64 {
        100.0 + f64::from(i * 37 % 101 % 7) / 3.0
    }

    #[test]
    fn the_quantiles_and_ranks_of_the_vectors() {
        let vector = vectors::named("quantile_type7");
        let ordered = sorted(&vectors::numbers(&vector["x"]));
        for (p, expected) in vectors::numbers(&vector["p"]).into_iter().zip(vector["out"].as_array().expect("list")) {
            vectors::assert_near(quantile_of_sorted(&ordered, p).expect("values"), expected);
        }
        for case in vectors::named("quantile_interval_ranks")["cases"].as_array().expect("cases") {
            let ranks = quantile_ranks(vectors::number(&case["n"]) as u64, vectors::number(&case["p"]));
            match case["l_u_cover"].as_array() {
                Some(told) => assert_eq!(ranks, (told[0].as_u64(), told[1].as_u64()), "{case}"),
                None => assert!(ranks.0.is_none() || ranks.1.is_none(), "{case}"),
            }
        }
    }

    #[test]
    fn a_case_without_warm_up_is_steady_from_its_first_sample() {
        assert_eq!(steadiness(&series((0..400).map(quiet))), Steadiness::From(0));
    }

    #[test]
    fn slow_first_samples_are_warm_up() {
        let values = (0..400).map(|i| if i < 70 { 3.0 * quiet(i) } else { quiet(i) });
        assert_eq!(steadiness(&series(values)), Steadiness::From(80), "block four is half slow");
    }

    #[test]
    fn what_never_settles_is_not_steady() {
        let long = (0..400).map(|i| if i < 190 { 3.0 * quiet(i) } else { quiet(i) });
        assert_eq!(steadiness(&series(long)), Steadiness::NotSteady(Unsteady::StillWarming));
        let creeping = (0..400).map(|i| 100.0 + f64::from(i) / 400.0 + f64::from(i % 2) / 1_000.0);
        assert_eq!(steadiness(&series(creeping)), Steadiness::NotSteady(Unsteady::Trend));
        assert_eq!(steadiness(&series((0..19).map(quiet))), Steadiness::Unknown);
    }

    #[test]
    fn a_summary_hides_what_too_few_samples_would_tell_and_counts_what_is_far_out() {
        let told = summarise(&series((0..200).map(|i| if i == 7 { 900.0 } else { quiet(i) }))).expect("samples");
        let shown: Vec<bool> = told.quantiles.iter().map(|quantile| quantile.value.is_some()).collect();
        assert_eq!(shown, [true, true, true, false, false]);
        assert_eq!((told.quantiles[3].missing, told.far_out), (800, 1.0 / 200.0));
        assert_eq!(told.quantiles[3].interval.high, f64::INFINITY);
        assert_eq!((told.samples, told.max), (200, 900.0));
        assert!(told.stddev > 10.0 * told.robust_stddev, "{told:?}");
    }

    proptest! {
        #[test]
        fn a_summary_holds_together(values in vec(0.1_f64..1e6, 1..400)) {
            let told = summarise(&series(values.clone())).expect("samples");
            prop_assert!(told.min <= told.mean * (1.0 + 1e-12) && told.mean <= told.max * (1.0 + 1e-12));
            for quantile in told.quantiles {
                // Where a quantile is hidden, its estimate may even lie below the lower end.
                if let Some(value) = quantile.value {
                    prop_assert!(quantile.interval.low <= value && value <= quantile.interval.high);
                }
            }
            prop_assert_eq!(blocks(&series(values.clone())).len(), values.len().min(20));
        }
    }
}

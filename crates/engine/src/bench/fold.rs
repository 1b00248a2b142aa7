//! What was measured of an operation, folded: a histogram, blocks, a curve.
//!
//! In:  what the hands noted. Out: a [`Side`] and the curve.

use perflab_model::bench::{CurvePoint, SampleBlock, Sampling, Side};
use perflab_stats::{FineHistogram, Series, summary};

use super::{
    hand::Tally,
    samples::{Sample, curve, merged},
    shape::Shape,
};

/// Points of the curve.
const POINTS: usize = 400;

/// Folds what all hands noted of one operation.
pub(super) fn side<'a>(tallies: impl Iterator<Item = &'a Tally> + Clone, shape: Shape) -> (Side, Vec<CurvePoint>) {
    let failed = tallies.clone().map(|tally| tally.failed).sum();
    let spoiled: u64 = tallies.clone().map(|tally| tally.spoiled).sum();
    let right: u64 = tallies.clone().map(|tally| right(tally, shape)).sum();
    let samples = merged(tallies.clone().map(|tally| &tally.samples));
    let singles = match shape {
        Shape::Rounds { .. } => merged(tallies.clone().map(|tally| &tally.singles)),
        Shape::OneByOne => samples.clone(),
    };
    // Where no batch was without a fault, what was timed one by one is all there is.
    let (samples, sampling) =
        if samples.is_empty() { (&singles, Sampling::OneByOne) } else { (&samples, shape.sampling()) };
    let every = tallies.map(|tally| tally.samples.every()).max().unwrap_or(1);
    let mut times = FineHistogram::new();
    singles.iter().for_each(|sample| times.record_ns(sample.ns));
    let series = series(samples);
    let summed = summary::summarise(&series);
    let block = |block: summary::Block| SampleBlock { median_ns: block.median, mean_ns: block.mean, p95_ns: block.p95 };
    let far_out = summed.as_ref().map_or(0.0, |summed| summed.far_out) * samples.len() as f64;
    let side = Side {
        sampling,
        operations: right + spoiled + failed,
        failed,
        mean_ns: summed.as_ref().map(|summed| summed.mean),
        deviation_ns: summed.as_ref().map(|summed| summed.stddev),
        times: times.encode(),
        blocks: summary::blocks(&series).into_iter().map(block).collect(),
        far_out: far_out.round() as u64 * every,
    };
    (side, curve(samples, POINTS))
}

/// Operations of a tally that were right and in time.
pub(super) fn right(tally: &Tally, shape: Shape) -> u64 {
    let (of_samples, of_singles) = match shape {
        Shape::OneByOne => (1, 0),
        Shape::Rounds { batch, .. } => (batch, 1),
    };
    tally.samples.count() * of_samples + tally.singles.count() * of_singles
}

/// The times, in order.
pub(super) fn series(samples: &[Sample]) -> Series {
    // All of them come from clocks or were checked when an answer told them.
    Series::new(samples.iter().map(|sample| sample.ns).collect()).unwrap_or_default()
}

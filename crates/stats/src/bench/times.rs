//! Times of one way of doing an operation: mean from blocks, quantiles from the histogram.

use perflab_model::{
    bench::{CaseTimes, OpenInterval, Sampling, Side},
    threshold::Stat,
};

use super::SECONDS;
use crate::{FineHistogram, Interval, mean_of_blocks, rule::Estimate};

/// A side with its histogram unpacked.
#[derive(Clone, Debug)]
pub(super) struct ReadSide {
    side: Side,
    times: FineHistogram,
    pub(super) is_unreadable: bool,
}

impl ReadSide {
    pub(super) fn new(side: &Side) -> Self {
        let times = FineHistogram::decode(&side.times);
        Self { side: side.clone(), is_unreadable: times.is_err(), times: times.unwrap_or_default() }
    }

    /// Right answers.
    pub(super) const fn right(&self) -> u64 {
        self.side.operations.saturating_sub(self.side.failed)
    }

    /// The mean in seconds.
    pub(super) fn mean_value(&self) -> Option<f64> {
        self.side.mean_ns.filter(|mean| mean.is_finite() && self.right() > 0).map(|mean| mean * SECONDS)
    }

    pub(super) fn mean(&self) -> Option<Estimate> {
        let value = self.mean_value()?;
        let blocks: Vec<(f64, u64)> = self.side.blocks.iter().map(|block| (block.mean_ns * SECONDS, 1)).collect();
        let interval = Interval::around(value, mean_of_blocks(&blocks));
        Some(Estimate { value, shown: true, interval, samples: self.right() })
    }

    /// A number of its times, in seconds; nothing without a right answer.
    pub(super) fn number(&self, stat: Stat) -> Option<Estimate> {
        let samples = self.times.count();
        let exact = |ns: f64| Estimate::exact(ns * SECONDS, samples);
        match stat {
            Stat::Min => self.times.min_ns().map(exact),
            Stat::Max => self.times.max_ns().map(exact),
            Stat::Stddev => self.side.deviation_ns.filter(|_| self.right() > 0).map(exact),
            Stat::Quantile(p) if p <= 0.0 => self.times.min_ns().map(exact),
            Stat::Quantile(p) if p >= 1.0 => self.times.max_ns().map(exact),
            Stat::Quantile(p) => {
                let value = self.times.quantile_ns(p)? * SECONDS;
                Some(Estimate::quantile(value, p, samples, |rank| self.times.at_rank_ns(rank).map(|ns| ns * SECONDS)))
            }
            _ => self.mean(),
        }
    }

    /// Share of times beyond a limit in seconds.
    pub(super) fn share_above(&self, limit: f64) -> Option<f64> {
        let all = self.times.count();
        (all > 0).then(|| self.times.count_above(limit / SECONDS) as f64 / all as f64)
    }

    /// As it is shown, in milliseconds.
    pub(super) fn shown(&self) -> CaseTimes {
        let mean = self.mean();
        let shown = |stat: Stat| self.number(stat).filter(|number| number.shown).map(|number| ms(number.value));
        let median = self.number(Stat::Quantile(0.5));
        CaseTimes {
            unit: "ms".to_owned(),
            samples: self.right(),
            mean: mean.map(|mean| ms(mean.value)),
            interval: mean.and_then(|mean| open(mean.interval)),
            min: shown(Stat::Min),
            p50: shown(Stat::Quantile(0.5)),
            p50_interval: median.and_then(|median| open(median.interval)),
            p90: shown(Stat::Quantile(0.9)),
            p95: shown(Stat::Quantile(0.95)),
            p99: shown(Stat::Quantile(0.99)),
            p999: shown(Stat::Quantile(0.999)),
            max: shown(Stat::Max),
            deviation: shown(Stat::Stddev),
            far_out: self.far_out(),
        }
    }

    /// Share of samples far out; of batches each batch is a sample.
    fn far_out(&self) -> f64 {
        let samples = match self.side.sampling {
            Sampling::OneByOne => self.right(),
            Sampling::Batches { size } => self.right() / size.max(1),
        };
        if samples == 0 { 0.0 } else { (self.side.far_out as f64 / samples as f64).min(1.0) }
    }
}

/// Seconds to milliseconds, without the noise of the multiplication.
pub(super) fn ms(seconds: f64) -> f64 {
    let ms = seconds * 1e3;
    if ms == 0.0 || !ms.is_finite() {
        return ms;
    }
    // Twelve digits: far more than was measured, fewer than noise needs to show.
    let scale = 10_f64.powi(11 - ms.abs().log10().floor() as i32);
    let rounded = (ms * scale).round() / scale;
    if rounded.is_finite() { rounded } else { ms }
}

/// An interval in milliseconds; nothing when both ends are open.
pub(super) fn open(interval: Interval) -> Option<OpenInterval> {
    match interval.ends() {
        (None, None) => None,
        (low, high) => Some(OpenInterval(low.map(ms), high.map(ms))),
    }
}

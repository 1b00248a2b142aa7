//! What a number of a rule is so far, whatever it comes from: seconds of a load run or a case of a benchmark suite.

use crate::{Interval, missing_samples, quantile_ranks, robust};
use perflab_model::threshold::Stat;

/// A value with its interval, in the measure's base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    /// Whether there are enough samples to show the value.
    pub(crate) shown: bool,
    pub(crate) interval: Interval,
    pub(crate) samples: u64,
}

impl Estimate {
    /// A value that has no interval and is compared as it is.
    pub(crate) const fn exact(value: f64, samples: u64) -> Self {
        Self { value, shown: true, interval: Interval::exact(value), samples }
    }

    /// A quantile of `samples` values: `at` gives the value at a rank, from 1.
    pub(crate) fn quantile(value: f64, p: f64, samples: u64, at: impl Fn(u64) -> Option<f64>) -> Self {
        let (low, high) = quantile_ranks(samples, p);
        let end = |rank: Option<u64>, open: f64| rank.and_then(&at).unwrap_or(open);
        Self {
            value,
            shown: missing_samples(samples, p) == 0,
            interval: Interval { low: end(low, f64::NEG_INFINITY), high: end(high, f64::INFINITY) },
            samples,
        }
    }

    /// A number of plain values in any order; nothing of nothing.
    pub(crate) fn of_values(values: &[f64], stat: Stat) -> Option<Self> {
        let ordered = robust::sorted(values);
        let (lowest, highest) = (*ordered.first()?, *ordered.last()?);
        let samples = ordered.len() as u64;
        Some(match stat {
            Stat::Min => Self::exact(lowest, samples),
            Stat::Max => Self::exact(highest, samples),
            Stat::Stddev => Self::exact(robust::variance(values).sqrt(), samples),
            Stat::Value => Self::exact(*values.last()?, samples),
            Stat::Quantile(p) if p <= 0.0 => Self::exact(lowest, samples),
            Stat::Quantile(p) if p >= 1.0 => Self::exact(highest, samples),
            Stat::Quantile(p) => {
                let at = |rank: u64| ordered.get(usize::try_from(rank).ok()?.checked_sub(1)?).copied();
                Self::quantile(crate::quantile_of_sorted(&ordered, p)?, p, samples, at)
            }
            _ => Self::exact(robust::mean(values), samples),
        })
    }
}

//! The ratio of a quantile other than the median (P95, P99) of two runs.
//!
//! In:  the quantile of each side with its interval by order statistics, from samples or from a histogram.
//! Out: a [`Comparison`] at 95 %. The interval puts both together by squares, so it leans where they lean.

use super::{CompareError, Comparison, Question, Shift, Side, logs};
use crate::{Histogram, Series, distribution::normal_quantile, quantile_of_sorted, quantile_ranks, robust::sorted};

/// A quantile with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileEstimate {
    /// The quantile.
    pub value: f64,
    /// Lower end; nothing when so few samples leave it open.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// How many samples there are.
    pub samples: u64,
}

impl QuantileEstimate {
    /// From samples; nothing of nothing.
    pub fn of_samples(samples: &Series, p: f64) -> Option<Self> {
        let sorted = sorted(samples.values());
        let at = |rank: u64| sorted.get(usize::try_from(rank).ok()?.checked_sub(1)?).copied();
        Self::new(quantile_of_sorted(&sorted, p)?, sorted.len() as u64, p, at)
    }

    /// From a histogram, in microseconds; nothing of nothing.
    pub fn of_histogram(histogram: &Histogram, p: f64) -> Option<Self> {
        Self::new(histogram.quantile_us(p)?, histogram.count(), p, |rank| histogram.at_rank_us(rank))
    }

    fn new(value: f64, samples: u64, p: f64, at: impl Fn(u64) -> Option<f64>) -> Option<Self> {
        let (low, high) = quantile_ranks(samples, p);
        // A histogram's steps may put an end on the wrong side of the value by a thousandth.
        let low = low.and_then(&at).map(|low| low.min(value));
        let high = high.and_then(&at).map(|high| high.max(value));
        Some(Self { value, low, high, samples })
    }

    /// Value and ends on logs; an open end is infinite.
    fn logs(self, side: Side) -> Result<(f64, f64, f64), CompareError> {
        let value = logs(&Series::new(vec![self.value]).map_err(|_| CompareError::Empty(side))?, side)?[0];
        let low = self.low.map_or(f64::NEG_INFINITY, |low| if low > 0.0 { low.ln() } else { f64::NEG_INFINITY });
        Ok((value, low, self.high.map_or(f64::INFINITY, f64::ln)))
    }
}

/// Compares one quantile of two sides, at 95 % whatever `question` says: their intervals have that.
///
/// # Errors
/// When a quantile is not positive.
pub fn compare_quantiles(
    baseline: QuantileEstimate,
    candidate: QuantileEstimate,
    question: &Question<'_>,
) -> Result<Comparison, CompareError> {
    let (qa, la, ua) = baseline.logs(Side::Baseline)?;
    let (qb, lb, ub) = candidate.logs(Side::Candidate)?;
    let estimate = qb - qa;
    let error = |low: f64, high: f64| {
        let error = (high - low) / (2.0 * normal_quantile(0.975));
        // Of an open interval nothing can be taken away; then the noise between runs is what the pairs showed.
        if error.is_finite() { error } else { 0.0 }
    };
    let shift = Shift {
        estimate,
        ends: (estimate - (qb - lb).hypot(ua - qa), estimate + (ub - qb).hypot(qa - la)),
        within_squared: error(la, ua).powi(2) + error(lb, ub).powi(2),
        degrees: (baseline.samples + candidate.samples) as f64 - 2.0,
        samples: baseline.samples.min(candidate.samples),
    };
    Ok(shift.with_noise_between_runs(&Question { alpha: 0.05, ..*question }))
}

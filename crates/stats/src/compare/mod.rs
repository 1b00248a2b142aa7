//! Two runs against each other: by how much the one is slower, and how sure that is.
//!
//! In:  values of both sides (medians of blocks, not raw samples: neighbours in a run remember each other and would make
//!      every difference look certain), how often the same code differed from itself in earlier runs.
//! Out: the ratio of candidate to baseline with its interval and p, the change that this environment cannot see, a word.
//! Not here: which runs are compared (`lab`), many comparisons at once ([`crate::benjamini_hochberg`]).
//!
//! Sources: shift and interval by Hodges and Lehmann (Annals of Mathematical Statistics 34, 1963) and Moses; degrees of
//! freedom by Satterthwaite (Biometrics Bulletin 2, 1946) and Welch; intervals of quantiles put together by squares
//! (Zou and Donner, Statistics in Medicine 27, 2008: MOVER, "square and add").
//! Everything is reckoned on natural logarithms, so that "10 % slower" means the same at 1 ms and at 1 s.
//!
//! Invariant: more noise between runs never makes an interval narrower; too few values never make two runs the same.

mod band;
mod noise;
mod quantile;
mod welch;
mod word;

pub use band::{Evidence, Level, Standing, judge};
pub use noise::{RunNoise, Runs};
pub use quantile::{QuantileEstimate, compare_quantiles};
pub use welch::{Welch, welch};
pub use word::{Needed, Word};

use crate::{
    Series,
    distribution::{normal_quantile, t_beyond, t_quantile},
    rank::{Differences, critical_count},
    robust::{median_error, sorted},
};

/// Which direction of a measure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Times, memory, errors.
    Lower,
    /// Throughput.
    Higher,
}

/// What a comparison needs to know beside the values.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// How often an interval may miss the truth, 0.05 for 95 %.
    pub alpha: f64,
    /// Log ratios of earlier pairs of runs of one and the same revision on this environment.
    pub earlier: &'a Series,
    /// How many runs the values of each side come from.
    pub runs: Runs,
}

/// Why there is no comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// A side has no values.
    #[error("{0} has no values")]
    Empty(Side),
    /// There is no ratio of what is not positive.
    #[error("value {} of {side} is not positive, so there is no ratio", .at + 1)]
    NotPositive {
        /// Where.
        side: Side,
        /// Which value, from 0.
        at: usize,
    },
    /// An interval that may miss always, or never.
    #[error("alpha must lie between 0 and 1")]
    Alpha,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What was before.
    Baseline,
    /// What is asked about.
    Candidate,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
        })
    }
}

/// What two sides say about each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Candidate over baseline.
    pub ratio: f64,
    /// Its interval; an end that so few values leave open is 0 or infinite. Nothing when neither end is known.
    pub interval: Option<(f64, f64)>,
    /// The two-sided p of "no difference", on the scale that holds the noise between runs. Nothing without interval.
    pub p: Option<f64>,
    /// Noise between runs that went into the interval.
    pub noise: RunNoise,
    /// The smallest change that any number of samples could show with so many runs, as a share.
    pub floor: f64,
    /// Values of the smaller side.
    pub samples: u64,
    runs: Runs,
    /// Half the width on logs, and the part of it that only more runs can make smaller.
    half_width: f64,
    half_width_of_runs: f64,
}

/// Compares values of two sides by the shift of their logs.
///
/// # Errors
/// When a side is empty, a value is not positive, or alpha lies outside 0 to 1.
pub fn compare(baseline: &Series, candidate: &Series, question: &Question<'_>) -> Result<Comparison, CompareError> {
    let (a, b) = (logs(baseline, Side::Baseline)?, logs(candidate, Side::Candidate)?);
    let differences = Differences::new(&a, &b).ok_or(CompareError::Empty(Side::Baseline))?;
    let shift = Shift {
        estimate: differences.median(),
        ends: {
            let all = sorted(&[a.as_slice(), &b].concat());
            let k = critical_count(a.len(), b.len(), &all, checked(question.alpha)?);
            if k >= 1 { differences.ends(k) } else { (f64::NEG_INFINITY, f64::INFINITY) }
        },
        within_squared: median_error(&a).powi(2) + median_error(&b).powi(2),
        degrees: (a.len() + b.len()) as f64 - 2.0,
        samples: a.len().min(b.len()) as u64,
    };
    Ok(shift.with_noise_between_runs(question))
}

fn logs(series: &Series, side: Side) -> Result<Vec<f64>, CompareError> {
    if series.values().is_empty() {
        return Err(CompareError::Empty(side));
    }
    series.logs().ok_or_else(|| CompareError::NotPositive {
        side,
        at: series.values().iter().position(|value| *value <= 0.0).unwrap_or(0),
    })
}

fn checked(alpha: f64) -> Result<f64, CompareError> {
    if alpha > 0.0 && alpha < 1.0 { Ok(alpha) } else { Err(CompareError::Alpha) }
}

/// A difference on logs as the values of these two runs alone tell it.
struct Shift {
    estimate: f64,
    ends: (f64, f64),
    /// Sum of both sides' squared errors: what noise within a run adds to the ratio of two runs.
    within_squared: f64,
    degrees: f64,
    samples: u64,
}

impl Shift {
    /// Widens the interval by what moves from run to run, never narrows it.
    fn with_noise_between_runs(self, question: &Question<'_>) -> Comparison {
        let Self { estimate, ends: (low, high), samples, .. } = self;
        let noise = RunNoise::of(question.earlier, self.within_squared);
        let z = normal_quantile(1.0 - question.alpha / 2.0);
        let between = noise.variance * question.runs.factor();
        // Where one end is open the other is as wide as its own side says.
        let (error_below, error_above) = if low.is_finite() && high.is_finite() {
            let error = (high - low) / (2.0 * z);
            (error, error)
        } else {
            ((estimate - low) / z, (high - estimate) / z)
        };
        let scale = |error: f64| (error * error + between).sqrt();
        let degrees = |error: f64| {
            let parts = error.powi(4) / self.degrees.max(1.0) + between.powi(2) / noise.degrees;
            if parts > 0.0 { (error * error + between).powi(2) / parts } else { f64::INFINITY }
        };
        let half = |error: f64| t_quantile(1.0 - question.alpha / 2.0, degrees(error)) * scale(error);
        let end = |error: f64| if error.is_finite() { half(error) } else { f64::INFINITY };
        let (low, high) = (low.min(estimate - end(error_below)), high.max(estimate + end(error_above)));
        let error = error_below.max(error_above);
        let known = low.is_finite() || high.is_finite();
        let of_runs = t_quantile(1.0 - question.alpha / 2.0, noise.degrees) * between.sqrt();
        Comparison {
            ratio: estimate.exp(),
            interval: known.then(|| (low.exp(), high.exp())),
            p: error.is_finite().then(|| {
                let scale = scale(error);
                match (scale > 0.0, estimate == 0.0) {
                    (true, _) => t_beyond(estimate / scale, degrees(error)),
                    (false, equal) => f64::from(u8::from(equal)),
                }
            }),
            noise,
            floor: of_runs.exp_m1(),
            samples,
            runs: question.runs,
            half_width: (high - low) / 2.0,
            half_width_of_runs: of_runs,
        }
    }
}

#[cfg(test)]
mod tests;

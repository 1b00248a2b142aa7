//! Limits that are learnt from history: seven models, each a few numbers that a person can check.
//!
//! In:  a model with its boundaries, sample sizes and window; the runs of a series before the one that is judged.
//! Out: a lower and an upper limit, or why there is none; and what a model would have said of past runs.
//! Not here: which runs belong to a series, the level of the rule (`lab`). Learnt limits see one value a run; whether the
//! level has moved is for [`crate::steps`] to say.
//!
//! The models and their words are those of Bencher, so that limits can be brought along. Two are reckoned more strictly:
//! standard deviations have `n − 1`, and `t_test` is the interval for one more run, `t·s·√(1 + 1/n)`, which knows that the
//! mean is itself a guess; a lower log-normal limit is the true quantile and so never negative.

use crate::{
    distribution::{normal_quantile, t_quantile},
    robust::{mean, median, quartiles, variance},
};

/// How a limit follows from values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// The boundary is the limit.
    Static,
    /// The mean and a share of it.
    Percentage,
    /// A quantile of the normal distribution with the values' mean and standard deviation.
    ZScore,
    /// The same with Student's t: for few values.
    TTest,
    /// The same on logs: for values that lean to one side.
    LogNormal,
    /// The median and a multiple of the interquartile range.
    Iqr,
    /// The median and a multiple of the interquartile range of relative changes from run to run.
    DeltaIqr,
}

/// A model with its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearntLimit {
    /// Which.
    pub model: Model,
    /// Boundary on the lower side; nothing for no limit there.
    pub lower: Option<f64>,
    /// Boundary on the upper side.
    pub upper: Option<f64>,
    /// Fewer runs say nothing.
    pub min_samples: Option<usize>,
    /// Only so many of the newest runs count.
    pub max_samples: Option<usize>,
    /// Only runs so many seconds before the judged one count.
    pub window_seconds: Option<u64>,
}

/// Why numbers are no model.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// It limits nothing.
    #[error("a learnt limit needs a lower or an upper boundary")]
    NoBoundary,
    /// The boundary has no meaning in its model.
    #[error("{boundary} is no boundary of this model, which takes {takes}")]
    Boundary {
        /// What was given.
        boundary: f64,
        /// What is meant.
        takes: &'static str,
    },
    /// No number of runs could be enough.
    #[error("the smallest sample, {min}, is above the largest, {max}")]
    Samples {
        /// Smallest.
        min: usize,
        /// Largest.
        max: usize,
    },
}

/// A run of the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PastRun {
    /// When, in microseconds since the epoch.
    pub at_us: i64,
    /// Its value.
    pub value: f64,
}

/// Limits for one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// What is usual: mean or median. A static limit has none.
    pub usual: Option<f64>,
    /// A value below this breaks it.
    pub low: Option<f64>,
    /// A value above this breaks it.
    pub high: Option<f64>,
    /// Runs it was learnt from.
    pub samples: usize,
}

/// Why nothing was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLearnt {
    /// There are too few runs.
    #[error("{have} of {needed} runs")]
    TooFew {
        /// Runs there are.
        have: usize,
        /// Runs it takes.
        needed: usize,
    },
    /// All runs have the same value, so any other would break the limit.
    #[error("the runs do not differ, so there is no scatter to learn from")]
    NoScatter,
    /// Logs and relative changes need positive values.
    #[error("a value is not positive, which this model needs")]
    NotPositive,
}

impl Model {
    /// What a boundary of it means, and whether a number is one.
    fn takes(self, boundary: f64) -> (&'static str, bool) {
        match self {
            Self::Static => ("a number", boundary.is_finite()),
            Self::Percentage => ("a share above 0, such as 0.1", boundary > 0.0 && boundary.is_finite()),
            Self::ZScore | Self::TTest | Self::LogNormal => {
                ("a probability from 0.5 to below 1, such as 0.99", (0.5..1.0).contains(&boundary))
            }
            Self::Iqr | Self::DeltaIqr => ("a multiple above 0, such as 3", boundary > 0.0 && boundary.is_finite()),
        }
    }

    /// Runs without which there is nothing to reckon with.
    const fn fewest(self) -> usize {
        match self {
            Self::Static => 0,
            Self::Percentage => 1,
            Self::ZScore | Self::TTest | Self::LogNormal | Self::Iqr => 2,
            Self::DeltaIqr => 3,
        }
    }
}

impl LearntLimit {
    /// Whether the numbers are a model.
    ///
    /// # Errors
    /// When there is no boundary, one has no meaning, or sample sizes contradict each other.
    pub fn check(&self) -> Result<(), ModelError> {
        if self.lower.is_none() && self.upper.is_none() {
            return Err(ModelError::NoBoundary);
        }
        for boundary in [self.lower, self.upper].into_iter().flatten() {
            let (takes, is_one) = self.model.takes(boundary);
            if !is_one {
                return Err(ModelError::Boundary { boundary, takes });
            }
        }
        match (self.min_samples, self.max_samples) {
            (min, Some(max)) if min.unwrap_or(0).max(self.model.fewest()) > max => {
                Err(ModelError::Samples { min: min.unwrap_or(0).max(self.model.fewest()), max })
            }
            _ => Ok(()),
        }
    }

    /// The limits for a run at `at_us`, learnt from the runs before it, oldest first.
    ///
    /// # Errors
    /// When the runs do not suffice for the model.
    pub fn learn(&self, runs: &[PastRun], at_us: i64) -> Result<Limits, NotLearnt> {
        let since = self.window_seconds.map_or(i64::MIN, |seconds| {
            at_us.saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000))
        });
        let counted: Vec<f64> = runs
            .iter()
            .filter(|run| run.at_us >= since && run.at_us < at_us && run.value.is_finite())
            .map(|run| run.value)
            .collect();
        let values = &counted[counted.len().saturating_sub(self.max_samples.unwrap_or(usize::MAX))..];
        let needed = self.min_samples.unwrap_or(0).max(self.model.fewest());
        if values.len() < needed {
            return Err(NotLearnt::TooFew { have: values.len(), needed });
        }
        let n = values.len() as f64;
        let limits = |usual: f64, low: &dyn Fn(f64) -> f64, high: &dyn Fn(f64) -> f64| Limits {
            usual: Some(usual),
            low: self.lower.map(low),
            high: self.upper.map(high),
            samples: values.len(),
        };
        let about = |centre: f64, reach: &dyn Fn(f64) -> f64| {
            limits(centre, &|boundary| centre - reach(boundary), &|boundary| centre + reach(boundary))
        };
        let scatter = |sigma: f64| if sigma > 0.0 { Ok(sigma) } else { Err(NotLearnt::NoScatter) };
        match self.model {
            Model::Static => Ok(Limits { usual: None, low: self.lower, high: self.upper, samples: values.len() }),
            Model::Percentage => {
                let centre = mean(values);
                Ok(about(centre, &|share| centre.abs() * share))
            }
            Model::ZScore => {
                let sigma = scatter(variance(values).sqrt())?;
                Ok(about(mean(values), &|p| normal_quantile(p) * sigma))
            }
            Model::TTest => {
                let sigma = scatter(variance(values).sqrt())? * (1.0 + 1.0 / n).sqrt();
                Ok(about(mean(values), &|p| t_quantile(p, n - 1.0) * sigma))
            }
            Model::LogNormal => {
                let logs: Option<Vec<f64>> = values.iter().map(|v| (*v > 0.0).then(|| v.ln())).collect();
                let logs = logs.ok_or(NotLearnt::NotPositive)?;
                let (centre, sigma) = (mean(&logs), scatter(variance(&logs).sqrt())?);
                let at = |score: f64| (centre + score * sigma).exp();
                Ok(limits(centre.exp(), &|p| at(-normal_quantile(p)), &|p| at(normal_quantile(p))))
            }
            Model::Iqr => {
                let [low, _, high] = quartiles(values);
                let range = scatter(high - low)?;
                Ok(about(median(values), &|multiple| range * multiple))
            }
            Model::DeltaIqr => {
                if values.iter().any(|value| *value <= 0.0) {
                    return Err(NotLearnt::NotPositive);
                }
                let changes: Vec<f64> = values.windows(2).map(|pair| ((pair[1] - pair[0]) / pair[0]).abs()).collect();
                let [low, _, high] = quartiles(&changes);
                let (centre, range) = (median(values), scatter(high - low)?);
                Ok(about(centre, &|multiple| centre * range * multiple))
            }
        }
    }

    /// What it would have said of each run, judged by those before it: before a rule is saved.
    pub fn replay(&self, runs: &[PastRun]) -> Replay {
        let mut replay = Replay::default();
        for (at, run) in runs.iter().enumerate() {
            match self.learn(&runs[..at], run.at_us) {
                Ok(limits) => {
                    replay.judged += 1;
                    if limits.is_broken_by(run.value) {
                        replay.broken.push(at);
                    }
                }
                Err(_) => replay.not_judged += 1,
            }
        }
        replay
    }
}

impl Limits {
    /// Whether a value lies outside.
    pub fn is_broken_by(&self, value: f64) -> bool {
        self.low.is_some_and(|low| value < low) || self.high.is_some_and(|high| value > high)
    }
}

/// What a model would have said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Runs it had an opinion on.
    pub judged: usize,
    /// Runs it had too little for.
    pub not_judged: usize,
    /// Places of the runs that would have broken it.
    pub broken: Vec<usize>,
}

#[cfg(test)]
mod tests;

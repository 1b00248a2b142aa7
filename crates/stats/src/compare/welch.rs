//! Welch's t test (Biometrika 34, 1947): what other tools print, for reading their numbers beside ours.
//!
//! Verdicts never rest on it: of simulated runs that differ by nothing but their own 1.5 % it calls a third different.

use crate::{
    Interval, Series,
    distribution::{t_beyond, t_quantile},
    robust::{mean, variance},
};

/// The difference of two means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Welch {
    /// Candidate minus baseline over its standard error.
    pub t: f64,
    /// Degrees of freedom.
    pub degrees: f64,
    /// Two-sided p.
    pub p: f64,
    /// 95 % interval of the difference.
    pub interval: Interval,
}

/// The test; nothing with fewer than two values a side, or when neither side varies.
pub fn welch(baseline: &Series, candidate: &Series) -> Option<Welch> {
    let (a, b) = (baseline.values(), candidate.values());
    if a.len() < 2 || b.len() < 2 {
        return None;
    }
    let (va, vb) = (variance(a) / a.len() as f64, variance(b) / b.len() as f64);
    let error = (va + vb).sqrt();
    if error <= 0.0 {
        return None;
    }
    let degrees = (va + vb).powi(2) / (va.powi(2) / (a.len() - 1) as f64 + vb.powi(2) / (b.len() - 1) as f64);
    let difference = mean(b) - mean(a);
    let t = difference / error;
    let half = t_quantile(0.975, degrees) * error;
    Some(Welch { t, degrees, p: t_beyond(t, degrees), interval: Interval::around(difference, Some(half)) })
}

//! How runs scatter about their levels, and how much neighbours remember each other.

use super::scale::Scaled;
use crate::robust::{median, spread};

/// A part's noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noise {
    /// Standard deviation of a run about its level.
    pub(super) sigma: f64,
    /// By what memory widens the variance of a mean.
    pub(super) inflation: f64,
}

/// Fewer runs say nothing about memory.
const FEWEST_FOR_MEMORY: usize = 20;
/// Beyond this neighbours tell the same thing twice, and the inflation has no meaning.
const MOST_CORRELATION: f64 = 0.9;
/// Residuals in standard deviations are drawn in to this, so that two spikes side by side are no memory.
const CLIP: f64 = 2.5;

/// Each value minus the median of its level.
pub(super) fn residuals(x: &[f64], cuts: &[usize]) -> Vec<f64> {
    let mut residuals = Vec::with_capacity(x.len());
    let mut start = 0;
    for end in cuts.iter().copied().chain([x.len()]) {
        let level = &x[start..end];
        let centre = median(level);
        residuals.extend(level.iter().map(|value| value - centre));
        start = end;
    }
    residuals
}

/// Standard deviation about the levels. Each cut costs a degree of freedom; half the scale of neighbours is the least.
pub(super) fn sigma(scaled: &Scaled, cuts: &[usize]) -> f64 {
    let n = scaled.x.len() as f64;
    let free = (n - cuts.len() as f64 - 1.0).max(1.0);
    let about_levels = spread(&residuals(&scaled.x, cuts)) * (n / free).sqrt();
    about_levels.max(scaled.resolution).max(scaled.sigma / 2.0)
}

/// `(1+ρ)/(1−ρ)`.
pub(super) fn inflation(x: &[f64], cuts: &[usize]) -> f64 {
    let correlation = correlation(x, cuts);
    (1.0 + correlation) / (1.0 - correlation)
}

/// The smaller of two estimates of the lag-1 correlation: each is fooled by something that the other is not.
fn correlation(x: &[f64], cuts: &[usize]) -> f64 {
    if x.len() < FEWEST_FOR_MEMORY {
        return 0.0;
    }
    let n = x.len() as f64;
    (by_differences(x) - 1.0 / n.sqrt()).min(by_residuals(x, cuts)).max(0.0)
}

/// Of an AR(1) series, differences over two steps have `1+ρ` times the variance of those over one. Cuts need no care here:
/// the median does not see the few differences across them.
pub(super) fn by_differences(x: &[f64]) -> f64 {
    let typical =
        |lag: usize| median(&x.iter().zip(x.iter().skip(lag)).map(|(a, b)| (b - a).abs()).collect::<Vec<_>>());
    let (one, two) = (typical(1), typical(2));
    if one > 0.0 { ((two / one).powi(2) - 1.0).clamp(0.0, MOST_CORRELATION) } else { 0.0 }
}

/// Mean product of neighbours over mean square, with the bias taken back that comes from each level's own median.
fn by_residuals(x: &[f64], cuts: &[usize]) -> f64 {
    let residuals = residuals(x, cuts);
    let sigma = spread(&residuals);
    if sigma <= 0.0 {
        return 0.0;
    }
    let z: Vec<f64> = residuals.iter().map(|residual| (residual / sigma).clamp(-CLIP, CLIP)).collect();
    let products: Vec<f64> = (1..z.len()).filter(|at| !cuts.contains(at)).map(|at| z[at - 1] * z[at]).collect();
    let squares = z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64;
    if products.is_empty() || squares <= 0.0 {
        return 0.0;
    }
    let raw = products.iter().sum::<f64>() / products.len() as f64 / squares;
    let bias = (1.0 + 4.0 * raw) * (cuts.len() + 1) as f64 / x.len() as f64;
    (raw + bias).min(MOST_CORRELATION)
}

/// Residuals in standard deviations.
pub(super) fn in_sigmas(x: &[f64], cuts: &[usize], sigma: f64) -> Vec<f64> {
    residuals(x, cuts).into_iter().map(|residual| residual / sigma).collect()
}

/// Share of residuals beyond so many standard deviations, above and below.
pub(super) fn shares_beyond(z: &[f64], sigmas: f64) -> (f64, f64) {
    let share = |beyond: &dyn Fn(f64) -> bool| z.iter().filter(|z| beyond(**z)).count() as f64 / z.len().max(1) as f64;
    (share(&|z| z > sigmas), share(&|z| z < -sigmas))
}

//! Values on a scale on which levels may be compared, and how far neighbours lie apart on it.

use crate::robust::{mean, median, sorted, spread};

/// `√π/2`: standard deviation over the mean absolute difference of two normal values.
const DIFFERENCE_TO_SIGMA: f64 = 0.886;
/// Of the differences that are left when most runs repeat each other's value, the share that is not taken for steps.
const SMALLEST_SHARE: f64 = 0.9;

/// A part on its scale.
#[derive(Clone, Debug)]
pub(super) struct Scaled {
    /// Logs, or shares of the median size when a value is not positive.
    pub(super) x: Vec<f64>,
    /// Standard deviation of a run, from differences of neighbours, which steps hardly touch.
    pub(super) sigma: f64,
    /// What values cannot tell apart: their smallest gap over √12.
    pub(super) resolution: f64,
    is_log: bool,
    /// What 1 on the scale is, where it is not logs.
    size: f64,
}

impl Scaled {
    /// Nothing when all values are equal: then there is no scale, and no change either.
    pub(super) fn new(values: &[f64]) -> Option<Self> {
        let is_log = values.iter().all(|value| *value > 0.0);
        let size = median(&values.iter().map(|value| value.abs()).collect::<Vec<_>>());
        // Mostly zeros have no size; they are taken as they are.
        let size = if size > 0.0 { size } else { 1.0 };
        let x: Vec<f64> = values.iter().map(|value| if is_log { value.ln() } else { value / size }).collect();
        let (sigma, resolution) = (sigma(&x), resolution(&x));
        (sigma > 0.0 && sigma.is_finite()).then_some(Self { x, sigma, resolution, is_log, size })
    }

    pub(super) fn in_sigmas(&self) -> Vec<f64> {
        self.x.iter().map(|x| x / self.sigma).collect()
    }

    /// A difference on the scale as a share of a level.
    pub(super) fn share(&self, difference: f64) -> f64 {
        if self.is_log { difference.exp_m1() } else { difference }
    }

    /// A place on the scale as a value.
    pub(super) fn value(&self, x: f64) -> f64 {
        if self.is_log { x.exp() } else { x * self.size }
    }
}

/// `1.4826·MAD(differences)/√2`; where that is 0, from the smallest nine tenths of the differences.
pub(super) fn sigma(x: &[f64]) -> f64 {
    let differences: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let by_deviation = spread(&differences) / std::f64::consts::SQRT_2;
    let sigma = if by_deviation > 0.0 {
        by_deviation
    } else {
        let sizes = sorted(&differences.iter().map(|difference| difference.abs()).collect::<Vec<_>>());
        let smallest = ((SMALLEST_SHARE * sizes.len() as f64) as usize).clamp(1, sizes.len().max(1));
        DIFFERENCE_TO_SIGMA * mean(sizes.get(..smallest).unwrap_or_default())
    };
    sigma.max(resolution(x))
}

/// The smallest gap between distinct values over √12, the standard deviation of rounding; 0 when all are equal.
pub(super) fn resolution(x: &[f64]) -> f64 {
    let gaps = sorted(x).windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0).reduce(f64::min);
    gaps.map_or(0.0, |gap| gap / 12.0_f64.sqrt())
}

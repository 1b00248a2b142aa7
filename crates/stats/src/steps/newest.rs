//! What the newest run says about the current level: one bad run is no change, but a reason to look again.

use super::{noise::Noise, scale::Scaled};
use crate::{distribution::t_quantile, robust::median};

/// How rarely a run at the level lies beyond one end of what is expected.
const EXPECTED: f64 = 0.999;
/// `π/2`: how much more the median of normal values varies than their mean.
const MEDIAN_VARIANCE: f64 = 1.57;

/// The current level and its newest run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Newest {
    /// Median of the level's earlier runs.
    pub level: f64,
    /// A run at the level is expected from here …
    pub low: f64,
    /// … to here.
    pub high: f64,
    /// Whether the newest run lies outside: two more runs decide.
    pub is_suspected: bool,
}

impl Newest {
    /// Of a part with these cuts. The newest run is judged by the runs before it.
    pub(super) fn of(scaled: &Scaled, cuts: &[usize], noise: Noise) -> Option<Self> {
        let (newest, earlier) = scaled.x.split_last()?;
        let level = &earlier[cuts.last().copied().unwrap_or(0).min(earlier.len())..];
        if level.is_empty() {
            return None;
        }
        let centre = median(level);
        let degrees = (scaled.x.len() as f64 - cuts.len() as f64 - 1.0).max(1.0);
        let variance = noise.inflation * (1.0 + MEDIAN_VARIANCE / level.len() as f64);
        let reach = t_quantile(EXPECTED, degrees) * noise.sigma * variance.sqrt();
        Some(Self {
            level: scaled.value(centre),
            low: scaled.value(centre - reach),
            high: scaled.value(centre + reach),
            is_suspected: (newest - centre).abs() > reach,
        })
    }
}

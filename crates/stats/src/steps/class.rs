//! In words how a part scatters, and how small a change can be seen in it.

use super::{
    noise::{Noise, in_sigmas, shares_beyond},
    scale::Scaled,
};

/// How much the runs of a part scatter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoiseClass {
    /// Under 1 %.
    Quiet,
    /// Under 3 %.
    Normal,
    /// Under 8 %.
    Noisy,
    /// More.
    Wild,
}

/// What is peculiar about the scatter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseFlag {
    /// A run resembles the one before.
    Remembers,
    /// A few runs lie far off, on one side.
    Spiky,
    /// The runs have two levels between which they jump.
    TwoMode,
    /// The level drifts.
    Creeping,
    /// Values are rounded so much that it shows in the scatter.
    Coarse,
}

/// The noise of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseProfile {
    /// Standard deviation of a run about its level, as a share of it.
    pub sigma: f64,
    /// By how much memory widens the variance of a level.
    pub inflation: f64,
    /// In a word.
    pub class: NoiseClass,
    /// What else.
    pub flags: Vec<NoiseFlag>,
    /// The smallest step that ten runs show, as a share.
    pub smallest_visible: f64,
}

/// More correlation than this is memory.
const REMEMBERS_FROM: f64 = 0.3;
/// Never promise to see less than this.
const SMALLEST_PROMISE: f64 = 0.01;

impl NoiseProfile {
    pub(super) fn new(scaled: &Scaled, cuts: &[usize], noise: Noise, creeps: bool) -> Self {
        let Noise { sigma, inflation } = noise;
        let z = in_sigmas(&scaled.x, cuts, sigma);
        let one_side = |sigmas: f64| {
            let (above, below) = shares_beyond(&z, sigmas);
            (above.max(below), above.min(below))
        };
        let (far, far_other) = one_side(4.0);
        let (off, off_other) = one_side(3.0);
        let is_two_mode = off > 0.1 && off_other < off / 4.0;
        let flags = [
            (NoiseFlag::Remembers, (inflation - 1.0) / (inflation + 1.0) > REMEMBERS_FROM),
            (NoiseFlag::Spiky, !is_two_mode && (0.02..=0.1).contains(&far) && far_other < far / 4.0),
            (NoiseFlag::TwoMode, is_two_mode),
            (NoiseFlag::Creeping, creeps),
            (NoiseFlag::Coarse, scaled.resolution > sigma / 2.0),
        ];
        Self {
            sigma,
            inflation,
            class: match sigma {
                sigma if sigma < 0.01 => NoiseClass::Quiet,
                sigma if sigma < 0.03 => NoiseClass::Normal,
                sigma if sigma < 0.08 => NoiseClass::Noisy,
                _ => NoiseClass::Wild,
            },
            flags: flags.into_iter().filter_map(|(flag, is)| is.then_some(flag)).collect(),
            smallest_visible: (2.0 * sigma * inflation.sqrt()).max(SMALLEST_PROMISE),
        }
    }
}

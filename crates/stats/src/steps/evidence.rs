//! Whether a step between two levels shows itself: by size, by rank, and by being worth a word.

use super::{
    noise::Noise,
    preset::{Limits, Rules},
    scale::Scaled,
};
use crate::{
    distribution::t_beyond,
    rank::MannWhitney,
    robust::{Trimmed, sorted},
};

/// Older and newer runs than these say nothing about a step.
const WINDOW: usize = 50;
/// With fewer runs on a side the limits of a young level hold.
const SETTLED_FROM: usize = 8;
/// The noise of the whole part counts like so many runs beside those of the two sides.
const PRIOR_DEGREES: f64 = 6.0;

/// A step under test.
#[derive(Clone, Debug)]
pub(super) struct Test<'a> {
    left: &'a [f64],
    right: &'a [f64],
    /// Difference of the trimmed means.
    pub(super) shift: f64,
    /// Two-sided p of the moderated trimmed t.
    pub(super) p: f64,
    inflation: f64,
}

impl<'a> Test<'a> {
    /// Of the step at `cut` between the neighbouring cuts `from` and `to`.
    pub(super) fn new(scaled: &'a Scaled, from: usize, cut: usize, to: usize, noise: Noise) -> Self {
        let left = &scaled.x[from.max(cut.saturating_sub(WINDOW))..cut];
        let right = &scaled.x[cut..to.min(cut + WINDOW)];
        let (shift, p) = moderated_t(left, right, noise);
        Self { left, right, shift, p, inflation: noise.inflation }
    }

    /// Whether it is a change.
    pub(super) fn passes(&self, scaled: &Scaled, rules: &Rules) -> bool {
        let young = self.left.len().min(self.right.len()) < SETTLED_FROM;
        let Limits { size, rank } = if young { rules.young } else { rules.settled };
        self.p <= size
            && self.shift.abs() >= rules.smallest_sigmas * scaled.sigma
            && scaled.share(self.shift.abs()) >= rules.smallest_share
            && (self.is_apart() || MannWhitney::new(self.left, self.right).p(self.inflation) <= rank)
    }

    /// No value of the one side lies among those of the other.
    fn is_apart(&self) -> bool {
        let (left, right) = (sorted(self.left), sorted(self.right));
        match (left.first().zip(left.last()), right.first().zip(right.last())) {
            (Some((left_low, left_high)), Some((right_low, right_high))) => {
                left_high < right_low || right_high < left_low
            }
            _ => false,
        }
    }
}

/// Yuen's t of 20 % trimmed means, its variance drawn towards that of the part, and no side's below what it shows itself.
fn moderated_t(left: &[f64], right: &[f64], noise: Noise) -> (f64, f64) {
    let sides = [left, right].map(|side| {
        let trimmed = Trimmed::fifth(side);
        let (n, kept) = (side.len() as f64, trimmed.kept as f64);
        let free = (kept - 1.0).max(1.0);
        (trimmed.mean, n, free, n * trimmed.winsorised_squares / (kept * free))
    });
    let [(left_mean, left_n, left_free, left_variance), (right_mean, right_n, right_free, right_variance)] = sides;
    let prior = PRIOR_DEGREES * noise.sigma * noise.sigma;
    let degrees = PRIOR_DEGREES + left_free + right_free;
    let pooled = (prior + left_free * left_variance + right_free * right_variance) / degrees;
    let of_side = |free: f64, variance: f64| pooled.max((prior + free * variance) / (PRIOR_DEGREES + free));
    let error = (noise.inflation
        * (of_side(left_free, left_variance) / left_n + of_side(right_free, right_variance) / right_n))
        .sqrt();
    let shift = right_mean - left_mean;
    (shift, t_beyond(shift / error, degrees))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    #[test]
    fn the_step_of_the_vector() {
        let vector = vectors::named("step_test");
        let values = vectors::numbers(&vector["y"]);
        let scaled = Scaled::new(&values).expect("varies");
        let noise = Noise { sigma: vectors::number(&vector["sigma0"]), inflation: vectors::number(&vector["vif"]) };
        let test = Test::new(&scaled, 0, 8, values.len(), noise);
        vectors::assert_near(test.p, &vector["p"]);
        vectors::assert_near(test.shift, &vector["shift"]);
        assert!(!test.passes(&scaled, &super::super::Preset::Balanced.rules()), "its p is above 0.1 %");
    }
}

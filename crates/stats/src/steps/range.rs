//! Where else a change may lie: every split that explains the two levels nearly as well.

use std::ops::RangeInclusive;

use crate::robust::median_of_sorted;

/// A split is plausible when its cost is within so many standard deviations of the best.
const WITHIN_SIGMAS: f64 = 3.0;

/// First and last plausible first run of the new level, counted in `x`, which holds both levels; `cut` is always in it.
pub(super) fn plausible(x: &[f64], cut: usize, sigma: f64) -> RangeInclusive<usize> {
    let before = costs(x.iter());
    let mut after = costs(x.iter().rev());
    after.reverse();
    let costs: Vec<f64> = (1..x.len()).map(|split| before[split - 1] + after[split]).collect();
    let best = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let near = |at: &usize| costs[at - 1] <= best + WITHIN_SIGMAS * sigma;
    let first = (1..x.len()).find(near).unwrap_or(cut);
    let last = (1..x.len()).rev().find(near).unwrap_or(cut);
    first.min(cut)..=last.max(cut)
}

/// Sum of distances from the median, of the first value, the first two, and so on.
fn costs<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut ordered: Vec<f64> = Vec::new();
    let mut cost = 0.0;
    values
        .map(|value| {
            let centre = median_of_sorted(&ordered);
            let half = ordered.len() / 2;
            cost += match ordered.len() {
                0 => 0.0,
                n if n % 2 == 1 => (value - centre).abs(),
                _ => (ordered[half - 1] - value).max(value - ordered[half]).max(0.0),
            };
            let place = ordered.partition_point(|other| other < value);
            ordered.insert(place, *value);
            cost
        })
        .collect()
}

//! Steps that a straight line explains as well: the level crept, and no single run is to blame.

use super::{noise::residuals, preset::Rules};
use crate::robust::median;

/// Runs of the outer levels that are looked at.
const WINDOW: usize = 50;
/// A single change needs so many runs on both sides before it may be a line.
const SETTLED_FROM: usize = 8;
/// Residuals beyond three standard deviations count as three: a spike speaks for neither.
const MOST_SQUARED: f64 = 9.0;

/// First and last change of each drift, as places in `cuts`.
pub(super) fn drifting(x: &[f64], cuts: &[usize], sigma: f64, rules: Rules) -> Vec<(usize, usize)> {
    let bounds: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([x.len()]).collect();
    let levels: Vec<f64> = bounds.windows(2).map(|pair| median(&x[pair[0]..pair[1]])).collect();
    let rises = |at: usize| levels[at + 1] > levels[at];
    let creeps = |first: usize, last: usize| {
        let from = bounds[first].max(cuts[first].saturating_sub(WINDOW));
        let to = bounds[last + 2].min(cuts[last] + WINDOW);
        let within: Vec<usize> = cuts[first..=last].iter().map(|cut| cut - from).collect();
        is_line(&x[from..to], &within, sigma, rules)
    };
    let is_settled = |at: usize| cuts[at] - bounds[at] >= SETTLED_FROM && bounds[at + 2] - cuts[at] >= SETTLED_FROM;
    let mut found = Vec::new();
    let mut first = 0;
    while first < cuts.len() {
        let mut last = first;
        while last + 1 < cuts.len() && rises(last + 1) == rises(first) {
            last += 1;
        }
        if last > first && creeps(first, last) {
            found.push((first, last));
        } else {
            found.extend((first..=last).filter(|at| is_settled(*at) && creeps(*at, *at)).map(|at| (at, at)));
        }
        first = last + 1;
    }
    found
}

/// A line has two numbers; `k` steps have `2k + 1`, and each one more costs `factor·ln(length)`.
fn is_line(x: &[f64], cuts: &[usize], sigma: f64, rules: Rules) -> bool {
    let cost = |residuals: &[f64]| -> f64 { residuals.iter().map(|r| (r / sigma).powi(2).min(MOST_SQUARED)).sum() };
    let more = (2 * cuts.len() - 1) as f64 * rules.drift_factor * (x.len() as f64).ln();
    cost(&about_line(x)) <= cost(&residuals(x, cuts)) + more
}

/// Residuals about a line through the medians of both ends, the middle one of three choices of how long an end is.
fn about_line(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let slopes = [6, 4, 3].map(|share| {
        let end = (n / share).max(1);
        (median(&x[n - end..]) - median(&x[..end])) / (n - end).max(1) as f64
    });
    let slope = median(&slopes);
    let without: Vec<f64> = x.iter().enumerate().map(|(at, x)| x - slope * at as f64).collect();
    let centre = median(&without);
    without.into_iter().map(|x| x - centre).collect()
}

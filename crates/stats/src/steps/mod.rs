//! The change-point detector "steps": where the level of a history moved, and what only crept or spiked.
//!
//! In:  one value for each valid run of one case, measure and environment, oldest first; where new parts begin (another
//!      machine, suite family, toolchain); a preset.
//! Out: for each part its changes (first run of the new level), its drifts, its noise, what may be said about its newest run.
//! Not here: which runs belong to a history (`lab`), who is told ([`track`] only says what became of a known finding).
//!
//! In short: the best partition into levels by absolute deviations, then every candidate must show itself by size and by
//! rank against the noise of the whole part, widened by its memory; what a straight line explains as well is a drift.
//!
//! Sources: partition by dynamic programming (Auger and Lawrence 1989; Jackson et al., IEEE Signal Processing Letters 12,
//! 2005); trimmed means (Yuen 1974) with a variance drawn towards a common one (Smyth 2004, "moderated t"); variance
//! inflation of AR(1) series `(1+ρ)/(1−ρ)`. Figures that it must reach are held by `tests/change_points.rs`.
//!
//! Invariant: parts are analysed alone, so another machine is never a regression; a single wild run is never a change.

mod class;
mod drift;
mod evidence;
mod merge;
mod newest;
mod noise;
mod partition;
mod preset;
mod range;
mod scale;
pub mod track;

use std::ops::RangeInclusive;

pub use class::{NoiseClass, NoiseFlag, NoiseProfile};
pub use newest::Newest;
pub use preset::Preset;

use crate::{Series, robust::median};
use noise::Noise;
use scale::Scaled;

/// Older runs of a part are not looked at.
pub const MOST_RUNS: usize = 1_000;
/// Shorter parts say nothing.
pub const FEWEST_RUNS: usize = 6;
/// So long a part borrows the noise of the one before.
const YOUNG_PART: usize = 8;

/// A level that began and stayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// First run of the new level, from 0.
    pub index: usize,
    /// Where that run may be as well.
    pub plausible: RangeInclusive<usize>,
    /// Median of the level before.
    pub before: f64,
    /// Median of the new level.
    pub after: f64,
    /// By how much it moved, as a share of the level before (of the median size where values are not all positive).
    pub shift: f64,
    /// What was tested: the difference of the trimmed means, of natural logs (or of shares of the median size).
    pub step: f64,
    /// Two-sided p of the moderated trimmed t.
    pub p: f64,
}

/// A level that crept: a line explains it as well as steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Run at which the first of its steps would be.
    pub index: usize,
    /// Run at which the last would be.
    pub last: usize,
    /// Median of the level before the first.
    pub before: f64,
    /// Median of the level after the last.
    pub after: f64,
    /// By how much it moved, like [`Change::shift`].
    pub shift: f64,
    /// The same on the scale of [`Change::step`].
    pub step: f64,
}

/// Runs that may be compared with each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its first run.
    pub start: usize,
    /// The run after its last.
    pub end: usize,
    /// Levels that moved, oldest first.
    pub changes: Vec<Change>,
    /// Levels that crept.
    pub drifts: Vec<Drift>,
    /// How its runs scatter. Nothing in a part too short or without any scatter.
    pub noise: Option<NoiseProfile>,
    /// What its newest run says about the current level. Nothing in a part too short.
    pub newest: Option<Newest>,
}

/// By how much memory of neighbours widens the variance of the mean of values about one level.
pub(crate) fn inflation(residuals: &[f64]) -> f64 {
    noise::inflation(residuals, &[])
}

/// Finds the changes of a history. `starts` are the runs at which new parts begin; the first part begins at 0 by itself.
pub fn find_steps(history: &Series, starts: &[usize], preset: Preset) -> Vec<Part> {
    let values = history.values();
    let mut bounds: Vec<usize> = starts.iter().copied().filter(|start| *start > 0 && *start < values.len()).collect();
    bounds.push(values.len());
    bounds.sort_unstable();
    bounds.dedup();
    let mut parts = Vec::with_capacity(bounds.len());
    let (mut start, mut lent) = (0, None);
    for end in bounds {
        let (part, noise) = analyse(values, start, end, lent, preset);
        lent = noise.or(lent);
        parts.push(part);
        start = end;
    }
    parts
}

/// One part, and the noise that it can lend to the next.
fn analyse(values: &[f64], start: usize, end: usize, lent: Option<f64>, preset: Preset) -> (Part, Option<f64>) {
    let mut part = Part { start, end, changes: Vec::new(), drifts: Vec::new(), noise: None, newest: None };
    let first = start.max(end.saturating_sub(MOST_RUNS));
    let runs = &values[first..end];
    if runs.len() < FEWEST_RUNS {
        return (part, None);
    }
    let Some(scaled) = Scaled::new(runs) else { return (part, None) };
    let rules = preset.rules();
    let lent = lent.filter(|_| runs.len() <= YOUNG_PART);
    let candidates = partition::partition(&scaled.in_sigmas(), 2.0 * (runs.len() as f64).ln());
    let inflation = noise::inflation(&scaled.x, &candidates);
    let (cuts, noise) = merge::merge(&scaled, candidates, inflation, lent, rules);
    let drifting = drift::drifting(&scaled.x, &cuts, noise.sigma, rules);
    let told = Told { scaled: &scaled, runs, cuts: &cuts, noise, first };
    part.changes = (0..cuts.len())
        .filter(|at| !drifting.iter().any(|(from, to)| (from..=to).contains(&at)))
        .map(|at| told.change(at))
        .collect();
    part.drifts = drifting.iter().map(|(from, to)| told.drift(*from, *to)).collect();
    part.noise = Some(NoiseProfile::new(&scaled, &cuts, noise, !drifting.is_empty()));
    part.newest = Newest::of(&scaled, &cuts, noise);
    (part, Some(noise.sigma))
}

/// What was found, in the words of the answer.
struct Told<'a> {
    scaled: &'a Scaled,
    runs: &'a [f64],
    cuts: &'a [usize],
    noise: Noise,
    first: usize,
}

impl Told<'_> {
    /// Runs of the level that ends at cut `at`.
    fn level_before(&self, at: usize) -> std::ops::Range<usize> {
        at.checked_sub(1).map_or(0, |before| self.cuts[before])..self.cuts[at]
    }

    /// Runs of the level that begins at cut `at`.
    fn level_after(&self, at: usize) -> std::ops::Range<usize> {
        self.cuts[at]..self.cuts.get(at + 1).copied().unwrap_or(self.runs.len())
    }

    /// Medians before and after, and how far they lie apart on the scale.
    fn levels(&self, from: usize, to: usize) -> (f64, f64, f64) {
        let (before, after) = (self.level_before(from), self.level_after(to));
        let moved = median(&self.scaled.x[after.clone()]) - median(&self.scaled.x[before.clone()]);
        (median(&self.runs[before]), median(&self.runs[after]), moved)
    }

    fn change(&self, at: usize) -> Change {
        let (before, after, moved) = self.levels(at, at);
        let (low, high) = (self.level_before(at).start, self.level_after(at).end);
        let plausible = range::plausible(&self.scaled.x[low..high], self.cuts[at] - low, self.noise.sigma);
        let (from, to) = (self.first + low + plausible.start(), self.first + low + plausible.end());
        let tested = evidence::Test::new(self.scaled, low, self.cuts[at], high, self.noise);
        let (shift, step, p) = (self.scaled.share(moved), tested.shift, tested.p);
        Change { index: self.first + self.cuts[at], plausible: from..=to, before, after, shift, step, p }
    }

    fn drift(&self, from: usize, to: usize) -> Drift {
        let (before, after, step) = self.levels(from, to);
        let shift = self.scaled.share(step);
        Drift { index: self.first + self.cuts[from], last: self.first + self.cuts[to], before, after, shift, step }
    }
}

#[cfg(test)]
mod tests;

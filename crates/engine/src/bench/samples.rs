//! Samples of one thread, in bounded memory.
//!
//! In:  times as they are measured. Out: the samples, in order; and their curve, reduced for the eye.
//! Promise: what is left out when there are too many is chosen by its place in the row, never by its time, and the longest
//! and the shortest are kept whatever their place: no spike disappears.

use perflab_model::bench::CurvePoint;

/// One measured time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// When it ended, nanoseconds since the case began.
    pub(super) ended: u64,
    /// How long one operation took, nanoseconds.
    pub(super) ns: f64,
}

/// Values of which every so-manieth is kept. When there are too many, every second one goes, and so on from there.
#[derive(Clone, Debug)]
pub(super) struct Thinned<T> {
    kept: Vec<T>,
    most: usize,
    every: u64,
    until_next: u64,
}

impl<T: Copy> Thinned<T> {
    /// At most so many are kept, at least two.
    pub(super) fn new(most: usize) -> Self {
        Self { kept: Vec::new(), most: most.max(2), every: 1, until_next: 0 }
    }

    /// Takes one in, or lets it pass.
    pub(super) fn push(&mut self, value: T) {
        if self.until_next > 0 {
            self.until_next -= 1;
            return;
        }
        if self.kept.len() == self.most {
            let mut place = 0_usize;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every *= 2;
        }
        self.kept.push(value);
        self.until_next = self.every - 1;
    }

    /// What was kept, in the order in which it came.
    pub(super) fn kept(&self) -> &[T] {
        &self.kept
    }

    /// How many values each kept one stands for.
    pub(super) fn every(&self) -> u64 {
        self.every
    }

    /// Forgets those that this is not true of.
    pub(super) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.kept.retain(keep);
    }
}

/// Times of operations.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    thinned: Thinned<Sample>,
    /// The shortest and the longest of all.
    shortest: Option<Sample>,
    longest: Option<Sample>,
}

impl Samples {
    /// At most so many are kept.
    pub(super) fn new(most: usize) -> Self {
        Self { thinned: Thinned::new(most), shortest: None, longest: None }
    }

    pub(super) fn push(&mut self, sample: Sample) {
        self.thinned.push(sample);
        // Of all, since one that is kept now may go later.
        if self.longest.is_none_or(|longest| sample.ns > longest.ns) {
            self.longest = Some(sample);
        }
        if self.shortest.is_none_or(|shortest| sample.ns < shortest.ns) {
            self.shortest = Some(sample);
        }
    }

    /// How many samples each kept one stands for.
    pub(super) fn every(&self) -> u64 {
        self.thinned.every()
    }

    /// How many there were, those included that were let pass.
    pub(super) fn count(&self) -> u64 {
        self.thinned.kept().len() as u64 * self.every()
    }

    /// Forgets what ended before an instant.
    pub(super) fn forget_before(&mut self, ended: u64) {
        self.thinned.retain(|sample| sample.ended >= ended);
        self.shortest = self.shortest.filter(|sample| sample.ended >= ended);
        self.longest = self.longest.filter(|sample| sample.ended >= ended);
    }
}

/// The samples of several threads in time order. Where one of them had to let some pass, the others do too, so that each
/// stands for as many.
pub(super) fn merged<'a>(all: impl Iterator<Item = &'a Samples> + Clone) -> Vec<Sample> {
    let every = all.clone().map(Samples::every).max().unwrap_or(1);
    let mut merged: Vec<Sample> = Vec::new();
    for samples in all {
        let step = usize::try_from(every / samples.every()).unwrap_or(usize::MAX).max(1);
        merged.extend(samples.thinned.kept().iter().step_by(step));
        for extreme in [samples.shortest, samples.longest].into_iter().flatten() {
            // Where none goes they are there.
            if every > 1 && !merged.contains(&extreme) {
                merged.push(extreme);
            }
        }
    }
    merged.sort_by_key(|sample| sample.ended);
    merged
}

/// A curve of at most so many points: of each stretch its smallest, median and largest.
pub(super) fn curve(samples: &[Sample], points: usize) -> Vec<CurvePoint> {
    let stretches = points.min(samples.len());
    (0..stretches)
        .map(|at| {
            let stretch = &samples[at * samples.len() / stretches..(at + 1) * samples.len() / stretches];
            let mut times: Vec<f64> = stretch.iter().map(|sample| sample.ns).collect();
            times.sort_by(f64::total_cmp);
            let (half, last) = (times.len() / 2, times.len() - 1);
            let median = if times.len() % 2 == 1 { times[half] } else { f64::midpoint(times[half - 1], times[half]) };
            CurvePoint {
                second: stretch[last].ended as f64 / 1e9,
                min_ns: times[0],
                median_ns: median,
                max_ns: times[last],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(at: u64, ns: f64) -> Sample {
        Sample { ended: at, ns }
    }

    #[test]
    fn too_many_are_thinned_by_their_place_and_extremes_stay() {
        let mut samples = Samples::new(100);
        for at in 0..1_000 {
            let ns = match at {
                // Kept at first, and let go when there were too many.
                51 => 9_000.0,
                777 => 1.0,
                _ => 100.0,
            };
            samples.push(sample(at, ns));
        }
        assert_eq!(samples.every(), 16);
        let places: Vec<u64> = samples.thinned.kept().iter().map(|sample| sample.ended).collect();
        assert_eq!(places, (0..1_000).step_by(16).collect::<Vec<_>>());
        let merged = merged([&samples].into_iter());
        let extremes: Vec<u64> = merged.iter().filter(|sample| sample.ns != 100.0).map(|sample| sample.ended).collect();
        assert_eq!(extremes, [51, 777], "neither was kept by its place");
    }

    #[test]
    fn threads_that_were_thinned_differently_stand_for_as_many_each() {
        let (mut few, mut many) = (Samples::new(100), Samples::new(100));
        (0..80).for_each(|at| few.push(sample(at * 10, 1.0)));
        (0..800).for_each(|at| many.push(sample(at, 2.0)));
        let merged = merged([&few, &many].into_iter());
        let slow = merged.iter().filter(|sample| sample.ns == 2.0).count();
        let fast = merged.len() - slow;
        assert!((9..=11).contains(&(slow / fast)), "{slow} and {fast}");
        assert!(merged.is_sorted_by_key(|sample| sample.ended));
    }

    #[test]
    fn a_spike_among_many_shows_in_the_curve() {
        let samples: Vec<Sample> = (0..10_000).map(|at| sample(at, if at == 4_321 { 500.0 } else { 10.0 })).collect();
        let curve = curve(&samples, 400);
        assert_eq!(curve.len(), 400);
        assert_eq!(curve.iter().filter(|point| point.max_ns == 500.0).count(), 1);
        assert!(curve.iter().all(|point| point.median_ns == 10.0));
    }

    proptest! {
        #[test]
        fn a_curve_holds_every_sample_between_its_ends(times in proptest::collection::vec(0.0_f64..1e9, 0..900)) {
            let samples: Vec<Sample> = (0..).zip(&times).map(|(at, ns)| sample(at, *ns)).collect();
            let curve = curve(&samples, 400);
            prop_assert_eq!(curve.len(), times.len().min(400));
            let longest = curve.iter().map(|point| point.max_ns).fold(0.0, f64::max);
            prop_assert_eq!(longest, times.iter().copied().fold(0.0, f64::max));
            prop_assert!(curve.iter().all(|point| point.min_ns <= point.median_ns && point.median_ns <= point.max_ns));
        }
    }
}

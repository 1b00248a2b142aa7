//! Loads by a pattern: spike, soak and staircase, of users or of a rate.
//!
//! In:  the few numbers that describe the pattern. Out: the shape with its stages, as if a person had written them.

use super::super::Reader;
use crate::{
    suite::{
        error::Path,
        raw::{RawExecutor, RawLoad, RawOf},
        shape::Shape,
    },
    unit::{Millis, Rps},
};

/// Users or rate at the end of a stretch, with the key that says so, and how long the stretch takes.
type Stretch = (f64, &'static str, Millis);

/// Keys of a pattern, but for those of rates.
pub(super) const fn fields(executor: RawExecutor) -> &'static [&'static str] {
    match executor {
        RawExecutor::Spike => &["of", "base", "peak", "before", "at_peak", "after", "ramp"],
        RawExecutor::Soak => &["of", "level", "ramp_up", "hold", "ramp_down"],
        _ => &["of", "first", "step", "steps", "each", "ramp"],
    }
}

/// A scenario and what holds where it says nothing.
struct Given<'a> {
    own: &'a RawLoad,
    defaults: &'a RawLoad,
    executor: &'static str,
    path: &'a Path,
}

impl Given<'_> {
    fn get<T>(&self, key: impl Fn(&RawLoad) -> Option<T>) -> Option<T> {
        key(self.own).or_else(|| key(self.defaults))
    }
}

impl Reader<'_, '_> {
    pub(super) fn pattern(
        &mut self,
        executor: RawExecutor,
        own: &RawLoad,
        defaults: &RawLoad,
        path: &Path,
    ) -> Option<Shape> {
        let given = Given { own, defaults, executor: executor.name(), path };
        let of = given.get(|raw| raw.of);
        if of.is_none() {
            let message = "the scenario does not say whether its numbers are users or a rate".to_owned();
            self.problems.add(path, message, Some("write `of: users` or `of: rate`".to_owned()));
        }
        let stretches = match executor {
            RawExecutor::Spike => self.spike(&given),
            RawExecutor::Soak => self.soak(&given),
            _ => self.staircase(&given),
        };
        match of? {
            RawOf::Users => {
                let stages: Option<Vec<(u32, Millis)>> = stretches?
                    .into_iter()
                    .map(|(to, key, over)| Some((self.whole(to, &path.key(key))?, over)))
                    .collect();
                Some(Shape::RampingUsers { executor: given.executor, start: 0, stages: stages? })
            }
            RawOf::Rate => {
                let limits = self.limits(own, defaults, given.executor, path);
                let per = self.per(own, defaults, path)?;
                let stages: Option<Vec<(Rps, Millis)>> = stretches?
                    .into_iter()
                    .map(|(to, key, over)| Some((self.rate(to, per, &path.key(key))?, over)))
                    .collect();
                Some(Shape::RampingRate {
                    executor: given.executor,
                    start: Rps::ZERO,
                    stages: stages?,
                    limits: limits?,
                })
            }
        }
    }

    /// A base, the way up, the peak, the way down, and the base again.
    fn spike(&mut self, given: &Given<'_>) -> Option<Vec<Stretch>> {
        let base = self.wanted(given.get(|raw| raw.base), "base", given.executor, given.path);
        let peak = self.wanted(given.get(|raw| raw.peak), "peak", given.executor, given.path);
        let before = self.time(given, "before", |raw| raw.before);
        let at_peak = self.time(given, "at_peak", |raw| raw.at_peak);
        let after = self.time(given, "after", |raw| raw.after);
        let ramp = given.get(|raw| raw.ramp).unwrap_or(Millis::ZERO);
        let (base, peak) = (base?, peak?);
        if peak <= base {
            let message = format!("the peak of {peak} is not above the base of {base}");
            self.problems.add(&given.path.key("peak"), message, Some("make peak larger, or base smaller".to_owned()));
            return None;
        }
        Some(vec![
            (base, "base", Millis::ZERO),
            (base, "base", before?),
            (peak, "peak", ramp),
            (peak, "peak", at_peak?),
            (base, "base", ramp),
            (base, "base", after?),
        ])
    }

    /// Up to a level, which is held for long, and down again.
    fn soak(&mut self, given: &Given<'_>) -> Option<Vec<Stretch>> {
        let level = self.wanted(given.get(|raw| raw.level), "level", given.executor, given.path);
        let hold = self.time(given, "hold", |raw| raw.hold);
        let up = given.get(|raw| raw.ramp_up).unwrap_or(Millis::ZERO);
        let down = given.get(|raw| raw.ramp_down).unwrap_or(Millis::ZERO);
        let level = level?;
        let mut stretches = vec![(level, "level", up), (level, "level", hold?)];
        if down > Millis::ZERO {
            stretches.push((0.0, "level", down));
        }
        Some(stretches)
    }

    /// Step by step up, each held as long.
    fn staircase(&mut self, given: &Given<'_>) -> Option<Vec<Stretch>> {
        let first = self.wanted(given.get(|raw| raw.first), "first", given.executor, given.path);
        let step = self.wanted(given.get(|raw| raw.step), "step", given.executor, given.path);
        let steps = self.wanted(given.get(|raw| raw.steps), "steps", given.executor, given.path);
        let each = self.time(given, "each", |raw| raw.each);
        let ramp = given.get(|raw| raw.ramp).unwrap_or(Millis::ZERO);
        let (first, step, each) = (first?, step?, each?);
        let mut stretches = vec![(first, "first", Millis::ZERO), (first, "first", each)];
        for number in 1..steps? {
            let to = first + step * f64::from(number);
            stretches.extend([(to, "step", ramp), (to, "step", each)]);
        }
        Some(stretches)
    }

    /// A time that must be given, and be above 0.
    fn time(&mut self, given: &Given<'_>, field: &str, key: impl Fn(&RawLoad) -> Option<Millis>) -> Option<Millis> {
        let time = self.wanted(given.get(key), field, given.executor, given.path);
        self.positive(time, &given.path.key(field)).filter(|time| *time > Millis::ZERO)
    }
}

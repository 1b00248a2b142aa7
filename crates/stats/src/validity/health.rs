//! How the generator, its host and the target fared, added up second by second.

use std::collections::{BTreeMap, VecDeque};

use perflab_model::tick::{Counted, PartPoint, Phase};

use super::silence::{Gone, Silence};
use crate::{Histogram, ReadTick, phase::Phases};

/// Seconds over which CPU is averaged: single seconds jump.
const CPU_WINDOW: usize = 5;
/// CPU share beyond which the generator has no room left.
pub(super) const CPU_FULL: f64 = 0.95;
/// Seconds of a level of users that are left out: the last of them are just starting.
const SETTLING: u32 = 2;

/// Sums for validity. Bounded: nothing is kept per second.
#[derive(Clone, Debug, Default)]
pub struct Health {
    pub(super) load: LoadSums,
    /// The same of each part, of runs of several.
    pub(super) parts: Vec<LoadSums>,
    /// Of starts that had a free slot: what the others waited is the target's doing.
    pub(super) lag: Histogram,
    pub(super) ended: u64,
    pub(super) answered: u64,
    pub(super) silence: Silence,
    pub(super) no_answer: BTreeMap<String, u64>,
    pub(super) generator_errors: BTreeMap<String, u64>,
    /// Requests lost by a fault of the engine itself.
    pub(super) internal: u64,
    /// Requests that were never sent.
    pub(super) unsent: u64,
    /// Whole seconds under load after the warm-up.
    pub(super) measured_seconds: u64,
    pub(super) clock_step_ms: u64,
    pub(super) gap_ms: u64,
    pub(super) missing_seconds: u64,
    pub(super) seconds: u64,
    pub(super) unreadable: u64,
    pub(super) steal: Mean,
    pub(super) other: Mean,
    pub(super) cpu_peak: Option<f64>,
    /// Longest time at a full CPU, seconds.
    pub(super) cpu_full_seconds: usize,
    cpu: VecDeque<f64>,
    full_windows: usize,
    last: Option<(u32, f64)>,
    phases: Phases,
}

/// How much load there was of how much was planned: of a run, or of one of its parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LoadSums {
    pub(super) planned: u64,
    pub(super) started: u64,
    pub(super) dropped: u64,
    pub(super) late_own: u64,
    /// Warm-up included.
    pub(super) all_started: u64,
    pub(super) level_users: u64,
    pub(super) level_target: f64,
    pub(super) peak_users: u32,
    pub(super) peak_target: f64,
    level_age: u32,
    target: Option<f64>,
}

impl LoadSums {
    /// Adds a point of so many seconds.
    fn add(&mut self, seen: &PartPoint, phase: Phase, seconds: u32) {
        self.all_started += seen.started;
        if phase != Phase::WarmUp {
            self.planned += seen.planned;
            self.started += seen.started;
            self.dropped += seen.dropped;
            self.late_own += seen.late_own;
        }
        if phase == Phase::Measured {
            self.add_users(seen, seconds);
        }
        self.target = Some(seen.target);
    }

    /// Users against the plan, where the plan stands still; on a ramp the newest user is always on its way.
    fn add_users(&mut self, seen: &PartPoint, seconds: u32) {
        self.peak_users = self.peak_users.max(seen.users);
        self.peak_target = self.peak_target.max(seen.target);
        let still = self.target == Some(seen.target);
        self.level_age = if still { self.level_age + seconds } else { 0 };
        if seen.target > 0.0 && self.level_age >= SETTLING {
            self.level_users += u64::from(seen.users) * u64::from(seconds);
            self.level_target += seen.target * f64::from(seconds);
        }
    }
}

/// A mean of what was measured; nothing where nothing was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.sum += value;
            self.count += 1;
        }
    }

    pub(super) fn get(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

impl Health {
    /// Adds a second.
    pub fn add(&mut self, tick: &ReadTick) {
        let point = &tick.point;
        self.whole_run(tick);
        let phase = self.phases.next(point.phase);
        if phase != Phase::WarmUp {
            // Of a point of several seconds each counts, as if it had been told alone.
            for _ in 0..point.seconds {
                self.steal.add(point.generator.steal);
                self.other.add(point.generator.other);
                self.add_cpu(point.generator.cpu);
            }
            for outcome in tick.requests.iter().flat_map(|(_, outcomes)| outcomes) {
                if let Some(lag) = &outcome.lag {
                    let own = outcome.queued_lag.as_ref().and_then(|queued| lag.without(queued));
                    self.lag.merge(own.as_ref().unwrap_or(lag));
                }
            }
        }
        self.load.add(&PartPoint::from(point), phase, point.seconds);
        self.parts.resize(self.parts.len().max(point.parts.len()), LoadSums::default());
        for (sums, part) in self.parts.iter_mut().zip(&point.parts) {
            sums.add(part, phase, point.seconds);
        }
        if phase == Phase::Measured {
            self.measured_seconds += u64::from(point.seconds);
        }
        self.last = Some((point.end(), point.target));
    }

    /// The last second in which the target answered, if it ever did.
    pub const fn last_answer(&self) -> Option<u32> {
        self.silence.last_answer()
    }

    /// How the target went away and stayed away until the end, if it did.
    pub fn gone(&self) -> Option<Gone> {
        self.silence.gone()
    }

    fn whole_run(&mut self, tick: &ReadTick) {
        let point = &tick.point;
        self.seconds += u64::from(point.seconds);
        self.unreadable += tick.unreadable;
        let expected = self.last.map_or(0, |(end, _)| end);
        self.missing_seconds += u64::from(point.second.saturating_sub(expected));
        self.clock_step_ms = self.clock_step_ms.max(point.generator.clock_step_ms.unwrap_or(0).unsigned_abs());
        self.gap_ms = self.gap_ms.max(point.generator.gap_ms.unwrap_or(0));
        self.silence.begin(point);
        for outcome in tick.requests.iter().flat_map(|(_, outcomes)| outcomes) {
            match (outcome.counted, &outcome.error) {
                (Counted::Aborted, _) => {}
                (Counted::Unsent, _) => self.unsent += outcome.count,
                (Counted::Ours, Some(code)) if code.starts_with("generator.") => {
                    *self.generator_errors.entry(code.clone()).or_insert(0) += outcome.count;
                }
                (Counted::Ours, _) => self.internal += outcome.count,
                (_, Some(code)) if outcome.status_class == 0 => {
                    self.ended += outcome.count;
                    *self.no_answer.entry(code.clone()).or_insert(0) += outcome.count;
                    self.silence.unanswered(code, outcome.count);
                }
                _ => {
                    self.ended += outcome.count;
                    self.answered += outcome.count;
                    self.silence.answered(point);
                }
            }
        }
        self.silence.end();
    }

    fn add_cpu(&mut self, cpu: Option<f64>) {
        let Some(cpu) = cpu.filter(|cpu| cpu.is_finite()) else { return };
        self.cpu.push_back(cpu);
        if self.cpu.len() > CPU_WINDOW {
            self.cpu.pop_front();
        }
        if self.cpu.len() < CPU_WINDOW {
            return;
        }
        let mean = self.cpu.iter().sum::<f64>() / CPU_WINDOW as f64;
        self.cpu_peak = Some(self.cpu_peak.map_or(mean, |peak| peak.max(mean)));
        self.full_windows = if mean > CPU_FULL { self.full_windows + 1 } else { 0 };
        if self.full_windows > 0 {
            self.cpu_full_seconds = self.cpu_full_seconds.max(self.full_windows + CPU_WINDOW - 1);
        }
    }
}

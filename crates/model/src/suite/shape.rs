//! The shape of load as a suite says it, before it is expanded to stages.
//!
//! In:  a shape and overrides. Out: a [`Load`], or why an override does not fit.

mod parts;

use super::plan::PlanError;
use crate::{
    launch::Overrides,
    load::{Iterations, Load, LoadPart, OpenLimits, RateStage, UserStage},
    name::PartName,
    unit::{Millis, Rps},
};

/// Executors whose load is a rate.
const OF_RATES: &str = "constant_rate, ramping_rate, and spike, soak and staircase of a rate";

/// Executors whose load is a number of users.
const OF_USERS: &str =
    "constant_vus, ramping_vus, shared_iterations, per_user_iterations, and spike, soak and staircase of users";

/// A way to load with its numbers, checked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Users are started at a rate, then stay.
    ConstantUsers { users: u32, spawn_rate: Option<f64>, duration: Millis },
    /// Users follow stages, written out or made from a pattern.
    RampingUsers { executor: &'static str, start: u32, stages: Vec<(u32, Millis)> },
    /// Users who do a number of iterations.
    Iterations { users: u32, iterations: Iterations, max_duration: Millis },
    /// One rate.
    ConstantRate { rate: Rps, duration: Millis, limits: OpenLimits },
    /// The rate follows stages, written out or made from a pattern.
    RampingRate { executor: &'static str, start: Rps, stages: Vec<(Rps, Millis)>, limits: OpenLimits },
    /// Several side by side.
    Parts(Vec<PartShape>),
}

/// One of several loads of a scenario, and who comes in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartShape {
    pub(super) name: PartName,
    pub(super) start_after: Millis,
    pub(super) shape: Box<Shape>,
    /// Only these classes; all where nothing is said.
    pub(super) classes: Option<Vec<String>>,
    /// Only flows with one of these tags; all where there are none.
    pub(super) tags: Vec<String>,
}

impl Shape {
    /// The executor's name in suites.
    pub(super) const fn executor(&self) -> &'static str {
        match self {
            Self::ConstantUsers { .. } => "constant_vus",
            Self::Iterations { iterations, .. } => iterations.share.executor(),
            Self::ConstantRate { .. } => "constant_rate",
            Self::RampingUsers { executor, .. } | Self::RampingRate { executor, .. } => executor,
            Self::Parts(_) => "parts",
        }
    }

    /// The time in which all users of a constant number are started; more than can be written is the longest time.
    pub(super) fn ramp(users: u32, spawn_rate: Option<f64>) -> Millis {
        spawn_rate.map_or(Millis::ZERO, |rate| Millis::new((f64::from(users) / rate * 1000.0).round() as u64))
    }

    /// Expanded to stages.
    pub(super) fn load(&self) -> Load {
        match self {
            Self::ConstantUsers { users, spawn_rate, duration } => {
                let ramp = Self::ramp(*users, *spawn_rate);
                Load::Closed {
                    stages: vec![
                        UserStage { from: 0, to: *users, over: ramp },
                        UserStage { from: *users, to: *users, over: duration.minus(ramp) },
                    ],
                    iterations: None,
                }
            }
            Self::RampingUsers { start, stages, .. } => {
                let mut from = *start;
                let stages = stages
                    .iter()
                    .map(|&(to, over)| UserStage { from: std::mem::replace(&mut from, to), to, over })
                    .collect();
                Load::Closed { stages, iterations: None }
            }
            Self::Iterations { users, iterations, max_duration } => Load::Closed {
                stages: vec![UserStage { from: *users, to: *users, over: *max_duration }],
                iterations: Some(*iterations),
            },
            Self::ConstantRate { rate, duration, limits } => {
                Load::Open { stages: vec![RateStage { from: *rate, to: *rate, over: *duration }], limits: *limits }
            }
            Self::RampingRate { start, stages, limits, .. } => {
                let mut from = *start;
                let stages = stages
                    .iter()
                    .map(|&(to, over)| RateStage { from: std::mem::replace(&mut from, to), to, over })
                    .collect();
                Load::Open { stages, limits: *limits }
            }
            Self::Parts(parts) => Load::Combined {
                parts: parts
                    .iter()
                    .map(|part| LoadPart {
                        name: part.name.clone(),
                        start_after: part.start_after,
                        load: part.shape.load(),
                    })
                    .collect(),
            },
        }
    }

    /// Whether its load is a rate.
    const fn has_rate(&self) -> bool {
        matches!(self, Self::ConstantRate { .. } | Self::RampingRate { .. })
    }

    /// Takes over what differs. What does not fit is reported and left as it is.
    pub(super) fn apply(&mut self, overrides: &Overrides, problems: &mut Vec<PlanError>) {
        if let Self::Parts(parts) = self {
            return parts::apply(parts, overrides, problems);
        }
        let executor = self.executor();
        let mut unfit = |field: &'static str, fits: &'static str| {
            problems.push(PlanError::DoesNotFit { field, executor, fits });
        };
        let open = self.has_rate();
        if overrides.users.is_some() && open {
            unfit("users", OF_USERS);
        }
        if overrides.spawn_rate.is_some() && !matches!(self, Self::ConstantUsers { .. }) {
            unfit("spawn_rate", "constant_vus");
        }
        if overrides.rate.is_some() && !open {
            unfit("rate", OF_RATES);
        }
        if overrides.max_in_flight.is_some() && !open {
            unfit("max_in_flight", OF_RATES);
        }
        let mut bad = |field: &'static str, value: String, wanted: &'static str| {
            problems.push(PlanError::BadValue { field, value, wanted });
        };
        let users = overrides.users.filter(|users| {
            let good = *users > 0;
            if !good {
                bad("users", users.to_string(), "at least 1 user");
            }
            good
        });
        let mut positive = |field: &'static str, value: Option<f64>| {
            value.filter(|value| {
                let good = value.is_finite() && *value > 0.0;
                if !good {
                    bad(field, value.to_string(), "a number above 0");
                }
                good
            })
        };
        let spawn_rate = positive("spawn_rate", overrides.spawn_rate);
        let rate = positive("rate", overrides.rate);
        let duration = overrides.duration.filter(|duration| {
            let good = *duration > Millis::ZERO;
            if !good {
                bad("duration", duration.to_string(), "a duration above 0");
            }
            good
        });
        let in_flight = overrides.max_in_flight.filter(|most| {
            let good = *most > 0;
            if !good {
                bad("max_in_flight", most.to_string(), "at least 1");
            }
            good
        });
        match self {
            Self::Parts(_) => {}
            Self::ConstantUsers { users: own, spawn_rate: own_rate, duration: own_duration } => {
                *own = users.unwrap_or(*own);
                *own_rate = spawn_rate.or(*own_rate);
                *own_duration = duration.unwrap_or(*own_duration);
                let ramp = Self::ramp(*own, *own_rate);
                if ramp >= *own_duration {
                    problems.push(PlanError::NoHold { users: *own, ramp, duration: *own_duration });
                }
            }
            Self::RampingUsers { start, stages, .. } => {
                let peak = stages.iter().map(|stage| stage.0).chain([*start]).max().unwrap_or(0);
                if let Some(users) = users.filter(|_| peak > 0) {
                    let scaled = |own: u32| (f64::from(own) * f64::from(users) / f64::from(peak)).round() as u32;
                    *start = scaled(*start);
                    stages.iter_mut().for_each(|stage| stage.0 = scaled(stage.0));
                }
                stretch(stages, duration);
            }
            Self::Iterations { users: own, iterations, max_duration } => {
                *own = users.unwrap_or(*own);
                *max_duration = duration.unwrap_or(*max_duration);
                if let Some(message) = iterations.fewer_than(*own) {
                    problems.push(PlanError::FewerIterations { message });
                }
            }
            Self::ConstantRate { rate: own, duration: own_duration, limits } => {
                *own = rate.and_then(|rate| Rps::new(rate).ok()).unwrap_or(*own);
                *own_duration = duration.unwrap_or(*own_duration);
                limits.max_in_flight = in_flight.unwrap_or(limits.max_in_flight);
            }
            Self::RampingRate { start, stages, limits, .. } => {
                let peak = stages.iter().map(|stage| stage.0.get()).fold(start.get(), f64::max);
                if let Some(rate) = rate.filter(|_| peak > 0.0) {
                    let scaled = |own: Rps| Rps::new(own.get() * rate / peak).unwrap_or(own);
                    *start = scaled(*start);
                    stages.iter_mut().for_each(|stage| stage.0 = scaled(stage.0));
                }
                stretch(stages, duration);
                limits.max_in_flight = in_flight.unwrap_or(limits.max_in_flight);
            }
        }
    }
}

/// Stretches stages to a total. Their boundaries are rounded, not their lengths, so that the total is exact.
fn stretch<T>(stages: &mut [(T, Millis)], duration: Option<Millis>) {
    let total: u64 = stages.iter().map(|stage| stage.1.get()).sum();
    let Some(duration) = duration.filter(|_| total > 0) else { return };
    let (mut before, mut placed) = (0_u64, 0_u64);
    for stage in stages {
        before += stage.1.get();
        let end = (before as f64 / total as f64 * duration.get() as f64).round() as u64;
        stage.1 = Millis::new(end - placed);
        placed = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Arrivals, OnSaturated};

    fn ramping(stages: &[(f64, u64)]) -> Shape {
        let limits = OpenLimits {
            max_in_flight: 10,
            on_saturated: OnSaturated::Drop,
            max_late: Millis::from_secs(5),
            arrivals: Arrivals::Even,
            adjustable: false,
        };
        let stages = stages.iter().map(|&(to, over)| (Rps::new(to).expect("a rate"), Millis::new(over))).collect();
        Shape::RampingRate { executor: "ramping_rate", start: Rps::ZERO, stages, limits }
    }

    fn applied(mut shape: Shape, overrides: &Overrides) -> Load {
        let mut problems = Vec::new();
        shape.apply(overrides, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        shape.load()
    }

    #[test]
    fn a_rate_scales_all_stages_so_that_the_highest_is_it() {
        let overrides = Overrides { rate: Some(50.0), ..Overrides::default() };
        let load = applied(ramping(&[(100.0, 1000), (20.0, 1000)]), &overrides);
        assert_eq!(load.peak_rate().map(Rps::get), Some(50.0));
        assert_eq!(load.planned_at(1.999_999_9).round(), 10.0);
    }

    #[test]
    fn a_duration_stretches_stages_to_exactly_it() {
        let overrides = Overrides { duration: Some(Millis::new(10_001)), ..Overrides::default() };
        let load = applied(ramping(&[(1.0, 333), (2.0, 333), (3.0, 334)]), &overrides);
        assert_eq!(load.duration(), Millis::new(10_001));
    }

    #[test]
    fn users_do_not_fit_a_rate() {
        let mut problems = Vec::new();
        let overrides = Overrides { users: Some(5), spawn_rate: Some(1.0), ..Overrides::default() };
        ramping(&[(1.0, 1000)]).apply(&overrides, &mut problems);
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].to_string(), "`users` does not fit the executor ramping_rate");
    }
}

//! How much load: what each executor takes, and what is missing or does not fit.

use super::{
    super::{Reader, rules::Model},
    pattern,
};
use crate::{
    load::{Iterations, OpenLimits, Share},
    suite::{
        error::Path,
        raw::{RawExecutor, RawLoad, RawOf, RawStage},
        shape::Shape,
    },
    unit::{Millis, Rps},
};

/// Executors of this version.
const EXECUTORS: [&str; 9] = [
    "constant_vus",
    "ramping_vus",
    "constant_rate",
    "ramping_rate",
    "spike",
    "soak",
    "staircase",
    "shared_iterations",
    "per_user_iterations",
];
/// Keys that every executor with a rate takes.
const OF_RATES: [&str; 6] = ["per", "max_in_flight", "on_saturated", "max_late", "arrivals", "adjustable"];
/// Longest wait of a queued start where nothing is said.
const USUAL_MAX_LATE: Millis = Millis::from_secs(5);
/// Longest time for a number of iterations where nothing is said: what k6 takes.
const USUAL_MAX_DURATION: Millis = Millis::from_secs(600);

/// The model of load of a scenario, as far as it says.
pub(super) fn model(own: &RawLoad, defaults: &RawLoad) -> Option<Model> {
    match own.executor.or(defaults.executor)? {
        RawExecutor::ConstantRate | RawExecutor::RampingRate => Some(Model::Open),
        RawExecutor::Spike | RawExecutor::Soak | RawExecutor::Staircase => match own.of.or(defaults.of)? {
            RawOf::Rate => Some(Model::Open),
            RawOf::Users => Some(Model::Closed),
        },
        _ => Some(Model::Closed),
    }
}

impl Reader<'_, '_> {
    /// Keys that an executor takes.
    fn fields(executor: RawExecutor, own: &RawLoad, defaults: &RawLoad) -> Vec<&'static str> {
        let (keys, open): (&[&str], bool) = match executor {
            RawExecutor::ConstantVus => (&["users", "spawn_rate", "duration"], false),
            RawExecutor::RampingVus => (&["start", "stages"], false),
            RawExecutor::ConstantRate => (&["rate", "duration"], true),
            RawExecutor::RampingRate => (&["start", "stages"], true),
            RawExecutor::Spike | RawExecutor::Soak | RawExecutor::Staircase => {
                // Where nothing is said of what, that alone is told.
                (pattern::fields(executor), own.of.or(defaults.of) != Some(RawOf::Users))
            }
            RawExecutor::SharedIterations | RawExecutor::PerUserIterations => {
                (&["users", "iterations", "max_duration"], false)
            }
        };
        keys.iter().copied().chain(OF_RATES.into_iter().filter(|_| open)).collect()
    }

    pub(super) fn shape(&mut self, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<Shape> {
        let Some(executor) = own.executor.or(defaults.executor) else {
            let hint = Some(format!("choose one of {}", EXECUTORS.join(", ")));
            self.problems.add(path, "the scenario does not say its executor", hint);
            return None;
        };
        let fields = Self::fields(executor, own, defaults);
        for field in own.load_fields().into_iter().filter(|field| !fields.contains(field)) {
            let message = format!("`{field}` does not fit the executor {}", executor.name());
            self.problems.add(&path.key(field), message, Some(format!("it takes {}", fields.join(", "))));
        }
        match executor {
            RawExecutor::RampingVus => self.ramping_users(own, defaults, path),
            RawExecutor::ConstantRate => self.constant_rate(own, defaults, path),
            RawExecutor::RampingRate => self.ramping_rate(own, defaults, path),
            RawExecutor::Spike | RawExecutor::Soak | RawExecutor::Staircase => {
                self.pattern(executor, own, defaults, path)
            }
            RawExecutor::SharedIterations => self.iterations(Share::All, own, defaults, path),
            RawExecutor::PerUserIterations => self.iterations(Share::Each, own, defaults, path),
            RawExecutor::ConstantVus => self.constant_users(own, defaults, path),
        }
    }

    fn iterations(&mut self, share: Share, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<Shape> {
        let executor = share.executor();
        let users = self.wanted(own.users.or(defaults.users), "users", executor, path);
        let count = self.wanted(own.iterations.or(defaults.iterations), "iterations", executor, path);
        let most = own.max_duration.or(defaults.max_duration).unwrap_or(USUAL_MAX_DURATION);
        let most = self.positive(Some(most), &path.key("max_duration"));
        let (users, iterations) = (users?, Iterations { count: count?, share });
        if let Some(fewer) = iterations.fewer_than(users) {
            let hint = "ask for at least one iteration for each user, or for fewer users".to_owned();
            self.problems.add(&path.key("iterations"), fewer, Some(hint));
            return None;
        }
        Some(Shape::Iterations { users, iterations, max_duration: most? })
    }

    pub(super) fn wanted<T>(&mut self, value: Option<T>, field: &str, executor: &str, path: &Path) -> Option<T> {
        if value.is_none() {
            self.problems.add(path, format!("the key `{field}` is missing"), Some(format!("{executor} needs it")));
        }
        value
    }

    fn constant_users(&mut self, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<Shape> {
        let users = self.wanted(own.users.or(defaults.users), "users", "constant_vus", path);
        let duration = self.wanted(own.duration.or(defaults.duration), "duration", "constant_vus", path);
        let duration = self.positive(duration, &path.key("duration"))?;
        let (users, spawn_rate) = (users?, own.spawn_rate.or(defaults.spawn_rate));
        let ramp = Shape::ramp(users, spawn_rate);
        if ramp >= duration {
            let message =
                format!("nothing is held: {users} users need {ramp} to start, and the whole run takes {duration}");
            let hint = "make duration longer (it includes the ramp) or spawn_rate higher".to_owned();
            self.problems.add(&path.key("duration"), message, Some(hint));
            return None;
        }
        Some(Shape::ConstantUsers { users, spawn_rate, duration })
    }

    fn ramping_users(&mut self, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<Shape> {
        let stages = self.stages(own, defaults, "ramping_vus", path)?;
        let start = self.whole(own.start.or(defaults.start).unwrap_or(0.0), &path.key("start"));
        let stages: Option<Vec<(u32, Millis)>> = stages
            .iter()
            .enumerate()
            .map(|(i, stage)| Some((self.whole(stage.to, &path.key("stages").index(i).key("to"))?, stage.over)))
            .collect();
        let (start, stages) = (start?, stages?);
        if start == 0 && stages.iter().all(|stage| stage.0 == 0) {
            self.problems.add(&path.key("stages"), "no stage has any users", None);
            return None;
        }
        Some(Shape::RampingUsers { executor: "ramping_vus", start, stages })
    }

    pub(super) fn whole(&mut self, value: f64, path: &Path) -> Option<u32> {
        if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) {
            return Some(value as u32);
        }
        self.problems.add(path, format!("{value} is no number of users"), None);
        None
    }

    fn constant_rate(&mut self, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<Shape> {
        let rate = self.wanted(own.rate.or(defaults.rate), "rate", "constant_rate", path);
        let duration = self.wanted(own.duration.or(defaults.duration), "duration", "constant_rate", path);
        let duration = self.positive(duration, &path.key("duration"));
        let limits = self.limits(own, defaults, "constant_rate", path);
        let per = self.per(own, defaults, path)?;
        let rate = self.rate(rate?, per, &path.key("rate"))?;
        Some(Shape::ConstantRate { rate, duration: duration?, limits: limits? })
    }

    fn ramping_rate(&mut self, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<Shape> {
        let stages = self.stages(own, defaults, "ramping_rate", path);
        let limits = self.limits(own, defaults, "ramping_rate", path);
        let per = self.per(own, defaults, path)?;
        let start = self.rate(own.start.or(defaults.start).unwrap_or(0.0), per, &path.key("start"))?;
        let stages: Option<Vec<(Rps, Millis)>> = stages?
            .iter()
            .enumerate()
            .map(|(i, stage)| {
                let to = self.rate(stage.to, per, &path.key("stages").index(i).key("to"))?;
                Some((to, stage.over))
            })
            .collect();
        let stages = stages?;
        if start == Rps::ZERO && stages.iter().all(|stage| stage.0 == Rps::ZERO) {
            self.problems.add(&path.key("stages"), "no stage has any rate", None);
            return None;
        }
        Some(Shape::RampingRate { executor: "ramping_rate", start, stages, limits: limits? })
    }

    pub(super) fn rate(&mut self, amount: f64, per: f64, path: &Path) -> Option<Rps> {
        Rps::new(amount / per).map_err(|error| self.problems.add(path, error.to_string(), None)).ok()
    }

    /// Seconds that a rate counts in.
    pub(super) fn per(&mut self, own: &RawLoad, defaults: &RawLoad, path: &Path) -> Option<f64> {
        let per = own.per.or(defaults.per).unwrap_or(Millis::from_secs(1));
        self.positive(Some(per), &path.key("per"))?;
        (per > Millis::ZERO).then(|| per.as_secs_f64())
    }

    fn stages(&mut self, own: &RawLoad, defaults: &RawLoad, executor: &str, path: &Path) -> Option<Vec<RawStage>> {
        let stages = self.wanted(own.stages.clone().or_else(|| defaults.stages.clone()), "stages", executor, path)?;
        if stages.iter().all(|stage| stage.over == Millis::ZERO) {
            let hint = Some("write [{to: 100, for: 1m}]".to_owned());
            self.problems.add(&path.key("stages"), "the stages take no time", hint);
            return None;
        }
        Some(stages)
    }

    pub(super) fn limits(
        &mut self,
        own: &RawLoad,
        defaults: &RawLoad,
        executor: &str,
        path: &Path,
    ) -> Option<OpenLimits> {
        let max_in_flight = own.max_in_flight.or(defaults.max_in_flight);
        Some(OpenLimits {
            max_in_flight: self.wanted(max_in_flight, "max_in_flight", executor, path)?,
            on_saturated: own.on_saturated.or(defaults.on_saturated).unwrap_or_default(),
            max_late: own.max_late.or(defaults.max_late).unwrap_or(USUAL_MAX_LATE),
            arrivals: own.arrivals.or(defaults.arrivals).unwrap_or_default(),
            adjustable: own.adjustable.or(defaults.adjustable).unwrap_or(false),
        })
    }
}

impl RawExecutor {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ConstantVus => "constant_vus",
            Self::RampingVus => "ramping_vus",
            Self::ConstantRate => "constant_rate",
            Self::RampingRate => "ramping_rate",
            Self::Spike => "spike",
            Self::Soak => "soak",
            Self::Staircase => "staircase",
            Self::SharedIterations => "shared_iterations",
            Self::PerUserIterations => "per_user_iterations",
        }
    }
}

impl RawLoad {
    /// Keys that are given.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let executor = self.executor.map(|_| "executor");
        executor.into_iter().chain(self.load_fields()).collect()
    }

    /// Keys about the amount of load that are given.
    fn load_fields(&self) -> Vec<&'static str> {
        [
            (self.users.is_some(), "users"),
            (self.spawn_rate.is_some(), "spawn_rate"),
            (self.duration.is_some(), "duration"),
            (self.iterations.is_some(), "iterations"),
            (self.max_duration.is_some(), "max_duration"),
            (self.rate.is_some(), "rate"),
            (self.start.is_some(), "start"),
            (self.stages.is_some(), "stages"),
            (self.per.is_some(), "per"),
            (self.max_in_flight.is_some(), "max_in_flight"),
            (self.on_saturated.is_some(), "on_saturated"),
            (self.max_late.is_some(), "max_late"),
            (self.arrivals.is_some(), "arrivals"),
            (self.adjustable.is_some(), "adjustable"),
            (self.of.is_some(), "of"),
            (self.base.is_some(), "base"),
            (self.peak.is_some(), "peak"),
            (self.before.is_some(), "before"),
            (self.at_peak.is_some(), "at_peak"),
            (self.after.is_some(), "after"),
            (self.ramp.is_some(), "ramp"),
            (self.level.is_some(), "level"),
            (self.ramp_up.is_some(), "ramp_up"),
            (self.hold.is_some(), "hold"),
            (self.ramp_down.is_some(), "ramp_down"),
            (self.first.is_some(), "first"),
            (self.step.is_some(), "step"),
            (self.steps.is_some(), "steps"),
            (self.each.is_some(), "each"),
        ]
        .into_iter()
        .filter_map(|(given, key)| given.then_some(key))
        .collect()
    }
}

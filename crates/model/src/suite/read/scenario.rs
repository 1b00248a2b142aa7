//! Scenarios: how much load, by whom, judged by what.

use std::collections::BTreeSet;

use super::{Checked, Reader, names, rules};
use crate::{
    flow::{Auth, Feed, Flow, Step, Think, UserClass},
    load::{OpenLimits, Warmup},
    plan::Rule,
    suite::{
        Scenario, check_name,
        error::Path,
        raw::{Named, RawExecutor, RawScenario, RawStage, RawWarmup},
        shape::Shape,
        templates,
    },
    template::Placeholder,
    threshold::glob_matches,
    unit::{Millis, Rps},
};

/// How long open requests are waited for where nothing is said.
const USUAL_GRACE: Millis = Millis::from_secs(30);
/// Longest wait of a queued start where nothing is said.
const USUAL_MAX_LATE: Millis = Millis::from_secs(5);

impl Reader<'_, '_> {
    pub(super) fn read_scenarios(
        &mut self,
        defaults: RawScenario,
        raw: Named<RawScenario>,
        checked: &mut Checked,
        all_names: &[String],
    ) {
        let root = Path::default();
        let place = root.key("defaults").key("thresholds");
        let default_rules = self.read_rules(defaults.thresholds.clone(), "defaults", &place, all_names);
        self.check_filters(&defaults, checked, &root.key("defaults"));
        if raw.0.is_empty() {
            let hint = Some("add at least one, such as `smoke: {users: 5, duration: 1m}`".to_owned());
            self.problems.add(&root.key("scenarios"), "the suite has no scenarios", hint);
        }
        for (name, own) in raw.0 {
            let path = root.key("scenarios").key(&name);
            if let Some(scenario) = self.scenario(&name, own, &defaults, &default_rules, checked, &path) {
                checked.scenarios.push(scenario);
            }
        }
    }

    fn scenario(
        &mut self,
        name: &str,
        own: RawScenario,
        defaults: &RawScenario,
        default_rules: &[Rule],
        checked: &Checked,
        path: &Path,
    ) -> Option<Scenario> {
        let scenario_name = check_name(name, path, self.problems);
        let names_fit = self.check_filters(&own, checked, path);
        let classes = own.classes.clone().or_else(|| defaults.classes.clone());
        let tags = own.tags.clone().or_else(|| defaults.tags.clone()).unwrap_or_default();
        let mut scope_names = rules::names_of(&checked.flows, &checked.auth);
        if names_fit {
            let filtered = filter(checked, classes.as_deref(), &tags);
            if filtered.classes.is_empty() {
                let key = if own.tags.is_some() { path.key("tags") } else { path.key("classes") };
                let message = format!("the scenario `{name}` selects no class with a flow to do");
                let hint = "look at its tags and classes, and at the weights".to_owned();
                self.problems.add(&key, message, Some(hint));
            } else {
                scope_names = filtered.names();
            }
        }
        let source = format!("scenario {name}");
        let own_rules = own
            .thresholds
            .clone()
            .map(|raw| self.read_rules(Some(raw), &source, &path.key("thresholds"), &scope_names));
        // What suite and defaults ask of requests that this scenario never sends does not apply to it.
        let applies = |rule: &&Rule| {
            let scope = rule.threshold.scope.as_deref();
            scope.is_none_or(|scope| scope_names.iter().any(|name| glob_matches(scope, name)))
        };
        let rules = own_rules.unwrap_or_else(|| {
            default_rules.iter().filter(applies).map(|rule| Rule { source: source.clone(), ..rule.clone() }).collect()
        });
        let rules = checked.rules.iter().filter(applies).cloned().chain(rules).collect();
        let think = match (&own.think, &defaults.think) {
            (Some(think), _) => Some(self.think(think.clone(), &path.key("think"))),
            (None, Some(think)) => Some(self.think(think.clone(), &Path::default().key("defaults").key("think"))),
            (None, None) => None,
        };
        let warmup = self.warmup(own.warmup.as_ref().or(defaults.warmup.as_ref()), path);
        let shape = self.shape(&own, defaults, path)?;
        Some(Scenario {
            name: scenario_name?,
            title: own.title,
            description: own.description,
            executor: shape.executor(),
            load: shape.load(),
            warmup,
            graceful_stop: own.graceful_stop.or(defaults.graceful_stop).unwrap_or(USUAL_GRACE),
            find_limit: own.find_limit.or(defaults.find_limit).unwrap_or(false),
            seed: own.seed.or(defaults.seed),
            tags,
            classes,
            rules,
            think,
            shape,
        })
    }

    fn warmup(&mut self, raw: Option<&RawWarmup>, path: &Path) -> Warmup {
        match raw.map(|raw| raw.0.as_str()) {
            None | Some("none") => Warmup::None,
            Some("ramp") => Warmup::Ramp,
            Some(text) => match text.parse() {
                Ok(Millis::ZERO) => Warmup::None,
                Ok(time) => Warmup::For(time),
                Err(error) => {
                    self.problems.add(&path.key("warmup"), error.to_string(), None);
                    Warmup::None
                }
            },
        }
    }

    /// Whether the classes and tags that a scenario chooses exist.
    fn check_filters(&mut self, raw: &RawScenario, checked: &Checked, path: &Path) -> bool {
        let mut fit = true;
        let classes: Vec<String> = checked.classes.keys().cloned().collect();
        for (i, class) in raw.classes.iter().flatten().enumerate() {
            fit &= self.known("class", class, &classes, &path.key("classes").index(i));
        }
        let mut tags: Vec<String> = checked.tags.clone();
        tags.extend(checked.classes.values().flat_map(|class| class.tags.clone()));
        for flow in checked.flows.values() {
            tags.extend(flow.tags.clone());
            names::each_request(&flow.steps, &mut |request| tags.extend(request.tags.clone()));
        }
        let tags: Vec<String> = tags.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        for (i, tag) in raw.tags.iter().flatten().enumerate() {
            fit &= self.known("tag", tag, &tags, &path.key("tags").index(i));
        }
        fit
    }

    fn shape(&mut self, own: &RawScenario, defaults: &RawScenario, path: &Path) -> Option<Shape> {
        let Some(executor) = own.executor.or(defaults.executor) else {
            let hint = Some("choose one of constant_vus, ramping_vus, constant_rate, ramping_rate".to_owned());
            self.problems.add(path, "the scenario does not say its executor", hint);
            return None;
        };
        let fields: &[&str] = match executor {
            RawExecutor::ConstantVus => &["users", "spawn_rate", "duration"],
            RawExecutor::RampingVus => &["start", "stages"],
            RawExecutor::ConstantRate => {
                &["rate", "duration", "per", "max_in_flight", "on_saturated", "max_late", "arrivals", "adjustable"]
            }
            RawExecutor::RampingRate => {
                &["start", "stages", "per", "max_in_flight", "on_saturated", "max_late", "arrivals", "adjustable"]
            }
            later => {
                let hint = "this version has constant_vus, ramping_vus, constant_rate and ramping_rate; write the load as stages of one of them".to_owned();
                let message = format!("the executor {} is not in this version", later.name());
                self.problems.add(&path.key("executor"), message, Some(hint));
                return None;
            }
        };
        for field in own.load_fields().into_iter().filter(|field| !fields.contains(field)) {
            let message = format!("`{field}` does not fit the executor {}", executor.name());
            self.problems.add(&path.key(field), message, Some(format!("it takes {}", fields.join(", "))));
        }
        match executor {
            RawExecutor::RampingVus => self.ramping_users(own, defaults, path),
            RawExecutor::ConstantRate => self.constant_rate(own, defaults, path),
            RawExecutor::RampingRate => self.ramping_rate(own, defaults, path),
            _ => self.constant_users(own, defaults, path),
        }
    }

    fn wanted<T>(&mut self, value: Option<T>, field: &str, executor: &str, path: &Path) -> Option<T> {
        if value.is_none() {
            self.problems.add(path, format!("the key `{field}` is missing"), Some(format!("{executor} needs it")));
        }
        value
    }

    fn constant_users(&mut self, own: &RawScenario, defaults: &RawScenario, path: &Path) -> Option<Shape> {
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

    fn ramping_users(&mut self, own: &RawScenario, defaults: &RawScenario, path: &Path) -> Option<Shape> {
        let stages = self.stages(own, defaults, "ramping_vus", path)?;
        let mut whole = |value: f64, path: &Path| {
            if value.fract() == 0.0 && value <= f64::from(u32::MAX) {
                return Some(value as u32);
            }
            self.problems.add(path, format!("{value} is no number of users"), None);
            None
        };
        let start = whole(own.start.or(defaults.start).unwrap_or(0.0), &path.key("start"));
        let stages: Option<Vec<(u32, Millis)>> = stages
            .iter()
            .enumerate()
            .map(|(i, stage)| Some((whole(stage.to, &path.key("stages").index(i).key("to"))?, stage.over)))
            .collect();
        let (start, stages) = (start?, stages?);
        if start == 0 && stages.iter().all(|stage| stage.0 == 0) {
            self.problems.add(&path.key("stages"), "no stage has any users", None);
            return None;
        }
        Some(Shape::RampingUsers { start, stages })
    }

    fn constant_rate(&mut self, own: &RawScenario, defaults: &RawScenario, path: &Path) -> Option<Shape> {
        let rate = self.wanted(own.rate.or(defaults.rate), "rate", "constant_rate", path);
        let duration = self.wanted(own.duration.or(defaults.duration), "duration", "constant_rate", path);
        let duration = self.positive(duration, &path.key("duration"));
        let limits = self.limits(own, defaults, "constant_rate", path);
        let per = self.per(own, defaults, path)?;
        let rate = self.rate(rate?, per, &path.key("rate"))?;
        Some(Shape::ConstantRate { rate, duration: duration?, limits: limits? })
    }

    fn ramping_rate(&mut self, own: &RawScenario, defaults: &RawScenario, path: &Path) -> Option<Shape> {
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
        Some(Shape::RampingRate { start, stages, limits: limits? })
    }

    fn rate(&mut self, amount: f64, per: f64, path: &Path) -> Option<Rps> {
        Rps::new(amount / per).map_err(|error| self.problems.add(path, error.to_string(), None)).ok()
    }

    /// Seconds that a rate counts in.
    fn per(&mut self, own: &RawScenario, defaults: &RawScenario, path: &Path) -> Option<f64> {
        let per = own.per.or(defaults.per).unwrap_or(Millis::from_secs(1));
        self.positive(Some(per), &path.key("per"))?;
        (per > Millis::ZERO).then(|| per.as_secs_f64())
    }

    fn stages(
        &mut self,
        own: &RawScenario,
        defaults: &RawScenario,
        executor: &str,
        path: &Path,
    ) -> Option<Vec<RawStage>> {
        let stages = self.wanted(own.stages.clone().or_else(|| defaults.stages.clone()), "stages", executor, path)?;
        if stages.iter().all(|stage| stage.over == Millis::ZERO) {
            let hint = Some("write [{to: 100, for: 1m}]".to_owned());
            self.problems.add(&path.key("stages"), "the stages take no time", hint);
            return None;
        }
        Some(stages)
    }

    fn limits(&mut self, own: &RawScenario, defaults: &RawScenario, executor: &str, path: &Path) -> Option<OpenLimits> {
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
    const fn name(self) -> &'static str {
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

impl RawScenario {
    /// Keys about the amount of load that are given.
    fn load_fields(&self) -> Vec<&'static str> {
        [
            (self.users.is_some(), "users"),
            (self.spawn_rate.is_some(), "spawn_rate"),
            (self.duration.is_some(), "duration"),
            (self.rate.is_some(), "rate"),
            (self.start.is_some(), "start"),
            (self.stages.is_some(), "stages"),
            (self.per.is_some(), "per"),
            (self.max_in_flight.is_some(), "max_in_flight"),
            (self.on_saturated.is_some(), "on_saturated"),
            (self.max_late.is_some(), "max_late"),
            (self.arrivals.is_some(), "arrivals"),
            (self.adjustable.is_some(), "adjustable"),
        ]
        .into_iter()
        .filter_map(|(given, key)| given.then_some(key))
        .collect()
    }
}

/// What is left of a suite when a scenario has made its choice.
pub(in crate::suite) struct Filtered {
    pub(in crate::suite) classes: Vec<UserClass>,
    pub(in crate::suite) flows: Vec<Flow>,
    pub(in crate::suite) auth: Vec<Auth>,
    pub(in crate::suite) feeds: Vec<Feed>,
}

impl Filtered {
    fn names(&self) -> Vec<String> {
        let flows = self.flows.iter().map(|flow| (flow.name.clone(), flow.clone())).collect();
        let auth = self.auth.iter().map(|auth| (auth.name.clone(), auth.clone())).collect();
        rules::names_of(&flows, &auth)
    }

    /// Every class waits like this.
    pub(in crate::suite) fn with_think(mut self, think: Option<Think>) -> Self {
        if let Some(think) = think {
            self.classes.iter_mut().for_each(|class| class.think = think);
        }
        self
    }
}

/// Classes that are chosen, with the flows that have one of the tags; then what those flows need.
pub(in crate::suite) fn filter(checked: &Checked, classes: Option<&[String]>, tags: &[String]) -> Filtered {
    let tagged = |tag: &String| tags.contains(tag);
    let everything = tags.is_empty() || checked.tags.iter().any(tagged);
    let chosen: Vec<UserClass> = checked
        .classes
        .values()
        .filter(|class| class.weight > 0 && classes.is_none_or(|names| names.contains(&class.name)))
        .filter_map(|class| {
            let whole = everything || class.tags.iter().any(tagged);
            let mut class = class.clone();
            class.flows.retain(|name, weight| {
                *weight > 0 && (whole || checked.flows.get(name).is_some_and(|flow| flow_has(flow, tags)))
            });
            (!class.flows.is_empty()).then_some(class)
        })
        .collect();
    let flow_names: BTreeSet<&str> = chosen.iter().flat_map(names::flows_of).collect();
    let flows: Vec<Flow> =
        checked.flows.values().filter(|flow| flow_names.contains(flow.name.as_str())).cloned().collect();
    let mut auth_names: BTreeSet<&str> = chosen.iter().filter_map(|class| class.auth.as_deref()).collect();
    for flow in &flows {
        names::each_step(&flow.steps, &mut |step| {
            if let Step::Auth { auth, .. } = step {
                auth_names.insert(auth);
            }
        });
    }
    let auth: Vec<Auth> =
        checked.auth.values().filter(|auth| auth_names.contains(auth.name.as_str())).cloned().collect();
    let mut feed_names = BTreeSet::new();
    templates::each(&chosen, &flows, &auth, &mut |template| {
        for placeholder in template.placeholders() {
            if let Placeholder::Feed { feed, .. } = placeholder {
                feed_names.insert(feed.clone());
            }
        }
    });
    let feeds = checked.feeds.values().filter(|feed| feed_names.contains(&feed.name)).cloned().collect();
    Filtered { classes: chosen, flows, auth, feeds }
}

fn flow_has(flow: &Flow, tags: &[String]) -> bool {
    let mut has = flow.tags.iter().any(|tag| tags.contains(tag));
    names::each_request(&flow.steps, &mut |request| has |= request.tags.iter().any(|tag| tags.contains(tag)));
    has
}

//! Scenarios: how much load, by whom, judged by what.

mod load;
mod parts;
mod pattern;

use std::collections::BTreeSet;

use super::{
    Checked, Reader, names,
    rules::{Known, Model},
};
use crate::{
    flow::{Auth, Feed, Flow, Step, Think, UserClass},
    load::Warmup,
    plan::Rule,
    suite::{
        Scenario, check_name,
        error::Path,
        leaves_nothing,
        raw::{Named, RawScenario, RawWarmup},
        shape::Shape,
        templates,
    },
    template::Placeholder,
    unit::Millis,
};
use load::model;

/// How long open requests are waited for where nothing is said.
const USUAL_GRACE: Millis = Millis::from_secs(30);

/// Models of load that scenarios have.
pub(super) fn models(defaults: &RawScenario, scenarios: &Named<RawScenario>) -> Vec<Model> {
    scenarios.0.values().flat_map(|own| models_of(own, defaults)).collect()
}

/// Models of load that a scenario has: one, or those of its parts.
fn models_of(own: &RawScenario, defaults: &RawScenario) -> Vec<Model> {
    match &own.parts {
        Some(parts) => parts.0.values().filter_map(|part| model(&part.load, &defaults.load)).collect(),
        None => model(&own.load, &defaults.load).into_iter().collect(),
    }
}

impl Reader<'_, '_> {
    pub(super) fn read_scenarios(
        &mut self,
        defaults: RawScenario,
        raw: Named<RawScenario>,
        checked: &mut Checked,
        known: &Known,
    ) {
        let root = Path::default();
        let place = root.key("defaults").key("thresholds");
        let default_rules = self.read_rules(defaults.thresholds.clone(), "defaults", &place, known);
        self.check_filters(&defaults, checked, &root.key("defaults"));
        if defaults.parts.is_some() {
            let hint = Some("write them in the scenario".to_owned());
            self.problems.add(&root.key("defaults").key("parts"), "each scenario has its own parts", hint);
        }
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
        let mut known = Known::of(&checked.flows, &checked.auth, Vec::new());
        let shape = match &own.parts {
            Some(raw) => {
                let raw: Vec<_> = raw.0.iter().map(|(name, part)| (name.clone(), part.clone())).collect();
                self.parts(&raw, &own, defaults, checked, path)
            }
            None => self.shape(&own.load, &defaults.load, path),
        };
        if let Some(Shape::Parts(parts)) = &shape {
            known = parts::filtered(checked, parts).known();
        } else if names_fit && own.parts.is_none() {
            let filtered = filter(checked, Classes::of_scenario(classes.as_deref()), &tags);
            if filtered.classes.is_empty() {
                let key = if own.tags.is_some() { path.key("tags") } else { path.key("classes") };
                let message = format!("the scenario `{name}` selects no class with a flow to do");
                let hint = "look at its tags and classes, and at the weights".to_owned();
                self.problems.add(&key, message, Some(hint));
            } else {
                known = filtered.known();
            }
        }
        let known = known.with_models(models_of(&own, defaults));
        let source = format!("scenario {name}");
        let own_rules =
            own.thresholds.clone().map(|raw| self.read_rules(Some(raw), &source, &path.key("thresholds"), &known));
        // What suite and defaults ask of requests that this scenario never sends, or of the other model of load, does
        // not apply to it.
        let applies = |rule: &&Rule| known.concerns(&rule.threshold);
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
        let shape = shape?;
        let load = shape.load();
        let (warms_up, duration) = (load.warmup(warmup), load.duration());
        if leaves_nothing(warms_up, duration) {
            let message = format!("nothing is measured: the warm-up takes {warms_up}, and the whole run {duration}");
            let hint = "make the run longer, or the warm-up shorter".to_owned();
            self.problems.add(&path.key("warmup"), message, Some(hint));
        }
        Some(Scenario {
            name: scenario_name?,
            title: own.title,
            description: own.description,
            executor: shape.executor(),
            load,
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
        self.check_choice(raw.classes.as_deref(), raw.tags.as_deref(), checked, path)
    }

    fn check_choice(
        &mut self,
        chosen: Option<&[String]>,
        with_tags: Option<&[String]>,
        checked: &Checked,
        path: &Path,
    ) -> bool {
        let mut fit = true;
        let classes: Vec<String> = checked.classes.keys().cloned().collect();
        for (i, class) in chosen.into_iter().flatten().enumerate() {
            fit &= self.known("class", class, &classes, &path.key("classes").index(i));
        }
        let mut tags: Vec<String> = checked.tags.clone();
        tags.extend(checked.classes.values().flat_map(|class| class.tags.clone()));
        for flow in checked.flows.values() {
            tags.extend(flow.tags.clone());
            names::each_request(&flow.steps, &mut |request| tags.extend(request.tags.clone()));
        }
        let tags: Vec<String> = tags.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        for (i, tag) in with_tags.into_iter().flatten().enumerate() {
            fit &= self.known("tag", tag, &tags, &path.key("tags").index(i));
        }
        fit
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
    fn known(&self) -> Known {
        let flows = self.flows.iter().map(|flow| (flow.name.clone(), flow.clone())).collect();
        let auth = self.auth.iter().map(|auth| (auth.name.clone(), auth.clone())).collect();
        Known::of(&flows, &auth, Vec::new())
    }

    /// Every class waits like this.
    pub(in crate::suite) fn with_think(mut self, think: Option<Think>) -> Self {
        if let Some(think) = think {
            self.classes.iter_mut().for_each(|class| class.think = think);
        }
        self
    }
}

/// Which classes are chosen.
#[derive(Clone, Copy, Debug)]
pub(in crate::suite) enum Classes<'a> {
    /// All that have a weight.
    All,
    /// Those of the scenario that have a weight.
    OfScenario(&'a [String]),
    /// Those that somebody named at launch, wanted even where the suite gives them no weight.
    Named(&'a [String]),
}

impl<'a> Classes<'a> {
    pub(in crate::suite) fn of_scenario(classes: Option<&'a [String]>) -> Self {
        classes.map_or(Self::All, Self::OfScenario)
    }

    /// The class, if it is chosen.
    fn chosen(self, class: &UserClass) -> Option<UserClass> {
        let weight = match self {
            Self::All => class.weight,
            Self::OfScenario(names) => names.contains(&class.name).then_some(class.weight)?,
            Self::Named(names) => names.contains(&class.name).then_some(class.weight.max(1))?,
        };
        (weight > 0).then(|| UserClass { weight, ..class.clone() })
    }
}

/// Classes that are chosen, with the flows that have one of the tags; then what those flows need.
pub(in crate::suite) fn filter(checked: &Checked, classes: Classes<'_>, tags: &[String]) -> Filtered {
    let tagged = |tag: &String| tags.contains(tag);
    let everything = tags.is_empty() || checked.tags.iter().any(tagged);
    let chosen: Vec<UserClass> = checked
        .classes
        .values()
        .filter_map(|class| classes.chosen(class))
        .filter_map(|mut class| {
            let whole = everything || class.tags.iter().any(tagged);
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

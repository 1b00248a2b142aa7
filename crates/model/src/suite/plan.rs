//! From a scenario, or the cases of a benchmark, to a plan: overrides and parameters applied, caps of the environment checked.
//!
//! In:  a [`PlanRequest`]. Out: a [`Plan`], or everything that stands in its way, each with the field of the form.

use indexmap::IndexMap;

mod cases;
mod check;
mod error;
mod level;
mod part;
mod rows;

pub(super) use check::leaves_nothing;
pub use error::{PlanError, PlanErrors};

use super::{
    Scenario, Suite, SuiteKind, parameter, read,
    shape::{PartShape, Shape},
};
use crate::{
    bench::WHOLE_SUITE, environment::Environment, flow::Request, id::RunId, launch::Overrides, name::ScenarioName,
    plan::Plan,
};

/// Which plan is wanted.
#[derive(Clone, Debug)]
pub struct PlanRequest<'a> {
    /// The run that it is for.
    pub run: RunId,
    /// The scenario.
    pub scenario: &'a ScenarioName,
    /// Where the target runs.
    pub environment: Environment,
    /// What differs from the scenario.
    pub overrides: &'a Overrides,
    /// Where everything random comes from, when neither overrides nor scenario nor suite say.
    pub seed: u64,
}

/// A plan on the way: what could be made out, and what stands in its way.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The plan, if there is one to look at. It may be carried out only when there are no problems.
    pub plan: Option<Plan>,
    /// Everything that stands in the way.
    pub problems: Vec<PlanError>,
}

impl Suite {
    /// The plan of a scenario.
    ///
    /// # Errors
    /// With everything that stands in its way.
    pub fn plan(&self, request: PlanRequest<'_>) -> Result<Plan, PlanErrors> {
        let draft = self.draft(request);
        match draft.plan {
            Some(plan) if draft.problems.is_empty() => Ok(plan),
            _ => Err(PlanErrors::of(draft.problems)),
        }
    }

    /// The plan as far as it can be made out, with everything that stands in its way: for previews.
    pub fn draft(&self, request: PlanRequest<'_>) -> Draft {
        let mut problems = Vec::new();
        let parameters = self.resolve_parameters(&request.overrides.parameters, &mut problems);
        let defaults_hold = self.parameters().iter().all(|p| parameters.get(&p.name) == Some(&p.default));
        let filled;
        let checked = if defaults_hold {
            &self.checked
        } else {
            match self.check_with(&parameters) {
                Ok(checked) => {
                    filled = checked;
                    &filled
                }
                Err(errors) => {
                    problems.push(PlanError::Suite(errors));
                    &self.checked
                }
            }
        };
        if let Some(benchmark) = &checked.benchmark {
            if request.scenario.as_str() != WHOLE_SUITE {
                problems.push(self.unknown_scenario(request.scenario));
            }
            let plan = self.expand_cases(checked, benchmark, request, parameters, &mut problems);
            return Draft { plan: Some(plan), problems };
        }
        let Some(scenario) = checked.scenarios.iter().find(|scenario| scenario.name == *request.scenario) else {
            problems.push(self.unknown_scenario(request.scenario));
            return Draft { plan: None, problems };
        };
        let plan = self.expand(checked, scenario, request, parameters, &mut problems);
        Draft { plan: Some(plan), problems }
    }

    /// That the suite has no such scenario. The name for all cases of a benchmark stands there when none was named.
    pub fn unknown_scenario(&self, name: &ScenarioName) -> PlanError {
        let known = self.scenario_names();
        if name.as_str() == WHOLE_SUITE {
            return PlanError::NoScenario { known };
        }
        PlanError::UnknownScenario { name: name.to_string(), known }
    }

    fn expand(
        &self,
        checked: &read::Checked,
        scenario: &Scenario,
        request: PlanRequest<'_>,
        parameters: IndexMap<String, String>,
        problems: &mut Vec<PlanError>,
    ) -> Plan {
        let mut shape = scenario.shape.clone();
        shape.apply(request.overrides, problems);
        let load = shape.load();
        let environment = with_variables(request.environment, checked, problems);
        if !request.overrides.cases.is_empty() {
            problems.push(PlanError::OfOtherKind { field: "cases", kind: SuiteKind::Load });
        }
        let chosen = choose(checked, scenario, &request.overrides.classes, problems).with_think(scenario.think);
        for feed in chosen.feeds.iter().filter(|feed| feed.sha256.is_empty()) {
            problems.push(PlanError::FeedMissing { feed: feed.name.clone(), file: feed.file.clone() });
        }
        let plan = Plan {
            run: request.run,
            // Suites belong to no project; whoever asks for the plan says whose run it is.
            project: None,
            whole: None,
            suite: self.name.clone(),
            suite_version: self.version_hash(),
            scenario: scenario.name.clone(),
            seed: request.overrides.seed.or(scenario.seed).or(checked.seed).unwrap_or(request.seed),
            environment,
            load,
            warmup: scenario.warmup,
            graceful_stop: scenario.graceful_stop,
            find_limit: scenario.find_limit,
            http: checked.http.clone(),
            classes: chosen.classes,
            flows: chosen.flows,
            auth: chosen.auth,
            feeds: chosen.feeds,
            overrides: request.overrides.clone(),
            parameters,
            rules: scenario.rules.clone(),
        };
        check::check(&plan, problems);
        plan
    }

    /// Every parameter with its value.
    fn resolve_parameters(
        &self,
        asked: &IndexMap<String, String>,
        problems: &mut Vec<PlanError>,
    ) -> IndexMap<String, String> {
        for name in asked.keys().filter(|name| self.parameters().iter().all(|p| p.name != **name)) {
            let known = self.parameters().iter().map(|parameter| parameter.name.clone()).collect();
            problems.push(PlanError::UnknownParameter { name: name.clone(), known });
        }
        let value = |parameter: &parameter::Parameter| {
            let Some(asked) = asked.get(&parameter.name) else { return parameter.default.clone() };
            match parameter.check(asked) {
                Ok(()) => asked.clone(),
                Err(message) => {
                    problems.push(PlanError::BadParameter { name: parameter.name.clone(), message });
                    parameter.default.clone()
                }
            }
        };
        let mut value = value;
        self.parameters().iter().map(|parameter| (parameter.name.clone(), value(parameter))).collect()
    }
}

/// The environment with the variables of the suite that it does not give itself.
fn with_variables(mut environment: Environment, checked: &read::Checked, problems: &mut Vec<PlanError>) -> Environment {
    let own = std::mem::take(&mut environment.variables);
    for (name, default) in &checked.variables {
        match own.get(name).or(default.as_ref()) {
            Some(value) => {
                environment.variables.insert(name.clone(), value.clone());
            }
            None => {
                problems.push(PlanError::VariableMissing { name: name.clone(), environment: environment.name.clone() });
            }
        }
    }
    environment.variables.extend(own);
    environment
}

/// Who comes: the classes that the scenario chooses, or those that were named at launch.
fn choose(
    checked: &read::Checked,
    scenario: &Scenario,
    named: &[String],
    problems: &mut Vec<PlanError>,
) -> read::Filtered {
    if let Shape::Parts(parts) = &scenario.shape {
        if !named.is_empty() {
            let fits = "scenarios without parts";
            problems.push(PlanError::DoesNotFit { field: "classes", executor: "parts", fits });
        }
        let chosen = |part: &PartShape| {
            let classes = read::Classes::of_scenario(part.classes.as_deref());
            (part.name.clone(), read::filter(checked, classes, &part.tags))
        };
        return read::Filtered::of_parts(checked, parts.iter().map(chosen).collect());
    }
    if named.is_empty() {
        let chosen = read::Classes::of_scenario(scenario.classes.as_deref());
        return read::filter(checked, chosen, &scenario.tags);
    }
    let mut all_known = true;
    for name in named.iter().filter(|name| !checked.classes.contains_key(*name)) {
        let known = checked.classes.keys().cloned().collect();
        problems.push(PlanError::UnknownClass { name: name.clone(), known });
        all_known = false;
    }
    let chosen = read::filter(checked, read::Classes::Named(named), &scenario.tags);
    if all_known && chosen.classes.is_empty() {
        problems.push(PlanError::NothingChosen {
            scenario: scenario.name.clone(),
            classes: named.to_vec(),
            tags: scenario.tags.clone(),
        });
    }
    chosen
}

impl Plan {
    /// Visits every request that users may send, log-ins included.
    pub fn each_request<'a>(&'a self, visit: &mut impl FnMut(&'a Request)) {
        self.auth.iter().for_each(|auth| visit(&auth.login));
        self.flows.iter().for_each(|flow| read::each_request(&flow.steps, visit));
    }
}

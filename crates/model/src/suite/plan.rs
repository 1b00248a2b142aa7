//! From a scenario to a plan: overrides and parameters applied, caps of the environment checked.
//!
//! In:  a [`PlanRequest`]. Out: a [`Plan`], or everything that stands in its way, each with the field of the form.

use indexmap::IndexMap;

use super::{Scenario, Suite, SuiteErrors, parameter, read};
use crate::{
    Hint,
    environment::Environment,
    hint::nearest,
    id::RunId,
    launch::Overrides,
    load::Load,
    name::{EnvironmentName, ScenarioName},
    plan::Plan,
    problem::FieldProblem,
    unit::{Millis, Rps},
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

/// Why a scenario does not become a plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// No such scenario.
    #[error("the suite has no scenario `{name}`")]
    UnknownScenario {
        /// The name asked for.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// An override that the executor does not have.
    #[error("`{field}` does not fit the executor {executor}")]
    DoesNotFit {
        /// The override.
        field: &'static str,
        /// The scenario's executor.
        executor: &'static str,
        /// Executors that it fits.
        fits: &'static str,
    },
    /// A number that makes no sense.
    #[error("`{field}` cannot be {value}")]
    BadValue {
        /// The override.
        field: &'static str,
        /// What was asked for.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// All time goes into starting users.
    #[error("nothing is held: {users} users need {ramp} to start, and the whole run takes {duration}")]
    NoHold {
        /// Users.
        users: u32,
        /// Time to start them.
        ramp: Millis,
        /// Time in all.
        duration: Millis,
    },
    /// A parameter that the suite does not have.
    #[error("the suite has no parameter `{name}`")]
    UnknownParameter {
        /// The name asked for.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A value that a parameter does not take.
    #[error("{message}")]
    BadParameter {
        /// The parameter.
        name: String,
        /// What is wrong with the value.
        message: String,
    },
    /// The values of the parameters make the suite wrong.
    #[error("with these parameters the suite is wrong: {0}")]
    Suite(SuiteErrors),
    /// A variable that neither suite nor environment give.
    #[error("the environment `{environment}` has no variable `{name}`")]
    VariableMissing {
        /// The variable.
        name: String,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A feed without its file.
    #[error("the feed `{feed}` needs the file {file}")]
    FeedMissing {
        /// The feed.
        feed: String,
        /// Its file.
        file: String,
    },
    /// More users than allowed.
    #[error("{asked} users are above the cap of {cap} for environment `{environment}`")]
    UsersAboveCap {
        /// Users asked for.
        asked: u32,
        /// The cap.
        cap: u32,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A higher rate than allowed.
    #[error("{asked} is above the cap of {cap} for environment `{environment}`")]
    RateAboveCap {
        /// Rate asked for.
        asked: Rps,
        /// The cap.
        cap: Rps,
        /// The environment.
        environment: EnvironmentName,
    },
    /// More at once than allowed.
    #[error("{asked} iterations at once are above the cap of {cap} for environment `{environment}`")]
    InFlightAboveCap {
        /// Iterations at once.
        asked: u32,
        /// The cap.
        cap: u32,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Longer than allowed.
    #[error("{asked} is above the longest run of {cap} for environment `{environment}`")]
    DurationAboveCap {
        /// Duration asked for.
        asked: Millis,
        /// The cap.
        cap: Millis,
        /// The environment.
        environment: EnvironmentName,
    },
}

impl PlanError {
    /// The field of [`crate::launch::LaunchRequest`] that it concerns.
    pub fn field(&self) -> String {
        match self {
            Self::UnknownScenario { .. } => "scenario".to_owned(),
            Self::DoesNotFit { field, .. } | Self::BadValue { field, .. } => format!("overrides.{field}"),
            Self::NoHold { .. } | Self::DurationAboveCap { .. } => "overrides.duration".to_owned(),
            Self::UnknownParameter { name, .. } | Self::BadParameter { name, .. } => {
                format!("overrides.parameters.{name}")
            }
            Self::Suite(_) => "overrides.parameters".to_owned(),
            Self::VariableMissing { .. } => "environment".to_owned(),
            Self::FeedMissing { .. } => "suite".to_owned(),
            Self::UsersAboveCap { .. } => "overrides.users".to_owned(),
            Self::RateAboveCap { .. } => "overrides.rate".to_owned(),
            Self::InFlightAboveCap { .. } => "overrides.max_in_flight".to_owned(),
        }
    }

    /// As trouble with a field of a form.
    pub fn field_problem(&self) -> FieldProblem {
        FieldProblem { field: self.field(), message: self.to_string(), hint: self.hint() }
    }
}

impl Hint for PlanError {
    fn hint(&self) -> Option<String> {
        let raise = "or have an administrator raise the cap";
        Some(match self {
            Self::UnknownScenario { name, known } | Self::UnknownParameter { name, known } => {
                match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "leave it out".to_owned(),
                    None => format!("known are {}", known.join(", ")),
                }
            }
            Self::DoesNotFit { fits, .. } => format!("it fits {fits}; leave it out or choose another scenario"),
            Self::BadValue { wanted, .. } => format!("ask for {wanted}"),
            Self::NoHold { .. } => {
                "make duration longer (it includes the ramp), spawn_rate higher or users fewer".to_owned()
            }
            Self::BadParameter { .. } => return None,
            Self::Suite(errors) => return errors.hint(),
            Self::VariableMissing { name, .. } => {
                format!(
                    "add it to the environment's variables, or give `{name}` a value under `variables` of the suite"
                )
            }
            Self::FeedMissing { .. } => "put the file beside the suite".to_owned(),
            Self::UsersAboveCap { cap, .. } => format!("ask for {cap} or fewer, {raise}"),
            Self::RateAboveCap { cap, .. } => format!("ask for {cap} or less, {raise}"),
            Self::InFlightAboveCap { cap, .. } => format!("ask for {cap} or fewer, {raise}"),
            Self::DurationAboveCap { cap, .. } => format!("ask for {cap} or less, {raise}"),
        })
    }
}

/// Everything that stands in the way of a plan. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanErrors(Vec<PlanError>);

impl PlanErrors {
    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, PlanError> {
        self.0.iter()
    }

    /// As trouble with fields of a form.
    pub fn field_problems(&self) -> Vec<FieldProblem> {
        self.0.iter().map(PlanError::field_problem).collect()
    }
}

impl std::fmt::Display for PlanErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let separator = if i > 0 { "; " } else { "" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanErrors {}

impl Hint for PlanErrors {
    fn hint(&self) -> Option<String> {
        self.0.iter().find_map(Hint::hint)
    }
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
            _ => Err(PlanErrors(draft.problems)),
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
        let Some(scenario) = checked.scenarios.iter().find(|scenario| scenario.name == *request.scenario) else {
            problems.push(PlanError::UnknownScenario {
                name: request.scenario.to_string(),
                known: self.scenarios().iter().map(|scenario| scenario.name.to_string()).collect(),
            });
            return Draft { plan: None, problems };
        };
        let plan = self.expand(checked, scenario, request, parameters, &mut problems);
        Draft { plan: Some(plan), problems }
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
        let mut environment = request.environment;
        check_caps(&load, &environment, problems);
        let own = std::mem::take(&mut environment.variables);
        for (name, default) in &checked.variables {
            match own.get(name).or(default.as_ref()) {
                Some(value) => {
                    environment.variables.insert(name.clone(), value.clone());
                }
                None => problems
                    .push(PlanError::VariableMissing { name: name.clone(), environment: environment.name.clone() }),
            }
        }
        environment.variables.extend(own);
        let chosen = read::filter(checked, scenario.classes.as_deref(), &scenario.tags).with_think(scenario.think);
        for feed in chosen.feeds.iter().filter(|feed| feed.sha256.is_empty()) {
            problems.push(PlanError::FeedMissing { feed: feed.name.clone(), file: feed.file.clone() });
        }
        Plan {
            run: request.run,
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
            parameters,
            rules: scenario.rules.clone(),
        }
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

fn check_caps(load: &Load, environment: &Environment, problems: &mut Vec<PlanError>) {
    let (caps, name) = (&environment.caps, &environment.name);
    if let Some(asked) = load.peak_users().filter(|users| *users > caps.users) {
        problems.push(PlanError::UsersAboveCap { asked, cap: caps.users, environment: name.clone() });
    }
    if let Some(asked) = load.peak_rate().filter(|rate| *rate > caps.rate) {
        problems.push(PlanError::RateAboveCap { asked, cap: caps.rate, environment: name.clone() });
    }
    if let Load::Open { limits, .. } = load
        && limits.max_in_flight > caps.in_flight
    {
        problems.push(PlanError::InFlightAboveCap {
            asked: limits.max_in_flight,
            cap: caps.in_flight,
            environment: name.clone(),
        });
    }
    if load.duration() > caps.duration {
        problems.push(PlanError::DurationAboveCap {
            asked: load.duration(),
            cap: caps.duration,
            environment: name.clone(),
        });
    }
}

//! What stands in the way of a plan: each with the field of the form and a way on.

use crate::{
    Hint,
    hint::nearest,
    name::{CaseName, EnvironmentName, ScenarioName, SuiteName},
    problem::FieldProblem,
    suite::{SuiteErrors, SuiteKind},
    unit::{Millis, Rps},
};

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
    /// A load suite, and no scenario of it named.
    #[error("the suite has scenarios, and none of them is named")]
    NoScenario {
        /// Those that it has.
        known: Vec<String>,
    },
    /// A benchmark suite where load is asked for.
    #[error("the suite `{suite}` has cases, and a capacity search needs users or a rate")]
    NoLoad {
        /// The suite.
        suite: SuiteName,
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
    /// An override that more than one part of the scenario could take.
    #[error("`{field}` fits several parts: {}", parts.join(", "))]
    SeveralParts {
        /// The override.
        field: &'static str,
        /// Names of the parts.
        parts: Vec<String>,
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
    /// Some users would find nothing to do.
    #[error("{message}")]
    FewerIterations {
        /// How many iterations for how many users.
        message: String,
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
    /// A class of users that the suite does not have.
    #[error("the suite has no class `{name}`")]
    UnknownClass {
        /// The name asked for.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A case that the suite does not have.
    #[error("the suite has no case `{name}`")]
    UnknownCase {
        /// The name or glob asked for.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// An override of the other kind of suite.
    #[error("`{field}` {}", of_other_kind(*kind))]
    OfOtherKind {
        /// The override.
        field: &'static str,
        /// What the suite is.
        kind: SuiteKind,
    },
    /// More threads than users are allowed.
    #[error(
        "`{case}` sends from {asked} threads at once, above the cap of {cap} users for environment `{environment}`"
    )]
    ThreadsAboveCap {
        /// The case.
        case: CaseName,
        /// Its threads.
        asked: u32,
        /// The cap.
        cap: u32,
        /// The environment.
        environment: EnvironmentName,
    },
    /// The classes that were named do nothing of what the scenario is about.
    #[error("`{scenario}` has nothing to do for {}: none of their flows is tagged {}", classes.join(", "), tags.join(", "))]
    NothingChosen {
        /// The scenario.
        scenario: ScenarioName,
        /// The classes asked for.
        classes: Vec<String>,
        /// The scenario's tags.
        tags: Vec<String>,
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
    /// No whole second is left after the warm-up.
    #[error("nothing is measured: the warm-up takes {warmup}, and the whole run {duration}")]
    NothingMeasured {
        /// The warm-up.
        warmup: Millis,
        /// Time in all.
        duration: Millis,
    },
    /// HTTP/2 by TLS, to a target without TLS.
    #[error("the suite wants HTTP/2 over TLS (version: h2), and the environment `{environment}` is {base_url}")]
    H2WithoutTls {
        /// The environment's address.
        base_url: url::Url,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Certificates that are not to be verified where nobody has allowed that.
    #[error(
        "the suite asks that certificates are not verified (tls_verify: false), and no administrator has marked the environment `{environment}` for that"
    )]
    TlsUnverified {
        /// The environment.
        environment: EnvironmentName,
    },
    /// A feed whose rows belong to one user each, and too few of them.
    #[error("the feed `{feed}` has {rows} rows for {needed} {what}, and each row is for one only (order: unique)")]
    TooFewRows {
        /// The feed.
        feed: String,
        /// Its rows.
        rows: u64,
        /// Rows that are needed at once.
        needed: u64,
        /// Who needs them.
        what: &'static str,
    },
    /// More users than allowed in all, although never at once.
    #[error(
        "{started} users are started in all as users come and go, above the cap of {cap} for environment `{environment}`"
    )]
    StartedAboveCap {
        /// Users started over the whole run.
        started: u64,
        /// The cap.
        cap: u32,
        /// The environment.
        environment: EnvironmentName,
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
            Self::UnknownScenario { .. } | Self::NoScenario { .. } => "scenario".to_owned(),
            Self::DoesNotFit { field, .. } | Self::BadValue { field, .. } | Self::SeveralParts { field, .. } => {
                format!("overrides.{field}")
            }
            Self::NoHold { .. } | Self::DurationAboveCap { .. } | Self::NothingMeasured { .. } => {
                "overrides.duration".to_owned()
            }
            Self::UnknownParameter { name, .. } | Self::BadParameter { name, .. } => {
                format!("overrides.parameters.{name}")
            }
            Self::UnknownClass { .. } | Self::NothingChosen { .. } => "overrides.classes".to_owned(),
            Self::Suite(_) => "overrides.parameters".to_owned(),
            Self::VariableMissing { .. } | Self::H2WithoutTls { .. } | Self::TlsUnverified { .. } => {
                "environment".to_owned()
            }
            Self::FeedMissing { .. } | Self::TooFewRows { .. } | Self::ThreadsAboveCap { .. } | Self::NoLoad { .. } => {
                "suite".to_owned()
            }
            Self::UnknownCase { .. } => "overrides.cases".to_owned(),
            Self::OfOtherKind { field, .. } => format!("overrides.{field}"),
            Self::UsersAboveCap { .. } | Self::StartedAboveCap { .. } | Self::FewerIterations { .. } => {
                "overrides.users".to_owned()
            }
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
            Self::UnknownScenario { name, known }
            | Self::UnknownParameter { name, known }
            | Self::UnknownClass { name, known }
            | Self::UnknownCase { name, known } => match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "leave it out".to_owned(),
                None => format!("known are {}", known.join(", ")),
            },
            Self::NoScenario { known } => format!("choose one of {}", known.join(", ")),
            Self::NoLoad { .. } => "choose a suite with scenarios".to_owned(),
            Self::DoesNotFit { fits, .. } => format!("it fits {fits}; leave it out or choose another scenario"),
            Self::SeveralParts { .. } => {
                "leave it out, and make the number of each part a parameter of the suite where it is to differ"
                    .to_owned()
            }
            Self::OfOtherKind { kind: SuiteKind::Benchmark, .. } => {
                "leave it out; what a case is measured with may be a parameter of the suite: `--set NAME=VALUE`"
                    .to_owned()
            }
            Self::OfOtherKind { kind: SuiteKind::Load, .. } => "leave it out, or choose a benchmark suite".to_owned(),
            Self::ThreadsAboveCap { cap, .. } => {
                format!("write {cap} or fewer as the `concurrency` of the case, leave the case out, {raise}")
            }
            Self::BadValue { wanted, .. } => format!("ask for {wanted}"),
            Self::NoHold { .. } => {
                "make duration longer (it includes the ramp), spawn_rate higher or users fewer".to_owned()
            }
            Self::FewerIterations { .. } => "ask for fewer users, one for each iteration at most".to_owned(),
            Self::BadParameter { .. } => return None,
            Self::NothingChosen { .. } => "choose other classes, or another scenario".to_owned(),
            Self::Suite(errors) => return errors.hint(),
            Self::VariableMissing { name, .. } => {
                format!(
                    "add it to the environment's variables, or give `{name}` a value under `variables` of the suite"
                )
            }
            Self::FeedMissing { .. } => "put the file beside the suite".to_owned(),
            Self::NothingMeasured { .. } => "make the run longer, or the scenario's warmup shorter".to_owned(),
            Self::H2WithoutTls { .. } => {
                "write `version: h2c` under `http` of the suite, or give the environment an https address".to_owned()
            }
            Self::TlsUnverified { .. } => {
                "leave the key out and trust the target's own authority with `ca_file`, or have the \
                environment marked with --insecure-tls"
                    .to_owned()
            }
            Self::TooFewRows { needed, .. } => {
                format!("give the feed at least {needed} rows, ask for less, or write `order: sequential`")
            }
            Self::StartedAboveCap { .. } => {
                format!("every user is made before the start: let fewer come back after others left, {raise}")
            }
            Self::UsersAboveCap { cap, .. } => format!("ask for {cap} or fewer, {raise}"),
            Self::RateAboveCap { cap, .. } => format!("ask for {cap} or less, {raise}"),
            Self::InFlightAboveCap { cap, .. } => format!("ask for {cap} or fewer, {raise}"),
            Self::DurationAboveCap { cap, .. } => format!("ask for {cap} or less, {raise}"),
        })
    }
}

/// What an override belongs to, in a suite that it does not fit.
const fn of_other_kind(kind: SuiteKind) -> &'static str {
    match kind {
        SuiteKind::Benchmark => "belongs to suites with scenarios, and this one has cases",
        SuiteKind::Load => "belongs to suites with cases, and this one has scenarios",
    }
}

/// Everything that stands in the way of a plan. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanErrors(Vec<PlanError>);

impl PlanErrors {
    /// There must be at least one.
    pub(super) const fn of(problems: Vec<PlanError>) -> Self {
        Self(problems)
    }

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

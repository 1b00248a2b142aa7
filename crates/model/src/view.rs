//! What screens and the API read: answers of the lab, ready to be shown. Shapes only.

use serde::{Deserialize, Serialize};

use crate::{
    bench::Case,
    id::RunId,
    kill_switch::KillSwitch,
    launch::LaunchRequest,
    load::Load,
    mark::Mark,
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    plan::Rule,
    problem::FieldProblem,
    run::{RunRow, RunState, Trigger},
    suite::SuiteKind,
    unit::Millis,
    work::Needs,
};

/// What can be launched, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LaunchOptions {
    /// The project that is asked for, or the only one.
    pub project: Option<ProjectName>,
    /// Newest version of each suite.
    pub suites: Vec<SuiteOption>,
    /// Environments of the project.
    pub environments: Vec<EnvironmentOption>,
}

/// A suite that can be launched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteOption {
    /// Its name.
    pub name: SuiteName,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// First 7 digits of its version.
    pub version: String,
    /// When that version came, microseconds since the epoch.
    pub since_us: i64,
    /// What it measures.
    #[serde(default)]
    pub kind: SuiteKind,
    /// Its scenarios, in the order of the file; of a benchmark suite the one that stands for all of its cases.
    pub scenarios: Vec<ScenarioOption>,
    /// Its cases with the defaults of the parameters, in the order in which they run; none of a load suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseOption>,
    /// Its parameters.
    pub parameters: Vec<ParameterOption>,
    /// Why it cannot be used, if so.
    pub problem: Option<String>,
}

/// A scenario that can be launched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScenarioOption {
    /// Its name.
    pub name: ScenarioName,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The executor's name in suites: `constant_vus` …
    pub executor: String,
    /// Its load in a few words: `200 users, 15m`.
    pub load: String,
    /// Whether it is an open run.
    pub open: bool,
    /// Whether another number of users can be asked for: it has users, and of several loads one only.
    #[serde(default)]
    pub users: bool,
}

/// A case of a benchmark suite that can be launched: one combination of its matrix, one number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseOption {
    /// Its name, which overrides take.
    pub name: String,
    /// Its name in the suite, which several combinations share.
    pub base: String,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Whether it runs first.
    pub critical: bool,
    /// How much is measured, in a few words: `500 iterations`, `200 pairs`, `30s`.
    pub amount: String,
    /// How many do it at the same time.
    pub concurrency: u32,
    /// Target of its mean (of a pair: of its overhead), milliseconds.
    pub target: Option<f64>,
    /// Its maximum, milliseconds.
    pub max: Option<f64>,
    /// Why the limits are what they are.
    pub rationale: Option<String>,
}

impl From<&Case> for CaseOption {
    fn from(case: &Case) -> Self {
        Self {
            name: case.name.to_string(),
            base: case.base.to_string(),
            title: case.title.clone(),
            category: case.category.clone(),
            critical: case.critical,
            amount: case.amount_text(),
            concurrency: case.concurrency,
            target: case.target_ns.map(|ns| ns / 1e6),
            max: case.max_ns.map(|ns| ns / 1e6),
            rationale: case.rationale.clone(),
        }
    }
}

/// A parameter of a suite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParameterOption {
    /// Its name.
    pub name: String,
    /// `number`, `text`, `boolean`, `duration`.
    pub kind: String,
    /// What holds without an override.
    pub default: String,
    /// What it is for.
    pub description: Option<String>,
    /// Smallest value of a number.
    pub min: Option<f64>,
    /// Largest value of a number.
    pub max: Option<f64>,
}

/// An environment that can be launched on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentOption {
    /// Its name.
    pub name: EnvironmentName,
    /// Where its target is.
    pub base_url: String,
    /// Caps in words: `2,000 users, 20,000/s, 4h`.
    pub caps: String,
    /// Labels.
    pub labels: Vec<String>,
    /// Number of the run that has it now.
    pub busy_with: Option<u64>,
    /// How many runs wait for it.
    pub waiting: u64,
    /// The kill switch that keeps load from it.
    #[serde(default)]
    pub killed: Option<KillSwitch>,
}

/// What Start would do, before it is pressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LaunchPreview {
    /// The request as it was understood.
    pub request: LaunchRequest,
    /// The load, expanded, overrides included; nothing when it cannot be made out.
    pub load: Option<Load>,
    /// The cases that will be measured, overrides included; none of a load suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseOption>,
    /// What is left out of verdicts at the beginning.
    pub warmup: Millis,
    /// How long open requests are waited for at the end.
    pub graceful_stop: Millis,
    /// What will judge the run.
    pub rules: Vec<Rule>,
    /// What it will cost.
    pub estimate: Option<Estimate>,
    /// Names of the secrets it needs, and whether this lab's own worker has them.
    pub secrets: Vec<SecretState>,
    /// Cap of the environment on the plotted quantity (users or rate); nothing where none is plotted.
    pub cap: Option<f64>,
    /// The seed that will be used.
    pub seed: Option<u64>,
    /// What its reports will say of how it was allowed; nothing of most runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// Why Start is not possible, field by field; empty when it is.
    pub problems: Vec<FieldProblem>,
}

/// Whether a secret is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretState {
    /// Its name.
    pub name: String,
    /// Whether the worker in this process has it; nothing when there is none.
    pub set: Option<bool>,
}

/// What a run will cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Estimate {
    /// Iterations in all: planned starts of open runs, and what is to be done where that is what ends the run; of other
    /// closed runs an upper bound by think times, where there are any.
    pub iterations: Option<f64>,
    /// Requests in all, if each iteration sends its mean number of requests.
    pub requests: Option<f64>,
    /// From first start to last.
    pub duration: Millis,
    /// Whether it may be over sooner, because everything was done: then duration and end are the latest.
    #[serde(default)]
    pub at_most: bool,
    /// When it would end if it started now, microseconds since the epoch.
    pub ends_us: i64,
    /// Highest starts a second of open runs.
    pub peak_rate: Option<f64>,
    /// Highest number of users of closed runs.
    pub peak_users: Option<u32>,
    /// Runs that go first on this environment or host.
    pub ahead: u64,
    /// What the machine that sends must have.
    pub needs: Needs,
}

/// A launch that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Launched {
    /// The run.
    pub id: RunId,
    /// Its number in the project.
    pub number: u64,
    /// Whether this answers an earlier request with the same key.
    pub replayed: bool,
}

/// Which runs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RunsQuery {
    /// The project; all where there is none.
    pub project: Option<ProjectName>,
    /// The query line, e.g. `env:staging branch:main verdict:critical mobile`.
    pub q: String,
    /// Where the page begins; from an earlier answer.
    pub cursor: Option<String>,
    /// How many; 50 where nothing is said, at most 200.
    pub limit: Option<u32>,
}

/// A page of the list of runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunsPage {
    /// Runs under way, newest first; not filtered.
    pub active: Vec<RunRow>,
    /// The runs of the page, newest first.
    pub rows: Vec<RunRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// Words of the query line that were not understood, with what is known.
    pub warnings: Vec<String>,
    /// Whether the lab has any run at all.
    pub any: bool,
}

/// What became of a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "outcome", content = "state")]
pub enum StopOutcome {
    /// It had ended before: nothing was done.
    AlreadyOver(RunState),
    /// It was waiting and is now cancelled.
    Cancelled,
    /// The worker has been told.
    Ordered,
}

/// Who asks, until people sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Caller {
    /// Under which name keys and limits are kept.
    pub name: String,
    /// By which way.
    pub trigger: Trigger,
}

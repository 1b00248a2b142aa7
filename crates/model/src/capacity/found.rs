//! What searches find: shapes only, for rows, pages and the API.

use serde::{Deserialize, Serialize};

use super::CapacityRequest;
use crate::{
    environment::Environment,
    id::{RunId, SearchId},
    name::{EnvironmentName, ProjectName},
    plan::Rule,
    problem::FieldProblem,
    run::RunState,
    tick::EncodedHistogram,
    unit::Millis,
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

/// Where a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SearchState {
    /// Levels are still run.
    Running,
    /// It has its answer, or found that it cannot have one.
    Finished,
    /// A person ended it.
    Stopped,
    /// It could not go on.
    Failed,
}

impl SearchState {
    /// The word as it is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// The word that screens show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Finished => "Finished",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
        }
    }

    /// Reads the stored word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Stopped, Self::Failed].into_iter().find(|state| state.code() == code)
    }
}

/// What a run at a level says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LevelOutcome {
    /// All its thresholds hold.
    Holds,
    /// One is broken, or starts were dropped because every slot was taken.
    Breaks,
    /// Too little was measured to say.
    Undecided,
    /// Its numbers say nothing of the target: the run is invalid or was not carried out.
    Unusable,
}

impl LevelOutcome {
    /// The word that screens show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Breaks => "breaks",
            Self::Undecided => "undecided",
            Self::Unusable => "not usable",
        }
    }
}

/// What was measured at a level: kept when its run has ended, never recomputed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What the run says of the level.
    pub outcome: LevelOutcome,
    /// Why, where that needs words.
    pub reason: Option<String>,
    /// Why the end of its run is the search's too: a person or the target wanted the load to stop.
    #[serde(default)]
    pub stopped: Option<String>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Requests that ended, warm-up left out.
    pub finished: u64,
    /// Those that failed.
    pub failed: u64,
    /// Share of planned starts that were dropped, warm-up included; of open runs.
    pub dropped_share: Option<f64>,
    /// Finished a second.
    pub rate_per_s: Option<f64>,
    /// The headline times of all requests, warm-up left out.
    pub latency: EncodedHistogram,
}

/// What all levels say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConclusionKind {
    /// The capacity lies between a level that holds and one that breaks.
    Found,
    /// The top of the search holds: the capacity is there or above.
    AtLeast,
    /// The lowest level that was decided breaks already.
    Below,
    /// Too little was measured to say.
    Undecided,
    /// A level could not be measured, twice.
    Unusable,
    /// A person ended the search.
    Stopped,
    /// It could not go on.
    NotCarriedOut,
}

/// The answer of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conclusion {
    /// Which kind of answer.
    pub kind: ConclusionKind,
    /// The highest level whose thresholds all hold, and below which none was broken.
    pub capacity: Option<f64>,
    /// The lowest level that breaks.
    pub breaks_at: Option<f64>,
    /// Why there is no better answer, a sentence.
    pub reason: Option<String>,
}

/// A slowdown against the reference level with its 95 % interval, as shares: 0.15 is 15 % slower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Slowdown {
    /// The estimate.
    pub value: f64,
    /// Lower end; nothing where too few samples leave it open.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// The scalability law fitted to the levels: `X(N) = γN / (1 + α(N − 1) + βN(N − 1))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Law {
    /// Throughput of one user.
    pub gamma: f64,
    /// Waiting for what only one can have.
    pub alpha: f64,
    /// Agreeing with one another.
    pub beta: f64,
    /// Share of the spread that it explains.
    pub r_squared: f64,
    /// Users at which throughput is highest; nothing where it only levels off, or lies further than twice the highest level.
    pub peak: Option<f64>,
}

impl Law {
    /// Throughput at a number of users.
    pub fn at(&self, users: f64) -> f64 {
        self.gamma * users / (1.0 + self.alpha * (users - 1.0) + self.beta * users * (users - 1.0))
    }
}

/// What a search keeps as it was when it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// Where the target runs: one that moves in between would be two targets in one curve.
    pub environment: Environment,
    /// Every rule of the scenario.
    pub rules: Vec<Rule>,
    /// Longest time that the search takes, if no level is run again.
    pub longest: Millis,
}

/// A line of the list of searches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchRow {
    /// Its id.
    pub id: SearchId,
    /// The project.
    pub project: ProjectName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What was asked for.
    pub request: CapacityRequest,
    /// Where it is.
    pub state: SearchState,
    /// When it was asked for, microseconds since the epoch.
    pub created_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// How many runs it has made.
    pub runs: u32,
    /// Its answer, once there is one.
    pub conclusion: Option<Conclusion>,
}

/// One run of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacityLevel {
    /// The how-manieth run of the search, from 1.
    pub step: u32,
    /// The level.
    pub level: f64,
    /// Whether the same level was run before.
    pub again: bool,
    /// The run.
    pub run: RunId,
    /// Its number.
    pub number: u64,
    /// Where the run is.
    pub state: RunState,
    /// What it says of the level, once it has ended.
    pub outcome: Option<LevelOutcome>,
    /// Why, where that needs words.
    pub reason: Option<String>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Times that were measured.
    pub samples: u64,
    /// P95 of latency in milliseconds; nothing when there are too few samples.
    pub p95_ms: Option<f64>,
    /// Its 95 % interval; an end that too few samples leave open is `null`.
    pub p95_interval_ms: Option<(Option<f64>, Option<f64>)>,
    /// Finished requests a second.
    pub rate_per_s: Option<f64>,
    /// Share of failed requests.
    pub error_rate: Option<f64>,
    /// Share of planned starts that were dropped, of open runs.
    pub dropped_share: Option<f64>,
    /// P95 against the reference level.
    pub degradation: Option<Slowdown>,
}

/// A search with everything that it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacitySearch {
    /// Its line in the list.
    pub row: SearchRow,
    /// The answer in a sentence, or how far it is.
    pub sentence: String,
    /// What the answer means to a pipeline; inconclusive while it runs.
    pub gate: Gate,
    /// Its runs in order.
    pub levels: Vec<CapacityLevel>,
    /// The level that degradation is measured against: the lowest with 1,000 requests or more.
    pub reference: Option<f64>,
    /// Rules on degradation, judged.
    pub ledger: Vec<LedgerRow>,
    /// The scalability law, where six levels or more fit it well.
    pub law: Option<Law>,
    /// Limits on latency P95 that the levels were judged by, milliseconds: lines of the chart.
    pub limits_ms: Vec<f64>,
    /// Longest time that it takes from its start, waiting left out.
    pub longest: Millis,
}

/// What a search would do, before it is started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CapacityPreview {
    /// The request as it was understood.
    pub request: CapacityRequest,
    /// The levels on the way up, as far as nothing breaks.
    pub steps: Vec<PreviewStep>,
    /// Most runs, if no level has to be run again.
    pub most_runs: u32,
    /// Longest time, if no level has to be run again.
    pub longest: Millis,
    /// Thresholds that each level is judged by.
    pub rules: Vec<String>,
    /// Rules that only all levels together can judge.
    pub rules_of_search: Vec<String>,
    /// Why Start is not possible, field by field; empty when it is.
    pub problems: Vec<FieldProblem>,
}

/// A level on the way up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewStep {
    /// The level.
    pub level: f64,
    /// The ramp before it is held.
    pub ramp: Millis,
    /// How long its run takes in all.
    pub duration: Millis,
}

/// A search that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchStarted {
    /// The search.
    pub id: SearchId,
    /// Whether this answers an earlier request with the same key.
    pub replayed: bool,
}

/// What became of a request to stop a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SearchStop {
    /// It had ended before: nothing was done.
    AlreadyOver,
    /// It makes no more runs, and the one under way is told to end.
    Stopped,
}

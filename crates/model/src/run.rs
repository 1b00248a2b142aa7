//! A run and the states it goes through.

use serde::{Deserialize, Serialize};

use crate::{
    id::{EnvironmentId, ProjectId, RunId, SearchId, SuiteVersionId, WorkerId},
    kill_switch::KillSwitch,
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    plan::Plan,
    runner::Started,
    summary::Summary,
    validity::Validity,
    verdict::Judgement,
};

/// Where a run is. Validity and verdict are separate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker has it, its runner is starting.
    Claimed,
    /// Load is sent.
    Running,
    /// Load has ended, results are written and judged.
    Finishing,
    /// Ended by itself or by a rule.
    Finished,
    /// Could not be carried out.
    Failed,
    /// Stopped or aborted by a person.
    Cancelled,
    /// Its worker vanished.
    Lost,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Claimed,
        Self::Running,
        Self::Finishing,
        Self::Finished,
        Self::Failed,
        Self::Cancelled,
        Self::Lost,
    ];

    /// The word as it is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Running => "running",
            Self::Finishing => "finishing",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    /// The word that screens show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued | Self::Claimed => "Waiting",
            Self::Running => "Running",
            Self::Finishing => "Finishing",
            Self::Finished => "Finished",
            Self::Failed => "Failed",
            Self::Cancelled => "Stopped",
            Self::Lost => "Lost",
        }
    }

    /// Reads the stored word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the run is over for good.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Cancelled | Self::Lost)
    }
}

/// Who or what asked for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A person in the browser.
    Browser,
    /// A program over HTTP.
    #[default]
    Api,
    /// The command line.
    Cli,
    /// A schedule.
    Schedule,
    /// A monitor.
    Monitor,
    /// The lab itself, to decide an undecided comparison.
    Repeat,
    /// A file of another tool.
    Import,
}

impl Trigger {
    /// The word as it is stored and shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
            Self::Cli => "cli",
            Self::Schedule => "schedule",
            Self::Monitor => "monitor",
            Self::Repeat => "repeat",
            Self::Import => "import",
        }
    }

    /// Reads the stored word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Browser, Self::Api, Self::Cli, Self::Schedule, Self::Monitor, Self::Repeat, Self::Import]
            .into_iter()
            .find(|trigger| trigger.code() == code)
    }
}

/// Which source the target was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revision {
    /// Full or short commit id.
    pub commit: Option<String>,
    /// Branch name.
    pub branch: Option<String>,
    /// Where the branch left the baseline branch: runs of that branch up to there are what it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_base: Option<String>,
    /// Whether it holds changes that are not committed, so that the commit alone does not name it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
}

impl std::fmt::Display for Revision {
    /// `main@c93e5aa`, or the part that is known; empty when none is. What is not committed shows as `main@c93e5aa+`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if self.dirty { "+" } else { "" };
        let short: Option<String> =
            self.commit.as_ref().map(|commit| commit.chars().take(7).chain(mark.chars()).collect());
        match (&self.branch, short) {
            (Some(branch), Some(commit)) => write!(f, "{branch}@{commit}"),
            (Some(branch), None) => f.write_str(branch),
            (None, Some(commit)) => f.write_str(&commit),
            (None, None) => Ok(()),
        }
    }
}

/// What a person or rule asked of a run under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Cancel {
    /// Graceful: no new starts, open requests are waited for.
    Stop,
    /// At once.
    Abort,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEnd {
    /// One of the terminal states.
    pub state: RunState,
    /// A stable word for it: `completed`, `stopped`, `aborted`, `kill_switch`, `rule`, `target_asked`, `timeout`, `memory`,
    /// `unreachable`, `lost`, or the runner's own code.
    pub code: String,
    /// One sentence for people.
    pub message: String,
}

/// One line of the list of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// Its number within the project, from 1: what people say.
    pub number: u64,
    /// The project.
    pub project: ProjectName,
    /// The suite.
    pub suite: SuiteName,
    /// The scenario.
    pub scenario: ScenarioName,
    /// The environment.
    pub environment: EnvironmentName,
    /// What was measured.
    pub revision: Revision,
    /// Who asked.
    pub trigger: Trigger,
    /// Tags.
    pub tags: Vec<String>,
    /// Where it is.
    pub state: RunState,
    /// How it ended.
    pub end: Option<RunEnd>,
    /// When it was asked for, microseconds since the epoch.
    pub created_us: i64,
    /// When load began.
    pub started_us: Option<i64>,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// Planned load in a few words: `200 users, 15m`.
    pub load: String,
    /// Planned seconds.
    pub planned_seconds: f64,
    /// The numbers of the list; there once something was measured.
    pub headline: Option<Headline>,
    /// `valid`, `suspect` or `invalid`, once judged.
    pub validity: Option<crate::validity::ValidityState>,
    /// The verdict, once judged.
    pub verdict: Option<crate::verdict::Verdict>,
    /// Whether a person changed its rate while it ran: it measured another load than it was launched with, and is no
    /// baseline.
    #[serde(default)]
    pub adjusted: bool,
    /// The capacity search that it belongs to: its load is the search's, so it is no point of its scenario's history.
    #[serde(default)]
    pub search: Option<SearchId>,
    /// The run that it was made to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_of: Option<RunId>,
    /// Workers whose numbers may be compared with its own; nothing before a worker had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_class: Option<String>,
    /// Why no other run is to be compared with it, where a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
}

/// The few numbers that the list shows, so far or final.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Headline {
    /// Requests that ended.
    pub finished: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Finished requests a second.
    pub rate_per_s: Option<f64>,
    /// P95 of latency in milliseconds; nothing when there are too few samples.
    pub p95_ms: Option<f64>,
    /// Seconds passed.
    pub seconds: f64,
}

/// Everything known of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Run {
    /// The line of the list.
    pub row: RunRow,
    /// The project's id.
    pub project_id: ProjectId,
    /// The environment's id.
    pub environment_id: EnvironmentId,
    /// The suite version's id.
    pub suite_version_id: SuiteVersionId,
    /// What is carried out.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub plan: Plan,
    /// The try that counts, from 1; 0 before the first.
    pub attempt: u32,
    /// Who has it.
    pub worker: Option<WorkerId>,
    /// Asked for by a person.
    pub cancel: Option<Cancel>,
    /// The kill switch by which it was asked for.
    #[serde(default)]
    pub killed: Option<KillSwitch>,
    /// What the runner found.
    pub started: Option<Started>,
    /// All that was measured, final.
    pub summary: Option<Summary>,
    /// Whether the numbers can be trusted.
    pub validity: Option<Validity>,
    /// The verdict with its ledger.
    pub judgement: Option<Judgement>,
    /// Number of the newest event.
    pub last_seq: u64,
}

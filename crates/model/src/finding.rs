//! Findings: a level that moved, told once, with what people made of it. Shapes and their words only.

use serde::{Deserialize, Serialize};

use crate::{
    blocks::Better,
    comparison::Band,
    id::{FindingId, RunId},
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    run::Revision,
};

macro_rules! words {
    ($(#[$of:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $word:literal),* $(,)? }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$doc])* $variant),*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word as it is stored and sent.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),*
                }
            }

            /// The words as screens show them.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }

            /// Reads the stored word.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.code() == code)
            }
        }
    };
}

words! {
    /// What became of a finding.
    FindingState {
        /// Nobody has looked at it.
        New = "new", "New",
        /// Somebody has.
        Acknowledged = "acknowledged", "Acknowledged",
        /// Somebody works on it.
        InProgress = "in_progress", "In progress",
        /// The level came back, or a person says it is mended.
        Fixed = "fixed", "Fixed",
        /// It is wanted, or accepted: later runs are compared with the new level.
        WontFix = "wont_fix", "Won't fix",
        /// There was nothing.
        FalseAlarm = "false_alarm", "False alarm",
        /// More runs took the evidence away.
        Faded = "faded", "Faded",
    }
}

impl FindingState {
    /// Whether somebody still has to do something about it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Acknowledged | Self::InProgress)
    }
}

words! {
    /// How a finding was seen.
    FindingKind {
        /// A run was worse than its baseline. The history may make a step of it.
        Arrival = "arrival", "Against its baseline",
        /// The level of the history moved and stayed.
        Step = "step", "Step",
        /// The level crept.
        Drift = "drift", "Drift",
    }
}

/// One number of one history: what a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeriesKey {
    /// The suite.
    pub suite: SuiteName,
    /// The scenario.
    pub scenario: ScenarioName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The class of the workers.
    pub worker_class: String,
    /// The branch; nothing of runs that name none.
    pub branch: Option<String>,
    /// The request or case; nothing for all together.
    pub request: Option<String>,
    /// The measure: `latency`.
    pub measure: String,
    /// Which number of it: `p95`.
    pub stat: String,
}

/// A run that a finding names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedRun {
    /// The run.
    pub id: RunId,
    /// Its number.
    pub number: u64,
    /// What it measured.
    pub revision: Revision,
    /// When it ended, microseconds since the epoch.
    pub ended_us: i64,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// The project.
    pub project: ProjectName,
    /// What it is about.
    pub series: SeriesKey,
    /// The base unit of both levels.
    pub unit: String,
    /// Which direction is good.
    pub better: Better,
    /// How it was seen.
    pub kind: FindingKind,
    /// What became of it.
    pub state: FindingState,
    /// How bad it is; nothing of an improvement.
    pub band: Option<Band>,
    /// Whether it is for the worse.
    pub worse: bool,
    /// The first run of the new level.
    pub first: NamedRun,
    /// The first run that may be it as well.
    pub from: NamedRun,
    /// The last one.
    pub to: NamedRun,
    /// The newest run that surely has the old level.
    pub good: Option<NamedRun>,
    /// The level before, in the base unit.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// By how much it moved, as a share of the level before.
    pub shift: f64,
    /// Of a comparison its q, of a step its p.
    pub evidence: Option<f64>,
    /// Whether a person closed it.
    pub closed_by: Option<String>,
    /// Who sees to it.
    pub assignee: Option<String>,
    /// Where it is dealt with.
    pub url: Option<String>,
    /// Until when, microseconds since the epoch.
    pub due_us: Option<i64>,
    /// When it was first told.
    pub created_us: i64,
    /// When something about it last changed.
    pub changed_us: i64,
}

/// What was said of a finding, or done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingNote {
    /// When, microseconds since the epoch.
    pub at_us: i64,
    /// By whom; `perflab` of what the lab did by itself.
    pub by: String,
    /// What.
    pub text: String,
}

/// Which findings a list holds; what is left open admits all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct FindingQuery {
    /// Of this project.
    pub project: Option<ProjectName>,
    /// `open` (the default), `closed`, `all` or a state's word.
    pub state: Option<String>,
    /// Of this suite.
    pub suite: Option<String>,
    /// Of this scenario.
    pub scenario: Option<String>,
    /// On this environment.
    pub environment: Option<String>,
    /// Seen to by this person.
    pub assignee: Option<String>,
    /// `worse`, `better` or both.
    pub direction: Option<String>,
    /// Where the next page begins, from the page before.
    pub cursor: Option<String>,
}

/// A page of findings, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingList {
    /// The choice.
    pub query: FindingQuery,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// One thing that differs between the last run of the old level and the first of the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// What: a path in the plan such as `load.stages.0.users`.
    pub what: String,
    /// How it was; nothing where it was not there.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
}

/// A finding with everything that helps to find its cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingCard {
    /// The finding.
    pub finding: Finding,
    /// The runs in which the change may lie: the newest of the old level first, then every run up to the last that may be
    /// the first of the new one.
    pub suspects: Vec<NamedRun>,
    /// What differs in the plans of the two sides.
    pub configuration: Vec<Difference>,
    /// What differs in where and by what they were made.
    pub environment: Vec<Difference>,
    /// Runs in which it showed.
    pub runs: Vec<NamedRun>,
    /// What was said and done, oldest first.
    pub notes: Vec<FindingNote>,
}

/// What a person changes of a finding; what is left out stays. An empty text takes a value away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct FindingChange {
    /// Its state.
    pub state: Option<FindingState>,
    /// Who sees to it.
    pub assignee: Option<String>,
    /// Where it is dealt with, an http or https address.
    pub url: Option<String>,
    /// Until when, `2026-12-24`.
    pub due: Option<String>,
    /// What there is to say.
    pub note: Option<String>,
    /// Who says it, in their own words.
    pub name: Option<String>,
}

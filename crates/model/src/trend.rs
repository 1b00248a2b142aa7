//! A trend: up to two measures of one scenario over its runs, each request a series. Shapes and their words only.
//!
//! Runs are told once; a value names its run by its place among them.

use serde::{Deserialize, Serialize};

use crate::{
    id::RunId,
    name::{EnvironmentName, ProjectName, ScenarioName, SuiteName},
    run::{Revision, RunState},
    threshold::Level,
    validity::ValidityState,
    verdict::Verdict,
};

/// What stands for any text in [`TrendQuery::request`].
pub const ANY: char = '*';

/// What a trend shows. Every choice is in its address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TrendQuery {
    /// The project; the only one where there is one.
    pub project: Option<ProjectName>,
    /// The suite.
    pub suite: Option<SuiteName>,
    /// The scenario.
    pub scenario: Option<ScenarioName>,
    /// The environment.
    pub environment: Option<EnvironmentName>,
    /// Only runs of this branch.
    pub branch: Option<String>,
    /// A request or case, or a pattern in which `*` stands for any text: a series for each that fits. All together where
    /// there is none.
    pub request: Option<String>,
    /// `latency_p95` …; see [`Trend::measures`].
    pub measure: Option<String>,
    /// A second measure of the same runs, drawn below.
    pub second: Option<String>,
    /// What runs are placed by.
    pub axis: Option<Axis>,
    /// How values are placed.
    pub scale: Option<Scale>,
    /// What values are drawn as a share of.
    pub relative: Option<Relative>,
}

macro_rules! choice {
    ($(#[$of:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),* $(,)? }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$doc])* $variant),*
        }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in addresses.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),*
                }
            }

            /// Reads that word.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.code() == code)
            }
        }
    };
}

choice! {
    /// What runs are placed by.
    Axis {
        /// The time at which they ended.
        Date = "date",
        /// Their order, each beside the one before, named by its commit.
        Commit = "commit",
    }
}

choice! {
    /// How values are placed.
    Scale {
        /// Equal differences take equal room.
        Linear = "linear",
        /// Equal ratios take equal room.
        Log = "log",
    }
}

choice! {
    /// What values are drawn as a share of.
    Relative {
        /// The first run of the series that is compared.
        First = "first",
        /// The run before that is compared.
        Previous = "previous",
    }
}

/// Up to two measures over runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trend {
    /// The choice, completed.
    pub query: TrendQuery,
    /// What can be chosen: suites with scenarios that have runs.
    pub scenarios: Vec<(SuiteName, ScenarioName)>,
    /// Environments that have runs of it.
    pub environments: Vec<EnvironmentName>,
    /// Branches of its newest runs.
    pub branches: Vec<String>,
    /// Requests or cases that have results.
    pub requests: Vec<String>,
    /// Measures that have results: code and label.
    pub measures: Vec<(String, String)>,
    /// The runs, oldest first.
    pub runs: Vec<TrendRun>,
    /// Where runs begin that measured on another machine, and so are no continuation.
    pub parts: Vec<TrendPart>,
    /// The measure, and the second one.
    pub charts: Vec<TrendChart>,
    /// How many series fit the pattern beyond those that are here.
    pub left_out: u64,
}

/// One run in a trend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendRun {
    /// The run.
    pub id: RunId,
    /// Its number.
    pub number: u64,
    /// Where it is: a stopped or failed run has results too.
    pub state: RunState,
    /// Planned load in a few words: `200 users, 15m`.
    pub load: String,
    /// When it ended, microseconds since the epoch.
    pub at_us: i64,
    /// What was measured.
    pub revision: Revision,
    /// What the run said.
    pub verdict: Option<Verdict>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Why it stands apart; nothing of a run that may be compared with the others.
    pub apart: Option<Apart>,
}

/// Why a run in a trend is shown and never compared with the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// A person stopped it.
    Stopped,
    /// It was not carried out to its end.
    NotCarriedOut,
    /// Its numbers cannot be trusted.
    Invalid,
    /// Its numbers are mostly trusted: it is judged and marked, and enters no history.
    Suspect,
    /// A person changed its rate while it ran: no other run had the same load.
    Adjusted,
    /// Its load is not that of the newest run that may be compared.
    OtherLoad,
    /// It measured another branch than most of the runs.
    OtherBranch,
}

impl Apart {
    /// The word that screens show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::NotCarriedOut => "not carried out",
            Self::Invalid => "invalid",
            Self::Suspect => "suspect",
            Self::Adjusted => "rate adjusted by hand",
            Self::OtherLoad => "under another load",
            Self::OtherBranch => "of another branch",
        }
    }
}

/// A stretch of runs that were measured alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendPart {
    /// Place of its first run.
    pub at: u32,
    /// What is other than before: `worker class bench-2 instead of bench-1`.
    pub why: String,
}

/// One measure over runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendChart {
    /// Its code: `latency_p95`.
    pub measure: String,
    /// Its label: `Latency, p95`.
    pub label: String,
    /// Unit of the values, as shown: `ms`, `%`, `/s`.
    pub unit: String,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Limits of the rules that judged the newest run.
    pub limits: Vec<TrendLimit>,
    /// A series for each request.
    pub series: Vec<TrendSeries>,
}

/// The limit of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendLimit {
    /// Its value, in the chart's unit.
    pub value: f64,
    /// What a breach means.
    pub level: Level,
    /// The rule in its own grammar.
    pub rule: String,
}

/// One request over runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendSeries {
    /// The request or case; nothing for all together.
    pub request: Option<String>,
    /// Oldest first.
    pub points: Vec<TrendPoint>,
    /// Where its level moved, oldest first.
    pub changes: Vec<TrendChange>,
    /// Where the newest runs are; nothing of a history too short to say.
    pub level: Option<TrendLevel>,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendPoint {
    /// Place of its run in [`Trend::runs`].
    pub at: u32,
    /// The value, in the chart's unit.
    pub value: f64,
    /// Its 95 % interval; an end that too few samples leave open is `null`.
    pub interval: (Option<f64>, Option<f64>),
    /// How many samples it comes from.
    pub samples: u64,
}

/// A level that moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendChange {
    /// Place of the first run of the new level; of a drift, of its first step.
    pub at: u32,
    /// The first place where it may have begun as well.
    pub from: u32,
    /// The last one.
    pub to: u32,
    /// Whether the level crept from `from` to `to` instead of moving at once.
    pub drift: bool,
    /// The level before, in the chart's unit.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// By how much it moved, as a share of the level before.
    pub shift: f64,
    /// Whether that is for the worse.
    pub worse: bool,
}

/// The current level of a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendLevel {
    /// Place of its first run.
    pub since: u32,
    /// The level before the newest run, in the chart's unit.
    pub value: f64,
    /// A run of the level is expected from here …
    pub low: f64,
    /// … to here.
    pub high: f64,
    /// Whether the newest run lies outside. One run is no change.
    pub suspected: bool,
    /// The smallest change that ten runs show, as a share.
    pub smallest_visible: f64,
}

impl Trend {
    /// The run of a value.
    pub fn run(&self, at: u32) -> Option<&TrendRun> {
        self.runs.get(at as usize)
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.charts.iter().all(|chart| chart.series.iter().all(|series| series.points.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_the_same_word_in_addresses_and_in_json() {
        for axis in Axis::ALL {
            assert_eq!(serde_json::to_value(axis).ok(), Some(axis.code().into()));
            assert_eq!(Axis::from_code(axis.code()), Some(*axis));
        }
        for scale in Scale::ALL {
            assert_eq!(serde_json::to_value(scale).ok(), Some(scale.code().into()));
        }
        for relative in Relative::ALL {
            assert_eq!(serde_json::to_value(relative).ok(), Some(relative.code().into()));
        }
        assert_eq!(Axis::from_code("time"), None);
    }
}

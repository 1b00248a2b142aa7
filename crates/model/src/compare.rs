//! Runs side by side: what a person asks to see beside each other, and what the lab says of it. Shapes only.

use serde::{Deserialize, Serialize};

use crate::{comparison::ComparedSeries, run::RunRow};

/// Fewest groups of a comparison.
pub const FEWEST_GROUPS: usize = 2;
/// Most groups of a comparison.
pub const MOST_GROUPS: usize = 5;
/// Most runs of a group.
pub const MOST_RUNS: usize = 10;

/// What is put side by side. Everything is in its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct CompareQuery {
    /// Two to five runs by id or number, parted by commas; runs joined by `+` are one group: `12,13+14`.
    pub runs: String,
    /// Which group the others are compared with, from 1; the first where nothing is said.
    pub reference: Option<u32>,
    /// What a single run is compared with.
    pub with: Option<With>,
    /// Which numbers pages show.
    pub show: Option<Show>,
}

/// What a single run is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum With {
    /// The run before it that may be compared with it.
    Previous,
    /// The runs that it was compared with when it ended.
    Baseline,
}

/// Which numbers a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// Every compared number, also those without a relevant change.
    All,
    /// Only what became worse.
    Worse,
    /// All stored results as they were measured, without a comparison.
    Raw,
}

impl With {
    /// The word in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::Baseline => "baseline",
        }
    }

    /// Reads that word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Previous, Self::Baseline].into_iter().find(|with| with.code() == code)
    }
}

impl Show {
    /// The word in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Worse => "worse",
            Self::Raw => "raw",
        }
    }

    /// Reads that word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::All, Self::Worse, Self::Raw].into_iter().find(|show| show.code() == code)
    }
}

/// Runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Compare {
    /// The question, completed: its runs are named by the shortest address that is theirs alone.
    pub query: CompareQuery,
    /// Two to five groups.
    pub groups: Vec<CompareGroup>,
    /// Place of the group that the others are compared with.
    pub reference: u32,
    /// The answer in one sentence for each other group.
    pub sentences: Vec<String>,
    /// Why the numbers may say less than they seem to: another load, another environment, numbers that are not trusted.
    pub warnings: Vec<String>,
    /// Configuration and environment, a value for each group.
    pub facts: Vec<CompareFact>,
    /// Every other group beside the reference.
    pub sides: Vec<CompareSide>,
    /// Stored results, a value for each group.
    pub results: Vec<CompareResult>,
}

/// Runs that are taken together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompareGroup {
    /// `A` to `E`.
    pub letter: String,
    /// Its runs.
    pub runs: Vec<RunRow>,
}

impl CompareGroup {
    /// `#12`, `#13 and #14`, `#13 to #22 (10 runs)`.
    pub fn name(&self) -> String {
        match self.runs.as_slice() {
            [] => String::new(),
            [one] => format!("#{}", one.number),
            [one, other] => format!("#{} and #{}", one.number, other.number),
            [first, .., last] => format!("#{} to #{} ({} runs)", first.number, last.number, self.runs.len()),
        }
    }
}

/// One thing about the groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompareFact {
    /// What it is: `Load`.
    pub what: String,
    /// A value for each group, in their order; runs of a group that differ are named one after the other.
    pub values: Vec<String>,
    /// Whether it is not the same for all groups.
    pub differs: bool,
}

/// A group beside the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompareSide {
    /// Place of the group.
    pub group: u32,
    /// Every number of both.
    pub series: Vec<ComparedSeries>,
    /// The candidate's values over the run, for each of the numbers; blocks of its first run.
    pub blocks: Vec<Vec<f64>>,
}

/// One stored result of all groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompareResult {
    /// The request or case; nothing for all together.
    pub name: Option<String>,
    /// The measure.
    pub measure: String,
    /// Which number of it.
    pub stat: String,
    /// The base unit.
    pub unit: String,
    /// The value of each group, of several runs their median; nothing where none has it.
    pub values: Vec<Option<f64>>,
}

//! Suites as screens and the API show them: the list, one suite with its versions, what is wrong with a text.
//!
//! Shapes only; `lab` fills them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    id::DraftId,
    name::{ProjectName, SuiteName},
    suite::{SuiteError, SuiteKind},
};

/// A suite in a list: its newest version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteRow {
    /// Its name.
    pub name: SuiteName,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it measures.
    pub kind: SuiteKind,
    /// SHA-256 of its newest version.
    pub version: String,
    /// When that became the newest, microseconds since the epoch.
    pub since_us: i64,
    /// Its scenarios or cases.
    pub parts: Vec<String>,
    /// How many rules judge it, over all scenarios or cases.
    pub rules: u64,
    /// Why it cannot be used, if so.
    pub problem: Option<String>,
}

impl SuiteKind {
    /// The word on screens.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Benchmark => "benchmark",
        }
    }

    /// What it is made of.
    pub const fn part(self) -> &'static str {
        match self {
            Self::Load => "scenario",
            Self::Benchmark => "case",
        }
    }
}

/// A version of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuiteVersion {
    /// SHA-256 of the text and its files, lower-case hex.
    pub version: String,
    /// When it became the newest, last; microseconds since the epoch.
    pub since_us: i64,
    /// How many runs used it.
    pub runs: u64,
}

/// One suite with its versions and the text of one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuitePage {
    /// The project.
    pub project: ProjectName,
    /// Its newest version.
    pub suite: SuiteRow,
    /// All versions, newest first.
    pub versions: Vec<SuiteVersion>,
    /// The version that is shown.
    pub shown: String,
    /// Its text.
    pub text: String,
    /// Its data sets.
    pub files: Vec<DataSet>,
    /// The version before it, and what differs.
    pub before: Option<TextDifference>,
}

/// A file beside a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataSet {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Lines, the head of a table included.
    pub lines: u64,
}

/// What differs between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextDifference {
    /// The older version.
    pub version: String,
    /// Lines that came, went and stayed around them.
    pub lines: Vec<DiffLine>,
    /// Files whose content differs, came or went.
    pub files: Vec<String>,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffLine {
    /// What became of it.
    pub change: DiffChange,
    /// Its number in the newer text, of the older text where it went; nothing of a gap.
    pub number: Option<u64>,
    /// The line without its end.
    pub text: String,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiffChange {
    /// It is in both.
    Same,
    /// It came.
    Added,
    /// It went.
    Removed,
    /// Lines that are the same are left out here.
    Gap,
}

/// A text that is to become a version: the body of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SuiteText {
    /// The project; the only one where there is one.
    #[serde(default)]
    pub project: Option<ProjectName>,
    /// YAML.
    pub text: String,
    /// Files beside it, by name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pushed {
    /// The suite's name, as its text says.
    pub name: SuiteName,
    /// SHA-256 of the version.
    pub version: String,
    /// Whether it is another version than the newest one before.
    pub changed: bool,
}

/// One thing that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextError {
    /// Line, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// Column, from 1; 0 where the whole file is meant.
    pub column: u64,
    /// The field, e.g. `cases.login.target`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl From<&SuiteError> for TextError {
    fn from(error: &SuiteError) -> Self {
        Self {
            line: error.line,
            column: error.column,
            field: error.field.clone(),
            message: error.message.clone(),
            hint: error.hint.clone(),
        }
    }
}

/// What is wrong with a text; nothing where it can be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checked {
    /// What it would be; nothing while it is wrong.
    pub suite: Option<SuiteRow>,
    /// Everything that is wrong, in the order of the file.
    pub errors: Vec<TextError>,
}

/// A text that a person works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftPage {
    /// The project.
    pub project: ProjectName,
    /// The draft, once it was kept.
    pub id: Option<DraftId>,
    /// The suite that it began from, where there is one.
    pub of: Option<SuiteName>,
    /// Its text.
    pub text: String,
    /// Its data sets.
    pub files: Vec<DataSet>,
    /// What is wrong with it, once that was asked.
    pub checked: Option<Checked>,
}

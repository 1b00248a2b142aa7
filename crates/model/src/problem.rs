//! What went wrong, in one shape for pages, the API and the command line.

use serde::{Deserialize, Serialize};

/// Which kind of trouble: decides the HTTP status and the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The request cannot be read at all (400).
    Unreadable,
    /// It can be read, but not done as asked (422).
    Invalid,
    /// It is not allowed (403).
    Denied,
    /// There is no such thing (404).
    NotFound,
    /// It contradicts what has happened since (409).
    Conflict,
    /// The request is larger than any may be (413).
    TooLarge,
    /// Too much at once (429).
    TooMuch,
    /// Not now; the same request may work later (503).
    Busy,
    /// The lab's own fault (500).
    Internal,
}

impl ProblemKind {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unreadable => 400,
            Self::Invalid => 422,
            Self::Denied => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::TooMuch => 429,
            Self::Busy => 503,
            Self::Internal => 500,
        }
    }
}

/// Trouble with one field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// The field's name, as in [`crate::launch::LaunchRequest`]: `overrides.users`, `scenario`.
    pub field: String,
    /// What is wrong, with value and limit.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What happened and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Which kind.
    pub kind: ProblemKind,
    /// A stable word, e.g. `run.not_found`.
    pub code: String,
    /// What happened, a sentence.
    pub message: String,
    /// What to do, a sentence.
    pub hint: Option<String>,
    /// Fields that are wrong, where the trouble is a form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

impl Problem {
    /// A problem without fields.
    pub fn new(kind: ProblemKind, code: &str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), hint, fields: Vec::new() }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ". {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

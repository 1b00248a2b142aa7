//! Trouble as server functions tell it: the same `{code, message, hint}` as the API.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use perflab_model::problem::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};

/// What went wrong, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UiError(pub Problem);

impl std::fmt::Display for UiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Problem> for UiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (kind, code) = match &error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                (ProblemKind::Unreadable, "form.unreadable")
            }
            _ => (ProblemKind::Internal, "server"),
        };
        Self(Problem::new(kind, code, error.to_string(), Some("Load the page again and repeat the step".to_owned())))
    }
}

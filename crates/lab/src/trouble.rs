//! Errors of the store as problems: the one place that maps them.

use perflab_model::{
    Hint as _,
    problem::{Problem, ProblemKind},
};
use perflab_store::{Conflict, Refusal, StoreError};

/// A result of the store, with its error told as a problem.
pub(crate) trait Told<T> {
    /// The value, or the problem.
    fn told(self) -> Result<T, Problem>;
}

impl<T> Told<T> for Result<T, StoreError> {
    fn told(self) -> Result<T, Problem> {
        self.map_err(|error| problem(&error))
    }
}

/// What a store's error means to whoever asked. Details of the database stay in the log.
pub(crate) fn problem(error: &StoreError) -> Problem {
    let (kind, code) = match error {
        StoreError::Busy { .. } | StoreError::Full { .. } => (ProblemKind::Busy, "store.busy"),
        StoreError::Stale { .. } | StoreError::StaleClaim => (ProblemKind::Conflict, "run.stale"),
        StoreError::NotFound { .. } => (ProblemKind::NotFound, "not_found"),
        // The same key for something else is a mistake of the request, as the draft of the header's standard has it.
        StoreError::Conflict(Conflict::KeyReused { .. } | Conflict::SearchKeyReused { .. }) => {
            (ProblemKind::Invalid, "idempotency_key.reused")
        }
        StoreError::Conflict(_) => (ProblemKind::Conflict, "store.conflict"),
        StoreError::Refused(Refusal::Cursor) => (ProblemKind::Unreadable, "cursor.unreadable"),
        StoreError::Refused(_) => (ProblemKind::Invalid, "value.refused"),
        _ => (ProblemKind::Internal, "store.failed"),
    };
    if matches!(kind, ProblemKind::Internal | ProblemKind::Busy) {
        let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        tracing::error!(error = %error, cause, "the store failed: {error}");
    }
    Problem::new(kind, code, capitalised(&error.to_string()), error.hint())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_key_is_the_requests_own_mistake() {
        let run = perflab_model::id::RunId::new(uuid::Uuid::nil());
        let told = problem(&StoreError::Conflict(Conflict::KeyReused { run }));
        assert_eq!(told.kind.status(), 422);
        assert!(told.hint.is_some());
        assert!(told.message.starts_with("This"), "{}", told.message);
    }
}

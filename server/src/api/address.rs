//! The run that an address names, as text: the lab knows whether it is an id or a number.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use perflab_model::problem::{Problem, ProblemKind};

use super::ApiProblem;

/// What stands for `{run}` in an address.
pub(super) struct RunAddress(pub String);

impl<S: Send + Sync> FromRequestParts<S> for RunAddress {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        let Path(run) = Path::<String>::from_request_parts(parts, state).await.map_err(|error| {
            ApiProblem(Problem::new(
                ProblemKind::Unreadable,
                "address.unreadable",
                format!("The address cannot be read: {}", error.body_text()),
                Some("Name a run by its id or its number".to_owned()),
            ))
        })?;
        Ok(Self(run))
    }
}

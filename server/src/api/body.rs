//! JSON bodies, read with errors that name the field.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use perflab_model::problem::{Problem, ProblemKind};
use serde::de::DeserializeOwned;

use super::ApiProblem;

/// Largest body of a request: launches and server functions are small, uploads have their own routes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// A JSON body together with its bytes, which idempotency compares.
pub(super) struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// As it was sent.
    pub bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !json {
            // A form of another site can send text or form fields without being asked, but not JSON.
            return Err(ApiProblem(Problem::new(
                ProblemKind::Unreadable,
                "body.type",
                "The body must be JSON",
                Some("Send the header `Content-Type: application/json`".to_owned()),
            )));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            ApiProblem(if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(
                    ProblemKind::TooLarge,
                    "body.too_large",
                    format!("The body is larger than {} KiB, the most that a request may hold", MAX_BODY_BYTES / 1024),
                    Some("Leave out what is not needed".to_owned()),
                )
            } else {
                Problem::new(ProblemKind::Unreadable, "body.unreadable", error.body_text(), None)
            })
        })?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            ApiProblem(Problem::new(
                ProblemKind::Unreadable,
                "body.json",
                format!("The body cannot be read: {error}"),
                Some("See /api/docs for its shape".to_owned()),
            ))
        })?;
        Ok(Self { value, bytes })
    }
}

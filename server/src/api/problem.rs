//! Problems as replies: the one place that gives them a status.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use perflab_model::problem::{Problem, ProblemKind};

/// The code of a launch whose key is in use just now.
pub(super) const IN_PROGRESS: &str = "idempotency_key.in_progress";

/// A problem on its way out.
#[derive(Debug)]
pub struct ApiProblem(pub Problem);

impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        with_status(status, self.0)
    }
}

/// A problem under a status that only HTTP knows, and that its kind therefore cannot name.
pub(super) fn with_status(status: StatusCode, problem: Problem) -> Response {
    // The same request may work later: when the lab is less busy, or the earlier request with its key is done.
    let later = matches!(problem.kind, ProblemKind::Busy | ProblemKind::TooMuch) || problem.code == IN_PROGRESS;
    let mut response = (status, Json(problem)).into_response();
    if later {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

//! Problems as replies: the one place that gives them a status.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use perflab_model::problem::{Problem, ProblemKind};

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
        let busy = matches!(self.0.kind, ProblemKind::Busy | ProblemKind::TooMuch);
        let mut response = (status, Json(self.0)).into_response();
        if busy {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

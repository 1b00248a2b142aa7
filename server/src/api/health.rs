//! Is the process alive, and can it work?

use axum::{extract::State, http::StatusCode};

use super::ApiState;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "lab", responses((status = 200, description = "It lives")))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Whether the lab can take requests: the database answers and the server is not about to end.
#[utoipa::path(get, path = "/readyz", tag = "lab",
    responses((status = 200, description = "It can"), (status = 503, description = "Not now")))]
pub(super) async fn ready(State(state): State<ApiState>) -> (StatusCode, &'static str) {
    if state.closing.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "closing\n");
    }
    match state.lab.db().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

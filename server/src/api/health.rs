//! Is the process alive, and can it work?

use axum::{Extension, extract::State, http::StatusCode};
use tokio::sync::watch;

use super::ApiState;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "lab", responses((status = 200, description = "It lives")))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Whether the lab can take requests: the database answers, worker and keeper are up, and the server is not about to end.
#[utoipa::path(get, path = "/readyz", tag = "lab",
    responses((status = 200, description = "It can"), (status = 503, description = "Not now")))]
pub(super) async fn ready(
    State(state): State<ApiState>,
    down: Option<Extension<watch::Receiver<Vec<&'static str>>>>,
) -> (StatusCode, String) {
    let not_ready = |why: String| (StatusCode::SERVICE_UNAVAILABLE, why + "\n");
    if state.closing.is_cancelled() {
        return not_ready("closing".to_owned());
    }
    // A lab whose worker or keeper is down would take runs that nobody carries out, or that nobody calls lost.
    let down = down.map(|Extension(down)| down.borrow().join(", ")).unwrap_or_default();
    if !down.is_empty() {
        return not_ready(format!("down: {down}"));
    }
    match state.lab.db().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            not_ready("the database does not answer".to_owned())
        }
    }
}

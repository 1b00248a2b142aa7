//! Launching over HTTP.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION},
};
use perflab_lab::IdempotencyKey;
use perflab_model::{
    launch::LaunchRequest,
    problem::{Problem, ProblemKind},
    run::Trigger,
    view::{LaunchOptions, LaunchPreview, Launched},
};

use super::{ApiProblem, ApiState, body::JsonBody, problem::IN_PROGRESS, turn};

/// The header that makes a repeated request one request.
pub(super) const KEY: &str = "idempotency-key";
/// Says whether the answer was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Launches a run. With an `Idempotency-Key` a repeated request gives the first one's answer; the same key for another
/// launch is refused. What is compared is what is asked, not how it is written: blanks, the order of fields and tags, and
/// fields that say nothing make no difference.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", request_body = LaunchRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Any text of at most 200 characters, kept for 24 h")),
    responses((status = 202, description = "Accepted; it waits for a worker", body = Launched),
              (status = 422, description = "It cannot be done as asked", body = Problem),
              (status = 409, description = "The first request with this key is still being handled", body = Problem)))]
pub(super) async fn create(
    State(state): State<ApiState>,
    headers: HeaderMap,
    JsonBody(mut request): JsonBody<LaunchRequest>,
) -> Result<(StatusCode, HeaderMap, Json<Launched>), ApiProblem> {
    // Who asks is not for a program to choose, but for saying that a person at a terminal does.
    if request.trigger != Trigger::Cli {
        request.trigger = Trigger::Api;
    }
    let key = match headers.get(KEY) {
        None => None,
        Some(value) => Some(key(value, &meaning(&request)?)?),
    };
    // Held until the answer is known. The database would let the second of two wait as well, but as long as it likes.
    let _turn = match &key {
        None => None,
        Some(key) => Some(state.turns.of(&key.key, turn::PATIENCE).await.ok_or_else(in_progress)?),
    };
    let launched = state.lab.launch(&request, key.as_ref()).await?;
    let mut reply = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/runs/{}", launched.id)) {
        reply.insert(LOCATION, place);
    }
    if launched.replayed {
        reply.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((StatusCode::ACCEPTED, reply, Json(launched)))
}

pub(super) fn in_progress() -> ApiProblem {
    ApiProblem(Problem::new(
        ProblemKind::Conflict,
        IN_PROGRESS,
        "An earlier request with this Idempotency-Key is still being handled",
        Some("Send the same request again in a moment: it then gets the first one's answer".to_owned()),
    ))
}

/// The key of a request that means this.
pub(super) fn key(value: &HeaderValue, meaning: &[u8]) -> Result<IdempotencyKey, ApiProblem> {
    let text = value.to_str().unwrap_or_default();
    IdempotencyKey::new("local", text, meaning).ok_or_else(|| {
        ApiProblem(Problem::new(
            ProblemKind::Unreadable,
            "idempotency_key.unreadable",
            "The Idempotency-Key must be 1 to 200 printable ASCII characters",
            Some("Use a UUID".to_owned()),
        ))
    })
}

/// A request in the one way that all requests for the same run have in common.
fn meaning(request: &LaunchRequest) -> Result<Vec<u8>, ApiProblem> {
    let mut request = request.clone();
    request.overrides.parameters.sort_unstable_keys();
    for tag in &mut request.tags {
        *tag = tag.trim().to_owned();
    }
    request.tags.sort_unstable();
    request.tags.dedup();
    serde_json::to_vec(&request).map_err(|error| {
        ApiProblem(Problem::new(
            ProblemKind::Internal,
            "launch.body",
            format!("The request cannot be written: {error}"),
            None,
        ))
    })
}

/// What can be launched, and where.
#[utoipa::path(get, path = "/api/v1/launch/options", tag = "lab",
    responses((status = 200, description = "Suites with scenarios, environments", body = LaunchOptions)))]
pub(super) async fn options(State(state): State<ApiState>) -> Result<Json<LaunchOptions>, ApiProblem> {
    Ok(Json(state.lab.launch_options(None).await?))
}

/// What a launch would do: expanded load, rules, estimate, and why it is not possible, if so.
#[utoipa::path(post, path = "/api/v1/launch/preview", tag = "lab", request_body = LaunchRequest,
    responses((status = 200, description = "The preview", body = LaunchPreview)))]
pub(super) async fn preview(
    State(state): State<ApiState>,
    JsonBody(request): JsonBody<LaunchRequest>,
) -> Result<Json<LaunchPreview>, ApiProblem> {
    Ok(Json(state.lab.preview(&request).await?))
}

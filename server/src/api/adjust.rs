//! More or less load on a run under way, over HTTP.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue},
};
use perflab_model::{
    order::{AdjustRequest, Adjusted},
    problem::{Problem, ProblemKind},
    run::Trigger,
};

use super::{
    ApiProblem, ApiState,
    address::RunAddress,
    body::JsonBody,
    launch::{KEY, REPLAYED, in_progress, key},
    turn,
};

/// Changes the rate of an open run under way, from the next whole second on. Only of a scenario that says `adjustable: true`,
/// and only within zero and the cap of the environment. Such a run is no baseline. With an `Idempotency-Key` a repeated
/// request gives the first one's answer; without one, two requests are two changes.
#[utoipa::path(post, path = "/api/v1/runs/{run}/adjust", tag = "runs", request_body = AdjustRequest,
    params(("run" = String, Path, description = "Id or number"),
           ("Idempotency-Key" = Option<String>, Header, description = "Any text of at most 200 characters, kept for 24 h")),
    responses((status = 200, description = "The runner obeys from the next whole second on", body = Adjusted),
              (status = 404, description = "No such run", body = Problem),
              (status = 409, description = "The run does not send load now", body = Problem),
              (status = 422, description = "The rate of this run cannot be changed so", body = Problem)))]
pub(super) async fn adjust(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    headers: HeaderMap,
    JsonBody(request): JsonBody<AdjustRequest>,
) -> Result<(HeaderMap, Json<Adjusted>), ApiProblem> {
    let id = state.lab.run(&run).await?.row.id;
    let key = match headers.get(KEY) {
        None => None,
        Some(value) => Some(key(value, &meaning(&(id, request))?)?),
    };
    let _turn = match &key {
        None => None,
        Some(key) => Some(state.turns.of(&key.key, turn::PATIENCE).await.ok_or_else(in_progress)?),
    };
    let adjusted = state.lab.adjust(id, request.rate_by, Trigger::Api, key.as_ref()).await?;
    let mut reply = HeaderMap::new();
    if adjusted.replayed {
        reply.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((reply, Json(adjusted)))
}

fn meaning<T: serde::Serialize>(asked: &T) -> Result<Vec<u8>, ApiProblem> {
    serde_json::to_vec(asked).map_err(|error| {
        let message = format!("The request cannot be written: {error}");
        ApiProblem(Problem::new(ProblemKind::Internal, "adjust.body", message, None))
    })
}

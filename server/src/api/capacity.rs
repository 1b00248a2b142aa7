//! Capacity searches over HTTP: preview, start, list, one, stop.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::LOCATION},
};
use perflab_lab::IdempotencyKey;
use perflab_model::{
    capacity::{CapacityPreview, CapacityRequest, CapacitySearch, SearchRow, SearchStarted, SearchStop},
    name::ProjectName,
    problem::{Problem, ProblemKind},
    run::Trigger,
};
use serde::Deserialize;

use super::{ApiProblem, ApiState, body::JsonBody, runs::query};

/// The header that makes a repeated start one search.
const KEY: &str = "idempotency-key";
/// Says whether the answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Starts a capacity search: one scenario is run at level after level, up in round steps to the first whose thresholds do
/// not all hold, then halving. Each level is an ordinary run. With an `Idempotency-Key` a repeated request gives the first
/// one's search.
#[utoipa::path(post, path = "/api/v1/capacity-searches", tag = "capacity", request_body = CapacityRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Any text of at most 200 characters, kept with the search")),
    responses((status = 202, description = "Accepted; its first run waits for a worker", body = SearchStarted),
              (status = 422, description = "It cannot be done as asked", body = Problem)))]
pub(super) async fn create(
    State(state): State<ApiState>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<CapacityRequest>,
) -> Result<(StatusCode, HeaderMap, Json<SearchStarted>), ApiProblem> {
    let request = by_a_program(request);
    let key = headers.get(KEY).map(|value| key(value, &request)).transpose()?;
    let started = state.lab.start_search(&request, key.as_ref()).await?;
    let mut reply = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/capacity-searches/{}", started.id)) {
        reply.insert(LOCATION, place);
    }
    if started.replayed {
        reply.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok((StatusCode::ACCEPTED, reply, Json(started)))
}

/// Who asks is not for a program to choose, but for saying that a person at a terminal does.
fn by_a_program(request: CapacityRequest) -> CapacityRequest {
    let trigger = if request.trigger == Trigger::Cli { Trigger::Cli } else { Trigger::Api };
    CapacityRequest { trigger, ..request }
}

fn key(value: &HeaderValue, request: &CapacityRequest) -> Result<IdempotencyKey, ApiProblem> {
    let asked = serde_json::to_vec(request).map_err(|error| {
        let message = format!("The request cannot be written: {error}");
        ApiProblem(Problem::new(ProblemKind::Internal, "capacity.body", message, None))
    })?;
    IdempotencyKey::new("local", value.to_str().unwrap_or_default(), &asked).ok_or_else(|| {
        ApiProblem(Problem::new(
            ProblemKind::Unreadable,
            "idempotency_key.unreadable",
            "The Idempotency-Key must be 1 to 200 printable ASCII characters",
            Some("Use a UUID".to_owned()),
        ))
    })
}

/// What a search would do: its levels on the way up, its longest time, and why it is not possible, if so.
#[utoipa::path(post, path = "/api/v1/capacity-searches/preview", tag = "capacity", request_body = CapacityRequest,
    responses((status = 200, description = "The preview", body = CapacityPreview)))]
pub(super) async fn preview(
    State(state): State<ApiState>,
    JsonBody(request): JsonBody<CapacityRequest>,
) -> Result<Json<CapacityPreview>, ApiProblem> {
    Ok(Json(state.lab.preview_search(&by_a_program(request)).await?))
}

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    /// The project; all where there is none.
    project: Option<ProjectName>,
}

/// The newest 200 searches, newest first.
#[utoipa::path(get, path = "/api/v1/capacity-searches", tag = "capacity",
    params(("project" = Option<String>, Query, description = "Project; all where there is none")),
    responses((status = 200, description = "The searches", body = [SearchRow])))]
pub(super) async fn list(
    State(state): State<ApiState>,
    asked: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<SearchRow>>, ApiProblem> {
    Ok(Json(state.lab.searches(query(asked)?.project.as_ref()).await?))
}

/// One search: its runs with P95 and throughput at each level, degradation, the scalability law, and the answer.
#[utoipa::path(get, path = "/api/v1/capacity-searches/{search}", tag = "capacity",
    params(("search" = String, Path, description = "Id")),
    responses((status = 200, description = "The search", body = CapacitySearch),
              (status = 404, description = "No such search", body = Problem)))]
pub(super) async fn get(
    State(state): State<ApiState>,
    search: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<CapacitySearch>, ApiProblem> {
    Ok(Json(state.lab.search(&address(search)?).await?))
}

/// Stops a search: it makes no more runs, and the one under way is asked to end gracefully. What was measured stays.
#[utoipa::path(post, path = "/api/v1/capacity-searches/{search}/stop", tag = "capacity",
    params(("search" = String, Path, description = "Id")),
    responses((status = 200, description = "What became of it", body = SearchStop),
              (status = 404, description = "No such search", body = Problem)))]
pub(super) async fn stop(
    State(state): State<ApiState>,
    search: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<SearchStop>, ApiProblem> {
    let id = state.lab.search(&address(search)?).await?.row.id;
    Ok(Json(state.lab.stop_search(id).await?))
}

fn address(search: Result<Path<String>, axum::extract::rejection::PathRejection>) -> Result<String, ApiProblem> {
    search.map(|Path(search)| search).map_err(|error| {
        ApiProblem(Problem::new(
            ProblemKind::Unreadable,
            "address.unreadable",
            format!("The address cannot be read: {}", error.body_text()),
            Some("Name a search by its id".to_owned()),
        ))
    })
}

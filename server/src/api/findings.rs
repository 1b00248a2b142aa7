//! Findings and baselines over HTTP: the inbox, one finding, what people make of it; how a run stood beside its baseline, and
//! which run is the baseline.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use perflab_model::{
    comparison::{PinRequest, RejectRequest, RunComparison},
    finding::{FindingCard, FindingChange, FindingList, FindingQuery},
    problem::{Problem, ProblemKind},
    run::Trigger,
};

use super::{ApiProblem, ApiState, address::RunAddress, body::JsonBody, runs::query};

/// Findings, newest first, 50 a page. Without `state` those that wait for somebody.
#[utoipa::path(get, path = "/api/v1/findings", tag = "findings",
    params(("project" = Option<String>, Query, description = "Project; all where there is none"),
           ("state" = Option<String>, Query, description = "`open` (the default), `closed`, `all` or a state: `new`, `acknowledged`, `in_progress`, `fixed`, `wont_fix`, `false_alarm`, `faded`"),
           ("suite" = Option<String>, Query, description = "Suite"),
           ("scenario" = Option<String>, Query, description = "Scenario"),
           ("environment" = Option<String>, Query, description = "Environment"),
           ("assignee" = Option<String>, Query, description = "Who sees to it"),
           ("direction" = Option<String>, Query, description = "`worse`, `better` or `both` (the default)"),
           ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, description = "A page of findings", body = FindingList),
              (status = 422, description = "The query names what is not there", body = Problem)))]
pub(super) async fn list(
    State(state): State<ApiState>,
    asked: Result<Query<FindingQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<FindingList>, ApiProblem> {
    Ok(Json(state.lab.findings(&query(asked)?).await?))
}

/// One finding: the runs in which the change may lie, what differs in their plans and places, and what was said of it.
#[utoipa::path(get, path = "/api/v1/findings/{finding}", tag = "findings",
    params(("finding" = String, Path, description = "Id")),
    responses((status = 200, description = "The finding", body = FindingCard),
              (status = 404, description = "No such finding", body = Problem)))]
pub(super) async fn get(
    State(state): State<ApiState>,
    finding: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<FindingCard>, ApiProblem> {
    Ok(Json(state.lab.finding(&address(finding)?).await?))
}

/// Changes a finding: its state, who sees to it, where, until when; or adds a note. What is left out stays, an empty text takes
/// a value away. Everything that was done is noted with it. A finding that a person has closed is never opened again by the
/// lab; only another move of the level is a new one.
#[utoipa::path(post, path = "/api/v1/findings/{finding}", tag = "findings", request_body = FindingChange,
    params(("finding" = String, Path, description = "Id")),
    responses((status = 200, description = "The finding as it is now", body = FindingCard),
              (status = 404, description = "No such finding", body = Problem),
              (status = 422, description = "A field is wrong", body = Problem)))]
pub(super) async fn change(
    State(state): State<ApiState>,
    finding: Result<Path<String>, axum::extract::rejection::PathRejection>,
    JsonBody(change): JsonBody<FindingChange>,
) -> Result<Json<FindingCard>, ApiProblem> {
    let id = address(finding)?;
    state.lab.change_finding(&id, &change, Trigger::Api).await?;
    Ok(Json(state.lab.finding(&id).await?))
}

/// How a run stood beside its baseline when it ended: which runs that were and how they were chosen, and every number with its
/// interval, its band and where it stands. Kept with the run, never computed again.
#[utoipa::path(get, path = "/api/v1/runs/{run}/comparison", tag = "findings",
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 200, description = "The comparison", body = RunComparison),
              (status = 404, description = "No such run, or it was not compared", body = Problem)))]
pub(super) async fn comparison(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
) -> Result<Json<RunComparison>, ApiProblem> {
    let found = state.lab.run_comparison(&run).await?;
    found.map(Json).ok_or_else(|| {
        ApiProblem(Problem::new(
            ProblemKind::NotFound,
            "run.not_compared",
            "This run was not compared with a baseline",
            Some("Only runs are that a worker carried out to their end, and whose numbers can be trusted".to_owned()),
        ))
    })
}

/// Pins a run: from now on runs of its scenario are compared with it, on its own environment or on the one that is named, until
/// it is taken away.
#[utoipa::path(put, path = "/api/v1/runs/{run}/baseline", tag = "findings", request_body = PinRequest,
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 204, description = "It is pinned"),
              (status = 404, description = "No such run", body = Problem),
              (status = 409, description = "Nothing can be compared with this run", body = Problem),
              (status = 422, description = "A field is wrong", body = Problem)))]
pub(super) async fn pin(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    JsonBody(request): JsonBody<PinRequest>,
) -> Result<StatusCode, ApiProblem> {
    state.lab.pin_baseline(&run, &request, Trigger::Api).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the pin of a run away: the newest accepted runs are the baseline again.
#[utoipa::path(delete, path = "/api/v1/runs/{run}/baseline", tag = "findings",
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 204, description = "It is not pinned any more"),
              (status = 404, description = "No such run", body = Problem)))]
pub(super) async fn unpin(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
) -> Result<StatusCode, ApiProblem> {
    state.lab.unpin_baseline(&run).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rejects a run as a baseline, and takes it out of histories: no other run is compared with it any more.
#[utoipa::path(put, path = "/api/v1/runs/{run}/rejection", tag = "findings", request_body = RejectRequest,
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 204, description = "It is rejected"),
              (status = 404, description = "No such run", body = Problem),
              (status = 422, description = "A field is wrong", body = Problem)))]
pub(super) async fn reject(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    JsonBody(request): JsonBody<RejectRequest>,
) -> Result<StatusCode, ApiProblem> {
    state.lab.reject_baseline(&run, Some(&request), Trigger::Api).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the rejection of a run back.
#[utoipa::path(delete, path = "/api/v1/runs/{run}/rejection", tag = "findings",
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 204, description = "It is accepted again, if it is fit"),
              (status = 404, description = "No such run", body = Problem)))]
pub(super) async fn accept(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
) -> Result<StatusCode, ApiProblem> {
    state.lab.reject_baseline(&run, None, Trigger::Api).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn address(path: Result<Path<String>, axum::extract::rejection::PathRejection>) -> Result<String, ApiProblem> {
    path.map(|Path(text)| text).map_err(|error| {
        ApiProblem(Problem::new(
            ProblemKind::Unreadable,
            "address.unreadable",
            format!("The address cannot be read: {}", error.body_text()),
            Some("Name a finding by its id".to_owned()),
        ))
    })
}

//! The kill switch over HTTP.

use axum::{
    Json,
    extract::{Query, State},
};
use perflab_model::{
    kill_switch::{KillSwitches, KillTarget, PullRequest, Pulled, Released, ScopeWord},
    name::{EnvironmentName, ProjectName},
    problem::Problem,
    run::Trigger,
};
use serde::Deserialize;

use super::{ApiProblem, ApiState, body::JsonBody, runs::query};

/// The kill switches that hold, and the last that were released.
#[utoipa::path(get, path = "/api/v1/kill-switch", tag = "lab",
    responses((status = 200, description = "What holds now, and what held before", body = KillSwitches)))]
pub(super) async fn show(State(state): State<ApiState>) -> Result<Json<KillSwitches>, ApiProblem> {
    Ok(Json(state.lab.kill_switches().await?))
}

/// Pulls the kill switch of an environment or of the whole lab: every run there is aborted within 2 s, waiting runs stay
/// waiting, and nothing can be launched until a person releases it. Where it is pulled already, the first pull stands.
#[utoipa::path(post, path = "/api/v1/kill-switch", tag = "lab", request_body = PullRequest,
    responses((status = 200, description = "It holds", body = Pulled),
              (status = 404, description = "No such environment", body = Problem),
              (status = 422, description = "No reason, or no environment, is given", body = Problem)))]
pub(super) async fn pull(
    State(state): State<ApiState>,
    JsonBody(mut request): JsonBody<PullRequest>,
) -> Result<Json<Pulled>, ApiProblem> {
    request.trigger = trigger(request.trigger);
    Ok(Json(state.lab.pull_kill_switch(&request).await?))
}

/// Who asks is not for a program to choose, but for saying that a person at a terminal does.
fn trigger(said: Trigger) -> Trigger {
    if said == Trigger::Cli { Trigger::Cli } else { Trigger::Api }
}

#[derive(Debug, Deserialize)]
pub(super) struct ReleaseQuery {
    scope: ScopeWord,
    project: Option<ProjectName>,
    environment: Option<EnvironmentName>,
    name: Option<String>,
    #[serde(default)]
    trigger: Trigger,
}

/// Releases a kill switch. Waiting runs then begin; what was aborted stays aborted.
#[utoipa::path(delete, path = "/api/v1/kill-switch", tag = "lab",
    params(("scope" = ScopeWord, Query, description = "`lab` or `environment`"),
           ("project" = Option<String>, Query, description = "The environment's project; the only one where nothing is said"),
           ("environment" = Option<String>, Query, description = "The environment"),
           ("name" = Option<String>, Query, description = "Who asks, as they call themselves")),
    responses((status = 200, description = "It does not hold any more", body = Released),
              (status = 404, description = "No such environment", body = Problem)))]
pub(super) async fn release(
    State(state): State<ApiState>,
    asked: Result<Query<ReleaseQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Released>, ApiProblem> {
    let asked = query(asked)?;
    let target = KillTarget { scope: asked.scope, project: asked.project, environment: asked.environment };
    let switch = state.lab.release_kill_switch(&target, trigger(asked.trigger), asked.name.as_deref()).await?;
    Ok(Json(Released { switch }))
}

//! Runs: list, one, stop, abort.

use std::time::Duration;

use axum::{
    Json,
    extract::{Query, State},
};
use perflab_model::{
    problem::{Problem, ProblemKind},
    run::{Cancel, Run},
    unit::Millis,
    view::{RunsPage, RunsQuery, StopOutcome},
};
use serde::Deserialize;

use super::{ApiProblem, ApiState, address::RunAddress};

/// Longest wait of one request; a client that wants more asks again.
const MAX_WAIT: Duration = Duration::from_secs(300);
/// A missed wake-up costs at most this.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A page of runs, newest first. `next` is the cursor of the following page.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs",
    params(
        ("q" = Option<String>, Query, description = "Query line: env:staging branch:main verdict:critical mobile"),
        ("project" = Option<String>, Query, description = "Project; all where there is none"),
        ("cursor" = Option<String>, Query, description = "Where the page begins, from an earlier answer"),
        ("limit" = Option<u32>, Query, description = "Rows, at most 200"),
    ),
    responses((status = 200, description = "The runs", body = RunsPage)))]
pub(super) async fn list(
    State(state): State<ApiState>,
    query: Result<Query<RunsQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<RunsPage>, ApiProblem> {
    Ok(Json(state.lab.runs(&super::runs::query(query)?).await?))
}

/// A query string, with the complaint in our shape.
pub(super) fn query<T>(query: Result<Query<T>, axum::extract::rejection::QueryRejection>) -> Result<T, ApiProblem> {
    query
        .map(|Query(value)| value)
        .map_err(|error| ApiProblem(Problem::new(ProblemKind::Unreadable, "query.unreadable", error.body_text(), None)))
}

#[derive(Debug, Deserialize)]
pub(super) struct WaitQuery {
    /// How long to wait for the end.
    wait: Option<Millis>,
}

/// One run, by id or number. With `wait` the answer comes when the run has ended, or after that time at the latest
/// (at most 5 minutes): look at `row.state`.
#[utoipa::path(get, path = "/api/v1/runs/{run}", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("wait" = Option<String>, Query, description = "Longest wait for the end, e.g. 60s")),
    responses((status = 200, description = "The run", body = Run), (status = 404, description = "No such run", body = Problem)))]
pub(super) async fn get(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    wait: Result<Query<WaitQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Run>, ApiProblem> {
    let wait = query(wait)?.wait.map(|wait| wait.duration().min(MAX_WAIT));
    let mut found = state.lab.run(&run).await?;
    let Some(wait) = wait else { return Ok(Json(found)) };
    let deadline = tokio::time::Instant::now() + wait;
    let mut changes = state.lab.changes();
    // Asked again after listening began, so that an end in between is not missed.
    found = state.lab.run(&run).await?;
    let mut waiting = true;
    while waiting && !found.row.state.is_terminal() {
        waiting = tokio::select! {
            () = tokio::time::sleep_until(deadline) => false,
            () = state.closing.cancelled() => false,
            () = changes.of_run(found.row.id) => true,
            () = tokio::time::sleep(LOOK_EVERY) => true,
        };
        // Also when the wait is over: the answer is how the run stands, not how it stood.
        found = state.lab.run(&run).await?;
    }
    Ok(Json(found))
}

/// Stops a run gracefully: no new starts, open requests are waited for. A run that is over stays as it is.
#[utoipa::path(post, path = "/api/v1/runs/{run}/stop", tag = "runs",
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 200, description = "What became of it", body = StopOutcome)))]
pub(super) async fn stop(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
) -> Result<Json<StopOutcome>, ApiProblem> {
    end(&state, &run, Cancel::Stop).await
}

/// Aborts a run: nothing more is sent within two seconds.
#[utoipa::path(post, path = "/api/v1/runs/{run}/abort", tag = "runs",
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 200, description = "What became of it", body = StopOutcome)))]
pub(super) async fn abort(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
) -> Result<Json<StopOutcome>, ApiProblem> {
    end(&state, &run, Cancel::Abort).await
}

async fn end(state: &ApiState, run: &str, how: Cancel) -> Result<Json<StopOutcome>, ApiProblem> {
    let id = state.lab.run(run).await?.row.id;
    Ok(Json(state.lab.stop(id, how).await?))
}

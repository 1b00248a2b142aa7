//! Runs side by side.

use axum::{
    Json,
    extract::{Query, State},
};
use perflab_model::{
    compare::{Compare, CompareQuery, Show, With},
    problem::Problem,
};

use super::{ApiProblem, ApiState, runs::query};

/// Two to five runs or groups of runs side by side: what differs about them, and every number of each group beside the
/// reference, with its interval and where it stands. Also at `/compare.json`.
#[utoipa::path(get, path = "/api/v1/compare", tag = "runs",
    params(
        ("runs" = String, Query,
            description = "Runs by id or number, parted by commas; runs joined by `+` (or a space) are one group: 12,13+14"),
        ("reference" = Option<u32>, Query, description = "Which group the others are compared with, from 1"),
        ("with" = Option<With>, Query, description = "What a single run is compared with: previous or baseline"),
        ("show" = Option<Show>, Query, description = "Which numbers pages show; the answer has all of them"),
    ),
    responses((status = 200, description = "The comparison", body = Compare),
              (status = 400, description = "Too few or too many groups", body = Problem),
              (status = 404, description = "No such run", body = Problem)))]
pub(super) async fn compare(
    State(state): State<ApiState>,
    asked: Result<Query<CompareQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Compare>, ApiProblem> {
    Ok(Json(state.lab.compare(&query(asked)?).await?))
}

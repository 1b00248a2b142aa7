//! Trends.

use axum::{
    Json,
    extract::{Query, State},
};
use perflab_model::view::{Trend, TrendQuery};

use super::{ApiProblem, ApiState, runs::query};

/// One measure of one scenario over its runs, oldest first: the newest 1,000 runs in one answer. What is left open is
/// chosen. Older runs are found with `/api/v1/runs`, page by page.
#[utoipa::path(get, path = "/api/v1/trends", tag = "lab",
    params(
        ("project" = Option<String>, Query, description = "Project; the only one where there is one"),
        ("suite" = Option<String>, Query, description = "Suite"),
        ("scenario" = Option<String>, Query, description = "Scenario"),
        ("environment" = Option<String>, Query, description = "Environment"),
        ("request" = Option<String>, Query, description = "Request; all together where there is none"),
        ("measure" = Option<String>, Query, description = "One of `measures`, e.g. latency_p95"),
    ),
    responses((status = 200, description = "The trend", body = Trend)))]
pub(super) async fn trend(
    State(state): State<ApiState>,
    asked: Result<Query<TrendQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Trend>, ApiProblem> {
    Ok(Json(state.lab.trend(&query(asked)?).await?))
}

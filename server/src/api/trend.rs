//! Trends.

use axum::{
    Json,
    extract::{Query, State},
};
use perflab_model::trend::{Axis, Relative, Scale, Trend, TrendQuery};

use super::{ApiProblem, ApiState, runs::query};

/// Up to two measures of one scenario over its runs, oldest first: the newest 1,000 runs in one answer, a series for each
/// request that is meant, and where its level moved. What is left open is chosen. Older runs are found with
/// `/api/v1/runs`, page by page.
#[utoipa::path(get, path = "/api/v1/trends", tag = "lab",
    params(
        ("project" = Option<String>, Query, description = "Project; the only one where there is one"),
        ("suite" = Option<String>, Query, description = "Suite"),
        ("scenario" = Option<String>, Query, description = "Scenario"),
        ("environment" = Option<String>, Query, description = "Environment"),
        ("branch" = Option<String>, Query, description = "Only runs of this branch"),
        ("request" = Option<String>, Query,
            description = "Request or case, or a pattern such as `login*`; all together where there is none"),
        ("measure" = Option<String>, Query, description = "One of `measures`, e.g. latency_p95"),
        ("second" = Option<String>, Query, description = "A second measure of the same runs"),
        ("axis" = Option<Axis>, Query, description = "How pages and drawings place runs: date, or commit for their order"),
        ("scale" = Option<Scale>, Query, description = "How pages and drawings place values: linear or log"),
        ("relative" = Option<Relative>, Query, description = "Pages and drawings show shares of the first or previous run"),
    ),
    responses((status = 200, description = "The trend", body = Trend)))]
pub(super) async fn trend(
    State(state): State<ApiState>,
    asked: Result<Query<TrendQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Trend>, ApiProblem> {
    Ok(Json(state.lab.trend(&query(asked)?).await?))
}

//! The paths of the service: what users of the financial service call, and what its tester calls.
//!
//! In:  requests that passed their faults. Out: JSON answers from real data.
//! Not here: connections and faults themselves (`server`, `faults`), SQL (`data`).

mod analytics;
mod control;
mod extract;
mod money;
mod period;
mod problem;
mod profile;
mod session;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::routing::{get, post, put};
use serde_json::{Value, json};

use crate::access::Access;
use crate::auth::{Hasher, Tokens};
use crate::data::Data;
use crate::faults::{Gate, HoldClock};

pub(crate) use period::today;
pub(crate) use problem::problem_answer;

/// Everything an answer may need.
pub(crate) struct Service {
    pub(crate) data: Data,
    pub(crate) hasher: Hasher,
    pub(crate) tokens: Tokens,
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Arc<HoldClock>,
    pub(crate) access: Arc<Access>,
}

/// Answered before the router, after the faults.
pub(crate) const PROBE: &str = "/_probe";
const FAULTS: &str = "/_faults";
const STATS: &str = "/_stats";
const OTHER: &str = "(other)";

/// Every path, for the books; none has a variable part.
const PATHS: [&str; 19] = [
    PROBE,
    FAULTS,
    STATS,
    "/",
    "/health",
    "/api/auth/login",
    "/api/auth/register",
    "/api/auth/logout",
    "/api/auth/refresh",
    "/api/budget/current",
    "/api/budget/analysis",
    "/api/transactions",
    "/api/expenses",
    "/api/goals",
    "/api/insights/financial",
    "/api/insights/trends",
    "/api/calendar/current",
    "/api/analytics/spending-patterns",
    "/api/analytics/monthly-summary",
];
const PROFILE: &str = "/api/users/profile";

/// The path under which a request is counted.
pub(crate) fn known_path(path: &str) -> &'static str {
    PATHS.iter().chain([&PROFILE]).find(|known| **known == path).copied().unwrap_or(OTHER)
}

/// Whether a path controls the target; such paths are never affected by faults.
pub(crate) fn is_control(known: &str) -> bool {
    known == FAULTS || known == STATS
}

/// All paths.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/health", get(health))
        .route("/api/auth/login", post(session::login))
        .route("/api/auth/register", post(session::register))
        .route("/api/auth/logout", post(session::logout))
        .route("/api/auth/refresh", post(session::refresh))
        .route("/api/budget/current", get(money::current_budget))
        .route("/api/budget/analysis", get(money::budget_analysis))
        .route("/api/transactions", get(money::transactions))
        .route("/api/expenses", post(money::add_expense))
        .route("/api/goals", get(money::goals))
        .route("/api/insights/financial", get(analytics::financial_insights))
        .route("/api/insights/trends", get(analytics::trends))
        .route("/api/calendar/current", get(analytics::calendar))
        .route("/api/analytics/spending-patterns", get(analytics::spending_patterns))
        .route("/api/analytics/monthly-summary", get(analytics::monthly_summary))
        .route(PROFILE, put(profile::change).get(profile::show))
        .route(FAULTS, get(control::faults).post(control::set_faults))
        .route(STATS, get(control::stats))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .with_state(service)
}

async fn about() -> Json<Value> {
    Json(json!({ "service": "mita reference target", "health": "/health", "faults": FAULTS, "stats": STATS }))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "healthy" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_by_name_and_unknown_ones_together() {
        assert_eq!(known_path("/api/goals"), "/api/goals");
        assert_eq!(known_path("/api/users/profile"), "/api/users/profile");
        assert_eq!(known_path("/api/goals/17"), "(other)");
    }
}

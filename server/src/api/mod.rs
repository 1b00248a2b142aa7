//! The REST API, version 1: a few lines around the functions of `lab` for each route.
//!
//! In:  HTTP. Out: JSON, event streams, CSV. Errors are always `{"kind", "code", "message", "hint", "fields"}`.
//! Not here: rules (`lab`), pages (`app`).

pub(crate) mod body;
mod events;
mod export;
pub mod guard;
mod health;
mod launch;
mod problem;
mod runs;
mod trend;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, Uri, header::CONTENT_SECURITY_POLICY},
    routing::any,
};
use perflab_lab::Lab;
use perflab_model::problem::{Problem, ProblemKind};
use tokio_util::sync::CancellationToken;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

pub use problem::ApiProblem;

/// What every handler can reach.
#[derive(Clone)]
pub struct ApiState {
    /// The lab.
    pub lab: Lab,
    /// Cancelled when the server is about to end: streams close, readiness turns false.
    pub closing: CancellationToken,
    /// How many event streams are open at most.
    pub streams: std::sync::Arc<tokio::sync::Semaphore>,
}

impl ApiState {
    /// State for a lab.
    pub fn new(lab: Lab, closing: CancellationToken) -> Self {
        Self { lab, closing, streams: std::sync::Arc::new(tokio::sync::Semaphore::new(events::MAX_STREAMS)) }
    }
}

/// What the viewer may load: its own files and the document.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'; report-uri /csp-report";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "perflab",
        description = "Launch runs, watch them, read what they were worth. Times are UTC; durations are texts such as `2m`; \
                       errors carry `code`, `message` and `hint`.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags((name = "runs", description = "Launch, list, watch and stop runs"),
         (name = "lab", description = "What can be launched, trends, health"))
)]
struct Document;

/// Routes of the API with its OpenAPI document at `/api/v1/openapi.json` and a viewer at `/api/docs`.
pub fn router(state: ApiState) -> Router {
    let (router, document) = documented().split_for_parts();
    router
        .route("/api", any(nowhere))
        .route("/api/{*rest}", any(nowhere))
        .layer(DefaultBodyLimit::max(body::MAX_BODY_BYTES))
        .with_state(state)
        .merge(viewer(document))
}

/// The viewer with the document. It brings its own scripts, and writes `style` attributes, which its policy allows for.
fn viewer(document: utoipa::openapi::OpenApi) -> Router {
    let policy = HeaderValue::from_static(VIEWER_POLICY);
    Router::from(SwaggerUi::new("/api/docs").url("/api/v1/openapi.json", document))
        .layer(SetResponseHeaderLayer::if_not_present(CONTENT_SECURITY_POLICY, policy))
}

/// Addresses below `/api` that lead nowhere are told as the API speaks, not as a page.
async fn nowhere(method: Method, uri: Uri) -> ApiProblem {
    let shown: String = uri.path().chars().take(60).collect();
    ApiProblem(Problem::new(
        ProblemKind::NotFound,
        "route.not_found",
        format!("There is no {method} {shown}"),
        Some("See /api/docs for all routes".to_owned()),
    ))
}

/// The OpenAPI document.
pub fn document() -> utoipa::openapi::OpenApi {
    documented().split_for_parts().1
}

fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(runs::list, launch::create))
        .routes(routes!(runs::get))
        .routes(routes!(runs::stop))
        .routes(routes!(runs::abort))
        .routes(routes!(events::events))
        .routes(routes!(export::summary))
        .routes(routes!(export::series))
        .routes(routes!(export::requests))
        .routes(routes!(launch::options))
        .routes(routes!(launch::preview))
        .routes(routes!(trend::trend))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

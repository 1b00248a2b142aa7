//! The REST API, version 1: a few lines around the functions of `lab` for each route.
//!
//! In:  HTTP. Out: JSON, event streams, CSV. Errors are always `{"kind", "code", "message", "hint", "fields"}`.
//! Not here: rules (`lab`), pages (`app`).

mod body;
mod events;
mod export;
pub mod guard;
mod health;
mod launch;
mod problem;
mod runs;
mod trend;

use axum::Router;
use perflab_lab::Lab;
use tokio_util::sync::CancellationToken;
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
    router.merge(SwaggerUi::new("/api/docs").url("/api/v1/openapi.json", document)).with_state(state)
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

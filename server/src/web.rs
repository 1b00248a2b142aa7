//! Everything the server answers: API, charts, pages, in one router under the same guards.

use axum::{Router, middleware};
use leptos::prelude::provide_context;
use perflab_lab::Lab;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, trace::TraceLayer};

use crate::{
    api::{self, ApiState, guard},
    charts, site,
};

/// Largest body of a request: launches and server functions are small, uploads have their own routes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The whole server.
pub fn router(lab: Lab, closing: CancellationToken) -> Router {
    let pages = site::router({
        let lab = lab.clone();
        move || provide_context(lab.clone())
    });
    let router = api::router(ApiState::new(lab.clone(), closing))
        .merge(charts::router(lab))
        .merge(pages)
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(guard::same_site))
        .layer(TraceLayer::new_for_http());
    site::with_headers(router)
}

//! Everything the server answers: API, charts, pages, in one router under the same guards.

use axum::{Router, middleware};
use leptos::prelude::provide_context;
use perflab_lab::Lab;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, trace::TraceLayer};

use crate::{
    api::{self, ApiState, body::MAX_BODY_BYTES, guard},
    charts, site,
};

/// The whole server.
pub fn router(lab: Lab, closing: CancellationToken) -> Router {
    let pages = site::router({
        let lab = lab.clone();
        move || provide_context(lab.clone())
    });
    // The API counts for itself: it refuses in its own shape.
    let pages = charts::router(lab.clone()).merge(pages).layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES));
    let router = api::router(ApiState::new(lab, closing))
        .merge(pages)
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(guard::same_site))
        .layer(TraceLayer::new_for_http());
    site::with_headers(router)
}

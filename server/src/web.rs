//! Everything the server answers: API, charts, pages, in one router under the same guards.

use axum::{
    Router,
    http::StatusCode,
    middleware,
    response::{Html, IntoResponse, Response},
};
use leptos::prelude::provide_context;
use perflab_lab::Lab;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, trace::TraceLayer};

use crate::{
    api::{self, ApiState, body::MAX_BODY_BYTES, guard},
    charts, site, upload,
};

/// The whole server.
pub fn router(lab: Lab, closing: CancellationToken) -> Router {
    let pages = site::router({
        let lab = lab.clone();
        move || provide_context(lab.clone())
    });
    // The API counts for itself: it refuses in its own shape. Charts are no pages, and speak like the API.
    let pages = charts::router(lab.clone())
        .layer(CatchPanicLayer::custom(api::panicked))
        .merge(upload::router(lab.clone()).layer(CatchPanicLayer::custom(api::panicked)))
        .merge(pages.layer(CatchPanicLayer::custom(panicked)))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES));
    let router = api::router(ApiState::new(lab, closing))
        .merge(pages)
        // For what stands around all of them.
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(guard::same_site))
        .layer(TraceLayer::new_for_http());
    site::with_headers(router)
}

/// Stands in for a page that could not be made. It is not drawn by the app, which has just failed, and loads nothing.
const FAILED: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>This did not work – perflab</title>
</head>
<body>
<main>
<h1>This did not work</h1>
<p>The lab has failed at this page; nothing else is affected. Its log says where. Please report it.</p>
<p><a href=\"/\">All runs</a></p>
</main>
</body>
</html>
";

/// A page has panicked: that page fails, the rest go on.
fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!(panic = api::text_of(&*panic), "a page has panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, Html(FAILED)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request, routing::get};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_page_that_panics_is_answered_with_a_page() {
        async fn fails() {
            panic!("as the test wants");
        }
        let router = Router::new().route("/", get(fails)).layer(CatchPanicLayer::custom(panicked));
        let reply = router.oneshot(Request::get("/").body(Body::empty()).expect("a request")).await;
        let reply = reply.expect("a router always answers");
        assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(reply.headers()["content-type"].to_str().is_ok_and(|kind| kind.starts_with("text/html")));
        let body = reply.into_body().collect().await.expect("a short body").to_bytes();
        let page = std::str::from_utf8(&body).expect("text");
        assert!(page.contains("<h1>") && page.contains("href=\"/\"") && !page.contains("as the test wants"), "{page}");
    }
}

//! The REST API, version 1: a few lines around the functions of `lab` for each route.
//!
//! In:  HTTP. Out: JSON, event streams, CSV. Errors are always `{"kind", "code", "message", "hint", "fields"}`, also
//! those of routing and of handlers that panic.
//! Not here: rules (`lab`), pages (`app`).

mod address;
mod adjust;
pub(crate) mod body;
mod capacity;
mod cases;
mod compare;
mod events;
mod export;
mod findings;
pub mod guard;
mod health;
mod kill_switch;
mod launch;
mod problem;
mod runs;
mod suites;
mod trend;
mod turn;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, StatusCode, Uri, header::CONTENT_SECURITY_POLICY},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use perflab_lab::Lab;
use perflab_model::problem::{Problem, ProblemKind};
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
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
    /// Launches under way, by their key.
    turns: turn::Turns,
}

impl ApiState {
    /// State for a lab.
    pub fn new(lab: Lab, closing: CancellationToken) -> Self {
        let streams = std::sync::Arc::new(tokio::sync::Semaphore::new(events::MAX_STREAMS));
        Self { lab, closing, streams, turns: turn::Turns::default() }
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
    // Loads may have parts, which are loads themselves: such a circle is not followed.
    components(schemas(perflab_model::load::LoadPart)),
    tags((name = "runs", description = "Launch, list, watch and stop runs"),
         (name = "capacity", description = "Find the load that a target bears"),
         (name = "suites", description = "Look at suites, check and push their texts"),
         (name = "findings", description = "Baselines, comparisons with them, findings and what people make of them"),
         (name = "lab", description = "What can be launched, trends, health"))
)]
struct Document;

/// Routes of the API with its OpenAPI document at `/api/v1/openapi.json` and a viewer at `/api/docs`.
pub fn router(state: ApiState) -> Router {
    let (router, document) = documented().split_for_parts();
    router
        // The list under its page's own name.
        .route("/runs.json", get(runs::list))
        .route("/compare.json", get(compare::compare))
        .route("/safety.json", get(kill_switch::show))
        .route("/suites.json", get(suites::list))
        .route("/findings.json", get(findings::list))
        .route("/api", any(nowhere))
        .route("/api/{*rest}", any(nowhere))
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
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

/// A method that a route does not have; the reply's `Allow` names those it has.
async fn wrong_method(method: Method, uri: Uri) -> Response {
    let shown: String = uri.path().chars().take(60).collect();
    problem::with_status(
        StatusCode::METHOD_NOT_ALLOWED,
        Problem::new(
            ProblemKind::NotFound,
            "method.not_allowed",
            format!("{shown} does not know {method}"),
            Some("The header `Allow` names what it knows; see /api/docs".to_owned()),
        ),
    )
}

/// A handler has panicked: that request fails, the rest go on.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!(panic = text_of(&*panic), "a request of the API has panicked");
    ApiProblem(Problem::new(
        ProblemKind::Internal,
        "lab.panicked",
        "The lab has failed at this request; nothing else is affected",
        Some("Its log says where. Please report it".to_owned()),
    ))
    .into_response()
}

/// What a panic said.
pub(crate) fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    said.unwrap_or("no text")
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
        .routes(routes!(adjust::adjust))
        .routes(routes!(kill_switch::show, kill_switch::pull, kill_switch::release))
        .routes(routes!(events::events))
        .routes(routes!(export::summary))
        .routes(routes!(export::series))
        .routes(routes!(export::requests))
        .routes(routes!(export::classes))
        .routes(routes!(cases::cases))
        .routes(routes!(cases::case))
        .routes(routes!(launch::options))
        .routes(routes!(launch::preview))
        .routes(routes!(capacity::list, capacity::create))
        .routes(routes!(capacity::preview))
        .routes(routes!(capacity::get))
        .routes(routes!(capacity::stop))
        .routes(routes!(suites::list))
        .routes(routes!(suites::get, suites::push))
        .routes(routes!(suites::check))
        .routes(routes!(findings::list))
        .routes(routes!(findings::get, findings::change))
        .routes(routes!(findings::comparison))
        .routes(routes!(findings::pin, findings::unpin))
        .routes(routes!(findings::reject, findings::accept))
        .routes(routes!(compare::compare))
        .routes(routes!(trend::trend))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_request_that_panics_is_answered_as_the_api_speaks() {
        async fn fails() {
            panic!("as the test wants");
        }
        let router = Router::new().route("/", get(fails)).layer(CatchPanicLayer::custom(panicked));
        let reply = router.oneshot(Request::get("/").body(Body::empty()).expect("a request")).await;
        let reply = reply.expect("a router always answers");
        assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = reply.into_body().collect().await.expect("a short body").to_bytes();
        let problem: Problem = serde_json::from_slice(&body).expect("a problem");
        assert_eq!(problem.code, "lab.panicked");
        assert!(!problem.message.contains("as the test wants"), "details are for the log");
    }
}

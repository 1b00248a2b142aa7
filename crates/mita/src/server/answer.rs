//! One request: its faults first, then its answer, then the books.
//!
//! In:  a request and the instant it arrived. Out: an answer, or a broken connection.
//!
//! `/_probe` is answered here, without router and database: the tests of the load engine's accuracy need answers that
//! take the time of their faults and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::access::Access;
use crate::faults::{BodyFault, Gate, HoldClock, Outcome, shape};
use crate::http_api::{PROBE, is_control, known_path, problem_answer};

/// Answers requests.
#[derive(Debug)]
pub(crate) struct Answerer {
    pub(crate) router: Router,
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Arc<HoldClock>,
    pub(crate) access: Arc<Access>,
}

/// The connection is to be broken off instead of answered.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset, as ordered")]
pub(crate) struct Broken;

impl Answerer {
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        broken: &AtomicBool,
    ) -> Result<Response<Body>, Broken> {
        let arrived = Instant::now();
        let path = request.uri().path();
        let known = known_path(path);
        let visit = self.access.arrive(request.method(), known);
        if is_control(known) {
            let answer = self.route(request).await;
            visit.answered(answer.status().as_u16(), false);
            return Ok(answer);
        }

        let decision = self.gate.decide(path, arrived);
        self.clock.hold_until(decision.due).await;
        let answer = match decision.outcome {
            Outcome::Serve if known == PROBE => probe(),
            Outcome::Serve => self.route(request).await,
            Outcome::Error(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                problem_answer(status, "fault.error", "this error was ordered")
            }
            Outcome::Stop => {
                let mut answer =
                    problem_answer(StatusCode::SERVICE_UNAVAILABLE, "fault.stop", "the target asks not to be loaded");
                answer.headers_mut().insert(HeaderName::from_static("x-perflab-stop"), HeaderValue::from_static("1"));
                answer
            }
            Outcome::Reset => {
                // On HTTP/2 only this request's stream is reset; the connection carries others.
                if request.version() != Version::HTTP_2 {
                    broken.store(true, Ordering::Relaxed);
                }
                visit.reset();
                return Err(Broken);
            }
            // Ends when the client or the target goes away.
            Outcome::Hang => std::future::pending().await,
        };
        visit.answered(answer.status().as_u16(), decision.body == BodyFault::Truncated);
        Ok(shape(answer, decision.body).await)
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        match self.router.clone().oneshot(request.map(Body::new)).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }
}

fn probe() -> Response<Body> {
    let mut answer = Response::new(Body::from(r#"{"ok":true}"#));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

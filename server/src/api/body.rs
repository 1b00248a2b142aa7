//! JSON bodies, read with errors that name the field.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use perflab_model::problem::{Problem, ProblemKind};
use serde::de::DeserializeOwned;

use super::{ApiProblem, problem::with_status};

/// Largest body of a request: launches and server functions are small, uploads have their own routes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a body may take to arrive, all of it: a sender that trickles must not hold a place for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A JSON body.
pub(super) struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !json {
            // A form of another site can send text or form fields without being asked, but not JSON.
            return Err(refused(
                "body.type",
                "The body must be JSON".to_owned(),
                Some("Send the header `Content-Type: application/json`"),
            ));
        }
        let bytes = bytes(request, state, PATIENCE).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            refused("body.json", format!("The body cannot be read: {error}"), Some("See /api/docs for its shape"))
        })
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S, patience: Duration) -> Result<Bytes, Response> {
    let Ok(read) = tokio::time::timeout(patience, Bytes::from_request(request, state)).await else {
        let slow = Problem::new(
            ProblemKind::Unreadable,
            "body.slow",
            format!("The body did not arrive within {} s", patience.as_secs()),
            Some("Send the whole request again".to_owned()),
        );
        return Err(with_status(StatusCode::REQUEST_TIMEOUT, slow));
    };
    read.map_err(|error| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let large = Problem::new(
                ProblemKind::TooLarge,
                "body.too_large",
                format!("The body is larger than {} KiB, the most that a request may hold", MAX_BODY_BYTES / 1024),
                Some("Leave out what is not needed".to_owned()),
            );
            ApiProblem(large).into_response()
        } else {
            refused("body.unreadable", error.body_text(), None)
        }
    })
}

fn refused(code: &str, message: String, hint: Option<&str>) -> Response {
    ApiProblem(Problem::new(ProblemKind::Unreadable, code, message, hint.map(str::to_owned))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(body: Body) -> Request {
        Request::post("/").header(CONTENT_TYPE, "application/json").body(body).expect("a valid request")
    }

    #[tokio::test]
    async fn a_body_is_read_whatever_its_parts() {
        let parts = ["[1,", "2]"].map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(futures::stream::iter(parts));
        let Ok(JsonBody(read)) = JsonBody::<Vec<u8>>::from_request(request(body), &()).await else {
            panic!("a good body was refused");
        };
        assert_eq!(read, [1, 2]);
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let body = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let Err(reply) = bytes(request(body), &(), Duration::ZERO).await else {
            panic!("a body that never came was read");
        };
        assert_eq!(reply.status(), StatusCode::REQUEST_TIMEOUT);
    }
}

//! Sends bodies slowly, or only half of them.
//!
//! In:  a finished answer. Out: the same answer with a body that trickles or breaks off.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;

use super::gate::BodyFault;

/// Gives an answer the body fault that was decided for it.
pub(crate) async fn shape(answer: Response<Body>, fault: BodyFault) -> Response<Body> {
    if fault == BodyFault::None {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    // Bodies of this service are made in memory and cannot fail to be read.
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    // The full length is announced, so that a client can tell a body that broke off from a short one.
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    let body = match fault {
        BodyFault::None => Body::from(bytes),
        BodyFault::Truncated => truncated(bytes),
        BodyFault::Slow { chunk_bytes, every } => trickle(bytes, chunk_bytes, every),
    };
    Response::from_parts(parts, body)
}

fn truncated(bytes: Bytes) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    let frames = futures::stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok(half), None)),
            None => {
                // Lets the connection flush the first half before it breaks off.
                tokio::task::yield_now().await;
                Some((Err(io::Error::other("the body breaks off here, as ordered")), None))
            }
        }
    });
    Body::from_stream(frames)
}

fn trickle(bytes: Bytes, chunk_bytes: u32, every: Duration) -> Body {
    let chunk = usize::try_from(chunk_bytes).unwrap_or(usize::MAX).max(1);
    let frames = futures::stream::unfold((bytes, Duration::ZERO), move |(mut rest, pause)| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let next = rest.split_to(chunk.min(rest.len()));
        Some((Ok::<_, io::Error>(next), (rest, every)))
    });
    Body::from_stream(frames)
}

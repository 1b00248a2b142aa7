//! Connections: accepts them, speaks HTTP/1.1 or h2c on them, breaks them when ordered.
//!
//! In:  a listener and an [`Answerer`]. Out: answers.
//! Not here: what is answered (`http_api`), which request fails how (`faults`).

mod answer;
mod io;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub(crate) use answer::Answerer;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::io::BreakableIo;

/// How long open connections may finish what they do when the target stops.
const GRACE: Duration = Duration::from_secs(2);

/// Accepts connections until `stop`, then lets them finish for a moment.
pub(crate) async fn run(listener: TcpListener, answerer: Arc<Answerer>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, Arc::clone(&answerer), stop.clone());
                let abort = abort.clone();
                connections.spawn(async move { abort.run_until_cancelled(connection).await });
            }
            Err(error) => {
                // Out of descriptors, mostly: the next accept would fail at once too, so others get a moment to close.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        // Held and hanging requests: nobody will answer them.
        abort.cancel();
        connections.wait().await;
    }
}

async fn connection(stream: TcpStream, answerer: Arc<Answerer>, stop: CancellationToken) {
    answerer.access.connected();
    // Small answers must not wait for the acknowledgement of earlier ones.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY is refused");
    }
    let broken = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(BreakableIo::new(stream, Arc::clone(&broken)));
    let service = service_fn(move |request| {
        let answerer = Arc::clone(&answerer);
        let broken = Arc::clone(&broken);
        async move { answerer.answer(request, &broken).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).pipeline_flush(true);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(4096);
    let mut connection = pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients that hang up and connections that were broken as ordered end here; neither is news.
        tracing::trace!(%error, "a connection ended early");
    }
}

//! HTTP/2 connections, shared by many requests at once.
//!
//! Each carries up to [`STREAMS`] requests; more requests open more connections, as a fleet of clients would, instead of
//! waiting inside ours and being blamed on the target.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use parking_lot::Mutex;

use super::{failure::Failure, stream::Stream};
use crate::{code::ErrorCode, guard::Origin};

/// Requests on one connection: the least that servers are recommended to allow.
const STREAMS: usize = 100;

type Sender = http2::SendRequest<Full<Bytes>>;

/// The HTTP/2 connections of a user (closed) or of the run (open).
#[derive(Debug, Default)]
pub(crate) struct H2Pool {
    /// Held while a connection is made: those who come meanwhile share it instead of opening their own.
    pub(crate) opening: tokio::sync::Mutex<()>,
    connections: Mutex<HashMap<Origin, Vec<Shared>>>,
}

#[derive(Debug)]
struct Shared {
    sender: Sender,
    busy: Arc<AtomicUsize>,
}

/// The right to send one request on a connection.
pub(crate) struct Lease {
    pub(crate) sender: Sender,
    busy: Arc<AtomicUsize>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl H2Pool {
    /// A place on an open connection, if there is one.
    pub(crate) fn lease(&self, origin: &Origin) -> Option<Lease> {
        let mut connections = self.connections.lock();
        let list = connections.get_mut(origin)?;
        list.retain(|shared| !shared.sender.is_closed());
        let shared = list.iter().find(|shared| shared.busy.load(Ordering::Relaxed) < STREAMS)?;
        shared.busy.fetch_add(1, Ordering::Relaxed);
        Some(Lease { sender: shared.sender.clone(), busy: Arc::clone(&shared.busy) })
    }

    /// Speaks HTTP/2 over a new connection and keeps it for others if `reuse` says so.
    pub(crate) async fn open(&self, origin: &Origin, stream: Stream, reuse: bool) -> Result<Lease, Failure> {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .adaptive_window(true)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Failure::new(ErrorCode::ProtoH2, error.to_string()))?;
        tokio::spawn(async move {
            if let Err(error) = driver.await {
                // Requests on it have been told; this is for those who look for the reason.
                tracing::debug!(%error, "an HTTP/2 connection ended");
            }
        });
        let busy = Arc::new(AtomicUsize::new(1));
        if reuse {
            let shared = Shared { sender: sender.clone(), busy: Arc::clone(&busy) };
            self.connections.lock().entry(origin.clone()).or_default().push(shared);
        }
        Ok(Lease { sender, busy })
    }
}

//! Where a run's news goes: the store for a worker, the terminal for `perflab run FILE`.

use std::sync::Arc;

use async_trait::async_trait;
use perflab_model::{event::EventKind, order::Orders, run::Headline, runner::Started, summary::Progress, tick::Tick};
use serde::{Deserialize, Serialize};

use super::spool::Spool;

/// What is to be kept at once. It is numbered when it is first handed over and never changes from then on, so that a
/// chunk that comes twice is the same one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its number within the attempt, from 1.
    pub number: u64,
    /// What happened, with its time in microseconds since the epoch.
    pub events: Vec<(i64, EventKind)>,
    /// Seconds with their histograms.
    pub ticks: Vec<Tick>,
    /// How things stand.
    pub progress: Option<Progress>,
    /// The same for the list of runs.
    pub headline: Option<Headline>,
}

impl Chunk {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.ticks.is_empty()
    }
}

/// Why something could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The run has passed to another attempt, or is over: stop at once, keep nothing.
    #[error("the run is no longer ours")]
    Stale,
    /// Not now. It may have been kept all the same, with its acknowledgement lost: the same again will tell.
    #[error("the store does not answer: {0}")]
    Unreachable(String),
    /// Never, however often it is tried.
    #[error("the store refuses what was measured: {0}")]
    Refused(String),
}

/// Keeps what a runner says. Whatever failed or took too long is told again, the very same: telling twice must be
/// telling once. A call that takes too long is dropped in the middle.
#[async_trait]
pub trait Sink: Send {
    /// The runner has begun.
    async fn started(&mut self, started: &Started) -> Result<(), SinkError>;
    /// Keeps a chunk, renews the lease, and gives what people have asked for. A chunk with nothing in it has no number
    /// and only renews.
    async fn write(&mut self, chunk: &Chunk) -> Result<Orders, SinkError>;
    /// Load has ended; results come next.
    async fn finishing(&mut self) -> Result<(), SinkError>;
    /// Where what cannot be kept yet waits on disk, so that it outlives this process.
    fn spool(&self) -> Option<Arc<Spool>> {
        None
    }
    /// Comes back when a person may have asked for something, which a write would bring.
    async fn woken(&mut self) {
        std::future::pending::<()>().await;
    }
}

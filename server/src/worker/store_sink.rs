//! Keeps what a runner says in the store, under the attempt's fencing number.

use std::sync::Arc;

use async_trait::async_trait;
use perflab_lab::{Changes, Lab};
use perflab_model::{id::RunId, order::Orders, runner::Started};
use perflab_store::StoreError;

use super::{
    sink::{Chunk, Sink, SinkError},
    spool::Spool,
};

/// The store, for one attempt at one run.
pub(super) struct StoreSink {
    lab: Lab,
    run: RunId,
    attempt: u32,
    changes: Changes,
    spool: Option<Arc<Spool>>,
}

impl StoreSink {
    pub(super) fn new(lab: Lab, run: RunId, attempt: u32, spool: Option<Arc<Spool>>) -> Self {
        let changes = lab.changes();
        Self { lab, run, attempt, changes, spool }
    }
}

/// What an error means for the run. Its cause is for the log alone: people who read of the run need not know the
/// database's words.
fn sink_error(error: StoreError) -> SinkError {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    match error {
        StoreError::Stale { .. } => SinkError::Stale,
        later if later.is_transient() => {
            tracing::debug!(error = %later, cause, "the store does not answer");
            SinkError::Unreachable(later.to_string())
        }
        never => {
            tracing::error!(error = %never, cause, "the store refuses what was measured");
            SinkError::Refused(never.to_string())
        }
    }
}

/// A chunk as the store takes it.
pub(super) fn stored(chunk: &Chunk) -> perflab_store::Chunk {
    perflab_store::Chunk {
        events: chunk.events.clone(),
        ticks: chunk.ticks.clone(),
        progress: chunk.progress.clone(),
        headline: chunk.headline,
    }
}

#[async_trait]
impl Sink for StoreSink {
    async fn started(&mut self, started: &Started) -> Result<(), SinkError> {
        self.lab.db().start(self.run, self.attempt, started, self.lab.now_us()).await.map_err(sink_error)
    }

    async fn write(&mut self, chunk: &Chunk) -> Result<Orders, SinkError> {
        if chunk.is_empty() {
            return self.lab.db().beat(self.run, self.attempt).await.map_err(sink_error);
        }
        let written = self.lab.db().write_chunk(self.run, self.attempt, chunk.number, &stored(chunk)).await;
        written.map(|written| written.orders).map_err(sink_error)
    }

    async fn finishing(&mut self) -> Result<(), SinkError> {
        self.lab.db().finishing(self.run, self.attempt, self.lab.now_us()).await.map_err(sink_error)
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.clone()
    }

    async fn woken(&mut self) {
        self.changes.of_orders(self.run).await;
    }
}

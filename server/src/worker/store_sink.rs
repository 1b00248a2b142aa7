//! Keeps what a runner says in the store, under the attempt's fencing number.

use async_trait::async_trait;
use perflab_lab::Lab;
use perflab_model::{id::RunId, run::Cancel, runner::Started};
use perflab_store::StoreError;

use super::drive::{Chunk, Sink, SinkError};

/// The store, for one attempt at one run.
pub(super) struct StoreSink {
    lab: Lab,
    run: RunId,
    attempt: u32,
    /// Number of the next chunk, from 1: a chunk sent twice is kept once.
    next_chunk: u64,
}

impl StoreSink {
    pub(super) fn new(lab: Lab, run: RunId, attempt: u32) -> Self {
        Self { lab, run, attempt, next_chunk: 1 }
    }
}

fn sink_error(error: StoreError) -> SinkError {
    match error {
        StoreError::Stale { .. } => SinkError::Stale,
        other => SinkError::Unreachable(other.to_string()),
    }
}

#[async_trait]
impl Sink for StoreSink {
    async fn started(&mut self, started: &Started) -> Result<(), SinkError> {
        self.lab.db().start(self.run, self.attempt, started, self.lab.now_us()).await.map_err(sink_error)
    }

    async fn write(&mut self, chunk: &Chunk) -> Result<Option<Cancel>, SinkError> {
        if !chunk.is_empty() {
            let stored = perflab_store::Chunk {
                events: chunk.events.clone(),
                ticks: chunk.ticks.clone(),
                progress: chunk.progress.clone(),
                headline: chunk.headline,
            };
            self.lab.db().write_chunk(self.run, self.attempt, self.next_chunk, &stored).await.map_err(sink_error)?;
            self.next_chunk += 1;
        }
        self.lab.db().beat(self.run, self.attempt).await.map_err(sink_error)
    }

    async fn finishing(&mut self) -> Result<(), SinkError> {
        self.lab.db().finishing(self.run, self.attempt, self.lab.now_us()).await.map_err(sink_error)
    }
}

//! Wake-ups for whoever waits: that a run or the queue may have changed.
//!
//! A wake-up says nothing of what changed, and one may come too often but never too seldom for long: whoever waits reads
//! the rows, waits for a change or a few seconds, and reads them again.

use perflab_model::id::RunId;
use perflab_store::Change;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::Lab;

/// Listens for changes from the moment it was made.
pub struct Changes(Receiver<Change>);

impl Changes {
    /// Comes back when the run may have changed.
    pub async fn of_run(&mut self, run: RunId) {
        self.wait(|change| change == Change::Run(run)).await;
    }

    /// Comes back when a person may want the run to end.
    pub async fn of_orders(&mut self, run: RunId) {
        self.wait(|change| change == Change::Order(run)).await;
    }

    /// Comes back when a run may have become claimable.
    pub async fn of_queue(&mut self) {
        self.wait(|change| change == Change::Queue).await;
    }

    async fn wait(&mut self, wanted: impl Fn(Change) -> bool) {
        loop {
            match self.0.recv().await {
                Ok(Change::Unknown) | Err(RecvError::Lagged(_)) => return,
                Ok(change) if wanted(change) => return,
                Ok(_) => {}
                // The store is closed: nothing will ever change again, and the caller's own clock decides.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Lab {
    /// Begins to listen. Rows read after this call and before the first wait are not missed.
    pub fn changes(&self) -> Changes {
        Changes(self.db.changes())
    }
}

//! The open database: its pools, its write transactions, its wake-ups.

use std::sync::Arc;

use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction, postgres::PgConnectOptions};
use tokio::{sync::broadcast, task::AbortHandle};

use crate::{
    change::{Change, Origin},
    error::StoreError,
    sql::sql,
};

/// How many wake-ups a slow reader may be behind before it is told that it missed some.
const CHANGES_KEPT: usize = 1_024;

/// An open database. Cheap to clone; the pools close with the last clone or with [`Db::close`].
#[derive(Clone)]
pub struct Db {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) pools: Pools,
    pub(crate) changes: broadcast::Sender<Change>,
    /// Tells our own notifications from those of other processes.
    pub(crate) origin: Origin,
    /// The task that hears other processes (Postgres).
    pub(crate) listener: Option<AbortHandle>,
}

pub(crate) enum Pools {
    /// One writer, because SQLite has only one at a time anyway: who waits, waits in our queue and not for its lock.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres {
        pool: PgPool,
        options: Box<PgConnectOptions>,
    },
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.shared.pools {
            Pools::Sqlite { .. } => "Db(SQLite)",
            Pools::Postgres { .. } => "Db(Postgres)",
        })
    }
}

/// A write transaction. What it changed is told to readers when it has been committed, never before.
pub(crate) struct Tx {
    pub(crate) under: Under,
    changes: Vec<Change>,
    shared: Arc<Shared>,
}

pub(crate) enum Under {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    pub(crate) async fn new(pools: Pools) -> Result<Self, StoreError> {
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let origin = Origin::new();
        let listener = match &pools {
            Pools::Sqlite { .. } => None,
            Pools::Postgres { options, .. } => {
                Some(crate::change::listen((**options).clone(), origin, changes.clone()).await?.abort_handle())
            }
        };
        Ok(Self { shared: Arc::new(Shared { pools, changes, origin, listener }) })
    }

    /// Wake-ups from now on: one for each committed write, of this process and, on Postgres, of every other. A reader
    /// that lags is told so by the channel and reads its rows again, as after [`Change::Unknown`].
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    /// The name of the database, for people.
    pub fn kind(&self) -> &'static str {
        match self.shared.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres { .. } => "Postgres",
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sql("SELECT 1 AS one").first(self).await.map(|_| ())
    }

    /// Closes the pools after what is under way; later calls are [`StoreError::Busy`].
    pub async fn close(&self) {
        if let Some(listener) = &self.shared.listener {
            listener.abort();
        }
        match &self.shared.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                // Last, so that it is the one to fold the log into the file.
                writer.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }

    /// Begins a write.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        let under = match &self.shared.pools {
            // A plain BEGIN that reads first and writes later can fail with BUSY at once, whatever the timeout.
            Pools::Sqlite { writer, .. } => Under::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres { pool, .. } => Under::Postgres(pool.begin().await?),
        };
        Ok(Tx { under, changes: Vec::new(), shared: Arc::clone(&self.shared) })
    }
}

impl Tx {
    /// Remembers what to tell once the transaction is committed.
    pub(crate) fn changed(&mut self, change: Change) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Commits, then wakes readers.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        if matches!(self.under, Under::Postgres(_)) {
            for change in self.changes.clone() {
                // Postgres delivers it at the commit, and never when that fails.
                sql("SELECT pg_notify($1, $2)")
                    .bind(crate::change::CHANNEL)
                    .bind(change.to_payload(self.shared.origin))
                    .run(&mut self)
                    .await?;
            }
        }
        match self.under {
            Under::Sqlite(tx) => tx.commit().await?,
            Under::Postgres(tx) => tx.commit().await?,
        }
        for change in self.changes {
            // Nobody listening is fine.
            let _ = self.shared.changes.send(change);
        }
        Ok(())
    }
}

//! Workers, as they last said of themselves. For people: leases of runs rest on the run row alone.

use perflab_model::id::WorkerId;

use crate::{Db, StoreError, sql::sql};

/// A worker that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWorker {
    /// Its id, for as long as the process lives.
    pub id: WorkerId,
    /// Host name.
    pub host: String,
    /// Workers whose numbers may be compared.
    pub class: String,
    /// When it started.
    pub started_us: i64,
}

/// A worker as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWorker {
    /// What it said when it began.
    pub worker: NewWorker,
    /// When it was last seen, by its own clock.
    pub seen_us: i64,
    /// Rises with every sign of life.
    pub beat: u64,
}

impl Db {
    /// Keeps a worker, over what it said before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_worker(&self, worker: &NewWorker) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("INSERT INTO worker (id, host, class, started_us, seen_us) VALUES ($1, $2, $3, $4, $4) \
             ON CONFLICT (id) DO UPDATE SET host = excluded.host, class = excluded.class, seen_us = excluded.seen_us")
        .bind(worker.id)
        .bind(&worker.host)
        .bind(&worker.class)
        .bind(worker.started_us)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// A sign of life. `false` when the worker is not known (any more): it introduces itself again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn worker_seen(&self, id: WorkerId, now_us: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let known = sql("UPDATE worker SET seen_us = $2, beat = beat + 1 WHERE id = $1")
            .bind(id)
            .bind(now_us)
            .run(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(known > 0)
    }

    /// Forgets a worker that said goodbye.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_worker(&self, id: WorkerId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("DELETE FROM worker WHERE id = $1").bind(id).run(&mut tx).await?;
        tx.commit().await
    }

    /// Forgets workers that were last seen before that instant: who was killed said no goodbye. One that lives after all
    /// is told so by [`Db::worker_seen`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_silent_workers(&self, before_us: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("DELETE FROM worker WHERE seen_us < $1").bind(before_us).run(&mut tx).await?;
        tx.commit().await
    }

    /// All workers, last seen first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn workers(&self) -> Result<Vec<StoredWorker>, StoreError> {
        let rows = sql("SELECT id, host, class, started_us, seen_us, beat FROM worker ORDER BY seen_us DESC, id")
            .all(self)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(StoredWorker {
                    worker: NewWorker {
                        id: row.parse("id")?,
                        host: row.get("host")?,
                        class: row.get("class")?,
                        started_us: row.get("started_us")?,
                    },
                    seen_us: row.get("seen_us")?,
                    beat: row.count("beat")?,
                })
            })
            .collect()
    }
}

//! Leases: a worker that beats keeps its run; one that is silent loses it.
//!
//! The store only counts beats. How long a counter may stand still is the keeper's business, by its own monotonic
//! clock: wall clocks of different machines decide nothing here.

use perflab_model::{
    event::{EventKind, StateChange},
    id::RunId,
    order::Orders,
    run::{RunEnd, RunState},
};

use crate::{
    Change, Db, StoreError,
    events::add_events,
    orders::told,
    run::under_way,
    sql::{json, sql},
};

/// A run that a worker has, and how often it has beaten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// Rises with every beat.
    pub beat: u64,
}

impl Db {
    /// Keeps the lease alive, and gives the orders to its run.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when another attempt has the run or it has ended: the worker stops its runner.
    pub async fn beat(&self, run: RunId, attempt: u32) -> Result<Orders, StoreError> {
        let mut tx = self.begin().await?;
        let row = sql(concat!(
            "UPDATE run SET lease_beat = lease_beat + 1 WHERE id = $1 AND attempt = $2 AND state IN ",
            under_way!(),
            " RETURNING cancel, kill_switch_id, environment_id"
        ))
        .bind(run)
        .bind(attempt)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return Err(StoreError::Stale { run, attempt }) };
        let orders = told(&mut tx, run, attempt, &row).await?;
        tx.commit().await?;
        Ok(orders)
    }

    /// All leases, for the keeper.
    ///
    /// # Errors
    /// When the database does not answer: the keeper then knows nothing, and no lease grows older by it.
    pub async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        let rows =
            sql(concat!("SELECT id, attempt, lease_beat FROM run WHERE state IN ", under_way!())).all(self).await?;
        rows.iter()
            .map(|row| Ok(Lease { run: row.parse("id")?, attempt: row.attempt()?, beat: row.count("lease_beat")? }))
            .collect()
    }

    /// Calls a run lost, unless its worker has beaten since the keeper looked. What it had measured is kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lose(&self, lease: Lease, message: &str, now_us: i64) -> Result<bool, StoreError> {
        let end = RunEnd { state: RunState::Lost, code: "lost".to_owned(), message: message.to_owned() };
        let mut tx = self.begin().await?;
        let row = sql(concat!(
            "UPDATE run SET state = 'lost', ended_us = $4, ending = $5, last_seq = last_seq + 1 \
             WHERE id = $1 AND attempt = $2 AND lease_beat = $3 AND state IN ",
            under_way!(),
            " RETURNING last_seq"
        ))
        .bind(lease.run)
        .bind(lease.attempt)
        .bind(lease.beat)
        .bind(now_us)
        .bind(json("ending", &end)?)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let lost = EventKind::State(StateChange { state: RunState::Lost, end: Some(end) });
        add_events(&mut tx, lease.run, lease.attempt, row.count("last_seq")?, &[(now_us, lost)]).await?;
        tx.changed(Change::Run(lease.run));
        tx.changed(Change::Queue);
        tx.commit().await?;
        Ok(true)
    }
}

//! Who carries out the next run.
//!
//! The run row itself is claimed; no job library stands between. Three things decide whether a claim holds, and all
//! three live on the run row: one run at a time on an environment (a filter that depends on the state of *other* runs,
//! which a job queue cannot express; it would hand out a job, only to have it put back again and again), the lease,
//! and the fencing number of the attempt. A job table beside the row would repeat the state of each run in a second
//! place, and the two would disagree after every crash between them. What a library would add for runs (retries,
//! recovery of orphans by age) is exactly what runs must not have: load is never tried twice by itself, and a live run
//! is never taken from its worker because a clock said so.
//!
//! SQLite: `BEGIN IMMEDIATE` makes claims follow each other. Postgres: `SKIP LOCKED` on run *and* environment, so that
//! claimers of one environment do not wait for each other, and the second look inside the UPDATE sees what was
//! committed meanwhile. The unique index `run_under_way` would refuse what both overlooked.

use perflab_model::{
    event::{EventKind, StateChange},
    id::{RunId, WorkerId},
    run::{Run, RunState},
};

use crate::{
    Change, Db, StoreError,
    db::Tx,
    events::add_events,
    kill_switch::stopped_by_switch,
    run::under_way,
    sql::{Dialect, sql},
};

/// Tries of one claim against others that win: each means that somebody else got a run, so this ends early in practice.
const TRIES: usize = 20;

/// A run that a worker has now.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The run with its plan.
    pub run: Run,
    /// The fencing number: every write of this worker carries it.
    pub attempt: u32,
}

/// The oldest waiting run whose environment is free and not held by a kill switch.
const CANDIDATE: Dialect = Dialect {
    sqlite: concat!(
        "SELECT id FROM run WHERE state = 'queued' AND environment_id NOT IN \
         (SELECT environment_id FROM run WHERE state IN ",
        under_way!(),
        ") AND NOT ",
        stopped_by_switch!(),
        " ORDER BY created_us, id LIMIT 1"
    ),
    // SQLite has no row locks and needs none. NO KEY: launches refer to the environment meanwhile.
    postgres: concat!(
        "SELECT run.id FROM run JOIN environment ON environment.id = run.environment_id \
         WHERE run.state = 'queued' AND run.environment_id NOT IN \
         (SELECT environment_id FROM run WHERE state IN ",
        under_way!(),
        ") AND NOT ",
        stopped_by_switch!(),
        " ORDER BY run.created_us, run.id LIMIT 1 FOR NO KEY UPDATE OF run, environment SKIP LOCKED"
    ),
};

enum Try {
    Got(RunId),
    Nothing,
    Again,
}

impl Db {
    /// Gives a worker the oldest waiting run whose environment is free. The same `claim_id` again gives the same run,
    /// for a claim whose answer was lost.
    ///
    /// # Errors
    /// [`StoreError::StaleClaim`] when the run of a repeated claim is over: claim with a new id. When the database does
    /// not answer: repeat with the same id.
    pub async fn claim(&self, worker: WorkerId, claim_id: &str, now_us: i64) -> Result<Option<Claimed>, StoreError> {
        for _ in 0..TRIES {
            match self.try_claim(worker, claim_id, now_us).await {
                Ok(Try::Got(id)) => {
                    let run = self.run(id).await?;
                    return Ok(run.map(|run| Claimed { attempt: run.attempt, run }));
                }
                Ok(Try::Nothing) => return Ok(None),
                Ok(Try::Again) => {}
                // The index spoke: the environment was taken, or the same claim is being made a second time.
                Err(error) if error.is_duplicate() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn try_claim(&self, worker: WorkerId, claim_id: &str, now_us: i64) -> Result<Try, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(earlier) =
            sql("SELECT id, state FROM run WHERE claim_id = $1").bind(claim_id).first(&mut tx).await?
        {
            let state = earlier.word("state", RunState::from_code)?;
            return if state.is_terminal() { Err(StoreError::StaleClaim) } else { Ok(Try::Got(earlier.parse("id")?)) };
        }
        let Some(candidate) = sql(CANDIDATE).first(&mut tx).await? else { return Ok(Try::Nothing) };
        let id: RunId = candidate.parse("id")?;
        if !take(&mut tx, id, worker, claim_id, now_us).await? {
            return Ok(Try::Again);
        }
        tx.commit().await?;
        Ok(Try::Got(id))
    }
}

async fn take(tx: &mut Tx, id: RunId, worker: WorkerId, claim_id: &str, now_us: i64) -> Result<bool, StoreError> {
    let row = sql(concat!(
        "UPDATE run SET state = 'claimed', attempt = attempt + 1, worker_id = $2, claim_id = $3, \
         lease_beat = lease_beat + 1, last_chunk = 0, last_seq = last_seq + 1, \
         worker_class = (SELECT worker.class FROM worker WHERE worker.id = $2) \
         WHERE id = $1 AND state = 'queued' AND NOT EXISTS (SELECT 1 FROM run AS busy \
         WHERE busy.environment_id = run.environment_id AND busy.state IN ",
        under_way!(),
        ") AND NOT ",
        stopped_by_switch!(),
        " RETURNING attempt, last_seq"
    ))
    .bind(id)
    .bind(worker)
    .bind(claim_id)
    .first(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let claimed = EventKind::State(StateChange { state: RunState::Claimed, end: None });
    add_events(tx, id, row.attempt()?, row.count("last_seq")?, &[(now_us, claimed)]).await?;
    tx.changed(Change::Run(id));
    Ok(true)
}

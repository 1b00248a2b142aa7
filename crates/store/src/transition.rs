//! A run goes from state to state.
//!
//! Every step is one `UPDATE … WHERE id AND state AND attempt` and writes its event in the same transaction. No row
//! means that the caller came too late, and it is told so. A step that was taken already by the same attempt changes
//! nothing: its acknowledgement was lost.

use perflab_model::{
    blocks::Blocks,
    comparison::RunComparison,
    event::{CancelAsked, EventKind, StateChange},
    id::RunId,
    run::{Cancel, RunEnd, RunState},
    runner::Started,
    summary::Summary,
    validity::Validity,
    verdict::Judgement,
};
use serde::{Deserialize, Serialize};

use crate::{
    Change, Conflict, Db, Refusal, ResultRow, StoreError,
    db::Tx,
    events::add_events,
    failpoint, kill_switch,
    run::{cancel_code, cancel_from_code, put_document, under_way},
    sql::{json, sql},
    trend::add_results,
};

/// What a run was worth, written with its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// All that was measured.
    pub summary: Summary,
    /// Whether the numbers can be trusted.
    pub validity: Validity,
    /// The verdict with its ledger.
    pub judgement: Judgement,
    /// The results that trends are made of.
    pub results: Vec<ResultRow>,
    /// What it is compared with other runs by.
    pub blocks: Blocks,
    /// How it stands beside its baseline; nothing of a run that could not be compared at all. Older ones do not say it.
    #[serde(default)]
    pub comparison: Option<RunComparison>,
}

/// What became of an order to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It had ended before: nothing was done.
    AlreadyOver(RunState),
    /// It was waiting and is now cancelled.
    CancelledNow,
    /// Its worker learns of it with the next beat, which the wake-up brings forward.
    Ordered,
}

impl Db {
    /// The first start is about to be made.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when another attempt has the run or it has ended.
    pub async fn start(&self, run: RunId, attempt: u32, started: &Started, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = sql("UPDATE run SET state = 'running', started_us = $3, last_seq = last_seq + 2 \
             WHERE id = $1 AND attempt = $2 AND state = 'claimed' RETURNING last_seq")
        .bind(run)
        .bind(attempt)
        .bind(started.at_us)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return taken_or_stale(&mut tx, run, attempt, RunState::Running).await };
        put_document(run, "started", started)?.run(&mut tx).await?;
        let events = [
            (now_us, EventKind::State(StateChange { state: RunState::Running, end: None })),
            (now_us, EventKind::Started(started.clone())),
        ];
        add_events(&mut tx, run, attempt, row.count("last_seq")? - 1, &events).await?;
        tx.changed(Change::Run(run));
        tx.commit().await
    }

    /// Load has ended, results are written and judged.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when another attempt has the run or it has ended.
    pub async fn finishing(&self, run: RunId, attempt: u32, now_us: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = sql("UPDATE run SET state = 'finishing', last_seq = last_seq + 1 \
             WHERE id = $1 AND attempt = $2 AND state IN ('claimed', 'running') RETURNING last_seq")
        .bind(run)
        .bind(attempt)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return taken_or_stale(&mut tx, run, attempt, RunState::Finishing).await };
        let event = EventKind::State(StateChange { state: RunState::Finishing, end: None });
        add_events(&mut tx, run, attempt, row.count("last_seq")?, &[(now_us, event)]).await?;
        tx.changed(Change::Run(run));
        tx.commit().await
    }

    /// Ends a run. `false` when it had ended already, so that an end told twice changes nothing.
    ///
    /// # Errors
    /// [`Conflict::Cancelled`] when it would end as completed although a person had asked for its end before: then
    /// nothing is written, and it is to be judged again, as cancelled. [`StoreError::Stale`] when another attempt has
    /// the run; [`Refusal::NotAnEnd`] when the state is not a terminal one.
    pub async fn finish(
        &self,
        run: RunId,
        attempt: u32,
        end: &RunEnd,
        outcome: Option<&Outcome>,
        now_us: i64,
    ) -> Result<bool, StoreError> {
        if !end.state.is_terminal() {
            return Err(Refusal::NotAnEnd(end.state.code()).into());
        }
        let mut tx = self.begin().await?;
        // The order may come between a look at the row and its change, so the database itself decides which was first.
        let row = sql(concat!(
            "UPDATE run SET state = $3, ending = $4, ended_us = $5, validity = $6, verdict = $7, \
             last_seq = last_seq + 1, to_follow = CASE WHEN $3 = 'finished' AND $6 = 'valid' AND search_id IS NULL \
             AND adjusted = 0 THEN 1 ELSE 0 END \
             WHERE id = $1 AND attempt = $2 AND (cancel IS NULL OR $8 <> 'completed') AND state IN ",
            under_way!(),
            " RETURNING last_seq"
        ))
        .bind(run)
        .bind(attempt)
        .bind(end.state.code())
        .bind(json("ending", end)?)
        .bind(now_us)
        .bind(outcome.map(|outcome| outcome.validity.state.word()))
        .bind(outcome.map(|outcome| outcome.judgement.verdict.code()))
        .bind(&end.code)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return had_ended(&mut tx, run, attempt).await };
        if let Some(outcome) = outcome {
            put_document(run, "summary", &outcome.summary)?.run(&mut tx).await?;
            put_document(run, "validity", &outcome.validity)?.run(&mut tx).await?;
            put_document(run, "judgement", &outcome.judgement)?.run(&mut tx).await?;
            put_document(run, "blocks", &outcome.blocks)?.run(&mut tx).await?;
            if let Some(comparison) = &outcome.comparison {
                put_document(run, "comparison", comparison)?.run(&mut tx).await?;
            }
            add_results(&mut tx, run, &outcome.results).await?;
        }
        let event = EventKind::State(StateChange { state: end.state, end: Some(end.clone()) });
        add_events(&mut tx, run, attempt, row.count("last_seq")?, &[(now_us, event)]).await?;
        tx.changed(Change::Run(run));
        tx.changed(Change::Queue);
        failpoint::reached("end.before_commit");
        tx.commit().await?;
        failpoint::reached("end.after_commit");
        Ok(true)
    }

    /// Orders a run to end. A waiting run ends here and now; an abort replaces an earlier stop, never the reverse. An
    /// order that changes nothing is no event.
    ///
    /// # Errors
    /// When there is no such run, or the database does not answer.
    pub async fn request_cancel(&self, run: RunId, how: Cancel, now_us: i64) -> Result<CancelOutcome, StoreError> {
        let end = cancelled(
            match how {
                Cancel::Stop => "stopped",
                Cancel::Abort => "aborted",
            },
            "Stopped by a person before it began",
        );
        let mut tx = self.begin().await?;
        let row = sql("UPDATE run SET state = 'cancelled', cancel = $2, ended_us = $3, ending = $4, \
             last_seq = last_seq + 1 WHERE id = $1 AND state = 'queued' RETURNING attempt, last_seq")
        .bind(run)
        .bind(cancel_code(how))
        .bind(now_us)
        .bind(json("ending", &end)?)
        .first(&mut tx)
        .await?;
        if let Some(row) = row {
            let event = EventKind::State(StateChange { state: RunState::Cancelled, end: Some(end) });
            add_events(&mut tx, run, row.attempt()?, row.count("last_seq")?, &[(now_us, event)]).await?;
            tx.changed(Change::Run(run));
            tx.commit().await?;
            return Ok(CancelOutcome::CancelledNow);
        }
        let row = sql(concat!(
            "UPDATE run SET cancel = $2, last_seq = last_seq + 1 \
             WHERE id = $1 AND (cancel IS NULL OR (cancel = 'stop' AND $2 = 'abort')) AND state IN ",
            under_way!(),
            " RETURNING attempt, last_seq"
        ))
        .bind(run)
        .bind(cancel_code(how))
        .first(&mut tx)
        .await?;
        let Some(row) = row else {
            let (state, _) = state_of(&mut tx, run).await?;
            // Under way with no less an order: asked for once more, for which nothing is to be done.
            return Ok(if state.is_terminal() { CancelOutcome::AlreadyOver(state) } else { CancelOutcome::Ordered });
        };
        let event = EventKind::Cancel(CancelAsked { how });
        add_events(&mut tx, run, row.attempt()?, row.count("last_seq")?, &[(now_us, event)]).await?;
        tx.changed(Change::Run(run));
        tx.changed(Change::Order(run));
        tx.commit().await?;
        Ok(CancelOutcome::Ordered)
    }
}

fn cancelled(code: &str, message: &str) -> RunEnd {
    RunEnd { state: RunState::Cancelled, code: code.to_owned(), message: message.to_owned() }
}

async fn state_of(tx: &mut Tx, run: RunId) -> Result<(RunState, u32), StoreError> {
    let row = sql("SELECT state, attempt FROM run WHERE id = $1")
        .bind(run)
        .first(tx)
        .await?
        .ok_or_else(|| StoreError::NotFound { what: "run", id: run.to_string() })?;
    Ok((row.word("state", RunState::from_code)?, row.attempt()?))
}

/// A step that changed no row: taken already by this very attempt, or too late.
async fn taken_or_stale(tx: &mut Tx, run: RunId, attempt: u32, step: RunState) -> Result<(), StoreError> {
    let (state, current) = state_of(tx, run).await?;
    if state == step && current == attempt { Ok(()) } else { Err(StoreError::Stale { run, attempt }) }
}

/// An end that changed no row: told before, overtaken by a person's order, or too late.
async fn had_ended(tx: &mut Tx, run: RunId, attempt: u32) -> Result<bool, StoreError> {
    let (state, current) = state_of(tx, run).await?;
    if current != attempt {
        return Err(StoreError::Stale { run, attempt });
    }
    if state.is_terminal() {
        return Ok(false);
    }
    let row = sql("SELECT cancel, kill_switch_id FROM run WHERE id = $1").bind(run).first(&mut *tx).await?;
    let Some(row) = row else { return Err(StoreError::Stale { run, attempt }) };
    let Some(how) = row.optional_word("cancel", cancel_from_code)? else {
        return Err(StoreError::Stale { run, attempt });
    };
    let killed = match row.get::<Option<String>>("kill_switch_id")? {
        Some(id) => kill_switch::by_id(tx, &id).await?.map(Box::new),
        None => None,
    };
    Err(Conflict::Cancelled { how, killed }.into())
}

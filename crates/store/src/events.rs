//! What happened to a run, in order: written by whoever changes the run, read by the live page.

use perflab_model::{
    bench::Measured,
    event::{Event, EventKind},
    id::RunId,
    summary::Progress,
    tick::Point,
};

use crate::{
    Db, StoreError,
    db::Tx,
    sql::{json, sql},
};

/// Rows of one statement: Postgres takes 65,535 parameters, SQLite 32,766.
const ROWS_AT_ONCE: usize = 500;

/// Writes events with numbers from `first_seq` on. The caller has raised the run's `last_seq` in the same transaction,
/// and so holds its row.
pub(crate) async fn add_events(
    tx: &mut Tx,
    run: RunId,
    attempt: u32,
    first_seq: u64,
    events: &[(i64, EventKind)],
) -> Result<(), StoreError> {
    let mut seq = first_seq;
    for some in events.chunks(ROWS_AT_ONCE) {
        let mut insert = sql("INSERT INTO run_event (run_id, seq, attempt, at_us, kind, body) VALUES");
        for (at_us, what) in some {
            let body = json("event", what)?;
            insert.push_row::<6>([
                run.into(),
                seq.into(),
                attempt.into(),
                (*at_us).into(),
                what.code().into(),
                body.into(),
            ]);
            seq += 1;
        }
        insert.run(tx).await?;
    }
    Ok(())
}

impl Db {
    /// What happened after event `seq` (0: from the start), in order, at most `limit` events.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events_since(&self, run: RunId, seq: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
        let rows = sql("SELECT seq, at_us, body FROM run_event WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3")
            .bind(run)
            .bind(seq)
            .bind(limit)
            .all(self)
            .await?;
        rows.iter()
            .map(|row| Ok(Event { seq: row.count("seq")?, at_us: row.get("at_us")?, what: row.json("body")? }))
            .collect()
    }

    /// All that was measured of the cases that a run's newest attempt has done, in order; with a name only of that case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn measured(&self, run: RunId, case: Option<&str>) -> Result<Vec<Measured>, StoreError> {
        let rows = sql("SELECT run_event.body FROM run_event JOIN run ON run.id = run_event.run_id \
             WHERE run_event.run_id = $1 AND run_event.kind = 'case' AND run_event.attempt = run.attempt \
             ORDER BY run_event.seq")
        .bind(run)
        .all(self)
        .await?;
        let mut found = Vec::new();
        for row in &rows {
            if let EventKind::Case(measured) = row.json("body")?
                && case.is_none_or(|wanted| measured.case.as_str() == wanted)
            {
                found.push(*measured);
            }
        }
        Ok(found)
    }

    /// How a run stands, as its worker said last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn progress(&self, run: RunId) -> Result<Option<Progress>, StoreError> {
        let row =
            sql("SELECT body FROM run_document WHERE run_id = $1 AND kind = 'progress'").bind(run).first(self).await?;
        row.map(|row| row.json("body")).transpose()
    }

    /// Every point of a run's newest attempt, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn points(&self, run: RunId) -> Result<Vec<Point>, StoreError> {
        let rows = sql("SELECT run_event.body FROM run_event JOIN run ON run.id = run_event.run_id \
             WHERE run_event.run_id = $1 AND run_event.kind = 'tick' AND run_event.attempt = run.attempt \
             ORDER BY run_event.seq")
        .bind(run)
        .all(self)
        .await?;
        let mut points = Vec::with_capacity(rows.len());
        for row in &rows {
            if let EventKind::Tick(point) = row.json("body")? {
                points.push(point);
            }
        }
        Ok(points)
    }
}

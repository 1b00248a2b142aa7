//! The seconds of a run that is over give way to fewer points of several seconds.
//!
//! In:  points that were merged from what is stored. Out: they are stored instead, all at once or not at all.
//! Not here: merging (`stats`), and when it is due (`lab`).
//!
//! A point takes the number of its last event, so readers who were told up to some number go on from there; the numbers
//! of the others are free from then on.

use std::collections::BTreeMap;

use perflab_model::{
    event::EventKind,
    id::RunId,
    tick::{Point, Tick},
};

use crate::{
    Db, StoreError,
    chunk::pack,
    db::Tx,
    run::under_way,
    sql::{On, Row, json, sql},
};

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 200;

/// How much the seconds of a run are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickExtent {
    /// How many points.
    pub points: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// The first second of the last one.
    pub last_second: u32,
}

/// A point as it is stored.
#[derive(Clone, Debug)]
pub struct PackedTick {
    point: Point,
    body: Vec<u8>,
}

impl PackedTick {
    /// Packs a point.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(tick: &Tick) -> Result<Self, StoreError> {
        Ok(Self { point: tick.point.clone(), body: pack(tick)? })
    }

    /// How much room it takes.
    pub fn bytes(&self) -> u64 {
        self.body.len() as u64
    }
}

impl Db {
    /// How much the seconds of an attempt are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tick_extent(&self, run: RunId, attempt: u32) -> Result<TickExtent, StoreError> {
        extent(self, run, attempt).await
    }

    /// Runs that are over and were told in more than so many chunks, newest first, with their attempts: whose seconds
    /// may have to be merged.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn long_runs(&self, chunks: u64, limit: u32) -> Result<Vec<(RunId, u32)>, StoreError> {
        let rows = sql("SELECT id, attempt FROM run WHERE last_chunk > $1 AND ended_us IS NOT NULL \
             ORDER BY created_us DESC LIMIT $2")
        .bind(chunks)
        .bind(limit)
        .all(self)
        .await?;
        rows.iter().map(|row| Ok((row.parse("id")?, row.attempt()?))).collect()
    }

    /// Puts points in the place of all seconds of an attempt. `false` when the run is not over, is another attempt's, or
    /// its seconds are not those any more that the points were made of: then nothing is changed.
    ///
    /// # Errors
    /// When the database does not answer, and then nothing was changed.
    pub async fn replace_ticks(
        &self,
        run: RunId,
        attempt: u32,
        made_of: TickExtent,
        points: &[PackedTick],
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        // Holds the run's row, so that of two who merge the second sees what the first has done.
        let row = sql(concat!(
            "UPDATE run SET attempt = attempt WHERE id = $1 AND attempt = $2 AND ended_us IS NOT NULL AND state NOT IN ",
            under_way!(),
            " RETURNING attempt"
        ))
        .bind(run)
        .bind(attempt)
        .first(&mut tx)
        .await?;
        if row.is_none() || extent(&mut tx, run, attempt).await? != made_of {
            return Ok(false);
        }
        let events = tick_events(&mut tx, run, attempt).await?;
        sql("DELETE FROM tick WHERE run_id = $1 AND attempt = $2").bind(run).bind(attempt).run(&mut tx).await?;
        sql("DELETE FROM run_event WHERE run_id = $1 AND attempt = $2 AND kind = 'tick'")
            .bind(run)
            .bind(attempt)
            .run(&mut tx)
            .await?;
        for some in points.chunks(ROWS_AT_ONCE) {
            let mut insert = sql("INSERT INTO tick (run_id, attempt, second, part, body) VALUES");
            for PackedTick { point, body } in some {
                insert.push_row::<5>([
                    run.into(),
                    attempt.into(),
                    point.second.into(),
                    0_u32.into(),
                    body.clone().into(),
                ]);
            }
            insert.run(&mut tx).await?;
            put_events(&mut tx, run, attempt, &events, some).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// The event of a second: its number, and when it was written.
type TickEvent = (u64, i64);

async fn extent<'a>(on: impl Into<On<'a>> + Send, run: RunId, attempt: u32) -> Result<TickExtent, StoreError> {
    let row =
        sql("SELECT COUNT(*) AS points, COALESCE(SUM(LENGTH(body)), 0) AS bytes, COALESCE(MAX(second), 0) AS last \
         FROM tick WHERE run_id = $1 AND attempt = $2 AND part = 0")
        .bind(run)
        .bind(attempt)
        .first(on)
        .await?;
    let Some(row) = row else { return Ok(TickExtent::default()) };
    let last_second = u32::try_from(row.count("last")?).unwrap_or(u32::MAX);
    Ok(TickExtent { points: row.count("points")?, bytes: row.count("bytes")?, last_second })
}

async fn tick_events(tx: &mut Tx, run: RunId, attempt: u32) -> Result<BTreeMap<u32, TickEvent>, StoreError> {
    let rows = sql("SELECT seq, at_us, body FROM run_event WHERE run_id = $1 AND attempt = $2 AND kind = 'tick'")
        .bind(run)
        .bind(attempt)
        .all(tx)
        .await?;
    let read = |row: &Row| {
        let EventKind::Tick(point) = row.json("body")? else { return Ok(None) };
        Ok(Some((point.second, (row.count("seq")?, row.get("at_us")?))))
    };
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

async fn put_events(
    tx: &mut Tx,
    run: RunId,
    attempt: u32,
    events: &BTreeMap<u32, TickEvent>,
    points: &[PackedTick],
) -> Result<(), StoreError> {
    let mut insert = sql("INSERT INTO run_event (run_id, seq, attempt, at_us, kind, body) VALUES");
    let mut any = false;
    for PackedTick { point, .. } in points {
        let Some((_, (seq, at_us))) = events.range(point.second..point.end()).next_back() else { continue };
        let event = EventKind::Tick(point.clone());
        insert.push_row::<6>([
            run.into(),
            (*seq).into(),
            attempt.into(),
            (*at_us).into(),
            event.code().into(),
            json("event", &event)?.into(),
        ]);
        any = true;
    }
    if any {
        insert.run(tx).await?;
    }
    Ok(())
}

//! What a worker uploads while a run is under way: events, seconds, how things stand.
//!
//! Invariant: a chunk is written once. Its number must follow the last one of the attempt; a number that was written
//! already is a repeat whose acknowledgement was lost, and changes nothing: a chunk must never change once it was sent.
//! Who no longer has the run is told `Stale`. A chunk is a sign of life as well, so that a worker writes once a second
//! and not twice.

use std::io::{Read, Write};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use futures::{Stream, TryStreamExt, stream};
use perflab_model::{
    event::EventKind,
    id::RunId,
    order::Orders,
    run::{Headline, RunState},
    summary::Progress,
    tick::Tick,
};

use crate::{
    Change, Conflict, Db, Refusal, StoreError,
    db::Tx,
    events::add_events,
    failpoint,
    orders::{obeyed, told},
    run::{cancel_from_code, put_document, under_way},
    sql::{json, sql},
};

/// Seconds that are read at once; with twenty requests about 2 MB.
const TICKS_AT_ONCE: u32 = 200;
/// First byte of a stored second: JSON, compressed with zlib.
const ZLIB_JSON: u8 = 1;
/// Largest second when unpacked; a guard against damaged rows.
const MAX_TICK_BYTES: u64 = 256 * 1024 * 1024;

/// A batch of news of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// What happened, with the wall clock: a [`EventKind::Tick`] for each second, log lines, examples. Changes of state
    /// and orders are not among them: the store writes those itself.
    pub events: Vec<(i64, EventKind)>,
    /// The seconds with their histograms.
    pub ticks: Vec<Tick>,
    /// How the run stands now; only the newest is kept.
    pub progress: Option<Progress>,
    /// The numbers of the list now.
    pub headline: Option<Headline>,
}

/// What the store answers to a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Number of the run's newest event.
    pub last_seq: u64,
    /// What is asked of the run.
    pub orders: Orders,
}

impl Db {
    /// Writes chunk `number` (from 1, rising by one within an attempt), keeps the lease alive, and gives the orders to its
    /// run.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when another attempt has the run or it has ended; [`Conflict::ChunkGap`] when an earlier
    /// chunk is missing; when the database does not answer, and then nothing was written or the repeat will say so.
    pub async fn write_chunk(
        &self,
        run: RunId,
        attempt: u32,
        number: u64,
        chunk: &Chunk,
    ) -> Result<Written, StoreError> {
        let mut progress = chunk.progress.as_ref();
        let mut events = Vec::with_capacity(chunk.events.len());
        let mut changes = Vec::new();
        for (at_us, what) in &chunk.events {
            match what {
                EventKind::State(_) | EventKind::Cancel(_) => return Err(Refusal::StateInChunk.into()),
                EventKind::Rate(change) => {
                    changes.push(change);
                    events.push((*at_us, what.clone()));
                }
                EventKind::Progress(newer) => progress = Some(newer),
                _ => events.push((*at_us, what.clone())),
            }
        }
        let count = events.len() as u64;
        let headline = chunk.headline.as_ref().map(|headline| json("headline", headline)).transpose()?;
        let mut tx = self.begin().await?;
        let row = sql(concat!(
            "UPDATE run SET last_chunk = $3, last_seq = last_seq + $4, headline = COALESCE($5, headline), \
             lease_beat = lease_beat + 1 \
             WHERE id = $1 AND attempt = $2 AND last_chunk = $3 - 1 AND state IN ",
            under_way!(),
            " RETURNING last_seq, cancel, kill_switch_id, environment_id"
        ))
        .bind(run)
        .bind(attempt)
        .bind(number)
        .bind(count)
        .bind(headline)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return repeat_or_refuse(&mut tx, run, attempt, number).await };
        let mut last_seq = row.count("last_seq")?;
        add_events(&mut tx, run, attempt, last_seq + 1 - count, &events).await?;
        for change in changes {
            obeyed(&mut tx, run, attempt, change).await?;
        }
        for tick in &chunk.ticks {
            sql("INSERT INTO tick (run_id, attempt, second, part, body) VALUES ($1, $2, $3, 0, $4)")
                .bind(run)
                .bind(attempt)
                .bind(tick.point.second)
                .bind(pack(tick)?)
                .run(&mut tx)
                .await?;
        }
        if let Some(progress) = progress {
            put_document(run, "progress", progress)?.run(&mut tx).await?;
        }
        let orders = told(&mut tx, run, attempt, &row).await?;
        if orders.cancel != row.optional_word("cancel", cancel_from_code)? {
            // A kill switch was found just now, which is one event more.
            last_seq += 1;
        }
        tx.changed(Change::Run(run));
        failpoint::reached("chunk.before_commit");
        tx.commit().await?;
        failpoint::reached("chunk.after_commit");
        Ok(Written { last_seq, orders })
    }

    /// Every point of an attempt with its histograms, in order. A run of hours under way is large: prefer
    /// [`Db::tick_stream`] where seconds can be folded one by one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticks(&self, run: RunId, attempt: u32) -> Result<Vec<Tick>, StoreError> {
        self.tick_stream(run, attempt).try_collect().await
    }

    /// The same, a few hundred seconds in memory at a time.
    pub fn tick_stream(&self, run: RunId, attempt: u32) -> impl Stream<Item = Result<Tick, StoreError>> + Send + use<> {
        stream::try_unfold((self.clone(), Some(-1_i64)), move |(db, after)| async move {
            let Some(after) = after else { return Ok(None) };
            let rows =
                sql("SELECT second, body FROM tick WHERE run_id = $1 AND attempt = $2 AND second > $3 AND part = 0 \
                 ORDER BY second LIMIT $4")
                .bind(run)
                .bind(attempt)
                .bind(after)
                .bind(TICKS_AT_ONCE)
                .all(&db)
                .await?;
            let Some(last) = rows.last() else { return Ok(None) };
            let more = rows.len() == TICKS_AT_ONCE as usize;
            let next = if more { Some(last.get::<i64>("second")?) } else { None };
            let ticks: Vec<Result<Tick, StoreError>> =
                rows.iter().map(|row| unpack(&row.get::<Vec<u8>>("body")?)).collect();
            Ok::<_, StoreError>(Some((stream::iter(ticks), (db, next))))
        })
        .try_flatten()
    }
}

/// Why a chunk was not written: it is there already, or its sender has lost the run.
async fn repeat_or_refuse(tx: &mut Tx, run: RunId, attempt: u32, number: u64) -> Result<Written, StoreError> {
    let row = sql("SELECT state, attempt, last_chunk, last_seq, cancel, kill_switch_id, environment_id FROM run \
         WHERE id = $1")
    .bind(run)
    .first(&mut *tx)
    .await?
    .ok_or_else(|| StoreError::NotFound { what: "run", id: run.to_string() })?;
    let last = row.count("last_chunk")?;
    if row.attempt()? == attempt && (1..=last).contains(&number) {
        let orders = told(tx, run, attempt, &row).await?;
        return Ok(Written { last_seq: row.count("last_seq")?, orders });
    }
    if row.attempt()? != attempt || row.word("state", RunState::from_code)?.is_terminal() {
        return Err(StoreError::Stale { run, attempt });
    }
    Err(Conflict::ChunkGap { expected: last + 1, found: number }.into())
}

/// A second as it is stored: histograms in base64 shrink to about a fifth.
pub(crate) fn pack(tick: &Tick) -> Result<Vec<u8>, StoreError> {
    let text = json("tick", tick)?;
    let mut packer = ZlibEncoder::new(vec![ZLIB_JSON], Compression::fast());
    packer
        .write_all(text.as_bytes())
        .and_then(|()| packer.finish())
        .map_err(|source| StoreError::Unwritable { what: "tick", source: serde_json::Error::io(source) })
}

fn unpack(body: &[u8]) -> Result<Tick, StoreError> {
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Unreadable { what: "tick", source };
    let Some((&ZLIB_JSON, packed)) = body.split_first() else {
        return Err(unreadable("it is packed in a way that this version does not know".into()));
    };
    let mut text = Vec::new();
    ZlibDecoder::new(packed).take(MAX_TICK_BYTES).read_to_end(&mut text).map_err(|source| unreadable(source.into()))?;
    serde_json::from_slice(&text).map_err(|source| unreadable(source.into()))
}

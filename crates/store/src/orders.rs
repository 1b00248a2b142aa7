//! What people ask of a run under way besides its end: another rate. And all that a worker hears with each answer.
//!
//! Invariant: an order has the next number of its attempt, so two that are given at the same moment never both hold: the
//! second is refused and asked for anew, with the first in view. It is told until the runner's own word came back as an
//! event; the worker passes each number on once.

use perflab_model::{
    event::EventKind,
    id::RunId,
    order::{Orders, RateChange},
    run::Cancel,
};

use crate::{
    Change, Conflict, Db, Idempotency, StoreError,
    create::take_key,
    db::Tx,
    events::add_events,
    kill_switch,
    run::cancel_from_code,
    sql::{Row, Sql, sql},
};

/// An order to change the rate of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRateOrder {
    /// The run.
    pub run: RunId,
    /// The attempt that it is meant for.
    pub attempt: u32,
    /// The order itself, with the number after the last one that the caller knows of.
    pub change: RateChange,
}

/// The columns of a [`RateChange`].
const COLUMNS: &str = "SELECT number, rate_by, asked_by, asked_us, from_second FROM run_order WHERE run_id = ";

fn rate_change(row: &Row) -> Result<RateChange, StoreError> {
    let unreadable =
        |source: std::num::TryFromIntError| StoreError::Unreadable { what: "run_order", source: source.into() };
    Ok(RateChange {
        number: u32::try_from(row.get::<i64>("number")?).map_err(unreadable)?,
        by: row.get("rate_by")?,
        asked_by: row.get("asked_by")?,
        asked_us: row.get("asked_us")?,
        from_second: row.get::<Option<i64>>("from_second")?.map(u32::try_from).transpose().map_err(unreadable)?,
    })
}

impl Db {
    /// Orders another rate of a run that sends load. With a key that was used for the same request before, gives that
    /// request's order; `true` beside it then.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the run no longer sends load, is being stopped, or another attempt has it;
    /// [`Conflict::Exists`] when another order has taken that number meanwhile; [`Conflict::KeyReused`] when the key stands
    /// for another request.
    pub async fn order_rate(
        &self,
        new: &NewRateOrder,
        key: Option<&Idempotency>,
    ) -> Result<(RateChange, bool), StoreError> {
        let (run, change) = (new.run, &new.change);
        let mut tx = self.begin().await?;
        if let Some(key) = key
            && let Some(earlier) = take_key(&mut tx, run, change.asked_us, key).await?
        {
            let row = behind_key(earlier.id, key).first(&mut tx).await?;
            return Ok((found(row, earlier.id)?, true));
        }
        let row = sql("UPDATE run SET last_seq = last_seq + 1 \
             WHERE id = $1 AND attempt = $2 AND state = 'running' AND cancel IS NULL RETURNING last_seq")
        .bind(run)
        .bind(new.attempt)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return Err(StoreError::Stale { run, attempt: new.attempt }) };
        sql("INSERT INTO run_order (run_id, attempt, number, rate_by, asked_by, asked_us, caller, key) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(run)
        .bind(new.attempt)
        .bind(change.number)
        .bind(change.by)
        .bind(&change.asked_by)
        .bind(change.asked_us)
        .bind(key.map(|key| key.caller.clone()))
        .bind(key.map(|key| key.key.clone()))
        .run(&mut tx)
        .await?;
        let asked = RateChange { from_second: None, ..change.clone() };
        let event = (change.asked_us, EventKind::Rate(asked.clone()));
        add_events(&mut tx, run, new.attempt, row.count("last_seq")?, &[event]).await?;
        tx.changed(Change::Run(run));
        tx.changed(Change::Order(run));
        tx.commit().await?;
        Ok((asked, false))
    }

    /// The order that an earlier request with this key gave, within the last 24 hours, and its run.
    ///
    /// # Errors
    /// [`Conflict::KeyReused`] when the key stands for another request; when the database does not answer.
    pub async fn rate_ordered_before(&self, key: &Idempotency, now_us: i64) -> Result<Option<RateChange>, StoreError> {
        let Some(earlier) = self.created_before(key, now_us).await? else { return Ok(None) };
        let row = behind_key(earlier.id, key).first(self).await?;
        found(row, earlier.id).map(Some)
    }

    /// Every order to the rate of an attempt, in their order, those included that have not taken effect.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rate_changes(&self, run: RunId, attempt: u32) -> Result<Vec<RateChange>, StoreError> {
        let mut select = sql(COLUMNS);
        select.push_bind(run);
        select.push(" AND attempt = ");
        select.push_bind(attempt);
        select.push(" ORDER BY number");
        select.all(self).await?.iter().map(rate_change).collect()
    }
}

/// The order that was given with a key.
fn behind_key(run: RunId, key: &Idempotency) -> Sql {
    let mut select = sql(COLUMNS);
    select.push_bind(run);
    select.push(" AND caller = ");
    select.push_bind(&key.caller);
    select.push(" AND key = ");
    select.push_bind(&key.key);
    select.push(" ORDER BY asked_us DESC");
    select
}

fn found(row: Option<Row>, run: RunId) -> Result<RateChange, StoreError> {
    row.as_ref().map(rate_change).transpose()?.ok_or_else(|| Conflict::KeyReused { run }.into())
}

/// An order has taken effect, as the runner says: written with the chunk that tells of it.
pub(crate) async fn obeyed(tx: &mut Tx, run: RunId, attempt: u32, change: &RateChange) -> Result<(), StoreError> {
    sql("UPDATE run_order SET from_second = $4 WHERE run_id = $1 AND attempt = $2 AND number = $3")
        .bind(run)
        .bind(attempt)
        .bind(change.number)
        .bind(change.from_second.map(i64::from))
        .run(tx)
        .await?;
    sql("UPDATE run SET adjusted = 1 WHERE id = $1").bind(run).run(tx).await?;
    Ok(())
}

/// What the worker of a run is told. `row` is the run's, with the columns `cancel`, `kill_switch_id` and
/// `environment_id`. A switch that was pulled while the run was being claimed catches it here.
pub(crate) async fn told(tx: &mut Tx, run: RunId, attempt: u32, row: &Row) -> Result<Orders, StoreError> {
    let mut orders = Orders::to_end(row.optional_word("cancel", cancel_from_code)?);
    orders.killed = match row.get::<Option<String>>("kill_switch_id")? {
        Some(id) => kill_switch::by_id(tx, &id).await?,
        None if orders.cancel == Some(Cancel::Abort) => None,
        None => kill_switch::catch(tx, run, attempt, row.parse("environment_id")?).await?,
    };
    if orders.killed.is_some() {
        orders.cancel = Some(Cancel::Abort);
    }
    let rows = sql("SELECT number, rate_by, asked_by, asked_us, from_second FROM run_order \
         WHERE run_id = $1 AND attempt = $2 AND from_second IS NULL ORDER BY number")
    .bind(run)
    .bind(attempt)
    .all(tx)
    .await?;
    orders.rates = rows.iter().map(rate_change).collect::<Result<_, _>>()?;
    Ok(orders)
}

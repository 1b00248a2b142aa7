//! Kill switches: pulled, looked at, released.
//!
//! Pulling aborts in the same transaction every run that a worker has. A claim that is being made at that moment may not see
//! the switch, nor the switch its run: so every beat and chunk looks once more ([`catch`]), and the run hears of it within
//! a second all the same.

use perflab_model::{
    event::{CancelAsked, EventKind},
    id::{EnvironmentId, KillSwitchId, RunId},
    kill_switch::{KillScope, KillSwitch},
    run::Cancel,
};

use crate::{
    Change, Db, StoreError,
    db::Tx,
    events::add_events,
    run::under_way,
    sql::{Row, Sql, sql},
};

/// A switch to be pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// Its id, if it is not pulled already.
    pub id: KillSwitchId,
    /// The environment; the whole lab where there is none.
    pub environment: Option<EnvironmentId>,
    /// Why.
    pub reason: String,
    /// By whom, in words.
    pub by: String,
    /// Now.
    pub now_us: i64,
}

/// Whether a switch that holds concerns the run of the outer statement.
macro_rules! stopped_by_switch {
    () => {
        "EXISTS (SELECT 1 FROM kill_switch WHERE kill_switch.released_us IS NULL \
         AND (kill_switch.environment_id IS NULL OR kill_switch.environment_id = run.environment_id))"
    };
}
pub(crate) use stopped_by_switch;

fn switches() -> Sql {
    sql("SELECT kill_switch.id, kill_switch.reason, kill_switch.pulled_by, kill_switch.pulled_us, \
         kill_switch.released_by, kill_switch.released_us, project.name AS project, environment.name AS environment \
         FROM kill_switch LEFT JOIN environment ON environment.id = kill_switch.environment_id \
         LEFT JOIN project ON project.id = environment.project_id WHERE ")
}

fn switch(row: &Row) -> Result<KillSwitch, StoreError> {
    let project = row.optional_word("project", |name| name.parse().ok())?;
    let environment = row.optional_word("environment", |name| name.parse().ok())?;
    let scope = match (project, environment) {
        (Some(project), Some(environment)) => KillScope::Environment { project, environment },
        _ => KillScope::Lab,
    };
    Ok(KillSwitch {
        id: row.parse("id")?,
        scope,
        reason: row.get("reason")?,
        pulled_by: row.get("pulled_by")?,
        pulled_us: row.get("pulled_us")?,
        released_by: row.get("released_by")?,
        released_us: row.get("released_us")?,
    })
}

/// The switch of an environment, or of the whole lab, that holds now.
fn holding(environment: Option<EnvironmentId>) -> Sql {
    let mut select = switches();
    select.push("kill_switch.released_us IS NULL AND COALESCE(kill_switch.environment_id, '') = ");
    select.push_bind(environment.map(|id| id.to_string()).unwrap_or_default());
    select
}

/// The switches that hold and concern an environment, the whole lab's first.
fn concerning(environment: EnvironmentId) -> Sql {
    let mut select = switches();
    select.push(
        "kill_switch.released_us IS NULL AND (kill_switch.environment_id IS NULL OR kill_switch.environment_id = ",
    );
    select.push_bind(environment);
    select.push(") ORDER BY COALESCE(kill_switch.environment_id, '')");
    select
}

/// One switch, whether it holds or not.
pub(crate) async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<KillSwitch>, StoreError> {
    one(id).first(tx).await?.as_ref().map(switch).transpose()
}

fn one(id: &str) -> Sql {
    let mut select = switches();
    select.push("kill_switch.id = ");
    select.push_bind(id);
    select
}

/// Aborts a run that a worker has although a switch holds; gives that switch.
pub(crate) async fn catch(
    tx: &mut Tx,
    run: RunId,
    attempt: u32,
    environment: EnvironmentId,
) -> Result<Option<KillSwitch>, StoreError> {
    let Some(row) = concerning(environment).first(&mut *tx).await? else { return Ok(None) };
    let holds = switch(&row)?;
    let row = sql(concat!(
        "UPDATE run SET cancel = 'abort', kill_switch_id = $3, last_seq = last_seq + 1 \
         WHERE id = $1 AND attempt = $2 AND state IN ",
        under_way!(),
        " RETURNING last_seq"
    ))
    .bind(run)
    .bind(attempt)
    .bind(holds.id)
    .first(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let asked = EventKind::Cancel(CancelAsked { how: Cancel::Abort });
    add_events(tx, run, attempt, row.count("last_seq")?, &[(holds.pulled_us, asked)]).await?;
    tx.changed(Change::Run(run));
    Ok(Some(holds))
}

impl Db {
    /// Pulls a switch and aborts every run under way that it concerns; gives the switch that holds now (an earlier one,
    /// where it was pulled already) and how many runs were told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pull_kill_switch(&self, new: &NewPull) -> Result<(KillSwitch, u64), StoreError> {
        let mut tx = self.begin().await?;
        sql("INSERT INTO kill_switch (id, environment_id, reason, pulled_by, pulled_us) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING")
        .bind(new.id)
        .bind(new.environment.map(|id| id.to_string()))
        .bind(&new.reason)
        .bind(&new.by)
        .bind(new.now_us)
        .run(&mut tx)
        .await?;
        let row = holding(new.environment).first(&mut tx).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "kill switch", id: new.id.to_string() })?;
        let holds = switch(&row)?;
        let runs = sql(concat!(
            "UPDATE run SET cancel = 'abort', kill_switch_id = $1, last_seq = last_seq + 1 \
             WHERE (cancel IS NULL OR cancel = 'stop') AND ($2 IS NULL OR environment_id = $2) AND state IN ",
            under_way!(),
            " RETURNING id, attempt, last_seq"
        ))
        .bind(holds.id)
        .bind(new.environment.map(|id| id.to_string()))
        .all(&mut tx)
        .await?;
        for row in &runs {
            let run: RunId = row.parse("id")?;
            let asked = EventKind::Cancel(CancelAsked { how: Cancel::Abort });
            add_events(&mut tx, run, row.attempt()?, row.count("last_seq")?, &[(new.now_us, asked)]).await?;
            tx.changed(Change::Run(run));
            tx.changed(Change::Order(run));
        }
        tx.changed(Change::Queue);
        tx.commit().await?;
        Ok((holds, runs.len() as u64))
    }

    /// Releases a switch; gives it, or nothing where it was not pulled.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_kill_switch(
        &self,
        environment: Option<EnvironmentId>,
        by: &str,
        now_us: i64,
    ) -> Result<Option<KillSwitch>, StoreError> {
        let mut tx = self.begin().await?;
        let row = sql("UPDATE kill_switch SET released_by = $2, released_us = $3 \
             WHERE released_us IS NULL AND COALESCE(environment_id, '') = $1 RETURNING id")
        .bind(environment.map(|id| id.to_string()).unwrap_or_default())
        .bind(by)
        .bind(now_us)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let released = by_id(&mut tx, &row.get::<String>("id")?).await?;
        tx.changed(Change::Queue);
        tx.commit().await?;
        Ok(released)
    }

    /// One switch, whether it holds or not.
    pub(crate) async fn kill_switch(&self, id: &str) -> Result<Option<KillSwitch>, StoreError> {
        one(id).first(self).await?.as_ref().map(switch).transpose()
    }

    /// The switches that hold, the whole lab's first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kill_switches(&self) -> Result<Vec<KillSwitch>, StoreError> {
        let mut select = switches();
        select.push("kill_switch.released_us IS NULL ORDER BY COALESCE(kill_switch.environment_id, '')");
        select.all(self).await?.iter().map(switch).collect()
    }

    /// The switch that keeps load from an environment, if one does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kill_switch_on(&self, environment: EnvironmentId) -> Result<Option<KillSwitch>, StoreError> {
        concerning(environment).first(self).await?.as_ref().map(switch).transpose()
    }

    /// The newest switches that were released.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn released_kill_switches(&self, limit: u32) -> Result<Vec<KillSwitch>, StoreError> {
        let mut select = switches();
        select.push(
            "kill_switch.released_us IS NOT NULL ORDER BY kill_switch.pulled_us DESC, kill_switch.id DESC LIMIT ",
        );
        select.push_bind(limit);
        select.all(self).await?.iter().map(switch).collect()
    }
}

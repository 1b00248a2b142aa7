//! A run is asked for: its row, its frozen plan and its place in the queue, all or nothing.

use perflab_model::{
    event::{EventKind, StateChange},
    id::{EnvironmentId, ProjectId, RunId, SuiteVersionId},
    load::Load,
    plan::Plan,
    run::{Revision, RunState, Trigger},
};

use crate::{
    Change, Conflict, Db, StoreError,
    db::Tx,
    events::add_events,
    failpoint,
    run::put_document,
    sql::{Row, Sql, Value, json, sql},
};

/// How long the answer to a key is kept.
const KEY_KEPT_US: i64 = 24 * 3600 * 1_000_000;

/// A run to be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Its id, the same as in the plan.
    pub id: RunId,
    /// The project.
    pub project: ProjectId,
    /// The environment.
    pub environment: EnvironmentId,
    /// The suite version.
    pub suite_version: SuiteVersionId,
    /// What is carried out.
    pub plan: Plan,
    /// What is measured.
    pub revision: Revision,
    /// Who asks.
    pub trigger: Trigger,
    /// Tags.
    pub tags: Vec<String>,
    /// The run that it is made to decide.
    pub repeat_of: Option<RunId>,
    /// Now.
    pub created_us: i64,
}

/// The key of a request that may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Whose key it is: others may use the same word.
    pub caller: String,
    /// The key.
    pub key: String,
    /// What was asked for; the same key with another hash is refused.
    pub body_hash: String,
}

/// A run that is there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// The run.
    pub id: RunId,
    /// Its number in the project.
    pub number: u64,
    /// Whether an earlier request with the same key made it.
    pub replayed: bool,
}

impl Db {
    /// Queues a run. With a key that was used for the same request in the last 24 hours, gives that request's run.
    ///
    /// # Errors
    /// [`Conflict::KeyReused`] when the key stands for another request; when the database does not answer.
    pub async fn create_run(&self, new: &NewRun, key: Option<&Idempotency>) -> Result<Created, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(key) = key
            && let Some(earlier) = take_key(&mut tx, new.id, new.created_us, key).await?
        {
            return Ok(earlier);
        }
        let number = queue(&mut tx, new).await?;
        failpoint::reached("launch.before_commit");
        tx.commit().await?;
        failpoint::reached("launch.after_commit");
        Ok(Created { id: new.id, number, replayed: false })
    }
}

/// Gives a run its row, its plan and its place in the queue; says its number.
pub(crate) async fn queue(tx: &mut Tx, new: &NewRun) -> Result<u64, StoreError> {
    let row = sql("UPDATE project SET last_number = last_number + 1 WHERE id = $1 RETURNING last_number")
        .bind(new.project)
        .first(&mut *tx)
        .await?;
    let number = row
        .ok_or_else(|| StoreError::NotFound { what: "project", id: new.project.to_string() })?
        .count("last_number")?;
    insert(tx, new, number).await?;
    put_document(new.id, "plan", &new.plan)?.run(tx).await?;
    put_families(tx, new).await?;
    let mut tags = new.tags.clone();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        sql("INSERT INTO run_tag (tag, run_id) VALUES ($1, $2)").bind(tag).bind(new.id).run(tx).await?;
    }
    let queued = EventKind::State(StateChange { state: RunState::Queued, end: None });
    add_events(tx, new.id, 0, 1, &[(new.created_us, queued)]).await?;
    tx.changed(Change::Run(new.id));
    tx.changed(Change::Queue);
    Ok(number)
}

/// Takes the key for this request, or finds what it stands for already. On Postgres a second request waits here until
/// the first is committed or rolled back.
pub(crate) async fn take_key(
    tx: &mut Tx,
    run: RunId,
    now_us: i64,
    key: &Idempotency,
) -> Result<Option<Created>, StoreError> {
    sql("DELETE FROM idempotency WHERE caller = $1 AND key = $2 AND created_us <= $3")
        .bind(&key.caller)
        .bind(&key.key)
        .bind(now_us - KEY_KEPT_US)
        .run(tx)
        .await?;
    let taken =
        sql("INSERT INTO idempotency (caller, key, body_hash, run_id, created_us) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (caller, key) DO NOTHING")
        .bind(&key.caller)
        .bind(&key.key)
        .bind(&key.body_hash)
        .bind(run)
        .bind(now_us)
        .run(tx)
        .await?;
    if taken > 0 {
        return Ok(None);
    }
    let row = behind_key(key, 0)
        .first(tx)
        .await?
        .ok_or_else(|| StoreError::NotFound { what: "idempotency key", id: key.key.clone() })?;
    earlier(&row, key).map(Some)
}

/// The run that a key younger than that stands for.
fn behind_key(key: &Idempotency, since_us: i64) -> Sql {
    sql("SELECT idempotency.body_hash, run.id, run.number FROM idempotency JOIN run ON run.id = idempotency.run_id \
         WHERE idempotency.caller = $1 AND idempotency.key = $2 AND idempotency.created_us > $3")
    .bind(&key.caller)
    .bind(&key.key)
    .bind(since_us)
}

fn earlier(row: &Row, key: &Idempotency) -> Result<Created, StoreError> {
    let id = row.parse("id")?;
    if row.get::<String>("body_hash")? != key.body_hash {
        return Err(Conflict::KeyReused { run: id }.into());
    }
    Ok(Created { id, number: row.count("number")?, replayed: true })
}

async fn insert(tx: &mut Tx, new: &NewRun, number: u64) -> Result<(), StoreError> {
    let plan = &new.plan;
    let mut insert =
        sql("INSERT INTO run (id, project_id, number, environment_id, suite_version_id, suite, scenario, \
         state, asked_by, revision_commit, revision_branch, revision_merge_base, revision_dirty, tags, search, load, \
         planned_seconds, created_us, last_seq, repeat_of) \
         VALUES");
    insert.push_row::<20>([
        new.id.into(),
        new.project.into(),
        number.into(),
        new.environment.into(),
        new.suite_version.into(),
        plan.suite.as_str().into(),
        plan.scenario.as_str().into(),
        RunState::Queued.code().into(),
        new.trigger.code().into(),
        Value::Text(new.revision.commit.clone()),
        Value::Text(new.revision.branch.clone()),
        Value::Text(new.revision.merge_base.clone()),
        u32::from(new.revision.dirty).into(),
        json("tags", &new.tags)?.into(),
        search_words(new, number).into(),
        plan.load.summary().into(),
        plan.load.duration().as_secs_f64().into(),
        new.created_us.into(),
        Value::Int(Some(1)),
        Value::Text(new.repeat_of.map(|run| run.to_string())),
    ]);
    insert.run(tx).await?;
    Ok(())
}

/// Keeps what a run does by hash: of a benchmark suite each case by itself, so that a new case does not part the others from
/// their history.
async fn put_families(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let plan = &new.plan;
    let families: Vec<(&str, String)> = match &plan.load {
        Load::Cases(cases) => cases.cases.iter().map(|case| (case.name.as_str(), plan.family_of(case))).collect(),
        _ => vec![("", plan.family())],
    };
    if families.is_empty() {
        return Ok(());
    }
    let mut insert = sql("INSERT INTO run_family (run_id, name, family) VALUES");
    for (name, family) in families {
        insert.push_row::<3>([new.id.into(), name.into(), family.into()]);
    }
    insert.run(tx).await?;
    Ok(())
}

/// What the list is searched by. Lower case is made here, because the databases disagree on letters beyond ASCII.
fn search_words(new: &NewRun, number: u64) -> String {
    let mut words = format!("#{number} {} {} {}", new.plan.suite, new.plan.scenario, new.plan.environment.name);
    let revision = new.revision.branch.iter().chain(&new.revision.commit);
    for word in revision.chain(&new.tags) {
        words.push(' ');
        words.push_str(word);
    }
    words.to_lowercase()
}

impl Db {
    /// The run that an earlier request with this key made, within the last 24 hours.
    ///
    /// # Errors
    /// [`Conflict::KeyReused`] when the key stands for another request; when the database does not answer.
    pub async fn created_before(&self, key: &Idempotency, now_us: i64) -> Result<Option<Created>, StoreError> {
        let row = behind_key(key, now_us - KEY_KEPT_US).first(self).await?;
        row.map(|row| earlier(&row, key)).transpose()
    }

    /// Forgets keys that are older than a day; says how many. For the keeper, now and then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_old_keys(&self, now_us: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let forgotten =
            sql("DELETE FROM idempotency WHERE created_us <= $1").bind(now_us - KEY_KEPT_US).run(&mut tx).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

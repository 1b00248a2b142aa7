//! One run, read back.

use std::collections::HashMap;

use perflab_model::{
    id::{ProjectId, RunId},
    run::{Cancel, Revision, Run, RunRow, RunState, Trigger},
    validity::ValidityState,
    verdict::Verdict,
};

use crate::{
    Db, StoreError,
    sql::{Row, Sql, json, read_json, sql},
};

/// The columns of a [`RunRow`], and the tables that they come from.
macro_rules! select_rows {
    ($($more:literal)?) => {
        concat!(
            "SELECT run.id, run.number, project.name AS project, run.suite, run.scenario, \
             environment.name AS environment, run.revision_commit, run.revision_branch, run.revision_merge_base, \
             run.revision_dirty, run.asked_by, run.tags, run.repeat_of, run.worker_class, run.rejected, \
             run.state, run.ending, run.created_us, run.started_us, run.ended_us, run.load, run.planned_seconds, \
             run.headline, run.validity, run.verdict, run.adjusted, \
             run.search_id ",
            $($more,)?
            " FROM run JOIN project ON project.id = run.project_id \
             JOIN environment ON environment.id = run.environment_id "
        )
    };
}
pub(crate) use select_rows;

/// States in which a worker has the run.
macro_rules! under_way {
    () => {
        "('claimed', 'running', 'finishing')"
    };
}
pub(crate) use under_way;

/// The word for an order to stop, as it is stored.
pub(crate) const fn cancel_code(cancel: Cancel) -> &'static str {
    match cancel {
        Cancel::Stop => "stop",
        Cancel::Abort => "abort",
    }
}

/// Reads such a word.
pub(crate) fn cancel_from_code(code: &str) -> Option<Cancel> {
    [Cancel::Stop, Cancel::Abort].into_iter().find(|cancel| cancel_code(*cancel) == code)
}

/// Reads the stored word of a verdict.
pub(crate) fn verdict_from_code(code: &str) -> Option<Verdict> {
    [Verdict::Excellent, Verdict::Issues, Verdict::Critical, Verdict::Inconclusive]
        .into_iter()
        .find(|verdict| verdict.code() == code)
}

/// Reads the stored word of a validity.
pub(crate) fn validity_from_word(word: &str) -> Option<ValidityState> {
    [ValidityState::Valid, ValidityState::Suspect, ValidityState::Invalid]
        .into_iter()
        .find(|state| state.word() == word)
}

/// What was measured, of a row with its four columns.
pub(crate) fn revision(row: &Row) -> Result<Revision, StoreError> {
    Ok(Revision {
        commit: row.get("revision_commit")?,
        branch: row.get("revision_branch")?,
        merge_base: row.get("revision_merge_base")?,
        dirty: row.count("revision_dirty")? > 0,
    })
}

/// A line of the list.
pub(crate) fn run_row(row: &Row) -> Result<RunRow, StoreError> {
    Ok(RunRow {
        id: row.parse("id")?,
        number: row.count("number")?,
        project: row.parse("project")?,
        suite: row.parse("suite")?,
        scenario: row.parse("scenario")?,
        environment: row.parse("environment")?,
        revision: revision(row)?,
        trigger: row.word("asked_by", Trigger::from_code)?,
        tags: row.json("tags")?,
        state: row.word("state", RunState::from_code)?,
        end: row.optional_json("ending")?,
        created_us: row.get("created_us")?,
        started_us: row.get("started_us")?,
        ended_us: row.get("ended_us")?,
        load: row.get("load")?,
        planned_seconds: row.get("planned_seconds")?,
        headline: row.optional_json("headline")?,
        validity: row.optional_word("validity", validity_from_word)?,
        verdict: row.optional_word("verdict", verdict_from_code)?,
        adjusted: row.count("adjusted")? > 0,
        search: row.optional_word("search_id", |id| id.parse().ok())?,
        repeat_of: row.optional_word("repeat_of", |id| id.parse().ok())?,
        worker_class: row.get("worker_class")?,
        rejected: row.get("rejected")?,
    })
}

/// Keeps a document of a run, over an earlier one of that kind.
pub(crate) fn put_document<T: serde::Serialize>(run: RunId, kind: &'static str, value: &T) -> Result<Sql, StoreError> {
    Ok(sql("INSERT INTO run_document (run_id, kind, body) VALUES ($1, $2, $3) \
         ON CONFLICT (run_id, kind) DO UPDATE SET body = excluded.body")
    .bind(run)
    .bind(kind)
    .bind(json(kind, value)?))
}

const FULL: &str = select_rows!(
    ", run.project_id, run.environment_id, run.suite_version_id, run.attempt, run.worker_id, run.cancel, \
     run.kill_switch_id, run.last_seq"
);

impl Db {
    /// Everything known of a run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        let mut select = sql(FULL);
        select.push(" WHERE run.id = ");
        select.push_bind(id);
        self.full_run(select).await
    }

    /// The run of that number in a project.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run_by_number(&self, project: ProjectId, number: u64) -> Result<Option<Run>, StoreError> {
        let mut select = sql(FULL);
        select.push(" WHERE run.project_id = ");
        select.push_bind(project);
        select.push(" AND run.number = ");
        select.push_bind(number);
        self.full_run(select).await
    }

    /// What a run carries out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan(&self, id: RunId) -> Result<Option<perflab_model::plan::Plan>, StoreError> {
        let row = sql("SELECT body FROM run_document WHERE run_id = $1 AND kind = 'plan'").bind(id).first(self).await?;
        row.map(|row| row.json("body")).transpose()
    }

    /// A run's state and the attempt that counts, without its documents.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run_state(&self, id: RunId) -> Result<Option<(RunState, u32)>, StoreError> {
        let row = sql("SELECT state, attempt FROM run WHERE id = $1").bind(id).first(self).await?;
        row.map(|row| Ok((row.word("state", RunState::from_code)?, row.attempt()?))).transpose()
    }

    async fn full_run(&self, select: Sql) -> Result<Option<Run>, StoreError> {
        let Some(row) = select.first(self).await? else { return Ok(None) };
        let line = run_row(&row)?;
        // Read after the row: a state that has documents never comes without them.
        let rows = sql("SELECT kind, body FROM run_document WHERE run_id = $1 \
             AND kind NOT IN ('progress', 'blocks', 'comparison')")
        .bind(line.id)
        .all(self)
        .await?;
        let mut documents = HashMap::new();
        for document in &rows {
            documents.insert(document.get::<String>("kind")?, document.get::<String>("body")?);
        }
        let plan =
            documents.get("plan").ok_or_else(|| StoreError::NotFound { what: "plan", id: line.id.to_string() })?;
        Ok(Some(Run {
            project_id: row.parse("project_id")?,
            environment_id: row.parse("environment_id")?,
            suite_version_id: row.parse("suite_version_id")?,
            plan: read_json("plan", plan)?,
            attempt: row.attempt()?,
            worker: row.optional_word("worker_id", |id| id.parse().ok())?,
            cancel: row.optional_word("cancel", cancel_from_code)?,
            killed: match row.get::<Option<String>>("kill_switch_id")? {
                Some(id) => self.kill_switch(&id).await?,
                None => None,
            },
            started: documents.get("started").map(|text| read_json("started", text)).transpose()?,
            summary: documents.get("summary").map(|text| read_json("summary", text)).transpose()?,
            validity: documents.get("validity").map(|text| read_json("validity", text)).transpose()?,
            judgement: documents.get("judgement").map(|text| read_json("judgement", text)).transpose()?,
            last_seq: row.count("last_seq")?,
            row: line,
        }))
    }
}

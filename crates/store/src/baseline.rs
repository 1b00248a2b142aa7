//! What runs may be compared with: the accepted runs of a line, what they did, their blocks; and pinned runs.

use std::collections::HashMap;

use perflab_model::{
    blocks::Blocks,
    comparison::{BaselineRun, RunComparison},
    id::{EnvironmentId, ProjectId, RunId},
};

use crate::{
    Db, StoreError,
    run::revision,
    sql::{Row, Sql, read_json, sql},
};

/// What makes a run one that others may be compared with: it ended by itself, its numbers can be trusted, nobody changed its
/// load or rejected it, and it is not Critical, unless all that it was found to be worse in is wanted.
macro_rules! accepted {
    () => {
        " run.state = 'finished' AND run.validity = 'valid' AND run.adjusted = 0 AND run.search_id IS NULL \
         AND run.rejected IS NULL AND (run.verdict <> 'critical' OR (EXISTS (SELECT 1 FROM finding_run \
         JOIN finding ON finding.id = finding_run.finding_id WHERE finding_run.run_id = run.id AND finding.worse = 1) \
         AND NOT EXISTS (SELECT 1 FROM finding_run JOIN finding ON finding.id = finding_run.finding_id \
         WHERE finding_run.run_id = run.id AND finding.worse = 1 AND finding.state <> 'wont_fix')))"
    };
}

/// Which runs a baseline is chosen from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineQuery {
    /// The project.
    pub project: ProjectId,
    /// The suite.
    pub suite: String,
    /// The scenario.
    pub scenario: String,
    /// The environment.
    pub environment: EnvironmentId,
    /// The class of their workers.
    pub worker_class: String,
    /// The family of the whole run; nothing of benchmark suites, whose cases have families of their own.
    pub family: Option<String>,
    /// Their branch; nothing for runs that name none.
    pub branch: Option<String>,
    /// Only those that had ended by then.
    pub until_us: Option<i64>,
    /// Never these.
    pub without: Vec<RunId>,
}

/// A run that a person pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The run.
    pub run: RunId,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
}

/// A pin to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin {
    /// The project.
    pub project: ProjectId,
    /// The suite.
    pub suite: String,
    /// The scenario.
    pub scenario: String,
    /// The environment whose runs are compared with it.
    pub environment: EnvironmentId,
    /// The run.
    pub run: RunId,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// Now.
    pub now_us: i64,
}

const RUNS: &str = "SELECT run.id, run.number, run.revision_commit, run.revision_branch, run.revision_merge_base, \
     run.revision_dirty, run.ended_us FROM run WHERE ";

fn baseline_run(row: &Row) -> Result<BaselineRun, StoreError> {
    Ok(BaselineRun {
        id: row.parse("id")?,
        number: row.count("number")?,
        revision: revision(row)?,
        ended_us: row.get("ended_us")?,
    })
}

impl BaselineQuery {
    /// The runs of the line, whatever they were worth, in the words of the index `run_series`.
    fn line(&self, select: &mut Sql) {
        select.push("run.verdict IS NOT NULL AND run.project_id = ");
        select.push_bind(self.project);
        select.push(" AND run.suite = ");
        select.push_bind(&self.suite);
        select.push(" AND run.scenario = ");
        select.push_bind(&self.scenario);
        select.push(" AND run.environment_id = ");
        select.push_bind(self.environment);
        select.push(" AND COALESCE(run.revision_branch, '') = ");
        select.push_bind(self.branch.as_deref().unwrap_or_default());
    }
}

impl Db {
    /// The newest `limit` accepted runs of a line, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn accepted_runs(&self, query: &BaselineQuery, limit: u32) -> Result<Vec<BaselineRun>, StoreError> {
        let mut select = sql(RUNS);
        query.line(&mut select);
        select.push(" AND run.worker_class = ");
        select.push_bind(&query.worker_class);
        select.push(" AND");
        select.push(accepted!());
        match &query.family {
            Some(family) => {
                select.push(
                    " AND EXISTS (SELECT 1 FROM run_family WHERE run_family.run_id = run.id AND name = '' \
                     AND family = ",
                );
                select.push_bind(family);
                select.push(")");
            }
            None => {
                select.push(" AND EXISTS (SELECT 1 FROM run_family WHERE run_family.run_id = run.id AND name <> '')");
            }
        }
        if let Some(until_us) = query.until_us {
            select.push(" AND run.ended_us <= ");
            select.push_bind(until_us);
        }
        for run in &query.without {
            select.push(" AND run.id <> ");
            select.push_bind(*run);
        }
        select.push(" ORDER BY run.ended_us DESC, run.id DESC LIMIT ");
        select.push_bind(limit);
        let rows = select.all(self).await?;
        rows.iter().rev().map(baseline_run).collect()
    }

    /// When the newest run of this commit on a line had ended, whatever it was worth. Commits may be given short.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ended_at_commit(&self, query: &BaselineQuery, commit: &str) -> Result<Option<i64>, StoreError> {
        let mut select = sql("SELECT MAX(run.ended_us) AS ended_us FROM run WHERE ");
        query.line(&mut select);
        select.push(" AND length(run.revision_commit) >= 7 AND (substr(run.revision_commit, 1, length(");
        select.push_bind(commit);
        select.push(")) = ");
        select.push_bind(commit);
        select.push(" OR substr(");
        select.push_bind(commit);
        select.push(", 1, length(run.revision_commit)) = run.revision_commit)");
        let row = select.first(self).await?;
        Ok(row.map(|row| row.get("ended_us")).transpose()?.flatten())
    }

    /// Runs by their ids, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn baseline_runs(&self, ids: &[RunId]) -> Result<Vec<BaselineRun>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = sql(RUNS);
        select.push("run.ended_us IS NOT NULL AND run.id IN (");
        push_ids(&mut select, ids);
        select.push(") ORDER BY run.ended_us, run.id");
        select.all(self).await?.iter().map(baseline_run).collect()
    }

    /// Runs of a line that ended in a stretch of time (both ends included) and carried out what they were asked to, oldest
    /// first, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn runs_between(
        &self,
        query: &BaselineQuery,
        (from_us, to_us): (i64, i64),
        limit: u32,
    ) -> Result<Vec<BaselineRun>, StoreError> {
        let mut select = sql(RUNS);
        query.line(&mut select);
        select.push(" AND run.worker_class = ");
        select.push_bind(&query.worker_class);
        select.push(" AND run.state = 'finished' AND run.search_id IS NULL AND run.ended_us >= ");
        select.push_bind(from_us);
        select.push(" AND run.ended_us <= ");
        select.push_bind(to_us);
        select.push(" ORDER BY run.ended_us, run.id LIMIT ");
        select.push_bind(limit);
        select.all(self).await?.iter().map(baseline_run).collect()
    }

    /// A run and all its repeats that have ended as they should, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn repeats_with(&self, first: RunId) -> Result<Vec<BaselineRun>, StoreError> {
        let mut select = sql(RUNS);
        select.push("(run.id = ");
        select.push_bind(first);
        select.push(" OR run.repeat_of = ");
        select.push_bind(first);
        select.push(
            ") AND run.state = 'finished' AND run.validity = 'valid' AND run.adjusted = 0 \
             ORDER BY run.ended_us, run.id",
        );
        select.all(self).await?.iter().map(baseline_run).collect()
    }

    /// What runs did, by hash: pairs of case (empty for the whole run) and family.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn families(&self, ids: &[RunId]) -> Result<HashMap<RunId, HashMap<String, String>>, StoreError> {
        let mut families: HashMap<RunId, HashMap<String, String>> = HashMap::new();
        if ids.is_empty() {
            return Ok(families);
        }
        let mut select = sql("SELECT run_id, name, family FROM run_family WHERE run_id IN (");
        push_ids(&mut select, ids);
        select.push(")");
        for row in select.all(self).await? {
            families.entry(row.parse("run_id")?).or_default().insert(row.get("name")?, row.get("family")?);
        }
        Ok(families)
    }

    /// The comparison material of runs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn blocks(&self, ids: &[RunId]) -> Result<HashMap<RunId, Blocks>, StoreError> {
        let mut blocks = HashMap::new();
        if ids.is_empty() {
            return Ok(blocks);
        }
        let mut select = sql("SELECT run_id, body FROM run_document WHERE kind = 'blocks' AND run_id IN (");
        push_ids(&mut select, ids);
        select.push(")");
        for row in select.all(self).await? {
            blocks.insert(row.parse("run_id")?, read_json("blocks", &row.get::<String>("body")?)?);
        }
        Ok(blocks)
    }

    /// How a run stood beside its baseline when it ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn comparison(&self, run: RunId) -> Result<Option<RunComparison>, StoreError> {
        let row = sql("SELECT body FROM run_document WHERE run_id = $1 AND kind = 'comparison'")
            .bind(run)
            .first(self)
            .await?;
        row.map(|row| row.json("body")).transpose()
    }

    /// The run that a person pinned for a scenario on an environment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pinned(
        &self,
        project: ProjectId,
        (suite, scenario): (&str, &str),
        environment: EnvironmentId,
    ) -> Result<Option<Pinned>, StoreError> {
        let row = sql("SELECT run_id, reason, pinned_by FROM pinned_baseline \
             WHERE project_id = $1 AND suite = $2 AND scenario = $3 AND environment_id = $4")
        .bind(project)
        .bind(suite)
        .bind(scenario)
        .bind(environment)
        .first(self)
        .await?;
        row.map(|row| Ok(Pinned { run: row.parse("run_id")?, reason: row.get("reason")?, by: row.get("pinned_by")? }))
            .transpose()
    }

    /// Pins a run, over what was pinned before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pin(&self, pin: &NewPin) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("INSERT INTO pinned_baseline (project_id, suite, scenario, environment_id, run_id, reason, pinned_by, \
             pinned_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (project_id, suite, scenario, environment_id) DO UPDATE SET run_id = excluded.run_id, \
             reason = excluded.reason, pinned_by = excluded.pinned_by, pinned_us = excluded.pinned_us")
        .bind(pin.project)
        .bind(&pin.suite)
        .bind(&pin.scenario)
        .bind(pin.environment)
        .bind(pin.run)
        .bind(&pin.reason)
        .bind(&pin.by)
        .bind(pin.now_us)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Takes every pin of a run away; says whether there was one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unpin(&self, run: RunId) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let gone = sql("DELETE FROM pinned_baseline WHERE run_id = $1").bind(run).run(&mut tx).await?;
        tx.commit().await?;
        Ok(gone > 0)
    }

    /// Rejects a run as a baseline, or takes that back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reject(&self, run: RunId, why: Option<&str>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("UPDATE run SET rejected = $2 WHERE id = $1").bind(run).bind(why).run(&mut tx).await?;
        tx.commit().await
    }
}

fn push_ids(select: &mut Sql, ids: &[RunId]) {
    for (at, id) in ids.iter().enumerate() {
        if at > 0 {
            select.push(", ");
        }
        select.push_bind(*id);
    }
}

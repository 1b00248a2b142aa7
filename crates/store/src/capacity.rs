//! Capacity searches and their levels.
//!
//! A search and its runs are rows; which run comes next follows from them alone, so whoever finds a search waiting may make
//! the next one. Of several only one is heard: each raises `runs` from the number that it had seen, in the transaction
//! that queues the run, and a search that is to stop takes no more.

use perflab_model::{
    capacity::{CapacityRequest, Conclusion, Frozen, Measured, SearchRow, SearchState},
    id::{EnvironmentId, ProjectId, RunId, SearchId, SuiteVersionId},
    run::RunState,
};

use crate::{
    Change, Created, Db, Idempotency, NewRun, StoreError,
    create::queue,
    error::Conflict,
    sql::{Row, Value, json, sql},
};

/// A search to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSearch {
    /// Its id.
    pub id: SearchId,
    /// The project.
    pub project: ProjectId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// What it keeps as it is now.
    pub frozen: Frozen,
    /// The suite version that all levels use.
    pub suite_version: SuiteVersionId,
    /// What was asked for.
    pub request: CapacityRequest,
    /// Now.
    pub created_us: i64,
}

/// A search as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSearch {
    /// Its line in the list.
    pub row: SearchRow,
    /// The project.
    pub project: ProjectId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// What it keeps as it was at the start.
    pub frozen: Frozen,
    /// The suite version that all levels use.
    pub suite_version: SuiteVersionId,
    /// Whether a person wants it to end.
    pub stop_asked: bool,
}

/// One run of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredLevel {
    /// The how-manieth, from 1.
    pub step: u32,
    /// The level.
    pub level: f64,
    /// The run.
    pub run: RunId,
    /// Its number.
    pub number: u64,
    /// Where the run is.
    pub state: RunState,
    /// What it said of its level, once that was kept.
    pub measured: Option<Measured>,
}

const SEARCH: &str = "SELECT capacity_search.id, capacity_search.project_id, capacity_search.environment_id, \
     capacity_search.suite_version_id, capacity_search.state, capacity_search.request, capacity_search.frozen, \
     capacity_search.runs, capacity_search.stop_asked_us, capacity_search.created_us, capacity_search.ended_us, \
     capacity_search.conclusion, project.name AS project, environment.name AS environment \
     FROM capacity_search JOIN project ON project.id = capacity_search.project_id \
     JOIN environment ON environment.id = capacity_search.environment_id ";

fn stored(row: &Row) -> Result<StoredSearch, StoreError> {
    Ok(StoredSearch {
        row: SearchRow {
            id: row.parse("id")?,
            project: row.parse("project")?,
            environment: row.parse("environment")?,
            request: row.json("request")?,
            state: row.word("state", SearchState::from_code)?,
            created_us: row.get("created_us")?,
            ended_us: row.get("ended_us")?,
            runs: u32::try_from(row.count("runs")?).unwrap_or(u32::MAX),
            conclusion: row.optional_json("conclusion")?,
        },
        project: row.parse("project_id")?,
        environment_id: row.parse("environment_id")?,
        frozen: row.json("frozen")?,
        suite_version: row.parse("suite_version_id")?,
        stop_asked: row.get::<Option<i64>>("stop_asked_us")?.is_some(),
    })
}

impl Db {
    /// Keeps a search that has no run yet. With a key that was used before, gives that request's search: keys of searches
    /// live as long as they do.
    ///
    /// # Errors
    /// [`Conflict::SearchKeyReused`] when the key stands for another request; when the database does not answer.
    pub async fn create_search(
        &self,
        new: &NewSearch,
        key: Option<&Idempotency>,
    ) -> Result<(SearchId, bool), StoreError> {
        let mut tx = self.begin().await?;
        let mut insert =
            sql("INSERT INTO capacity_search (id, project_id, environment_id, suite_version_id, state, request, \
             frozen, created_us, caller, key, body_hash) VALUES");
        insert.push_row::<11>([
            new.id.into(),
            new.project.into(),
            new.environment_id.into(),
            new.suite_version.into(),
            SearchState::Running.code().into(),
            json("request", &new.request)?.into(),
            json("frozen", &new.frozen)?.into(),
            new.created_us.into(),
            Value::Text(key.map(|key| key.caller.clone())),
            Value::Text(key.map(|key| key.key.clone())),
            Value::Text(key.map(|key| key.body_hash.clone())),
        ]);
        insert.push(" ON CONFLICT (caller, key) DO NOTHING");
        let made = insert.run(&mut tx).await?;
        tx.commit().await?;
        if made > 0 {
            return Ok((new.id, false));
        }
        let key = key.ok_or_else(|| StoreError::NotFound { what: "search", id: new.id.to_string() })?;
        let earlier = self.search_before(key).await?;
        earlier
            .map(|id| (id, true))
            .ok_or_else(|| StoreError::NotFound { what: "idempotency key", id: key.key.clone() })
    }

    /// The search that an earlier request with this key made.
    ///
    /// # Errors
    /// [`Conflict::SearchKeyReused`] when the key stands for another request; when the database does not answer.
    pub async fn search_before(&self, key: &Idempotency) -> Result<Option<SearchId>, StoreError> {
        let row = sql("SELECT id, body_hash FROM capacity_search WHERE caller = $1 AND key = $2")
            .bind(&key.caller)
            .bind(&key.key)
            .first(self)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let id = row.parse("id")?;
        if row.get::<String>("body_hash")? != key.body_hash {
            return Err(Conflict::SearchKeyReused { search: id }.into());
        }
        Ok(Some(id))
    }

    /// One search.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn search(&self, id: SearchId) -> Result<Option<StoredSearch>, StoreError> {
        let mut select = sql(SEARCH);
        select.push(" WHERE capacity_search.id = ");
        select.push_bind(id);
        select.first(self).await?.as_ref().map(stored).transpose()
    }

    /// The newest searches, of a project or of all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn searches(&self, project: Option<ProjectId>, limit: u32) -> Result<Vec<SearchRow>, StoreError> {
        let mut select = sql(SEARCH);
        if let Some(project) = project {
            select.push(" WHERE capacity_search.project_id = ");
            select.push_bind(project);
        }
        select.push(" ORDER BY capacity_search.created_us DESC, capacity_search.id DESC LIMIT ");
        select.push_bind(limit);
        select.all(self).await?.iter().map(|row| stored(row).map(|search| search.row)).collect()
    }

    /// Searches that may be waiting for their next run: those of which no run is under way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn searches_waiting(&self) -> Result<Vec<SearchId>, StoreError> {
        let rows = sql("SELECT id FROM capacity_search WHERE state = 'running' AND NOT EXISTS \
             (SELECT 1 FROM capacity_level JOIN run ON run.id = capacity_level.run_id \
             WHERE capacity_level.search_id = capacity_search.id \
             AND run.state IN ('queued', 'claimed', 'running', 'finishing')) ORDER BY id")
        .all(self)
        .await?;
        rows.iter().map(|row| row.parse("id")).collect()
    }

    /// The search that a run belongs to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn search_of_run(&self, run: RunId) -> Result<Option<SearchId>, StoreError> {
        let row = sql("SELECT search_id FROM capacity_level WHERE run_id = $1").bind(run).first(self).await?;
        row.map(|row| row.parse("search_id")).transpose()
    }

    /// The runs of a search, in their order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn search_levels(&self, id: SearchId) -> Result<Vec<StoredLevel>, StoreError> {
        let rows =
            sql("SELECT capacity_level.step, capacity_level.level, capacity_level.measured, run.id, run.number, \
             run.state FROM capacity_level JOIN run ON run.id = capacity_level.run_id \
             WHERE capacity_level.search_id = $1 ORDER BY capacity_level.step")
            .bind(id)
            .all(self)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(StoredLevel {
                    step: u32::try_from(row.count("step")?).unwrap_or(u32::MAX),
                    level: row.get("level")?,
                    run: row.parse("id")?,
                    number: row.count("number")?,
                    state: row.word("state", RunState::from_code)?,
                    measured: row.optional_json("measured")?,
                })
            })
            .collect()
    }

    /// Queues the next run of a search that has made `runs` so far. Nothing when it has made more since, is to stop or is
    /// over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_level(
        &self,
        search: SearchId,
        runs: u32,
        level: f64,
        new: &NewRun,
    ) -> Result<Option<Created>, StoreError> {
        let mut tx = self.begin().await?;
        let raised = sql("UPDATE capacity_search SET runs = runs + 1 \
             WHERE id = $1 AND runs = $2 AND state = 'running' AND stop_asked_us IS NULL")
        .bind(search)
        .bind(runs)
        .run(&mut tx)
        .await?;
        if raised == 0 {
            return Ok(None);
        }
        let number = queue(&mut tx, new).await?;
        sql("UPDATE run SET search_id = $2 WHERE id = $1").bind(new.id).bind(search).run(&mut tx).await?;
        sql("INSERT INTO capacity_level (search_id, step, level, run_id) VALUES ($1, $2, $3, $4)")
            .bind(search)
            .bind(runs.saturating_add(1))
            .bind(level)
            .bind(new.id)
            .run(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(Some(Created { id: new.id, number, replayed: false }))
    }

    /// Keeps what a run said of its level; what was kept before stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_measured(&self, search: SearchId, step: u32, measured: &Measured) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("UPDATE capacity_level SET measured = $3 WHERE search_id = $1 AND step = $2 AND measured IS NULL")
            .bind(search)
            .bind(step)
            .bind(json("measured", measured)?)
            .run(&mut tx)
            .await?;
        tx.commit().await
    }

    /// Asks a search to end: it makes no more runs from now on. `false` when it is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_search_to_stop(&self, id: SearchId, now_us: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let asked = sql("UPDATE capacity_search SET stop_asked_us = COALESCE(stop_asked_us, $2) \
             WHERE id = $1 AND state = 'running'")
        .bind(id)
        .bind(now_us)
        .run(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(asked > 0)
    }

    /// Ends a search. `false` when it had ended already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_search(
        &self,
        id: SearchId,
        state: SearchState,
        conclusion: &Conclusion,
        now_us: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let row = sql("UPDATE capacity_search SET state = $2, conclusion = $3, ended_us = $4 \
             WHERE id = $1 AND state = 'running' \
             RETURNING (SELECT run_id FROM capacity_level WHERE search_id = $1 ORDER BY step DESC LIMIT 1) AS run_id")
        .bind(id)
        .bind(state.code())
        .bind(json("conclusion", conclusion)?)
        .bind(now_us)
        .first(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        // Whoever follows the last run looks at the search as well.
        if let Some(run) = row.optional_word("run_id", |id| id.parse().ok())? {
            tx.changed(Change::Run(run));
        }
        tx.commit().await?;
        Ok(true)
    }
}

//! Results of runs, and one measure over the runs of a series.

use perflab_model::{
    id::{ProjectId, RunId},
    name::{EnvironmentName, ScenarioName, SuiteName},
    run::{Revision, RunState},
    validity::ValidityState,
    verdict::Verdict,
};

use crate::{
    Db, StoreError,
    db::Tx,
    run::{revision, validity_from_word, verdict_from_code},
    sql::{Sql, sql},
};

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 500;
/// Newest runs of a series whose requests can be chosen: an endpoint that is long gone is not offered.
const RUNS_ASKED_FOR_REQUESTS: u32 = 20;

/// One result of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultRow {
    /// The request or case; nothing for all together.
    pub request: Option<String>,
    /// The measure: `latency`, `throughput`, `error_rate`.
    pub measure: String,
    /// Which number of it: `p95`, `mean`, `rate`.
    pub stat: String,
    /// The value in the measure's base unit.
    pub value: f64,
    /// That unit: `s`, `1/s`, or empty for shares.
    pub unit: String,
    /// How many samples it comes from.
    pub samples: u64,
}

/// One measure of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultQuery {
    /// The project.
    pub project: ProjectId,
    /// The suite.
    pub suite: SuiteName,
    /// The scenario.
    pub scenario: ScenarioName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The request; nothing for all together.
    pub request: Option<String>,
    /// The measure.
    pub measure: String,
    /// Which number of it.
    pub stat: String,
}

/// One run of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultPoint {
    /// The run.
    pub run: RunId,
    /// Its number.
    pub number: u64,
    /// Where it is: a stopped or failed run has results too.
    pub state: RunState,
    /// Planned load in a few words: runs with different ones measured different things.
    pub load: String,
    /// When it ended.
    pub at_us: i64,
    /// What was measured.
    pub revision: Revision,
    /// The value in the measure's base unit.
    pub value: f64,
    /// How many samples it comes from.
    pub samples: u64,
    /// What the run said.
    pub verdict: Option<Verdict>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Whether a person changed its rate while it ran.
    pub adjusted: bool,
}

/// A series that has judged runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendChoice {
    /// The suite.
    pub suite: SuiteName,
    /// The scenario.
    pub scenario: ScenarioName,
    /// The environment.
    pub environment: EnvironmentName,
}

/// Writes the results of a run.
pub(crate) async fn add_results(tx: &mut Tx, run: RunId, results: &[ResultRow]) -> Result<(), StoreError> {
    for some in results.chunks(ROWS_AT_ONCE) {
        let mut insert = sql("INSERT INTO result (run_id, request, measure, stat, value, unit, samples) VALUES");
        for result in some {
            insert.push_row::<7>([
                run.into(),
                result.request.as_deref().unwrap_or_default().into(),
                (&result.measure).into(),
                (&result.stat).into(),
                result.value.into(),
                (&result.unit).into(),
                result.samples.into(),
            ]);
        }
        insert.run(tx).await?;
    }
    Ok(())
}

impl Db {
    /// All results of a run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn results_of(&self, run: RunId) -> Result<Vec<ResultRow>, StoreError> {
        let rows = sql("SELECT request, measure, stat, value, unit, samples FROM result WHERE run_id = $1 \
             ORDER BY request, measure, stat")
        .bind(run)
        .all(self)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ResultRow {
                    request: Some(row.get("request")?).filter(|request: &String| !request.is_empty()),
                    measure: row.get("measure")?,
                    stat: row.get("stat")?,
                    value: row.get("value")?,
                    unit: row.get("unit")?,
                    samples: row.count("samples")?,
                })
            })
            .collect()
    }

    /// One measure over the newest `limit` judged runs of a series, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn results(&self, query: &ResultQuery, limit: u32) -> Result<Vec<ResultPoint>, StoreError> {
        let mut select = sql("SELECT run.id, run.number, run.state, run.load, run.ended_us, run.revision_commit, \
             run.revision_branch, run.validity, run.verdict, run.adjusted, result.value, result.samples \
             FROM run JOIN result ON result.run_id = run.id WHERE result.request = ");
        select.push_bind(query.request.as_deref().unwrap_or_default());
        select.push(" AND result.measure = ");
        select.push_bind(&query.measure);
        select.push(" AND result.stat = ");
        select.push_bind(&query.stat);
        select.push(" AND ");
        query.series(&mut select);
        select.push(" ORDER BY run.ended_us DESC, run.id DESC LIMIT ");
        select.push_bind(limit);
        let rows = select.all(self).await?;
        rows.iter()
            .rev()
            .map(|row| {
                Ok(ResultPoint {
                    run: row.parse("id")?,
                    number: row.count("number")?,
                    state: row.word("state", RunState::from_code)?,
                    load: row.get("load")?,
                    at_us: row.get("ended_us")?,
                    revision: revision(row)?,
                    value: row.get("value")?,
                    samples: row.count("samples")?,
                    verdict: row.optional_word("verdict", verdict_from_code)?,
                    validity: row.optional_word("validity", validity_from_word)?,
                    adjusted: row.count("adjusted")? > 0,
                })
            })
            .collect()
    }

    /// The requests that the newest runs of a series have results of, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn result_requests(&self, query: &ResultQuery) -> Result<Vec<String>, StoreError> {
        let mut select = sql("SELECT DISTINCT request FROM result WHERE request <> '' AND run_id IN \
             (SELECT run.id FROM run WHERE ");
        query.series(&mut select);
        select.push(" ORDER BY run.ended_us DESC LIMIT ");
        select.push_bind(RUNS_ASKED_FOR_REQUESTS);
        select.push(") ORDER BY request");
        select.all(self).await?.iter().map(|row| row.get("request")).collect()
    }

    /// The series of a project that have judged runs, the one that ran last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn trend_choices(&self, project: ProjectId) -> Result<Vec<TrendChoice>, StoreError> {
        let rows = sql("SELECT run.suite, run.scenario, environment.name AS environment, MAX(run.ended_us) AS latest \
             FROM run JOIN environment ON environment.id = run.environment_id \
             WHERE run.project_id = $1 AND run.verdict IS NOT NULL AND run.search_id IS NULL \
             GROUP BY run.suite, run.scenario, run.environment_id, environment.name \
             ORDER BY latest DESC, run.suite, run.scenario, environment")
        .bind(project)
        .all(self)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(TrendChoice {
                    suite: row.parse("suite")?,
                    scenario: row.parse("scenario")?,
                    environment: row.parse("environment")?,
                })
            })
            .collect()
    }
}

impl ResultQuery {
    /// The condition that picks the judged runs of the series, in the words of the index `run_series`.
    fn series(&self, select: &mut Sql) {
        // What a search found is a curve of its own; its levels are other loads than the scenario's.
        select.push(" run.verdict IS NOT NULL AND run.search_id IS NULL AND run.project_id = ");
        select.push_bind(self.project);
        select.push(" AND run.suite = ");
        select.push_bind(self.suite.as_str());
        select.push(" AND run.scenario = ");
        select.push_bind(self.scenario.as_str());
        select.push(" AND run.environment_id = (SELECT id FROM environment WHERE project_id = ");
        select.push_bind(self.project);
        select.push(" AND name = ");
        select.push_bind(self.environment.as_str());
        select.push(")");
    }
}

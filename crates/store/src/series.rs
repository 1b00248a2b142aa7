//! The history of a scenario on an environment: its runs once, and the values of chosen requests beside them.
//!
//! In:  which scenario, on which environment, of which branch. Out: its newest judged runs, oldest first; one number of each
//! of the chosen requests in them; what else has numbers.

use perflab_model::{
    id::{ProjectId, RunId},
    name::{EnvironmentName, ScenarioName, SuiteName},
    run::{Revision, RunState},
    validity::ValidityState,
    verdict::Verdict,
};

use crate::{
    Db, StoreError,
    run::{revision, validity_from_word, verdict_from_code},
    sql::{Sql, sql},
};

/// Newest runs whose requests and measures can be chosen: an endpoint that is long gone is not offered.
const RUNS_ASKED_FOR_NUMBERS: u32 = 20;
/// Newest runs whose branches can be chosen.
const RUNS_ASKED_FOR_BRANCHES: u32 = 200;

/// A history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The project.
    pub project: ProjectId,
    /// The suite.
    pub suite: SuiteName,
    /// The scenario.
    pub scenario: ScenarioName,
    /// The environment.
    pub environment: EnvironmentName,
    /// Only runs of this branch.
    pub branch: Option<String>,
}

/// One run of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRun {
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
    /// What the run said.
    pub verdict: Option<Verdict>,
    /// Whether its numbers can be trusted.
    pub validity: Option<ValidityState>,
    /// Whether a person changed its rate while it ran.
    pub adjusted: bool,
    /// The class of its worker, where it was kept.
    pub worker_class: Option<String>,
}

/// One number of one request of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryValue {
    /// The run.
    pub run: RunId,
    /// The request or case; nothing for all together.
    pub request: Option<String>,
    /// The value in the measure's base unit.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: (Option<f64>, Option<f64>),
    /// How many samples it comes from.
    pub samples: u64,
}

/// What a run did: runs are one history as long as it is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFamily {
    /// The run.
    pub run: RunId,
    /// The case; nothing for the whole run.
    pub case: Option<String>,
    /// By its hash.
    pub family: String,
}

/// A number that newest runs have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The request or case; nothing for all together.
    pub request: Option<String>,
    /// The measure: `latency`.
    pub measure: String,
    /// Which number of it: `p95`.
    pub stat: String,
    /// Its base unit.
    pub unit: String,
}

impl Db {
    /// The newest `limit` judged runs of a history, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_runs(&self, query: &HistoryQuery, limit: u32) -> Result<Vec<HistoryRun>, StoreError> {
        let mut select = sql("SELECT run.id, run.number, run.state, run.load, run.ended_us, run.revision_commit, \
             run.revision_branch, run.revision_merge_base, run.revision_dirty, run.validity, run.verdict, \
             run.adjusted, run.worker_class FROM run WHERE ");
        query.newest(&mut select, limit);
        let rows = select.all(self).await?;
        rows.iter()
            .rev()
            .map(|row| {
                Ok(HistoryRun {
                    run: row.parse("id")?,
                    number: row.count("number")?,
                    state: row.word("state", RunState::from_code)?,
                    load: row.get("load")?,
                    at_us: row.get("ended_us")?,
                    revision: revision(row)?,
                    verdict: row.optional_word("verdict", verdict_from_code)?,
                    validity: row.optional_word("validity", validity_from_word)?,
                    adjusted: row.count("adjusted")? > 0,
                    worker_class: row.get("worker_class")?,
                })
            })
            .collect()
    }

    /// One number of the named requests (`None`: all together) in the newest `limit` judged runs, in no order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_values(
        &self,
        query: &HistoryQuery,
        limit: u32,
        requests: &[Option<String>],
        (measure, stat): (&str, &str),
    ) -> Result<Vec<HistoryValue>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = sql("SELECT result.run_id, result.request, result.value, result.low, result.high, \
             result.samples FROM (SELECT run.id FROM run WHERE ");
        query.newest(&mut select, limit);
        select.push(") newest JOIN result ON result.run_id = newest.id WHERE result.request IN (");
        for (at, request) in requests.iter().enumerate() {
            if at > 0 {
                select.push(", ");
            }
            select.push_bind(request.as_deref().unwrap_or_default());
        }
        select.push(") AND result.measure = ");
        select.push_bind(measure);
        select.push(" AND result.stat = ");
        select.push_bind(stat);
        let rows = select.all(self).await?;
        rows.iter()
            .map(|row| {
                Ok(HistoryValue {
                    run: row.parse("run_id")?,
                    request: Some(row.get("request")?).filter(|request: &String| !request.is_empty()),
                    value: row.get("value")?,
                    interval: (row.get("low")?, row.get("high")?),
                    samples: row.count("samples")?,
                })
            })
            .collect()
    }

    /// What the newest `limit` judged runs did, by a hash: of all that a run did (no name), and of each named case. In no
    /// order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_families(
        &self,
        query: &HistoryQuery,
        limit: u32,
        cases: &[Option<String>],
    ) -> Result<Vec<HistoryFamily>, StoreError> {
        let mut select =
            sql("SELECT run_family.run_id, run_family.name, run_family.family FROM (SELECT run.id FROM run \
             WHERE ");
        query.newest(&mut select, limit);
        select.push(") newest JOIN run_family ON run_family.run_id = newest.id WHERE run_family.name IN (''");
        for case in cases.iter().flatten() {
            select.push(", ");
            select.push_bind(case);
        }
        select.push(")");
        let rows = select.all(self).await?;
        rows.iter()
            .map(|row| {
                Ok(HistoryFamily {
                    run: row.parse("run_id")?,
                    case: Some(row.get("name")?).filter(|name: &String| !name.is_empty()),
                    family: row.get("family")?,
                })
            })
            .collect()
    }

    /// The numbers that the newest runs of a history have, by request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_numbers(&self, query: &HistoryQuery) -> Result<Vec<Number>, StoreError> {
        let mut select =
            sql("SELECT DISTINCT request, measure, stat, unit FROM result WHERE run_id IN (SELECT run.id \
             FROM run WHERE ");
        query.newest(&mut select, RUNS_ASKED_FOR_NUMBERS);
        select.push(") ORDER BY request, measure, stat");
        let rows = select.all(self).await?;
        rows.iter()
            .map(|row| {
                Ok(Number {
                    request: Some(row.get("request")?).filter(|request: &String| !request.is_empty()),
                    measure: row.get("measure")?,
                    stat: row.get("stat")?,
                    unit: row.get("unit")?,
                })
            })
            .collect()
    }

    /// The branches of the newest runs of a history, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history_branches(&self, query: &HistoryQuery) -> Result<Vec<String>, StoreError> {
        let all = HistoryQuery { branch: None, ..query.clone() };
        let mut select = sql("SELECT DISTINCT branch FROM (SELECT run.revision_branch AS branch FROM run WHERE ");
        all.newest(&mut select, RUNS_ASKED_FOR_BRANCHES);
        select.push(") newest WHERE branch IS NOT NULL ORDER BY branch");
        select.all(self).await?.iter().map(|row| row.get("branch")).collect()
    }
}

impl HistoryQuery {
    /// The condition that picks the newest judged runs, in the words and the order of the index `run_series`.
    fn newest(&self, select: &mut Sql, limit: u32) {
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
        if let Some(branch) = &self.branch {
            select.push(" AND run.revision_branch = ");
            select.push_bind(branch);
        }
        select.push(" ORDER BY run.ended_us DESC, run.id DESC LIMIT ");
        select.push_bind(limit);
    }
}

//! Results of runs, and which series have any. Their histories are in `series`.

use perflab_model::{
    id::{ProjectId, RunId},
    name::{EnvironmentName, ScenarioName, SuiteName},
};

use crate::{Db, StoreError, db::Tx, sql::sql};

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 500;

/// One result of one run.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
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
    /// Its 95 % interval; an end that too few samples leave open is nothing, and so is what has no interval.
    pub interval: (Option<f64>, Option<f64>),
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
        let mut insert =
            sql("INSERT INTO result (run_id, request, measure, stat, value, unit, samples, low, high) VALUES");
        for result in some {
            insert.push_row::<9>([
                run.into(),
                result.request.as_deref().unwrap_or_default().into(),
                (&result.measure).into(),
                (&result.stat).into(),
                result.value.into(),
                (&result.unit).into(),
                result.samples.into(),
                result.interval.0.into(),
                result.interval.1.into(),
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
        let rows = sql("SELECT request, measure, stat, value, unit, samples, low, high FROM result WHERE run_id = $1 \
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
                    interval: (row.get("low")?, row.get("high")?),
                })
            })
            .collect()
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

//! One run, looked at: the one that an address names, and the newest results.

use perflab_model::{
    bench::Measured,
    event::Event,
    id::RunId,
    problem::{Problem, ProblemKind},
    run::{Run, RunRow, RunState},
    summary::Progress,
    tick::{Point, Tick},
};
use perflab_store::RunFilter;

use crate::{Lab, trouble::Told as _};

/// Most events of one answer.
const MAX_EVENTS: u32 = 2_000;

impl Lab {
    /// A run by what stands in an address: its id, or its number in the only project.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn run(&self, address: &str) -> Result<Run, Problem> {
        let found = if let Ok(id) = address.parse::<RunId>() {
            self.db.run(id).await.told()?
        } else if let Ok(number) = address.trim_start_matches('#').parse::<u32>() {
            let (project, _) = self.project(None).await?;
            self.db.run_by_number(project, number.into()).await.told()?
        } else {
            None
        };
        found.ok_or_else(|| {
            let shown: String = address.chars().take(60).collect();
            Problem::new(
                ProblemKind::NotFound,
                "run.not_found",
                format!("There is no run `{shown}`"),
                Some("Look for it in the list of runs".to_owned()),
            )
        })
    }

    /// The newest run of the lab that is over, however it ended.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest_result(&self) -> Result<Option<RunRow>, Problem> {
        let states = RunState::ALL.into_iter().filter(|state| state.is_terminal()).collect();
        // A level of a search may break, and is meant to: its search is the result.
        let over = RunFilter { states, outside_searches: true, ..RunFilter::default() };
        Ok(self.db.runs(&over, None, 1).await.told()?.rows.pop())
    }

    /// The newest run with a verdict on each environment, those of a project side by side. Runs that a person stopped
    /// or that broke off say nothing of the target, so the verdict before them stands.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn latest_verdicts(&self) -> Result<Vec<RunRow>, Problem> {
        let mut latest = Vec::new();
        for (project, _) in self.db.projects().await.told()? {
            for (_, environment) in self.db.environments(project).await.told()? {
                let judged = RunFilter {
                    project: Some(project),
                    environment: Some(environment.name.to_string()),
                    states: vec![RunState::Finished],
                    outside_searches: true,
                    ..RunFilter::default()
                };
                let rows = self.db.runs(&judged, None, 1).await.told()?.rows;
                latest.extend(rows.into_iter().filter(|row| row.verdict.is_some()));
            }
        }
        Ok(latest)
    }

    /// What happened to a run after event `seq` (0: from the start), at most 2,000 events.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn events_since(&self, run: RunId, seq: u64) -> Result<Vec<Event>, Problem> {
        self.db.events_since(run, seq, MAX_EVENTS).await.told()
    }

    /// How a run stands, as its worker said last.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn progress(&self, run: RunId) -> Result<Option<Progress>, Problem> {
        self.db.progress(run).await.told()
    }

    /// All that was measured of a case of a benchmark run; nothing while it is not over.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn measured(&self, run: RunId, case: &str) -> Result<Option<Measured>, Problem> {
        Ok(self.db.measured(run, Some(case)).await.told()?.pop())
    }

    /// Every second of a run so far.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn points(&self, run: RunId) -> Result<Vec<Point>, Problem> {
        self.db.points(run).await.told()
    }

    /// Every second of a run with its histograms.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ticks(&self, run: &Run) -> Result<Vec<Tick>, Problem> {
        self.db.ticks(run.row.id, run.attempt).await.told()
    }

    /// The text of the suite version that a run used.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn suite_text(&self, run: &Run) -> Result<Option<String>, Problem> {
        Ok(self.db.suite_version(run.suite_version_id).await.told()?.map(|version| version.text))
    }
}

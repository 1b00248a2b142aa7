//! One run, looked at.

use perflab_model::{
    event::Event,
    id::RunId,
    problem::{Problem, ProblemKind},
    run::Run,
    summary::Progress,
    tick::{Point, Tick},
};

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

//! The next step of a search, from its rows alone: whoever calls this, and however often, each run is made once.

use perflab_model::{
    capacity::{Conclusion, ConclusionKind, LevelOutcome, Measured, SearchState},
    id::{RunId, SearchId},
    plan::{Plan, PlanProject},
    problem::{Problem, ProblemKind},
    run::{Run, RunState},
    suite::Suite,
};
use perflab_stats::capacity::{Next, Tried};
use perflab_store::{NewRun, StoredLevel, StoredSearch};

use super::{
    answer::measure,
    plan::{level_draft, search_of},
};
use crate::{Lab, trouble::Told as _};

impl Lab {
    /// Makes the next step of every search that waits for one. For the keeper, every few seconds.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn advance_searches(&self) -> Result<(), Problem> {
        let mut all = Ok(());
        for id in self.db.searches_waiting().await.told()? {
            // One that cannot go on must not hold up the others.
            if let Err(problem) = self.advance_search(id).await {
                all = Err(problem);
            }
        }
        all
    }

    /// Makes the next step of the search that a run belongs to, if it does. For whoever has just ended the run.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn advance_search_of(&self, run: RunId) -> Result<(), Problem> {
        match self.db.search_of_run(run).await.told()? {
            Some(id) => self.advance_search(id).await,
            None => Ok(()),
        }
    }

    /// Makes the next step of a search: queues its next run, or writes its answer. Does nothing while a run is under way,
    /// and when somebody else was quicker.
    ///
    /// # Errors
    /// When there is no such search, or the store does not answer.
    pub async fn advance_search(&self, id: SearchId) -> Result<(), Problem> {
        let search = self.stored_search(id).await?;
        if search.row.state != SearchState::Running {
            return Ok(());
        }
        let levels = self.db.search_levels(id).await.told()?;
        if levels.iter().any(|level| !level.state.is_terminal()) {
            return Ok(());
        }
        for level in levels.iter().filter(|level| level.measured.is_none()) {
            self.keep_measured(id, level).await?;
        }
        // Read again: of two processes the first to keep it has decided what a level said.
        let levels = self.db.search_levels(id).await.told()?;
        let tried: Vec<Tried> = levels.iter().filter_map(tried).collect();
        if levels.len() as u64 != u64::from(search.row.runs) || tried.len() != levels.len() {
            return Ok(());
        }
        if search.stop_asked {
            return self.end_search(&search, &tried, SearchState::Stopped, "A person stopped the search").await;
        }
        let willed = levels.iter().filter_map(|level| level.measured.as_ref()).find_map(|one| one.stopped.as_ref());
        if let Some(why) = willed {
            return self.end_search(&search, &tried, SearchState::Stopped, why).await;
        }
        match search_of(&search.row.request, &search.frozen.rules).next(&tried) {
            Next::Run(level) => self.run_level(&search, &tried, level).await,
            Next::Done(conclusion) => self.write_end(&search, SearchState::Finished, &conclusion).await,
        }
    }

    pub(super) async fn stored_search(&self, id: SearchId) -> Result<StoredSearch, Problem> {
        self.db.search(id).await.told()?.ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                "capacity.not_found",
                format!("There is no capacity search `{id}`"),
                Some("Look for it in the list of searches".to_owned()),
            )
        })
    }

    /// Keeps what an ended run says of its level.
    async fn keep_measured(&self, search: SearchId, level: &StoredLevel) -> Result<(), Problem> {
        let run = self.run(&level.run.to_string()).await?;
        let ticks = self.ticks(&run).await?;
        let mut measured = measure(&run.plan, run.row.end.as_ref(), run.summary.as_ref(), &ticks);
        // A next level would send more of what somebody wanted to end.
        measured.stopped = ended_by_will(&run);
        self.db.put_measured(search, level.step, &measured).await.told()
    }

    async fn run_level(&self, search: &StoredSearch, tried: &[Tried], level: f64) -> Result<(), Problem> {
        if let Err(problem) = self.refuse_while_killed(search.environment_id).await {
            return match problem.kind {
                ProblemKind::Busy | ProblemKind::Internal => Err(problem),
                _ => self.end_search(search, tried, SearchState::Stopped, &problem.message).await,
            };
        }
        let plan = match self.level_plan(search, level).await? {
            Ok(plan) => plan,
            Err(why) => return self.end_search(search, tried, SearchState::Failed, &why).await,
        };
        let request = &search.row.request;
        let new = NewRun {
            id: plan.run,
            project: search.project,
            environment: search.environment_id,
            suite_version: search.suite_version,
            plan,
            revision: request.revision.clone(),
            trigger: request.trigger,
            tags: request.tags.iter().map(|tag| tag.trim().to_owned()).collect(),
            repeat_of: None,
            created_us: self.now_us(),
        };
        if let Some(run) = self.db.add_level(search.row.id, search.row.runs, level, &new).await.told()? {
            let shown = request.unit.shown(level);
            tracing::info!(search.id = %search.row.id, run.id = %run.id, "capacity search {}: run {} at {shown}", search.row.id, run.id);
        }
        Ok(())
    }

    /// The plan of a level, or why it cannot be made any more.
    async fn level_plan(&self, search: &StoredSearch, level: f64) -> Result<Result<Plan, String>, Problem> {
        let Some(environment) = self.db.environment(search.environment_id).await.told()? else {
            return Ok(Err("The environment is gone".to_owned()));
        };
        // Caps and the list of targets hold as they are now; what is measured must be what was measured before.
        let before = &search.frozen.environment;
        if environment.base_url != before.base_url || environment.variables != before.variables {
            return Ok(Err("The environment leads elsewhere than when the search began".to_owned()));
        }
        let Some(version) = self.db.suite_version(search.suite_version).await.told()? else {
            return Ok(Err("The version of the suite is gone".to_owned()));
        };
        let suite = match Suite::parse(&version.text, &version.files) {
            Ok(suite) => suite,
            Err(errors) => return Ok(Err(format!("The suite cannot be used any more: {errors}"))),
        };
        let id = RunId::new(uuid::Uuid::now_v7());
        let draft = level_draft(&suite, &search.row.request, &environment, level, id);
        Ok(match (draft.plan, draft.problems.first()) {
            (Some(plan), None) => {
                let owner = PlanProject { name: search.row.project.clone(), id: Some(search.project) };
                Ok(Plan { project: Some(owner), ..plan })
            }
            (_, Some(problem)) => Err(format!("A level is not possible any more: {problem}")),
            (None, None) => Err("A level is not possible any more".to_owned()),
        })
    }

    /// Ends a search before it has its answer.
    async fn end_search(
        &self,
        search: &StoredSearch,
        tried: &[Tried],
        state: SearchState,
        why: &str,
    ) -> Result<(), Problem> {
        let kind = match state {
            SearchState::Stopped => ConclusionKind::Stopped,
            _ => ConclusionKind::NotCarriedOut,
        };
        let holds = tried.iter().filter(|one| one.outcome == LevelOutcome::Holds).map(|one| one.level);
        let breaks = tried.iter().filter(|one| one.outcome == LevelOutcome::Breaks).map(|one| one.level);
        let breaks_at = breaks.min_by(f64::total_cmp);
        let capacity = holds.filter(|level| breaks_at.is_none_or(|high| *level < high)).max_by(f64::total_cmp);
        let conclusion = Conclusion { kind, capacity, breaks_at, reason: Some(why.to_owned()) };
        self.write_end(search, state, &conclusion).await
    }

    async fn write_end(
        &self,
        search: &StoredSearch,
        state: SearchState,
        conclusion: &Conclusion,
    ) -> Result<(), Problem> {
        let id = search.row.id;
        if self.db.end_search(id, state, conclusion, self.now_us()).await.told()? {
            tracing::info!(search.id = %id, state = state.code(), "capacity search {id}: {}", state.word());
        }
        Ok(())
    }
}

fn tried(level: &StoredLevel) -> Option<Tried> {
    level.measured.as_ref().map(|measured: &Measured| Tried { level: level.level, outcome: measured.outcome })
}

/// Why a run ended, where somebody wanted it to.
fn ended_by_will(run: &Run) -> Option<String> {
    let end = run.row.end.as_ref()?;
    (run.row.state == RunState::Cancelled || end.code == "target_asked")
        .then(|| format!("Run #{} was ended: {}", run.row.number, end.message))
}

//! Runs made once more by the lab: a revision of which one run is undecided, or out of its level, is measured up to twice
//! more.

use perflab_model::{
    id::RunId,
    load::Load,
    plan::Plan,
    problem::{Problem, ProblemKind},
    run::{Run, Trigger},
};
use perflab_store::{NewRun, SeriesGroup};

use crate::{Lab, trouble::Told as _};

/// Most repeats of a revision.
const MOST: u32 = 2;

/// Whether an undecided run is made once more by the lab: one of a benchmark suite always, one under load only where the
/// environment allows it; a repeat itself never.
pub(super) fn are_made(run: &Run) -> bool {
    let allowed = matches!(run.plan.load, Load::Cases(_)) || run.plan.environment.history.repeat_load;
    allowed && run.row.repeat_of.is_none() && run.row.search.is_none()
}

impl Lab {
    /// The repeats that are still to be made of a run; none where it could not be launched as it was.
    pub(super) async fn repeats_of(&self, run: &Run, group: &SeriesGroup) -> Result<Vec<NewRun>, Problem> {
        let first = run.row.repeat_of.unwrap_or(run.row.id);
        let commit = run.row.revision.commit.as_deref();
        let made = self.db.repeats_made(group, first, commit).await.told()?;
        if made >= MOST {
            return Ok(Vec::new());
        }
        // What the environment allows is what it allows now; another target would be another series.
        let environment = self.db.environment(run.environment_id).await.told()?;
        if environment.as_ref() != Some(&run.plan.environment) {
            return Ok(Vec::new());
        }
        if let Err(problem) = self.refuse_while_killed(run.environment_id).await {
            return match problem.kind {
                ProblemKind::Busy | ProblemKind::Internal => Err(problem),
                _ => Ok(Vec::new()),
            };
        }
        Ok((made..MOST)
            .map(|_| {
                let id = RunId::new(uuid::Uuid::now_v7());
                NewRun {
                    id,
                    project: run.project_id,
                    environment: run.environment_id,
                    suite_version: run.suite_version_id,
                    plan: Plan { run: id, ..run.plan.clone() },
                    revision: run.row.revision.clone(),
                    trigger: Trigger::Repeat,
                    tags: run.row.tags.clone(),
                    repeat_of: Some(first),
                    created_us: self.now_us(),
                }
            })
            .collect())
    }
}

//! Start.

use perflab_model::{
    id::RunId,
    launch::LaunchRequest,
    problem::{Problem, ProblemKind},
    view::Launched,
};
use perflab_store::{Idempotency, NewRun};

use super::IdempotencyKey;
use crate::{Lab, trouble::Told as _};

impl Lab {
    /// Puts a run into the queue with its frozen plan. With a key, a repeated request gives the first one's run.
    ///
    /// # Errors
    /// With every field that is wrong; when the key stands for another request; when the store does not answer.
    pub async fn launch(&self, request: &LaunchRequest, key: Option<&IdempotencyKey>) -> Result<Launched, Problem> {
        let key = key.map(|key| Idempotency {
            caller: key.caller.clone(),
            key: key.key.clone(),
            body_hash: key.asked.clone(),
        });
        // Looked up before anything else: what was accepted once stays accepted, whatever became of suite and environment.
        if let Some(key) = &key
            && let Some(earlier) = self.db.created_before(key, self.now_us()).await.told()?
        {
            return Ok(Launched { id: earlier.id, number: earlier.number, replayed: true });
        }
        let id = RunId::new(uuid::Uuid::now_v7());
        let resolved = self.resolve(request, id).await?;
        let (Some(plan), Some((environment, _)), Some((suite, _)), true) =
            (resolved.plan, resolved.environment, resolved.suite, resolved.problems.is_empty())
        else {
            let mut problem = Problem::new(
                ProblemKind::Invalid,
                "launch.invalid",
                match resolved.problems.as_slice() {
                    [one] => one.message.clone(),
                    all => format!(
                        "{} fields are wrong: {}",
                        all.len(),
                        all.iter().map(|p| p.message.as_str()).collect::<Vec<_>>().join("; ")
                    ),
                },
                resolved.problems.first().and_then(|problem| problem.hint.clone()),
            );
            problem.fields = resolved.problems;
            return Err(problem);
        };
        self.refuse_while_killed(environment).await?;
        let new = NewRun {
            id,
            project: resolved.project,
            environment,
            suite_version: suite,
            plan,
            revision: request.revision.clone(),
            trigger: request.trigger,
            tags: request.tags.iter().map(|tag| tag.trim().to_owned()).collect(),
            repeat_of: None,
            created_us: self.now_us(),
        };
        let created = self.db.create_run(&new, key.as_ref()).await.told()?;
        tracing::info!(run.id = %created.id, suite = %request.suite, scenario = %request.scenario, replayed = created.replayed, "run {}: launched", created.id);
        Ok(Launched { id: created.id, number: created.number, replayed: created.replayed })
    }
}

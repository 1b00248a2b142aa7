//! What a search would do, and starting it.

use perflab_model::{
    capacity::{CapacityPreview, CapacityRequest, Frozen, SearchStarted},
    id::SearchId,
    launch::LaunchRequest,
    problem::{Problem, ProblemKind},
    threshold::Measure,
};
use perflab_store::{Idempotency, NewSearch};

use super::plan::{longest, plan_problems, search_of, steps};
use crate::{IdempotencyKey, Lab, launch::Named, trouble::Told as _};

impl Lab {
    /// Starts a search: its first run goes into the queue. With a key, a repeated request gives the first one's search.
    ///
    /// # Errors
    /// With every field that is wrong; when the key stands for another request; when the store does not answer.
    pub async fn start_search(
        &self,
        request: &CapacityRequest,
        key: Option<&IdempotencyKey>,
    ) -> Result<SearchStarted, Problem> {
        let key = key.map(|key| Idempotency {
            caller: key.caller.clone(),
            key: key.key.clone(),
            body_hash: key.asked.clone(),
        });
        // Looked up before anything else: what was accepted once stays accepted, whatever became of suite and environment.
        if let Some(key) = &key
            && let Some(id) = self.db.search_before(key).await.told()?
        {
            return Ok(SearchStarted { id, replayed: true });
        }
        let (mut problems, named, rules) = self.look_at(request).await?;
        let (Some((environment_id, environment)), Some((suite_version, suite)), true) =
            (named.environment, named.suite, problems.is_empty())
        else {
            let mut problem = Problem::new(
                ProblemKind::Invalid,
                "capacity.invalid",
                problems.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; "),
                problems.first().and_then(|problem| problem.hint.clone()),
            );
            problem.fields = std::mem::take(&mut problems);
            return Err(problem);
        };
        self.refuse_while_killed(environment_id).await?;
        let (_, longest) = longest(&suite, request, &environment, &search_of(request, &rules));
        let mut request = request.clone();
        // What was left open is settled once, for all levels.
        request.project = Some(named.name);
        request.environment = Some(environment.name.clone());
        let new = NewSearch {
            id: SearchId::new(uuid::Uuid::now_v7()),
            project: named.project,
            environment_id,
            frozen: Frozen { environment, rules, longest },
            suite_version,
            request,
            created_us: self.now_us(),
        };
        let (id, replayed) = self.db.create_search(&new, key.as_ref()).await.told()?;
        tracing::info!(search.id = %id, replayed, "capacity search {id}: started");
        // Should this process end here, the keeper makes the first run.
        self.advance_search(id).await?;
        Ok(SearchStarted { id, replayed })
    }

    /// The levels of a search, its longest time, and why it is not possible, if so.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer; what is wrong with the request itself comes as the
    /// preview's `problems`.
    pub async fn preview_search(&self, request: &CapacityRequest) -> Result<CapacityPreview, Problem> {
        let (problems, named, rules) = self.look_at(request).await?;
        let (of_search, of_levels): (Vec<_>, Vec<_>) =
            rules.iter().partition(|rule| rule.threshold.measure == Measure::Degradation);
        let texts = |rules: Vec<&perflab_model::plan::Rule>| {
            rules.into_iter().map(|rule| rule.threshold.text.clone()).collect::<Vec<_>>()
        };
        let mut preview = CapacityPreview {
            request: request.clone(),
            steps: Vec::new(),
            most_runs: 0,
            longest: perflab_model::unit::Millis::ZERO,
            rules: texts(of_levels),
            rules_of_search: texts(of_search),
            problems,
        };
        if let (Some((_, environment)), Some((_, suite)), true) =
            (&named.environment, &named.suite, request.problems().is_empty())
        {
            let search = search_of(request, &rules);
            preview.request.environment = Some(environment.name.clone());
            preview.steps = steps(suite, request, environment, &search);
            (preview.most_runs, preview.longest) = longest(suite, request, environment, &search);
        }
        Ok(preview)
    }

    /// What a request names, what is wrong with it, and the rules of its scenario.
    async fn look_at(
        &self,
        request: &CapacityRequest,
    ) -> Result<(Vec<perflab_model::problem::FieldProblem>, Named, Vec<perflab_model::plan::Rule>), Problem> {
        let mut named = self.resolve_names(&launch_of(request)).await?;
        let mut problems = std::mem::take(&mut named.problems);
        let mut rules = Vec::new();
        match (&named.environment, &named.suite) {
            (Some((_, environment)), Some((_, suite))) => {
                let (found, all) = plan_problems(suite, request, environment);
                problems.extend(found);
                rules = all;
            }
            _ => problems.extend(request.problems()),
        }
        Ok((problems, named, rules))
    }
}

/// The launch that one of its levels is, as far as names go.
fn launch_of(request: &CapacityRequest) -> LaunchRequest {
    LaunchRequest {
        project: request.project.clone(),
        suite: request.suite.clone(),
        scenario: request.scenario.clone(),
        environment: request.environment.clone(),
        overrides: request.overrides.clone(),
        revision: request.revision.clone(),
        tags: request.tags.clone(),
        trigger: request.trigger,
    }
}

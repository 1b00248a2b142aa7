//! What Start would do, before it is pressed.

use perflab_model::{
    id::RunId,
    launch::LaunchRequest,
    load::Load,
    problem::Problem,
    unit::Millis,
    view::{CaseOption, LaunchPreview, SecretState},
};

use super::estimate::estimate;
use crate::{Lab, safety::field_problem, trouble::Told as _};

impl Lab {
    /// The load, the rules, the estimate and the secrets of a launch, and why it is not possible, if so.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer; what is wrong with the request itself comes as the
    /// preview's `problems`.
    pub async fn preview(&self, request: &LaunchRequest) -> Result<LaunchPreview, Problem> {
        let resolved = self.resolve(request, RunId::new(uuid::Uuid::nil())).await?;
        let mut preview = LaunchPreview {
            request: request.clone(),
            load: None,
            cases: Vec::new(),
            warmup: Millis::ZERO,
            graceful_stop: Millis::ZERO,
            rules: Vec::new(),
            estimate: None,
            secrets: Vec::new(),
            cap: None,
            // A seed that nobody chose comes with the run itself, so the preview names none.
            seed: resolved.chosen_seed,
            marks: Vec::new(),
            problems: resolved.problems,
        };
        if let Some((_, environment)) = &resolved.environment {
            preview.request.environment = Some(environment.name.clone());
        }
        if let Some((id, _)) = &resolved.environment {
            preview.problems.extend(self.db.kill_switch_on(*id).await.told()?.as_ref().map(field_problem));
        }
        let Some(plan) = &resolved.plan else { return Ok(preview) };
        let queue = match &resolved.environment {
            Some((id, _)) => self.db.environment_queue(*id).await.told()?,
            None => perflab_store::EnvironmentQueue::default(),
        };
        preview.estimate = Some(estimate(plan, self.now_us(), queue.waiting + u64::from(queue.running.is_some())));
        preview.warmup = plan.warmup_time();
        preview.graceful_stop = plan.graceful_stop;
        preview.cap = match &plan.load {
            // The first series of the drawing is the one that the cap belongs to.
            load if load.has_rate() => Some(plan.environment.caps.rate.get()),
            Load::Cases(_) => None,
            _ => Some(f64::from(plan.environment.caps.users)),
        };
        preview.secrets = plan
            .secrets()
            .into_iter()
            .map(|name| SecretState { set: self.secrets.as_ref().map(|set| set(&name)), name })
            .collect();
        preview.load = Some(plan.load.clone());
        if let Load::Cases(cases) = &plan.load {
            preview.cases = cases.cases.iter().map(CaseOption::from).collect();
        }
        preview.rules = plan.rules.clone();
        preview.marks = plan.marks();
        Ok(preview)
    }
}

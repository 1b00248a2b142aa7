//! Pull, release, look.

use perflab_model::{
    id::{EnvironmentId, KillSwitchId},
    kill_switch::{KillSwitch, KillSwitches, KillTarget, PullRequest, Pulled, ScopeWord},
    problem::{Problem, ProblemKind},
    run::Trigger,
};
use perflab_store::NewPull;

use crate::{
    Lab,
    trouble::Told as _,
    who::{who, wrong_field},
};

/// Longest reason.
const MAX_REASON_CHARS: usize = 300;
/// Released switches that are shown.
const RELEASED_SHOWN: u32 = 20;

impl Lab {
    /// The kill switches that hold, and the last that were released.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn kill_switches(&self) -> Result<KillSwitches, Problem> {
        Ok(KillSwitches {
            pulled: self.db.kill_switches().await.told()?,
            released: self.db.released_kill_switches(RELEASED_SHOWN).await.told()?,
        })
    }

    /// Pulls a kill switch: aborts what is under way, and lets nothing begin until it is released. Pulled once more, the
    /// first pull stands.
    ///
    /// # Errors
    /// When there is no reason or no such environment, or the store does not answer.
    pub async fn pull_kill_switch(&self, request: &PullRequest) -> Result<Pulled, Problem> {
        let reason = request.reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS || reason.chars().any(char::is_control) {
            return Err(wrong_field(
                "reason",
                if reason.is_empty() { "A reason is missing" } else { "This is not a reason" },
                "Say in a sentence of at most 300 characters why load must end: everybody reads it until it is released",
            ));
        }
        let by = who(request.trigger, request.name.as_deref())?;
        let new = NewPull {
            id: KillSwitchId::new(uuid::Uuid::now_v7()),
            environment: self.kill_target(&request.target).await?,
            reason: reason.to_owned(),
            by,
            now_us: self.now_us(),
        };
        let (switch, aborted) = self.db.pull_kill_switch(&new).await.told()?;
        tracing::warn!(scope = %switch.scope, by = switch.pulled_by, aborted, "the kill switch of {} is pulled: {}", switch.scope, switch.reason);
        Ok(Pulled { switch, aborted })
    }

    /// Releases a kill switch; `None` where it was not pulled.
    ///
    /// # Errors
    /// When there is no such environment, or the store does not answer.
    pub async fn release_kill_switch(
        &self,
        target: &KillTarget,
        by: Trigger,
        name: Option<&str>,
    ) -> Result<Option<KillSwitch>, Problem> {
        let by = who(by, name)?;
        let environment = self.kill_target(target).await?;
        let released = self.db.release_kill_switch(environment, &by, self.now_us()).await.told()?;
        if let Some(switch) = &released {
            tracing::warn!(scope = %switch.scope, by, "the kill switch of {} is released by {by}", switch.scope);
        }
        Ok(released)
    }

    /// The environment that is meant; none for the whole lab.
    async fn kill_target(&self, target: &KillTarget) -> Result<Option<EnvironmentId>, Problem> {
        match (target.scope, &target.environment) {
            (ScopeWord::Lab, None) => Ok(None),
            (ScopeWord::Lab, Some(environment)) => Err(wrong_field(
                "environment",
                format!("The whole lab is more than environment `{environment}`"),
                "Leave the environment out, or say scope `environment`",
            )),
            (ScopeWord::Environment, None) => Err(wrong_field(
                "environment",
                "No environment is named",
                "Name it, or say scope `lab` for all of them",
            )),
            (ScopeWord::Environment, Some(name)) => {
                let (project, _) = self.project(target.project.as_ref()).await?;
                let known = self.db.environments(project).await.told()?;
                let names = known.iter().map(|(_, known)| known.name.as_str()).collect::<Vec<_>>().join(", ");
                known.into_iter().find(|(_, known)| known.name == *name).map(|(id, _)| Some(id)).ok_or_else(|| {
                    Problem::new(
                        ProblemKind::NotFound,
                        "environment.not_found",
                        format!("There is no environment `{name}`"),
                        Some(format!("Environments of this project: {names}")),
                    )
                })
            }
        }
    }
}

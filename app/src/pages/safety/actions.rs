//! What the forms of the kill switch do. What went wrong travels in the address of the page that says it, with all that was
//! typed.

use leptos::prelude::*;
use perflab_lab::Lab;
use perflab_model::{
    kill_switch::{KillTarget, PullRequest, ScopeWord},
    problem::{Problem, ProblemKind},
    run::Trigger,
};

use super::question::Asked;
use crate::{
    pages::{actions::with_problem, source::lab},
    ui_error::UiError,
};

/// Pulls a kill switch and goes back to the page that shows it.
#[server(name = PullKillSwitch, prefix = "/action", endpoint = "kill-switch/pull")]
pub async fn pull_kill_switch(
    #[server(default)] scope: String,
    #[server(default)] project: String,
    #[server(default)] environment: String,
    #[server(default)] reason: String,
    #[server(default)] name: String,
) -> Result<(), UiError> {
    let asked = Asked { ask: "pull".to_owned(), scope, project, environment, reason, name };
    leptos_axum::redirect(&match pull(&lab()?, &asked).await {
        Ok(()) => "/safety".to_owned(),
        Err(problem) => with_problem::<PullKillSwitch>(&asked.address(), problem),
    });
    Ok(())
}

/// Releases a kill switch and goes back to the page that shows it.
#[server(name = ReleaseKillSwitch, prefix = "/action", endpoint = "kill-switch/release")]
pub async fn release_kill_switch(
    #[server(default)] scope: String,
    #[server(default)] project: String,
    #[server(default)] environment: String,
    #[server(default)] name: String,
) -> Result<(), UiError> {
    let asked = Asked { ask: "release".to_owned(), scope, project, environment, reason: String::new(), name };
    leptos_axum::redirect(&match release(&lab()?, &asked).await {
        Ok(()) => "/safety".to_owned(),
        Err(problem) => with_problem::<ReleaseKillSwitch>(&asked.address(), problem),
    });
    Ok(())
}

async fn pull(lab: &Lab, asked: &Asked) -> Result<(), Problem> {
    let request = PullRequest {
        target: target(asked)?,
        reason: asked.reason.clone(),
        name: Some(asked.name.clone()),
        trigger: Trigger::Browser,
    };
    lab.pull_kill_switch(&request).await?;
    Ok(())
}

async fn release(lab: &Lab, asked: &Asked) -> Result<(), Problem> {
    lab.release_kill_switch(&target(asked)?, Trigger::Browser, Some(&asked.name)).await?;
    Ok(())
}

/// What the fields name.
fn target(asked: &Asked) -> Result<KillTarget, Problem> {
    let unknown = || {
        Problem::new(
            ProblemKind::Unreadable,
            "kill_switch.unreadable",
            "The form does not say what the kill switch is of",
            Some("Choose it from the list".to_owned()),
        )
    };
    match asked.scope.as_str() {
        "lab" => Ok(KillTarget { scope: ScopeWord::Lab, project: None, environment: None }),
        "environment" => Ok(KillTarget {
            scope: ScopeWord::Environment,
            project: Some(asked.project.parse().map_err(|_| unknown())?),
            environment: Some(asked.environment.parse().map_err(|_| unknown())?),
        }),
        _ => Err(unknown()),
    }
}

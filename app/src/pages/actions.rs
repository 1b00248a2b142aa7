//! What forms do: launch, stop, abort. Each answers with the page to go to, so that forms work without scripts.

#![expect(missing_docs, reason = "the server macro turns arguments into public fields and cannot document them")]
#![expect(
    clippy::too_many_arguments,
    reason = "one argument a field: the names of arguments are the names in the form"
)]

use std::collections::BTreeMap;

use leptos::prelude::*;
use perflab_lab::IdempotencyKey;
use perflab_model::{
    problem::{Problem, ProblemKind},
    run::{Cancel, Trigger},
};

use super::{launch::fields::LaunchFields, source::lab};
use crate::ui_error::UiError;

/// Under which name keys of browsers are kept, until people sign in.
const CALLER: &str = "browser";

/// Starts a run as the launch form says and goes to its page. What is wrong with the fields is said at the fields: the
/// form comes back with everything that was typed.
#[server(name = LaunchRun, prefix = "/action", endpoint = "launch")]
pub async fn launch_run(
    #[server(default)] project: String,
    #[server(default)] suite: String,
    #[server(default)] scenario: String,
    #[server(default)] env: String,
    #[server(default)] rev: String,
    #[server(default)] users: String,
    #[server(default)] spawn_rate: String,
    #[server(default)] rate: String,
    #[server(default)] duration: String,
    #[server(default)] max_in_flight: String,
    #[server(default)] seed: String,
    #[server(default)] tags: String,
    #[server(default)] set: BTreeMap<String, String>,
    #[server(default)] key: String,
) -> Result<(), UiError> {
    let fields = LaunchFields {
        project,
        suite,
        scenario,
        env,
        rev,
        users,
        spawn_rate,
        rate,
        duration,
        max_in_flight,
        seed,
        tags,
        set,
    };
    let lab = lab()?;
    let back = format!("/launch?{}", fields.to_query());
    let Ok(mut request) = fields.request() else {
        leptos_axum::redirect(&back);
        return Ok(());
    };
    request.trigger = Trigger::Browser;
    let body = serde_json::to_vec(&request).map_err(|error| {
        Problem::new(ProblemKind::Internal, "launch.body", format!("The request cannot be written: {error}"), None)
    })?;
    let key = IdempotencyKey::new(CALLER, &key, &body);
    match lab.launch(&request, key.as_ref()).await {
        Ok(launched) => leptos_axum::redirect(&format!("/runs/{}", launched.id)),
        Err(problem) if !problem.fields.is_empty() => leptos_axum::redirect(&back),
        Err(problem) => return Err(problem.into()),
    }
    Ok(())
}

/// Asks a run to end gracefully and goes back to its page.
#[server(name = StopRun, prefix = "/action", endpoint = "stop")]
pub async fn stop_run(id: String) -> Result<(), UiError> {
    end(&id, Cancel::Stop).await
}

/// Asks a run to end at once and goes back to its page.
#[server(name = AbortRun, prefix = "/action", endpoint = "abort")]
pub async fn abort_run(id: String) -> Result<(), UiError> {
    end(&id, Cancel::Abort).await
}

async fn end(address: &str, how: Cancel) -> Result<(), UiError> {
    let lab = lab()?;
    let run = lab.run(address).await?;
    lab.stop(run.row.id, how).await?;
    leptos_axum::redirect(&format!("/runs/{}", run.row.id));
    Ok(())
}

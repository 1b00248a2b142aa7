//! What the forms of capacity do: start a search, stop one.

#![expect(
    clippy::too_many_arguments,
    reason = "one argument a field: the names of arguments are the names in the form"
)]

use std::collections::BTreeMap;

use leptos::prelude::*;
use perflab_lab::{IdempotencyKey, Lab};
use perflab_model::{
    capacity::SearchStarted,
    problem::{Problem, ProblemKind},
};

use super::fields::CapacityFields;
use crate::{
    components::encoded,
    pages::{
        actions::{CALLER, with_problem},
        launch::fields::LaunchFields,
        source::lab,
    },
    ui_error::UiError,
};

/// Starts a search as the form says and goes to its page. What is wrong is said at the form, which comes back with
/// everything that was typed.
#[server(name = StartSearch, prefix = "/action", endpoint = "capacity")]
pub(super) async fn start_search(
    #[server(default)] project: String,
    #[server(default)] suite: String,
    #[server(default)] scenario: String,
    #[server(default)] env: String,
    #[server(default)] rev: String,
    #[server(default)] spawn_rate: String,
    #[server(default)] max_in_flight: String,
    #[server(default)] seed: String,
    #[server(default)] tags: String,
    #[server(default)] set: BTreeMap<String, String>,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] hold: String,
    #[server(default)] key: String,
    #[server(default)] shown: String,
) -> Result<(), UiError> {
    let launch = LaunchFields {
        project,
        suite,
        scenario,
        env,
        rev,
        spawn_rate,
        max_in_flight,
        seed,
        tags,
        set,
        ..LaunchFields::default()
    };
    let fields = CapacityFields { launch, from, to, hold };
    let outcome = start(&lab()?, &fields, &key, &shown).await;
    let back = format!("/capacity/new?{}", fields.to_query());
    leptos_axum::redirect(&match outcome {
        Ok(started) => format!("/capacity/{}", started.id),
        // The form finds out for itself what is wrong with its fields, and says it at each.
        Err(problem) if !problem.fields.is_empty() => back,
        Err(problem) => with_problem::<StartSearch>(&back, problem),
    });
    Ok(())
}

async fn start(lab: &Lab, fields: &CapacityFields, key: &str, shown: &str) -> Result<SearchStarted, Problem> {
    let options = lab.launch_options(fields.launch.project.parse().ok().as_ref()).await?;
    let request = fields.request(fields.unit(&options)).map_err(|fields| {
        let mut problem = Problem::new(ProblemKind::Invalid, "capacity.invalid", "Some fields are wrong", None);
        problem.fields = fields;
        problem
    })?;
    if fields.mark(&options) != shown {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "capacity.not_shown",
            "Nothing was started: the fields or the suite had changed after the preview was made",
            Some("This is what Start does now; press it again if it is what you want".to_owned()),
        ));
    }
    let body = serde_json::to_vec(&request).map_err(|error| {
        Problem::new(ProblemKind::Internal, "capacity.body", format!("The request cannot be written: {error}"), None)
    })?;
    lab.start_search(&request, IdempotencyKey::new(CALLER, key, &body).as_ref()).await
}

/// Stops a search and goes back to its page.
#[server(name = StopSearch, prefix = "/action", endpoint = "capacity-stop")]
pub(super) async fn stop_search(id: String) -> Result<(), UiError> {
    let page = format!("/capacity/{}", encoded(&id));
    let outcome = stop(&lab()?, &id).await;
    leptos_axum::redirect(&match outcome {
        Ok(()) => page,
        Err(problem) => with_problem::<StopSearch>(&page, problem),
    });
    Ok(())
}

async fn stop(lab: &Lab, address: &str) -> Result<(), Problem> {
    let id = lab.search(address).await?.row.id;
    lab.stop_search(id).await.map(|_| ())
}

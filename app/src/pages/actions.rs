//! What forms do: launch, stop, abort. Each answers with the page to go to, so that forms work without scripts.
//!
//! What went wrong travels in that page's address, and the page says it. The address is made here: left to itself, the
//! framework would take it from the `Referer`, which browsers may leave out.

#![expect(missing_docs, reason = "the server macro turns arguments into public fields and cannot document them")]
#![expect(
    clippy::too_many_arguments,
    reason = "one argument a field: the names of arguments are the names in the form"
)]

use std::collections::BTreeMap;

use leptos::{
    prelude::*,
    server_fn::{ServerFn, error::ServerFnUrlError},
};
use perflab_lab::{IdempotencyKey, Lab};
use perflab_model::{
    problem::{Problem, ProblemKind},
    run::{Cancel, Trigger},
    view::Launched,
};

use super::{launch::fields::LaunchFields, source::lab};
use crate::{components::encoded, ui_error::UiError};

/// Under which name keys of browsers are kept, until people sign in.
pub(super) const CALLER: &str = "browser";

/// Starts a run as the launch form says and goes to its page. What is wrong is said at the form, which comes back with
/// everything that was typed; nothing is started that the form had not shown.
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
    #[server(default)] classes: String,
    #[server(default)] cases: String,
    #[server(default)] tags: String,
    #[server(default)] again: String,
    #[server(default)] set: BTreeMap<String, String>,
    #[server(default)] key: String,
    #[server(default)] shown: String,
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
        classes,
        cases,
        tags,
        again,
        set,
    };
    let outcome = launch(&lab()?, &fields, &key, &shown).await;
    leptos_axum::redirect(&after_launch(&fields, outcome));
    Ok(())
}

async fn launch(lab: &Lab, fields: &LaunchFields, key: &str, shown: &str) -> Result<Launched, Problem> {
    let mut request = fields.request().map_err(|fields| {
        let mut problem = Problem::new(ProblemKind::Invalid, "launch.invalid", "Some fields are wrong", None);
        problem.fields = fields;
        problem
    })?;
    let options = lab.launch_options(request.project.as_ref()).await?;
    if fields.mark(&options) != shown {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "launch.not_shown",
            "Nothing was started: the fields or the suite had changed after the preview was made",
            Some("This is what Start does now; press it again if it is what you want".to_owned()),
        ));
    }
    request.trigger = Trigger::Browser;
    let body = serde_json::to_vec(&request).map_err(|error| {
        Problem::new(ProblemKind::Internal, "launch.body", format!("The request cannot be written: {error}"), None)
    })?;
    lab.launch(&request, IdempotencyKey::new(CALLER, key, &body).as_ref()).await
}

/// Where Start leads: to the run, or back to the form with all that was typed.
fn after_launch(fields: &LaunchFields, outcome: Result<Launched, Problem>) -> String {
    let back = format!("/launch?{}", fields.to_query());
    match outcome {
        Ok(launched) => format!("/runs/{}", launched.id),
        // The form finds out for itself what is wrong with its fields, and says it at each.
        Err(problem) if !problem.fields.is_empty() => back,
        Err(problem) => with_problem::<LaunchRun>(&back, problem),
    }
}

/// Asks a run to end gracefully and goes back to its page.
#[server(name = StopRun, prefix = "/action", endpoint = "stop")]
pub async fn stop_run(id: String) -> Result<(), UiError> {
    let outcome = end(&lab()?, &id, Cancel::Stop).await;
    leptos_axum::redirect(&after_end::<StopRun>(&id, outcome));
    Ok(())
}

/// Asks a run to end at once and goes back to its page.
#[server(name = AbortRun, prefix = "/action", endpoint = "abort")]
pub async fn abort_run(id: String) -> Result<(), UiError> {
    let outcome = end(&lab()?, &id, Cancel::Abort).await;
    leptos_axum::redirect(&after_end::<AbortRun>(&id, outcome));
    Ok(())
}

async fn end(lab: &Lab, address: &str, how: Cancel) -> Result<(), Problem> {
    let run = lab.run(address).await?;
    lab.stop(run.row.id, how).await?;
    Ok(())
}

/// Where Stop and Abort lead: to the run's page, which says it when they did not work.
pub(super) fn after_end<Action: ServerFn<Error = UiError>>(address: &str, outcome: Result<(), Problem>) -> String {
    let page = format!("/runs/{}", encoded(address));
    match outcome {
        Ok(()) => page,
        Err(problem) => with_problem::<Action>(&page, problem),
    }
}

/// The address of a page that is to say what went wrong with an action of its own.
pub(super) fn with_problem<Action: ServerFn<Error = UiError>>(page: &str, problem: Problem) -> String {
    let told = ServerFnUrlError::new(Action::url(), UiError(problem));
    // Addresses are only written with a host in front, which is taken off again.
    match told.to_url(&format!("{HOST}{page}")) {
        Ok(address) => address.as_str().trim_start_matches(HOST).to_owned(),
        Err(_) => page.to_owned(),
    }
}

const HOST: &str = "http://localhost";

#[cfg(test)]
mod tests {
    use leptos_router::{location::Url, params::ParamsMap};

    use super::*;

    fn fields() -> LaunchFields {
        LaunchFields {
            suite: "mita".to_owned(),
            scenario: "smoke".to_owned(),
            users: "50".to_owned(),
            tags: "a&b #1".to_owned(),
            set: BTreeMap::from([("LIMIT".to_owned(), "100 %".to_owned())]),
            ..LaunchFields::default()
        }
    }

    fn query(address: &str) -> ParamsMap {
        let mut query = ParamsMap::new();
        for pair in address.split_once('?').map_or("", |(_, query)| query).split('&') {
            let (name, value) = pair.split_once('=').expect("every pair has a value");
            query.insert(Url::unescape(name), Url::unescape(value));
        }
        query
    }

    fn problem_in<Action: ServerFn<Error = UiError>>(address: &str) -> Option<Problem> {
        let query = query(address);
        let told = query.get("__err").filter(|_| query.get("__path").as_deref() == Some(Action::url()))?;
        Some(ServerFnUrlError::<UiError>::decode_err(&told).0)
    }

    #[test]
    fn a_launch_that_is_refused_brings_back_the_form_as_it_was_typed_and_says_why() {
        let busy = Problem::new(ProblemKind::Busy, "store.busy", "The store does not answer", Some("Wait".to_owned()));
        let address = after_launch(&fields(), Err(busy.clone()));
        assert!(address.starts_with("/launch?"), "{address}");
        assert_eq!(LaunchFields::from_query(&query(&address)), fields());
        assert_eq!(problem_in::<LaunchRun>(&address), Some(busy));
    }

    #[test]
    fn what_is_wrong_with_a_field_is_left_to_the_form() {
        let mut problem = Problem::new(ProblemKind::Invalid, "launch.invalid", "One field is wrong", None);
        problem.fields.push(perflab_model::problem::FieldProblem {
            field: "overrides.users".to_owned(),
            message: "50 users are above the cap".to_owned(),
            hint: None,
        });
        let address = after_launch(&fields(), Err(problem));
        assert_eq!(problem_in::<LaunchRun>(&address), None);
        assert_eq!(LaunchFields::from_query(&query(&address)), fields());
    }

    #[test]
    fn a_stop_that_did_not_work_is_told_on_the_page_of_the_run() {
        let gone = Problem::new(ProblemKind::NotFound, "run.not_found", "There is no run `7`", None);
        let address = after_end::<StopRun>("7", Err(gone.clone()));
        assert!(address.starts_with("/runs/7?"), "{address}");
        assert_eq!(problem_in::<StopRun>(&address), Some(gone));
        assert_eq!(after_end::<AbortRun>("a/../b?c", Ok(())), "/runs/a%2F..%2Fb%3Fc");
    }
}

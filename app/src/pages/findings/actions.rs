//! What the form of a finding does. What went wrong travels in the address of the page that says it.

#![expect(missing_docs, reason = "the server macro turns arguments into public fields and cannot document them")]
#![expect(
    clippy::too_many_arguments,
    reason = "one argument a field: the names of arguments are the names in the form"
)]

use leptos::prelude::*;
use perflab_lab::Lab;
use perflab_model::{
    finding::{FindingChange, FindingState},
    problem::{Problem, ProblemKind},
    run::Trigger,
};

use crate::{
    components::encoded,
    pages::{actions::with_problem, source::lab},
    ui_error::UiError,
};

/// Changes a finding as its form says and goes back to its page.
#[server(name = ChangeFinding, prefix = "/action", endpoint = "finding")]
pub async fn change_finding(
    id: String,
    #[server(default)] state: String,
    #[server(default)] shown_state: String,
    #[server(default)] assignee: String,
    #[server(default)] shown_assignee: String,
    #[server(default)] url: String,
    #[server(default)] shown_url: String,
    #[server(default)] due: String,
    #[server(default)] shown_due: String,
    #[server(default)] note: String,
    #[server(default)] name: String,
) -> Result<(), UiError> {
    let page = format!("/findings/{}", encoded(&id));
    // Only what differs from what the form had shown is asked for: fields that nobody touched say nothing.
    let changed = |now: String, shown: &str| (now.trim() != shown.trim()).then_some(now);
    let fields = Fields {
        state: changed(state, &shown_state),
        change: FindingChange {
            state: None,
            assignee: changed(assignee, &shown_assignee),
            url: changed(url, &shown_url),
            due: changed(due, &shown_due),
            note: Some(note).filter(|note| !note.trim().is_empty()),
            name: Some(name),
        },
    };
    leptos_axum::redirect(&match change(&lab()?, &id, fields).await {
        Ok(()) => page,
        Err(problem) => with_problem::<ChangeFinding>(&page, problem),
    });
    Ok(())
}

struct Fields {
    state: Option<String>,
    change: FindingChange,
}

async fn change(lab: &Lab, id: &str, fields: Fields) -> Result<(), Problem> {
    let state = fields
        .state
        .map(|code| {
            FindingState::from_code(&code).ok_or_else(|| {
                Problem::new(
                    ProblemKind::Unreadable,
                    "finding.unreadable",
                    "The form does not say which state the finding is to have",
                    Some("Choose it from the list".to_owned()),
                )
            })
        })
        .transpose()?;
    lab.change_finding(id, &FindingChange { state, ..fields.change }, Trigger::Browser).await
}

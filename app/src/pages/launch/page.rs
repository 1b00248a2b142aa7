//! The launch page as a whole: one form that can be looked at again (GET) and started (POST).

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use perflab_model::{
    display,
    problem::{FieldProblem, Problem},
    view::{LaunchOptions, LaunchPreview},
};

use super::{
    aside::Aside,
    field::field_id,
    fields::LaunchFields,
    sections::{Judges, LoadShape, Parameters, What, Where},
};
use crate::{
    components::chosen,
    islands::LaunchForm,
    pages::{
        actions::LaunchRun,
        problem::ProblemLine,
        source::{Loaded, lab},
    },
    ui_error::UiError,
};

/// Everything that the page shows.
#[derive(Clone)]
pub struct Shown {
    /// What can be chosen.
    pub options: LaunchOptions,
    /// What stands in the fields.
    pub fields: LaunchFields,
    /// What Start would do; nothing while a field cannot be read.
    pub preview: Option<LaunchPreview>,
    /// What is wrong, field by field.
    pub problems: Vec<FieldProblem>,
}

impl Shown {
    /// What is wrong with a field.
    pub fn problem(&self, field: &str) -> Option<FieldProblem> {
        self.problems.iter().find(|problem| problem.field == field).cloned()
    }
}

/// Parts of the page that follow from the fields.
const DERIVED: [&str; 5] = ["launch-answer", "launch-preview", "launch-rules", "launch-aside", "launch-place"];
/// Parts of the page that hold fields of their own.
const FIELDS: [&str; 3] = ["launch-what", "launch-load", "launch-parameters"];

/// The launch page.
#[component]
pub fn LaunchPage() -> impl IntoView {
    let fields = use_query_map().with_untracked(LaunchFields::from_query);
    let lab = lab();
    let load = async move {
        let lab = lab?;
        let project = fields.project.parse().ok();
        let options = lab.launch_options(project.as_ref()).await?;
        let fields = fields.completed(&options);
        let (preview, problems) = match fields.request() {
            Ok(request) => {
                let preview = lab.preview(&request).await?;
                let problems = preview.problems.clone();
                (Some(preview), problems)
            }
            Err(problems) => (None, problems),
        };
        Ok::<_, Problem>(Shown { options, fields, preview, problems })
    };
    view! {
        <Title text="New run"/>
        <Loaded from=Box::pin(load) show=show/>
    }
}

fn show(shown: Shown) -> impl IntoView {
    let action = ServerAction::<LaunchRun>::new();
    let failed = action.value().get_untracked().and_then(|result: Result<(), UiError>| result.err());
    let key = uuid::Uuid::now_v7().to_string();
    let messages = message_ids(&shown);
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/">"Runs"</a>
                    <span class="sep">"/"</span>
                    <h1>"New run"</h1>
                </div>
            </div>
            <p class="answer" id="launch-answer">{answer(&shown)}</p>
        </div>
        <div class="page-body">
            {failed.map(|UiError(problem)| view! { <ProblemLine problem=problem/> })}
            <ActionForm action=action attr:class="launch" attr:id="launch">
                <div>
                    // The first button of a form is what Enter presses: look again, never start.
                    <button class="btn enter" formmethod="get" formaction="/launch" formnovalidate=true>
                        "Update the preview"
                    </button>
                    <input type="hidden" name="project" value=shown.fields.project.clone()/>
                    <input type="hidden" name="key" value=key/>
                    <section class="step">
                        <h2>"What"</h2>
                        <div id="launch-what"><What shown=shown.clone()/></div>
                    </section>
                    <section class="step">
                        <h2>"Where"</h2>
                        <Where shown=shown.clone()/>
                    </section>
                    <section class="step">
                        <h2>"Load shape"</h2>
                        <LoadShape shown=shown.clone()/>
                    </section>
                    <div id="launch-parameters"><Parameters shown=shown.clone()/></div>
                    <section class="step" id="launch-rules">
                        <Judges preview=shown.preview.clone()/>
                    </section>
                </div>
                <aside aria-label="Estimate and start" id="launch-aside">
                    <Aside shown=shown/>
                </aside>
            </ActionForm>
        </div>
        <LaunchForm
            form_id="launch".to_owned()
            path="/launch".to_owned()
            derived=DERIVED.map(str::to_owned).into_iter().chain(messages).collect()
            fields=FIELDS.map(str::to_owned).to_vec()
        />
    }
}

/// The inputs and the messages below them: they change while somebody types.
fn message_ids(shown: &Shown) -> Vec<String> {
    let overrides =
        ["users", "spawn_rate", "rate", "duration", "max_in_flight", "seed"].map(|name| format!("overrides.{name}"));
    let parameters = shown.options.suites.iter().flat_map(|suite| &suite.parameters);
    let parameters = parameters.map(|parameter| format!("overrides.parameters.{}", parameter.name));
    overrides
        .into_iter()
        .chain(parameters)
        .flat_map(|field| [field_id(&field), format!("{}-message", field_id(&field))])
        .collect()
}

/// What Start would do, in a sentence; or why it cannot.
fn answer(shown: &Shown) -> String {
    if shown.options.suites.is_empty() || shown.options.environments.is_empty() {
        return "There is nothing to launch yet: this lab has no suite or no environment.".to_owned();
    }
    let Some(estimate) = shown.preview.as_ref().and_then(|preview| preview.estimate.as_ref()) else {
        return match shown.problems.len() {
            1 => "This run cannot start yet: one field is wrong.".to_owned(),
            n => format!("This run cannot start yet: {n} fields are wrong."),
        };
    };
    let requests = match estimate.requests {
        Some(requests) => format!("about {} requests", display::number(requests)),
        None => "as many requests as its users make".to_owned(),
    };
    let peak = match (estimate.peak_rate, estimate.peak_users) {
        (Some(rate), _) => format!(", at most {} a second", chosen(rate)),
        (None, Some(users)) => format!(", from at most {} users", display::count(users.into())),
        (None, None) => String::new(),
    };
    let start = match (shown.problems.is_empty(), estimate.ahead) {
        (false, _) => "It cannot start yet.".to_owned(),
        (true, 0) => "It can start now.".to_owned(),
        (true, 1) => "One run goes first.".to_owned(),
        (true, n) => format!("{n} runs go first."),
    };
    let LaunchFields { scenario, env, .. } = &shown.fields;
    format!("{scenario} will send {requests} to {env} in {}{peak}. {start}", estimate.duration)
}

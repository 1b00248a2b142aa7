//! A run that waits for a worker, and says what for.

use leptos::prelude::*;
use perflab_model::run::RunState;

use super::{data::RunData, header::Facts, marks::Marks};
use crate::{components::StateBadge, islands::FollowRun, pages::actions::StopRun};
use leptos::form::ActionForm;

/// Id of the sentence that says what is waited for.
const ANSWER: &str = "waiting-answer";

/// How often that is looked at anew. The run itself sends no event while those ahead of it come and go.
const LOOK_EVERY_MS: i32 = 3_000;

/// The page of a run that waits.
#[component]
pub fn Waiting(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let run = data.run;
    let (row, plan) = (run.row.clone(), run.plan.clone());
    let answer = if let Some(switch) = &data.held {
        format!("Waiting: the kill switch of {} is pulled. It begins once a person has released that.", switch.scope)
    } else if row.state == RunState::Claimed {
        "A worker has taken this run and is starting its runner.".to_owned()
    } else {
        waits_for(data.ahead, &row.environment.to_string())
    };
    let cancel = ServerAction::<StopRun>::new();
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/">"Runs"</a>
                    <span class="sep">"/"</span>
                    <h1>{row.scenario.to_string()} " " <span class="faint light">{format!("#{}", row.number)}</span></h1>
                    <StateBadge state=row.state/>
                </div>
                <div class="btn-group">
                    <FollowRun
                        id=row.id.to_string()
                        after=data.after
                        ids=vec![ANSWER.to_owned()]
                        every_ms=LOOK_EVERY_MS
                    />
                    <ActionForm action=cancel>
                        <input type="hidden" name="id" value=row.id.to_string()/>
                        <button class="btn">"Cancel"</button>
                    </ActionForm>
                </div>
            </div>
            <p class="answer" id=ANSWER>{answer}</p>
            <Facts run=run/>
        </div>
        <div class="page-body snug">
            <Marks plan=plan/>
            <div class="note-line" data-v="queued" role="status">
                <p>
                    "This page changes by itself as soon as the run begins. Without scripts, "
                    <a href=format!("/runs/{}", row.id)>"look again"</a>
                    "."
                </p>
            </div>
        </div>
    }
    .into_any()
}

fn waits_for(ahead: Option<u64>, environment: &str) -> String {
    match ahead {
        Some(0) => "Waiting for a worker; nothing is ahead.".to_owned(),
        Some(1) => format!("Waiting: one run is ahead on {environment}. One environment carries one run at a time."),
        Some(n) => format!("Waiting: {n} runs are ahead on {environment}. One environment carries one run at a time."),
        None => "Waiting for a worker.".to_owned(),
    }
}

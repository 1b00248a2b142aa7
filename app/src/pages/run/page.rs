//! The page of a run: which of its three looks it has.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{problem::Problem, run::RunState};

use super::{
    data::{Asked, RunData},
    finished::Finished,
    live::Live,
    waiting::Waiting,
};
use crate::{
    pages::{
        actions::{AbortRun, StopRun},
        adjust::AdjustRun,
        problem::ProblemLine,
        source::{Loaded, lab, parameter, query},
    },
    ui_error::UiError,
};

/// One run.
#[component]
pub fn RunPage() -> impl IntoView {
    let address = parameter("run");
    let asked = Asked {
        tab: query("tab").unwrap_or_default(),
        case: query("case"),
        numbers_only: query("only").as_deref() == Some("numbers"),
    };
    let lab = lab();
    let load = async move { RunData::load(&lab?, &address, asked).await };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(data: RunData) -> impl IntoView {
    let row = &data.run.row;
    let name = format!("{} #{}", row.scenario, row.number);
    let title = match row.state {
        RunState::Running | RunState::Finishing => format!("{name}, live"),
        RunState::Queued | RunState::Claimed => format!("{name}, waiting"),
        _ => name,
    };
    view! {
        <Title text=title/>
        {refused().map(|problem| view! { <div class="page-body snug"><ProblemLine problem=problem/></div> })}
        {match data.run.row.state {
            RunState::Queued | RunState::Claimed => view! { <Waiting data=data/> }.into_any(),
            RunState::Running | RunState::Finishing => view! { <Live data=data/> }.into_any(),
            _ => view! { <Finished data=data/> }.into_any(),
        }}
    }
}

/// Why Stop, Abort or another rate did not work, when a form has just come back from there.
fn refused() -> Option<Problem> {
    let stop = ServerAction::<StopRun>::new().value().get_untracked();
    let abort = ServerAction::<AbortRun>::new().value().get_untracked();
    let adjust = ServerAction::<AdjustRun>::new().value().get_untracked();
    [stop, abort, adjust]
        .into_iter()
        .flatten()
        .find_map(|result: Result<(), UiError>| result.err())
        .map(|UiError(problem)| problem)
}

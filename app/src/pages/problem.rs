//! Trouble in place of a page, or in a line of one.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::problem::{Problem, ProblemKind};

use crate::components::sentence;

/// What happened and what to do, where a page was asked for.
#[component]
pub fn ProblemPage(
    /// What happened.
    problem: Problem,
) -> impl IntoView {
    let title = match problem.kind {
        ProblemKind::NotFound => "Not found",
        ProblemKind::Busy | ProblemKind::TooMuch => "Not now",
        ProblemKind::Denied => "Not allowed",
        _ => "This did not work",
    };
    view! {
        <Title text=title/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/">"Runs"</a>
                    <span class="sep">"/"</span>
                    <h1>{title}</h1>
                </div>
            </div>
            <p class="answer">{sentence(&problem.message)}</p>
        </div>
        <div class="page-body">
            <p>{problem.hint.as_deref().map(sentence)} " " <a href="/">"All runs"</a></p>
            <p class="faint fine mt2">{problem.code}</p>
        </div>
    }
}

/// What happened and what to do, in a line where the action was.
#[component]
pub fn ProblemLine(
    /// What happened.
    problem: Problem,
) -> impl IntoView {
    view! {
        <div class="note-line" data-v="critical" role="alert">
            <p>
                <b>{sentence(&problem.message)}</b>
                " "
                {problem.hint.as_deref().map(sentence)}
            </p>
        </div>
    }
}

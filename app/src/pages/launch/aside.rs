//! Beside the launch form: estimate, Start or why not, and the same launch as text to copy.

use leptos::prelude::*;
use perflab_model::{display, problem::FieldProblem, view::Estimate};

use super::{copy::CopyAs, field::field_id, page::Shown};
use crate::components::{chosen, sentence};

/// Estimate, Start, Copy as.
#[component]
pub fn Aside(
    /// The page.
    shown: Shown,
) -> impl IntoView {
    let estimate = shown.preview.as_ref().and_then(|preview| preview.estimate.clone());
    let cap = shown.preview.as_ref().and_then(|preview| preview.cap);
    let request = shown.fields.request().ok();
    view! {
        <h2 class="strong">"Estimate"</h2>
        {match estimate {
            Some(estimate) => view! { <Figures estimate=estimate cap=cap/> }.into_any(),
            None => view! { <p class="muted">"There is none until the fields are right."</p> }.into_any(),
        }}
        <Start problems=shown.problems.clone()/>
        {request.map(|request| view! { <CopyAs request=request query=shown.fields.to_query()/> })}
    }
    .into_any()
}

#[component]
fn Figures(estimate: Estimate, cap: Option<f64>) -> impl IntoView {
    let about = |value: Option<f64>| match value {
        Some(value) => format!("≈ {}", display::number(value)),
        None => "depends on the answers".to_owned(),
    };
    let of_cap = cap.map(|cap| view! { " "<small>{format!("of {}", chosen(cap))}</small> });
    let peak = match (estimate.peak_rate, estimate.peak_users) {
        (Some(rate), _) => ("Peak rate", format!("{}/s", chosen(rate))),
        (None, users) => ("Users", display::count(users.unwrap_or(0).into())),
    };
    let queue = match estimate.ahead {
        0 => "none".to_owned(),
        1 => "one run goes first".to_owned(),
        n => format!("{n} runs go first"),
    };
    view! {
        <dl class="est">
            <div><dt>"Requests"</dt><dd>{about(estimate.requests)}</dd></div>
            <div><dt>"Iterations"</dt><dd>{about(estimate.iterations)}</dd></div>
            <div><dt>"Duration"</dt><dd>{estimate.duration.to_string()}</dd></div>
            <div><dt>"Ends, if started now"</dt><dd>{display::clock(estimate.ends_us, false)}</dd></div>
            <div><dt>{peak.0}</dt><dd>{peak.1}{of_cap}</dd></div>
            <div><dt>"Conflicts"</dt><dd>{queue}</dd></div>
        </dl>
    }
    .into_any()
}

/// Start; where that is not possible, why, with a link to the field.
#[component]
fn Start(problems: Vec<FieldProblem>) -> impl IntoView {
    match problems.into_iter().next() {
        None => view! {
            <div class="start-run">
                <button class="btn primary">"Start run"</button>
            </div>
        }
        .into_any(),
        Some(problem) => {
            let field = format!("#{}", field_id(&problem.field));
            let why = format!("Cannot start: {}", sentence(&problem.message));
            view! {
                <div class="start-run">
                    // Not `disabled`: it stays reachable by keyboard, and what it says is read out.
                    <button class="btn primary" type="button" aria-disabled="true" aria-describedby="why">
                        "Start run"
                    </button>
                    <p id="why" class="muted fine">{why} " " <a href=field>"Go to the field"</a></p>
                </div>
            }
            .into_any()
        }
    }
}

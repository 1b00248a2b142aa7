//! Beside the launch form: estimate, Start or why not, and the same launch as text to copy.

use leptos::prelude::*;
use perflab_model::{
    display,
    mark::Mark,
    problem::FieldProblem,
    view::{Estimate, SecretState},
};

use super::{
    copy::CopyAs,
    field::address_of,
    page::{SHOWN, Shown, about},
};
use crate::components::{chosen, sentence};

/// Estimate, Start, Copy as.
#[component]
pub fn Aside(
    /// The page.
    shown: Shown,
) -> impl IntoView {
    let preview = shown.preview.as_ref();
    let cap = preview.and_then(|preview| preview.cap);
    let missing = preview.map(|preview| missing(&preview.secrets)).unwrap_or_default();
    let marks = preview.map(|preview| preview.marks.clone()).unwrap_or_default();
    let (benchmark, cases) = (shown.is_benchmark(), preview.map_or(0, |preview| preview.cases.len()));
    let request = shown.fields.request().ok();
    let mark = shown.fields.mark(&shown.options);
    view! {
        <h2 class="strong">"Estimate"</h2>
        {match preview.and_then(|preview| preview.estimate.clone()) {
            Some(estimate) if benchmark => view! { <CaseFigures estimate=estimate cases=cases/> }.into_any(),
            Some(estimate) => view! { <Figures estimate=estimate cap=cap/> }.into_any(),
            None => view! { <p class="muted">"There is none until the fields are right."</p> }.into_any(),
        }}
        // Start sends along what it was that the page showed: nothing else is started.
        <input type="hidden" name=SHOWN value=mark/>
        <MissingSecrets names=missing/>
        <MarksAhead marks=marks/>
        <Start problems=shown.problems.clone()/>
        {(!benchmark)
            .then(|| {
                view! {
                    <p class="fine mt1">
                        <a href=format!("/capacity/new?{}", shown.fields.to_query())>"Find the capacity"</a>
                        " of this scenario instead"
                    </p>
                }
            })}
        {request
            .map(|request| {
                view! { <CopyAs request=request query=shown.fields.to_query() key=shown.key names_project=shown.names_project/> }
            })}
    }
    .into_any()
}

/// Names of the secrets that the worker of this lab lacks.
fn missing(secrets: &[SecretState]) -> Vec<String> {
    secrets.iter().filter(|secret| secret.set == Some(false)).map(|secret| secret.name.clone()).collect()
}

/// Which secrets are missing, and what to do about it.
#[component]
fn MissingSecrets(names: Vec<String>) -> impl IntoView {
    let are = if names.len() == 1 { "is" } else { "are" };
    let names = names.join(", ");
    (!names.is_empty()).then(|| {
        let what = format!("{names} {are} not set, so this run would fail before its first request.");
        let how = format!("Restart the lab with {names} among its environment variables.");
        view! {
            <div class="note-line mt2" data-v="issues">
                <p><b>{what}</b> " " {how}</p>
            </div>
        }
    })
}

/// What every report of the run will say of how it was allowed, before anybody starts it.
#[component]
fn MarksAhead(marks: Vec<Mark>) -> impl IntoView {
    marks
        .into_iter()
        .map(|mark| {
            view! {
                <div class="note-line mt2" data-v="issues">
                    <p>
                        "Every report of this run will say: " <b>{mark.message}</b> " "
                        <a href="/docs/targets">"What this means"</a>
                    </p>
                </div>
            }
        })
        .collect_view()
}

/// What a benchmark suite will cost: how long each case takes is what it is to find out.
#[component]
fn CaseFigures(estimate: Estimate, cases: usize) -> impl IntoView {
    let queue = queue(estimate.ahead);
    view! {
        <dl class="est">
            <div><dt>"Cases"</dt><dd>{display::count(cases as u64)}</dd></div>
            <div><dt>"Duration"</dt><dd>{format!("at most {}", estimate.duration)}</dd></div>
            <div><dt>"Conflicts"</dt><dd>{queue}</dd></div>
        </dl>
    }
    .into_any()
}

/// How many runs go first, in words.
fn queue(ahead: u64) -> String {
    match ahead {
        0 => "none".to_owned(),
        1 => "one run goes first".to_owned(),
        n => format!("{n} runs go first"),
    }
}

#[component]
fn Figures(estimate: Estimate, cap: Option<f64>) -> impl IntoView {
    let shown = |value: Option<f64>| match value {
        Some(value) => format!("≈ {}", about(value)),
        None => "depends on the answers".to_owned(),
    };
    let of_cap = cap.map(|cap| view! { " "<small>{format!("of {}", chosen(cap))}</small> });
    let peak = match (estimate.peak_rate, estimate.peak_users) {
        (Some(rate), _) => ("Starts, at most", format!("{}/s", chosen(rate))),
        (None, users) => ("Users", display::count(users.unwrap_or(0).into())),
    };
    let beside = estimate.peak_users.filter(|_| estimate.peak_rate.is_some());
    let (at_most, latest) = if estimate.at_most { ("at most ", " at the latest") } else { ("", "") };
    let queue = queue(estimate.ahead);
    view! {
        <dl class="est">
            <div><dt>"Requests"</dt><dd>{shown(estimate.requests)}</dd></div>
            <div><dt>"Iterations"</dt><dd>{shown(estimate.iterations)}</dd></div>
            <div><dt>"Duration"</dt><dd>{format!("{at_most}{}", estimate.duration)}</dd></div>
            <div><dt>"Ends, if started now"</dt><dd>{format!("{}{latest}", display::clock(estimate.ends_us, false))}</dd></div>
            <div><dt>{peak.0}</dt><dd>{peak.1}{of_cap}</dd></div>
            {beside.map(|users| view! { <div><dt>"Users besides"</dt><dd>{display::count(users.into())}</dd></div> })}
            <div><dt>"Connections, at most"</dt><dd>{display::count(estimate.needs.connections)}</dd></div>
            <div><dt>"Memory of the runner"</dt><dd>{format!("≈ {}", display::bytes(estimate.needs.memory_bytes as f64))}</dd></div>
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
            let field = address_of(&problem.field);
            let why = format!("Cannot start: {}", sentence(&problem.message));
            view! {
                <div class="start-run">
                    // Not `disabled`: it stays reachable by keyboard, and what it says is read out.
                    <button class="btn primary" type="button" aria-disabled="true" aria-describedby="why">
                        "Start run"
                    </button>
                    <p id="why" class="muted fine">
                        {why} " " {field.map(|field| view! { <a href=field>"Go to the field"</a> })}
                    </p>
                </div>
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_missing_only_where_it_is_known_not_to_be_there() {
        let secret = |name: &str, set| SecretState { name: name.to_owned(), set };
        let secrets = [secret("LOAD_PW", Some(false)), secret("API_KEY", Some(true)), secret("OF_A_WORKER", None)];
        assert_eq!(missing(&secrets), ["LOAD_PW"]);
    }
}

//! A run that is over: verdict and evidence, in tabs that are addresses.

use leptos::prelude::*;
use perflab_model::{
    run::{Run, RunState},
    summary::{ErrorSummary, RequestSummary},
    verdict::LedgerRow,
};

use super::{
    config::Config,
    data::RunData,
    distribution::DistributionTab,
    header::{Actions, Facts, trend_of_endpoint},
    summary::SummaryTab,
    tab::Tab,
    timeline::Timeline,
    verdict_box::VerdictBox,
};
use crate::components::{EndpointTable, ErrorTable, LogTable, RunBadge, count_of, sentence};

/// The page of a run that is over.
#[component]
pub fn Finished(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let row = data.run.row.clone();
    let tab = data.tab;
    let errors = errors(&data).len();
    view! {
        <div class="page-head tabbed">
            <div class="head-row">
                <div class="title">
                    <a href="/">"Runs"</a>
                    <span class="sep">"/"</span>
                    <h1>{row.scenario.to_string()} " " <span class="faint light">{format!("#{}", row.number)}</span></h1>
                    {(tab != Tab::Summary || data.run.judgement.is_none()).then(|| view! { <RunBadge row=row.clone()/> })}
                </div>
                <Actions run=data.run.clone()/>
            </div>
            <Facts run=data.run.clone()/>
            <nav class="tabs" aria-label="Parts of this run">
                {Tab::ALL
                    .map(|to| {
                        let address = match to {
                            Tab::Summary => format!("/runs/{}", row.id),
                            _ => format!("/runs/{}?tab={}", row.id, to.code()),
                        };
                        view! {
                            <a href=address aria-current=(to == tab).then_some("page")>
                                {to.word()}
                                {(to == Tab::Errors && errors > 0).then(|| view! { " " <span class="count">{errors}</span> })}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
        </div>
        <div class="page-body snug">
            <Ending run=data.run.clone()/>
            {match tab {
                Tab::Summary => view! { <SummaryTab data=data/> }.into_any(),
                Tab::Endpoints => view! { <Endpoints data=data/> }.into_any(),
                Tab::Timeline => view! { <Timeline run=data.run points=data.points/> }.into_any(),
                Tab::Distribution => view! { <DistributionTab data=data/> }.into_any(),
                Tab::Errors => view! { <Errors data=data/> }.into_any(),
                Tab::Config => view! { <Config data=data/> }.into_any(),
                Tab::Logs => view! { <Logs data=data/> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// How a run ended that did not end by itself, and its verdict where there is one.
#[component]
fn Ending(run: Run) -> impl IntoView {
    let judged = run.judgement.is_some();
    let mark = match run.row.state {
        RunState::Failed => "critical",
        RunState::Cancelled => "stopped",
        RunState::Lost => "inconclusive",
        _ => return ().into_any(),
    };
    if judged {
        return ().into_any();
    }
    let (message, code) = run
        .row
        .end
        .map_or_else(|| ("This run ended without saying why".to_owned(), String::new()), |end| (end.message, end.code));
    view! {
        <div class="note-line" data-v=mark>
            <p><b>{sentence(&message)}</b> " " <span class="faint">{code}</span></p>
        </div>
    }
    .into_any()
}

#[component]
fn Endpoints(data: RunData) -> impl IntoView {
    let trend = trend_of_endpoint(&data.run.row);
    let (requests, ledger) = (requests(&data), ledger(&data));
    let sentence = format!("{}; a name leads to its trend.", count_of(requests.len(), "endpoint"));
    view! {
        <section class="section">
            <div class="section-head"><h2>"Endpoints"</h2><p>{sentence}</p></div>
            <EndpointTable requests=requests ledger=ledger trend=trend/>
        </section>
    }
}

#[component]
fn Errors(data: RunData) -> impl IntoView {
    let errors = errors(&data);
    let sentence = match errors.iter().map(|error| error.count).sum::<u64>() {
        0 => String::new(),
        n => format!("{} in all.", count_of(usize::try_from(n).unwrap_or(usize::MAX), "error")),
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>"Errors"</h2><p>{sentence}</p></div>
            <ErrorTable errors=errors/>
        </section>
    }
}

#[component]
fn Logs(data: RunData) -> impl IntoView {
    view! {
        <section class="section">
            <div class="section-head"><h2>"Log"</h2><p>"What worker and runner wrote."</p></div>
            <LogTable lines=data.logs/>
        </section>
    }
}

/// The verdict box of a judged run.
pub fn verdict_box(run: &Run) -> impl IntoView + use<> {
    run.judgement.clone().map(|judgement| view! { <VerdictBox run=run.clone() judgement=judgement/> })
}

/// Endpoints: final, or as they stood last.
pub fn requests(data: &RunData) -> Vec<RequestSummary> {
    match (&data.run.summary, &data.progress) {
        (Some(summary), _) => summary.requests.clone(),
        (None, Some(progress)) => progress.requests.clone(),
        (None, None) => Vec::new(),
    }
}

/// Errors: final, or as they stood last.
pub fn errors(data: &RunData) -> Vec<ErrorSummary> {
    match (&data.run.summary, &data.progress) {
        (Some(summary), _) => summary.errors.clone(),
        (None, Some(progress)) => progress.errors.clone(),
        (None, None) => Vec::new(),
    }
}

/// Rules: judged, or none.
pub fn ledger(data: &RunData) -> Vec<LedgerRow> {
    data.run.judgement.as_ref().map(|judgement| judgement.ledger.clone()).unwrap_or_default()
}

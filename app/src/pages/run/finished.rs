//! A run that is over: verdict and evidence, in tabs that are addresses.

use leptos::prelude::*;
use perflab_model::{
    bench::CaseSummary,
    breakdown::ClassSummary,
    display,
    load::Load,
    run::{Run, RunState},
    summary::{ErrorSummary, RequestSummary, Totals},
    verdict::LedgerRow,
};

use super::{
    cases::{CaseTab, FaultTable},
    config::Config,
    data::RunData,
    distribution::DistributionTab,
    header::{Actions, Facts, launch_again, trend_of_endpoint},
    marks::Marks,
    summary::SummaryTab,
    tab::Tab,
    timeline::Timeline,
    verdict_box::VerdictBox,
};
use crate::components::{
    EndpointTable, ErrorTable, LogTable, RunBadge, UserTable, count_of, routes, sentence, told_users,
};

/// The page of a run that is over.
#[component]
pub fn Finished(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let row = data.run.row.clone();
    let tab = data.tab;
    let errors = all_errors(&errors(&data)) + failures(&data);
    // The verdict box is on the first tab; the others say in its words how the run went.
    let verdict = data.run.judgement.as_ref().filter(|_| tab != Tab::Summary).map(|judgement| {
        view! {
            <p class="muted mt1">
                {sentence(&judgement.sentence)} " " <a href=format!("/runs/{}", row.id)>"Verdict"</a>
            </p>
        }
    });
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
            {verdict}
            <nav class="tabs" aria-label="Parts of this run">
                {Tab::of(&data.run.plan.load)
                    .into_iter()
                    .map(|to| {
                        let address = match to {
                            Tab::Summary => format!("/runs/{}", row.id),
                            _ => format!("/runs/{}?tab={}", row.id, to.code()),
                        };
                        view! {
                            <a href=address aria-current=(to == tab).then_some("page")>
                                {to.word()}
                                {(to == Tab::Errors && errors > 0).then(|| view! { " " <span class="count">{display::count(errors)}</span> })}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
        </div>
        <div class="page-body snug">
            <Marks plan=data.run.plan.clone() changes=data.changes.clone()/>
            <Ending run=data.run.clone()/>
            {match tab {
                Tab::Summary => view! { <SummaryTab data=data/> }.into_any(),
                Tab::Cases => view! { <Cases data=data/> }.into_any(),
                Tab::Endpoints => view! { <Endpoints data=data/> }.into_any(),
                Tab::Users => view! { <Users data=data/> }.into_any(),
                Tab::Timeline => view! { <Timeline run=data.run points=data.points changes=data.changes/> }.into_any(),
                Tab::Distribution => view! { <DistributionTab data=data/> }.into_any(),
                Tab::Errors if is_benchmark(&data.run) => view! { <Failures data=data/> }.into_any(),
                Tab::Errors => view! { <Errors data=data/> }.into_any(),
                Tab::Config => view! { <Config data=data/> }.into_any(),
                Tab::Logs => view! { <Logs data=data/> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// How a run ended that did not end by itself and has no verdict, and what to do next.
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
        .clone()
        .map_or_else(|| ("This run ended without saying why".to_owned(), String::new()), |end| (end.message, end.code));
    view! {
        <div class="note-line" data-v=mark>
            <p>
                <b>{sentence(&message)}</b>
                " "
                {(run.row.state != RunState::Cancelled)
                    .then(|| {
                        let log = format!("/runs/{}?tab={}", run.row.id, Tab::Logs.code());
                        view! { <a href=log>"Look in its log"</a> " for the cause, mend it and " }
                    })}
                <a href=launch_again(&run)>
                    {if run.row.state == RunState::Cancelled { "Run it again" } else { "run it again" }}
                </a>
                ". "
                <span class="faint">{code}</span>
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn Endpoints(data: RunData) -> impl IntoView {
    let trend = trend_of_endpoint(&data.run.row);
    let (requests, ledger, routes) = (requests(&data), ledger(&data), routes(&data.run.plan));
    let sentence = format!("{}; a name leads to its trend.", count_of(requests.len(), "endpoint"));
    view! {
        <section class="section">
            <div class="section-head"><h2>"Endpoints"</h2><p>{sentence}</p></div>
            <EndpointTable requests=requests ledger=ledger routes=routes trend=trend/>
        </section>
    }
}

#[component]
fn Users(data: RunData) -> impl IntoView {
    let classes = classes(&data);
    let sentence = told_users(&classes, data.run.plan.load.has_rate());
    view! {
        <section class="section">
            <div class="section-head"><h2>"Users and flows"</h2><p>{sentence}</p></div>
            {(!classes.is_empty()).then(|| view! { <UserTable classes=classes/> })}
        </section>
    }
}

#[component]
fn Errors(data: RunData) -> impl IntoView {
    let errors = errors(&data);
    let sentence = told_errors(&errors, totals(&data).map_or(0, |totals| totals.failed));
    view! {
        <section class="section">
            <div class="section-head"><h2>"Errors"</h2><p>{sentence}</p></div>
            <ErrorTable errors=errors/>
        </section>
    }
}

#[component]
fn Cases(data: RunData) -> impl IntoView {
    let ledger = ledger(&data);
    view! { <CaseTab cases=cases(&data.run) chosen=data.case ledger=ledger measured=data.measured run=data.run/> }
}

#[component]
fn Failures(data: RunData) -> impl IntoView {
    view! {
        <section class="section">
            <div class="section-head">
                <h2>"Failures"</h2>
                <p>"What failed or answered wrongly is counted here and is no sample."</p>
            </div>
            <FaultTable cases=cases(&data.run)/>
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

/// How many errors a run had. Unlike every other number they are those of the whole run, so that is said; what is judged
/// is `failed`, counted since the warm-up.
fn told_errors(errors: &[ErrorSummary], failed: u64) -> String {
    let all = all_errors(errors);
    if all == 0 {
        return String::new();
    }
    let cut_off: u64 = errors.iter().filter(|error| error.code == CUT_OFF).map(|error| error.count).sum();
    let warming_up = (all - cut_off).saturating_sub(failed);
    let mut told = format!("{} in the whole run", count_of(usize::try_from(all).unwrap_or(usize::MAX), "error"));
    if warming_up > 0 {
        told += &format!(", {} of them in the warm-up, which is not judged", display::count(warming_up));
    }
    if cut_off > 0 {
        told += &format!(", {} of them requests that were cut off", display::count(cut_off));
    }
    told + "."
}

/// The code of requests that the run itself cut off: no failure of the target.
const CUT_OFF: &str = "aborted";

fn all_errors(errors: &[ErrorSummary]) -> u64 {
    errors.iter().map(|error| error.count).sum()
}

/// Counts: final, or as they stood last.
fn totals(data: &RunData) -> Option<Totals> {
    let progress = data.progress.as_ref().map(|progress| progress.totals);
    data.run.summary.as_ref().map(|summary| summary.totals).or(progress)
}

/// Whether a run is one of a benchmark suite.
pub const fn is_benchmark(run: &Run) -> bool {
    matches!(run.plan.load, Load::Cases(_))
}

/// Cases of a benchmark run that are over.
pub fn cases(run: &Run) -> Vec<CaseSummary> {
    run.summary.as_ref().map(|summary| summary.cases.clone()).unwrap_or_default()
}

/// Operations of cases that failed.
fn failures(data: &RunData) -> u64 {
    cases(&data.run).iter().map(|case| case.failed).sum()
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

/// Classes of users: final, or as they stood last.
fn classes(data: &RunData) -> Vec<ClassSummary> {
    match (&data.run.summary, &data.progress) {
        (Some(summary), _) => summary.classes.clone(),
        (None, Some(progress)) => progress.classes.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, count: u64) -> ErrorSummary {
        ErrorSummary {
            code: code.to_owned(),
            request: "login".to_owned(),
            count,
            first_second: 0,
            last_second: 9,
            examples: Vec::new(),
        }
    }

    #[test]
    fn errors_of_the_warm_up_are_parted_from_the_failures_that_are_judged() {
        assert_eq!(told_errors(&[], 0), "");
        assert_eq!(told_errors(&[error("http.5xx", 66)], 66), "66 errors in the whole run.");
        assert_eq!(
            told_errors(&[error("http.5xx", 66), error(CUT_OFF, 3)], 54),
            "69 errors in the whole run, 12 of them in the warm-up, which is not judged, 3 of them requests that were cut off."
        );
    }
}

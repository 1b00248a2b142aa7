//! The answer of a live run, and the tables below its charts.

use leptos::prelude::*;
use perflab_model::{
    display,
    summary::Progress,
    tick::Phase,
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

use super::live_run::{Live, LiveFacts, LiveTab};
use crate::components::{EndpointTable, ErrorTable, LedgerTable, LimitList, LogTable, TrustHeading, ValidityList};

/// The sentence that says how the run goes.
#[component]
pub(super) fn LiveAnswer(facts: LiveFacts, live: Live) -> impl IntoView {
    view! {
        <p class="answer">
            {move || live.progress.with(|progress| progress.as_ref().map_or_else(|| STARTING.to_owned(), |now| answer(&facts, now)))}
        </p>
    }
    .into_any()
}

/// Before the first second.
const STARTING: &str = "The worker has the run; the first request is about to be sent.";

/// Endpoints, errors, thresholds and log as tabs; validity and limits beside them.
#[component]
pub(super) fn LiveParts(facts: LiveFacts, live: Live) -> impl IntoView {
    let tab = facts.tab;
    let id = facts.id;
    let link = move |to: LiveTab| format!("/runs/{id}?tab={}", to.code());
    view! {
        <section class="section" id="details">
            <nav class="tabs flush" aria-label="Details">
                {LiveTab::ALL
                    .map(|to| {
                        view! {
                            <a href=link(to) aria-current=(to == tab).then_some("page")>
                                {to.word()}
                                {move || {
                                    let errors = live.progress.with(|now| now.as_ref().map_or(0, |now| now.errors.len()));
                                    (to == LiveTab::Errors && errors > 0)
                                        .then(|| view! { " " <span class="count">{errors}</span> })
                                }}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            <div class="cols">
                <div class="c8">
                    {move || match tab {
                        LiveTab::Logs => view! { <LogTable lines=live.logs.get()/> }.into_any(),
                        _ => live.progress.with(|now| now.as_ref().map(|now| view! { <Table tab=tab progress=now.clone()/> })).into_any(),
                    }}
                </div>
                <div class="c4">
                    {move || {
                        live.progress
                            .with(|now| now.as_ref().map(|now| view! { <Beside progress=now.clone()/> }))
                    }}
                </div>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Table(tab: LiveTab, progress: Progress) -> impl IntoView {
    match tab {
        LiveTab::Errors => view! { <ErrorTable errors=progress.errors/> }.into_any(),
        LiveTab::Thresholds if progress.ledger.is_empty() => {
            view! { <p class="muted pt1">"This run has no thresholds: it is only measured."</p> }.into_any()
        }
        LiveTab::Thresholds => view! { <LedgerTable rows=progress.ledger/> }.into_any(),
        LiveTab::Endpoints | LiveTab::Logs => {
            view! { <EndpointTable requests=progress.requests ledger=progress.ledger/> }.into_any()
        }
    }
}

#[component]
fn Beside(progress: Progress) -> impl IntoView {
    let overall: Vec<LedgerRow> = progress.ledger.into_iter().filter(|row| row.scope.is_none()).collect();
    view! {
        <TrustHeading state=progress.validity.state/>
        <ValidityList validity=progress.validity/>
        {(!overall.is_empty())
            .then(|| {
                view! {
                    <h3 class="ruled mt2">"Limits"</h3>
                    <LimitList rows=overall/>
                }
            })}
    }
    .into_any()
}

/// How the run goes, in a sentence or two: what is wrong first.
fn answer(facts: &LiveFacts, progress: &Progress) -> String {
    if progress.validity.state == ValidityState::Invalid {
        let cause = progress.validity.causes().into_iter().find_map(|signal| signal.cause.clone());
        return format!("The numbers cannot be trusted. {}", cause.unwrap_or_default()).trim_end().to_owned();
    }
    match progress.phase {
        Phase::WarmUp => {
            let left = (facts.warmup_seconds - f64::from(progress.second)).max(0.0).round() as u64;
            return format!("Warming up for another {}: nothing is judged yet.", display::elapsed(left));
        }
        Phase::Draining => return "All requests have been sent; the last answers are waited for.".to_owned(),
        Phase::Measured => {}
    }
    let broken: Vec<&LedgerRow> =
        progress.ledger.iter().filter(|row| matches!(row.outcome, Gate::Fail | Gate::Warn)).collect();
    let pace = if on_plan(progress) { "On plan" } else { "Behind its plan" };
    match broken.as_slice() {
        [] if progress.ledger.is_empty() => format!("{pace}. No rule judges this run."),
        [] => format!("{pace} and inside every limit so far."),
        [row] => format!("{pace}. One rule is broken so far: {}.", measured(row)),
        [row, ..] => format!("{pace}. {} rules are broken so far, first {}.", broken.len(), measured(row)),
    }
}

/// `p95 < 200ms is 231 ms`.
fn measured(row: &LedgerRow) -> String {
    match row.value {
        Some(value) => format!("{} is {} {}", row.rule, display::number(value), row.unit).trim_end().to_owned(),
        None => row.rule.clone(),
    }
}

/// Whether the generator reached what was planned, as the validity of the run says.
fn on_plan(progress: &Progress) -> bool {
    progress.validity.signals.iter().all(|signal| signal.code != "achieved" || signal.state == ValidityState::Valid)
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        summary::{Distribution, Recent, Totals},
        validity::Validity,
    };

    use super::*;

    fn facts() -> LiveFacts {
        LiveFacts {
            id: String::new(),
            number: 1291,
            scenario: "open_load".to_owned(),
            environment: "staging".to_owned(),
            revision: String::new(),
            started: String::new(),
            ends: String::new(),
            planned_seconds: 660.0,
            warmup_seconds: 60.0,
            open: true,
            cap: Some(120),
            p95_limit: Some(200.0),
            p99_limit: None,
            after: 0,
            tab: LiveTab::Endpoints,
            stop_action: String::new(),
            abort_action: String::new(),
            asked: None,
            graceful_stop: "30s".to_owned(),
        }
    }

    fn progress(second: u32, phase: Phase) -> Progress {
        let nothing = Distribution {
            kind: None,
            unit: "ms".to_owned(),
            samples: 0,
            mean: None,
            min: None,
            p50: None,
            p90: None,
            p95: None,
            p99: None,
            p999: None,
            max: None,
        };
        Progress {
            second,
            phase,
            totals: Totals::default(),
            target: 100.0,
            users: 0,
            in_flight: 0,
            recent: Recent { rate_per_s: 0.0, error_rate: None, latency: nothing.clone() },
            latency: nothing,
            requests: Vec::new(),
            errors: Vec::new(),
            ledger: Vec::new(),
            verdict: None,
            validity: Validity::default(),
        }
    }

    #[test]
    fn during_warm_up_the_answer_says_how_long_it_lasts() {
        let answer = answer(&facts(), &progress(40, Phase::WarmUp));
        assert_eq!(answer, "Warming up for another 0:20: nothing is judged yet.");
    }

    #[test]
    fn a_run_without_rules_is_not_called_inside_its_limits() {
        assert_eq!(answer(&facts(), &progress(90, Phase::Measured)), "On plan. No rule judges this run.");
    }
}

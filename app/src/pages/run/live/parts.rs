//! The answer of a live run, and the tables below its charts.

use leptos::prelude::*;
use perflab_model::{
    display,
    runner::LogLine,
    summary::Progress,
    tick::Phase,
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

use super::facts::{LiveFacts, LiveTab};
use crate::components::{EndpointTable, ErrorTable, LedgerTable, LimitList, LogTable, TrustHeading, ValidityList};

/// Before the first second.
const STARTING: &str = "The worker has the run; the first request is about to be sent.";

/// The sentence that says how the run goes.
#[component]
pub fn LiveAnswer(
    /// What stays.
    facts: LiveFacts,
    /// How the run stands.
    progress: Option<Progress>,
) -> impl IntoView {
    let text = progress.map_or_else(|| STARTING.to_owned(), |now| answer(&facts, &now));
    view! { <p class="answer" id="live-answer">{text}</p> }
}

/// Endpoints, errors, thresholds and log as tabs; validity and limits beside them.
#[component]
pub fn LiveParts(
    /// The run.
    id: String,
    /// The open tab.
    tab: LiveTab,
    /// How the run stands.
    progress: Option<Progress>,
    /// Its log.
    logs: Vec<LogLine>,
) -> impl IntoView {
    let errors = progress.as_ref().map_or(0, |now| now.errors.len());
    let table = match (tab, progress.clone()) {
        (LiveTab::Logs, _) => view! { <LogTable lines=logs/> }.into_any(),
        (_, Some(progress)) => view! { <Table tab=tab progress=progress/> }.into_any(),
        (_, None) => view! { <p class="muted pt1">"Nothing has been measured yet."</p> }.into_any(),
    };
    view! {
        <section class="section" id="details">
            <h2 class="sr">"Details"</h2>
            <nav class="tabs flush" aria-label="Details" id="live-tabs">
                {LiveTab::ALL
                    .map(|to| {
                        view! {
                            <a href=format!("/runs/{id}?tab={}#details", to.code()) aria-current=(to == tab).then_some("page")>
                                {to.word()}
                                {(to == LiveTab::Errors && errors > 0).then(|| view! { " " <span class="count">{errors}</span> })}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            <div class="cols">
                <div class="c8" id="live-table">{table}</div>
                <div class="c4" id="live-beside">{progress.map(|now| view! { <Beside progress=now/> })}</div>
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
        run::RunState,
        summary::{Distribution, Recent, Totals},
        validity::Validity,
    };

    use super::*;

    fn facts() -> LiveFacts {
        LiveFacts {
            id: String::new(),
            number: 1291,
            state: RunState::Running,
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
            stop_action: "",
            abort_action: "",
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

//! The answer of a live run, and the tables below its charts.

use leptos::prelude::*;
use perflab_model::{
    bench::CasePhase,
    display,
    run::Cancel,
    runner::LogLine,
    summary::{LatencyKind, Progress},
    tick::Phase,
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

use super::{
    super::cases::LiveCases,
    facts::{LiveFacts, LiveTab},
};
use crate::components::{
    EndpointTable, ErrorTable, LedgerTable, LimitList, LogTable, Route, TrustHeading, UserTable, ValidityList,
    told_users, with_unit,
};

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
    /// What its plan says of its requests.
    routes: Vec<Route>,
    /// Whether it is a run of a benchmark suite.
    cases: bool,
) -> impl IntoView {
    let errors = progress.as_ref().map_or(0, |now| now.errors.len());
    let table = match (tab, progress.clone()) {
        (LiveTab::Logs, _) => view! { <LogTable lines=logs/> }.into_any(),
        (LiveTab::Endpoints, Some(progress)) if cases => view! { <LiveCases cases=progress.cases/> }.into_any(),
        (_, Some(progress)) => view! { <Table tab=tab progress=progress routes=routes/> }.into_any(),
        (_, None) => view! { <p class="muted pt1">"Nothing has been measured yet."</p> }.into_any(),
    };
    view! {
        <section class="section" id="details">
            <h2 class="sr">"Details"</h2>
            <nav class="tabs flush" aria-label="Details" id="live-tabs">
                {LiveTab::of(cases)
                    .into_iter()
                    .map(|to| {
                        view! {
                            <a href=format!("/runs/{id}?tab={}#details", to.code()) aria-current=(to == tab).then_some("page")>
                                {to.word(cases)}
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
fn Table(tab: LiveTab, progress: Progress, routes: Vec<Route>) -> impl IntoView {
    match tab {
        LiveTab::Errors => view! {
            <p class="muted pt1">"Since the start, warm-up included."</p>
            <ErrorTable errors=progress.errors/>
        }
        .into_any(),
        LiveTab::Thresholds if progress.ledger.is_empty() => {
            view! { <p class="muted pt1">"This run has no thresholds: it is only measured."</p> }.into_any()
        }
        LiveTab::Thresholds => view! { <LedgerTable rows=progress.ledger breaches=true/> }.into_any(),
        LiveTab::Users if progress.classes.is_empty() => {
            view! { <p class="muted pt1">"Nobody has begun anything yet."</p> }.into_any()
        }
        LiveTab::Users => {
            let open = matches!(progress.latency.kind, Some(LatencyKind::Response));
            view! {
                <p class="muted pt1">{told_users(&progress.classes, open)}</p>
                <UserTable classes=progress.classes compact=true/>
            }
            .into_any()
        }
        LiveTab::Endpoints | LiveTab::Logs => {
            view! { <EndpointTable requests=progress.requests ledger=progress.ledger routes=routes/> }.into_any()
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
    let cause = progress.validity.causes().into_iter().find_map(|signal| signal.cause.clone()).unwrap_or_default();
    match facts.asked {
        Some(Cancel::Abort) => {
            if let Some(killed) = &facts.killed {
                return format!("{killed} Open requests are cut off. There will be no verdict.");
            }
            return "Abort has been asked for: open requests are cut off. There will be no verdict.".to_owned();
        }
        Some(Cancel::Stop) => {
            let wait = &facts.graceful_stop;
            return format!(
                "Stop has been asked for: nothing new is started, and answers are awaited for up to {wait}. There will be no verdict."
            );
        }
        None => {}
    }
    if progress.validity.state == ValidityState::Invalid {
        return format!("The numbers cannot be trusted. {cause}").trim_end().to_owned();
    }
    if facts.cases {
        return cases_answer(progress) + &standing(&progress.ledger);
    }
    match progress.phase {
        Phase::WarmUp => {
            let left = (facts.warmup_seconds - f64::from(progress.second)).max(0.0).round() as u64;
            return format!("Warming up for another {}: nothing is judged yet.", display::elapsed(left));
        }
        Phase::Draining => return "All requests have been sent; the last answers are waited for.".to_owned(),
        Phase::Measured => {}
    }
    let pace = if on_plan(progress) { "On plan" } else { "Behind its plan" };
    let standing = format!("{pace}{}", standing(&progress.ledger));
    match progress.validity.state {
        ValidityState::Suspect => format!("{standing} The numbers are suspect. {cause}").trim_end().to_owned(),
        ValidityState::Valid | ValidityState::Invalid => standing,
    }
}

/// Which case is at work.
fn cases_answer(progress: &Progress) -> String {
    let at_work = progress.cases.iter().find(|case| matches!(case.phase, CasePhase::WarmUp | CasePhase::Measuring));
    let Some(case) = at_work else { return "Between two cases".to_owned() };
    let name = case.title.as_deref().unwrap_or(&case.name);
    let verb = if case.phase == CasePhase::WarmUp { "Warming up" } else { "Measuring" };
    format!("{verb} {name}")
}

/// How the rules stand, after the word about the pace. What is not decided yet is neither inside its limit nor broken.
fn standing(ledger: &[LedgerRow]) -> String {
    let broken: Vec<&LedgerRow> = ledger.iter().filter(|row| matches!(row.outcome, Gate::Fail | Gate::Warn)).collect();
    let undecided = ledger.iter().filter(|row| row.outcome == Gate::Inconclusive).count();
    let rest = match undecided {
        0 => ".".to_owned(),
        1 => format!("; 1 of {} is undecided yet.", ledger.len()),
        n => format!("; {n} of {} are undecided yet.", ledger.len()),
    };
    match (broken.as_slice(), ledger.len()) {
        ([], 0) => ". No rule judges this run.".to_owned(),
        ([], 1) if undecided == 1 => ". Its one rule is undecided yet.".to_owned(),
        ([], all) if undecided == all => format!(". All {all} rules are undecided yet."),
        ([], _) if undecided == 0 => " and inside every limit so far.".to_owned(),
        ([], _) => format!(". No rule is broken so far{rest}"),
        ([row], _) => format!(". One rule is broken so far: {}{rest}", measured(row)),
        ([row, ..], _) => format!(". {} rules are broken so far, first {}{rest}", broken.len(), measured(row)),
    }
}

/// `p95 < 200ms is 231 ms`.
fn measured(row: &LedgerRow) -> String {
    match row.value {
        Some(value) => format!("{} is {}", row.rule, with_unit(&display::number(value), &row.unit)),
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
        threshold::Level,
        validity::{Signal, Validity},
    };
    use rstest::rstest;

    use super::*;

    fn facts() -> LiveFacts {
        LiveFacts {
            id: String::new(),
            number: 1291,
            state: RunState::Running,
            scenario: "open_load".to_owned(),
            environment: "staging".to_owned(),
            only: None,
            revision: String::new(),
            started: String::new(),
            ends: "14:36 UTC".to_owned(),
            planned_seconds: 660.0,
            warmup_seconds: 60.0,
            at_most: false,
            cases: false,
            iterations: None,
            users: false,
            open: true,
            cap: Some(120),
            p95_limit: Some(200.0),
            p99_limit: None,
            stop_action: "",
            abort_action: "",
            asked: None,
            killed: None,
            rate: None,
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
            cases: Vec::new(),
            recent: Recent {
                planned_per_s: 0.0,
                started_per_s: 0.0,
                rate_per_s: 0.0,
                error_rate: None,
                latency: nothing.clone(),
            },
            latency: nothing,
            requests: Vec::new(),
            classes: Vec::new(),
            errors: Vec::new(),
            parts: Vec::new(),
            ledger: Vec::new(),
            verdict: None,
            validity: Validity::default(),
        }
    }

    fn rule(outcome: Gate) -> LedgerRow {
        LedgerRow {
            rule: "p95 < 200ms".to_owned(),
            source: "suite mita".to_owned(),
            level: Level::Fail,
            scope: None,
            value: (outcome != Gate::Inconclusive).then_some(231.0),
            unit: "ms".to_owned(),
            interval: None,
            limit: 200.0,
            max: None,
            op: "<".to_owned(),
            samples: 12,
            baseline: None,
            waiver: None,
            outcome,
            margin_percent: None,
            breach_seconds: 0,
            reason: None,
            next: None,
        }
    }

    fn judged(outcomes: &[Gate]) -> Progress {
        Progress { ledger: outcomes.iter().copied().map(rule).collect(), ..progress(90, Phase::Measured) }
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

    #[rstest]
    #[case::all_met(&[Gate::Pass, Gate::Pass], "On plan and inside every limit so far.")]
    #[case::none_decided(&[Gate::Inconclusive, Gate::Inconclusive], "On plan. All 2 rules are undecided yet.")]
    #[case::some_decided(&[Gate::Pass, Gate::Inconclusive], "On plan. No rule is broken so far; 1 of 2 is undecided yet.")]
    #[case::one_broken(
        &[Gate::Fail, Gate::Inconclusive],
        "On plan. One rule is broken so far: p95 < 200ms is 231 ms; 1 of 2 is undecided yet."
    )]
    fn what_is_undecided_is_not_called_inside_its_limit(#[case] outcomes: &[Gate], #[case] expected: &str) {
        assert_eq!(answer(&facts(), &judged(outcomes)), expected);
    }

    #[test]
    fn suspect_numbers_are_named_with_their_cause() {
        let mut now = judged(&[Gate::Pass]);
        now.validity.state = ValidityState::Suspect;
        now.validity.signals = vec![Signal {
            code: "cpu".to_owned(),
            label: "Generator CPU".to_owned(),
            value: "86 %".to_owned(),
            limit: "80 %".to_owned(),
            state: ValidityState::Suspect,
            cause: Some("The generator was busy.".to_owned()),
        }];
        let expected = "On plan and inside every limit so far. The numbers are suspect. The generator was busy.";
        assert_eq!(answer(&facts(), &now), expected);
    }

    #[test]
    fn the_outlook_names_the_planned_end_only_while_it_is_ahead() {
        let outlook = |facts: &LiveFacts, phase| facts.outlook(Some(&progress(90, phase)));
        assert_eq!(outlook(&facts(), Phase::WarmUp), "warm-up, 100/s, ends 14:36 UTC");
        assert_eq!(outlook(&facts(), Phase::Measured), "100/s, ends 14:36 UTC");
        assert_eq!(outlook(&facts(), Phase::Draining), "waiting for answers, up to 30s");
        let aborted = LiveFacts { asked: Some(Cancel::Abort), ..facts() };
        assert_eq!(outlook(&aborted, Phase::Measured), "being cut off");
        let finishing = LiveFacts { state: RunState::Finishing, ..facts() };
        assert_eq!(outlook(&finishing, Phase::Draining), "writing its results");
        assert_eq!(facts().outlook(None), "starting, ends 14:36 UTC");
    }

    #[test]
    fn after_stop_nobody_is_promised_a_verdict_or_an_end_as_planned() {
        let facts = LiveFacts { asked: Some(Cancel::Stop), ..facts() };
        let now = judged(&[Gate::Pass]);
        assert!(answer(&facts, &now).ends_with("There will be no verdict."));
        assert_eq!(facts.outlook(Some(&now)), "stopping, waiting for answers, up to 30s");
    }
}

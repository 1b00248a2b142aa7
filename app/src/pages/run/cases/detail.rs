//! One case of a run that is over: its answer, how it was measured, its charts, its query plans.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{
    bench::{CaseSummary, Measured, QueryPlan, Sampling, Steadiness},
    display,
    run::Run,
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

use super::{
    faults::FaultTable,
    table::{Standing, value_of},
    time::{CaseTime, told, told_interval},
};
use crate::{
    charts::cases::{CaseChart, CaseDrawing},
    components::{Count, Headline, LedgerTable, Strip, TrustHeading, ValidityList, encoded, sentence, with_unit},
    islands::ChartCursor,
    pages::figure::ChartFigure,
};

/// A case, or the choice of one.
#[component]
pub fn CaseTab(
    /// The run.
    run: Run,
    /// Its cases.
    cases: Vec<CaseSummary>,
    /// The name of the case that is asked for.
    chosen: Option<String>,
    /// All that was measured of it.
    measured: Option<Measured>,
    /// The rules.
    ledger: Vec<LedgerRow>,
) -> impl IntoView {
    let Some(at) = chosen.as_ref().and_then(|chosen| cases.iter().position(|case| case.name == *chosen)) else {
        let message = match chosen {
            Some(name) => format!("This run has no case `{name}`."),
            None => "Choose a case.".to_owned(),
        };
        return view! {
            <section class="section">
                <div class="section-head"><h2>"Cases"</h2><p>{message}</p></div>
                <ul class="plain">{cases.iter().map(|case| view! { <li>{case_link(&run, case)}</li> }).collect_view()}</ul>
            </section>
        }
        .into_any();
    };
    let case = cases[at].clone();
    let beside = |at: Option<usize>, word: &'static str| {
        at.and_then(|at| cases.get(at)).map(|case| view! { <a href=address(&run, &case.name)>{word}</a> " " })
    };
    let standing = Standing::of(&case);
    let trend = format!(
        "/trends?suite={}&scenario={}&environment={}&request={}&measure=latency_mean",
        encoded(run.row.suite.as_str()),
        encoded(run.row.scenario.as_str()),
        encoded(run.row.environment.as_str()),
        encoded(&case.name)
    );
    let of_case = ledger.into_iter().filter(|row| row.scope.as_deref() == Some(case.name.as_str()));
    let rules: Vec<LedgerRow> = of_case.collect();
    let plans = measured.as_ref().map(|measured| measured.plans.clone()).unwrap_or_default();
    let charts = measured.map(|measured| charts(&run, &case, &measured));
    let invalid = case.validity.state != ValidityState::Valid;
    view! {
        <section class="section">
            <div class="section-head">
                <h2>{case.title.clone().unwrap_or_else(|| case.name.clone())}</h2>
                <span class="verdict" data-v=standing.mark>{standing.word}</span>
                <span class="tools">
                    {beside(at.checked_sub(1), "Previous")} {beside(Some(at + 1), "Next")} <a href=trend>"Trend"</a>
                </span>
            </div>
            <p class="answer">{answer(&case, &rules)}</p>
            {hints(&case)}
            <Numbers case=case.clone()/>
            <p class="fine faint mt1">{how_measured(&case)}</p>
            {case.rationale.clone().map(|why| view! { <p class="muted mt1">"Why these limits: " {why}</p> })}
        </section>
        {charts}
        {(!rules.is_empty())
            .then(|| {
                view! {
                    <section class="section">
                        <div class="section-head"><h2>"Rules"</h2></div>
                        <LedgerTable rows=rules/>
                    </section>
                }
            })}
        {invalid
            .then(|| {
                view! {
                    <section class="section">
                        <TrustHeading state=case.validity.state/>
                        <ValidityList validity=case.validity.clone()/>
                    </section>
                }
            })}
        {(!case.faults.is_empty())
            .then(|| {
                view! {
                    <section class="section">
                        <div class="section-head"><h2>"Failures"</h2></div>
                        <FaultTable cases=vec![case.clone()]/>
                    </section>
                }
            })}
        {(!plans.is_empty()).then(|| view! { <Plans plans=plans/> })}
    }
    .into_any()
}

fn case_link(run: &Run, case: &CaseSummary) -> impl IntoView + use<> {
    let name = case.title.clone().unwrap_or_else(|| case.name.clone());
    view! { <a href=address(run, &case.name)>{name}</a> }
}

fn address(run: &Run, case: &str) -> String {
    format!("/runs/{}?tab=cases&case={}", run.row.id, encoded(case))
}

/// The charts that the case has something to draw for.
fn charts(run: &Run, case: &CaseSummary, measured: &Measured) -> impl IntoView + use<> {
    let drawing = CaseDrawing { case, measured };
    let drawn: Vec<CaseChart> = CaseChart::ALL.into_iter().filter(|which| which.has(measured)).collect();
    let (sizes, place): (&'static [Size], &'static str) =
        if drawn.len() == 1 { (&Size::PAGE, "c12") } else { (&Size::HALF, "c6") };
    let figures: Vec<_> = drawn
        .into_iter()
        .map(|which| {
            view! {
                <ChartFigure
                    chart=drawing.chart(which)
                    sizes=sizes
                    finding=drawing.finding(which)
                    files=format!("/runs/{}/cases/{}/charts/{}", run.row.id, encoded(&case.name), which.name())
                    table=drawing.table(which)
                    place=place
                />
            }
        })
        .collect();
    view! {
        <section class="section">
            <h2 class="sr">"Charts"</h2>
            <div class="cols">{figures}</div>
            <ChartCursor/>
        </section>
    }
}

#[component]
fn Numbers(case: CaseSummary) -> impl IntoView {
    let times = case.latency.clone();
    let interval = |interval: Option<perflab_model::bench::OpenInterval>| {
        interval
            .map(told_interval)
            .filter(|told| !told.is_empty())
            .map(|told| format!("95 %: {told}"))
            .unwrap_or_default()
    };
    let overhead = case.overhead.map(|overhead| {
        let share = overhead.share.map(|share| format!("{} %", display::signed(share * 100.0))).unwrap_or_default();
        let parts = [interval(overhead.interval), share].into_iter().filter(|text| !text.is_empty());
        let context = parts.collect::<Vec<_>>().join(", ");
        view! {
            <Headline label="Overhead" context=context>
                <CaseTime value=Some(overhead.ms)/>
            </Headline>
        }
    });
    let allocations = case.allocations.map(|allocations| {
        let context = format!("{} an operation", display::bytes(allocations.bytes));
        view! { <Headline label="Allocations" minor=true context=context>{display::number(allocations.count)}</Headline> }
    });
    let operations = case.throughput_per_s.map_or_else(|| "–".to_owned(), display::number);
    let errors =
        if case.failed == 0 { "no errors".to_owned() } else { format!("{} errors", display::count(case.failed)) };
    let threads =
        if case.concurrency == 1 { "one after the other".to_owned() } else { format!("{} at once", case.concurrency) };
    view! {
        <Strip apart=true>
            {overhead}
            <Headline label="Mean" context=interval(times.interval)><CaseTime value=times.mean/></Headline>
            <Headline label="p50" context=interval(times.p50_interval)><CaseTime value=times.p50 nothing="too few"/></Headline>
            <Headline label="p95" context=format!("largest {}", times.max.map_or_else(|| "–".to_owned(), told))>
                <CaseTime value=times.p95 nothing="too few"/>
            </Headline>
            <Headline label="p99" minor=true context=""><CaseTime value=times.p99 nothing="too few"/></Headline>
            <Headline label="Samples" context=errors><Count value=case.samples/></Headline>
            <Headline label="Operations a second" minor=true context=threads>{operations}</Headline>
            {allocations}
        </Strip>
    }
    .into_any()
}

/// What the case says, in one or two sentences.
fn answer(case: &CaseSummary, rules: &[LedgerRow]) -> String {
    let (value, interval) = value_of(case);
    let what = if case.overhead.is_some() { "The overhead" } else { "The mean" };
    let Some(value) = value else {
        return "Nothing was measured of this case.".to_owned();
    };
    let interval = interval.map(told_interval).filter(|told| !told.is_empty());
    let interval = interval.map(|told| format!(" (95 % interval {told})")).unwrap_or_default();
    let limits: Vec<String> = [("target", case.target), ("maximum", case.max)]
        .into_iter()
        .filter_map(|(name, ms)| Some(format!("{name} {}", told(ms?))))
        .collect();
    let limits = if limits.is_empty() { String::new() } else { format!("; {}", limits.join(", ")) };
    let broken = rules.iter().find(|row| matches!(row.outcome, Gate::Fail | Gate::Warn));
    let follows = match (case.gate, broken) {
        (Some(Gate::Pass), _) => " All its rules are met.".to_owned(),
        (Some(Gate::Warn | Gate::Fail), Some(LedgerRow { rule, value: Some(value), unit, .. })) => {
            format!(" Broken: {rule} is {}.", with_unit(&display::number(*value), unit))
        }
        (Some(Gate::Warn | Gate::Fail), _) => " A rule is broken.".to_owned(),
        (Some(Gate::Inconclusive), _) => " Not all of its rules can be decided.".to_owned(),
        (None, _) => " No rule judges it.".to_owned(),
    };
    format!("{what} is {}{interval}{limits}.{follows}", told(value))
}

/// Where to look, of a case that missed.
fn hints(case: &CaseSummary) -> impl IntoView + use<> {
    let missed = matches!(case.gate, Some(Gate::Warn | Gate::Fail));
    (missed && !case.hints.is_empty()).then(|| {
        let hints = case.hints.join("; ");
        view! { <div class="note-line" data-v="issues"><p><b>"Where to look: "</b> {sentence(&hints)}</p></div> }
    })
}

/// How the numbers came about: what was left out, in batches or one by one, steady or not.
fn how_measured(case: &CaseSummary) -> String {
    let warmup = match case.warmup {
        0 => "Nothing was left out as warm-up".to_owned(),
        n => format!("The first {} operations were left out as warm-up", display::count(n)),
    };
    let steady = match case.steadiness {
        Steadiness::Declared => ", as the suite says.",
        Steadiness::Steady => "; after them it was steady.",
        Steadiness::StillWarming => "; half of the case was not enough for it to become steady.",
        Steadiness::Trend => "; it had a trend to the end, so it never was steady.",
        Steadiness::Unknown => "; there are too few samples to tell whether it was steady.",
    };
    let sampling = match case.sampling {
        Some(Sampling::OneByOne | Sampling::Batches { size: 1 }) => " Each operation was timed by itself.".to_owned(),
        Some(Sampling::Batches { size }) => format!(
            " The operation is so short that reading the clock would show: mean, intervals and comparisons come from batches of \
             {} operations, percentiles from operations timed one by one, the clock's own cost taken off.",
            display::count(size)
        ),
        None => String::new(),
    };
    let far_out = match case.latency.far_out {
        share if share > 0.0 => {
            format!(" {} % of the samples lie far out; they count all the same.", display::number(share * 100.0))
        }
        _ => String::new(),
    };
    format!("{warmup}{steady}{sampling}{far_out}")
}

#[component]
fn Plans(plans: Vec<QueryPlan>) -> impl IntoView {
    let plans = plans
        .into_iter()
        .map(|plan| {
            let time = plan.time_ns.map(|ns| format!("One execution took {}.", display::seconds(ns / 1e9)));
            view! {
                <p class="mono mt2">{plan.query}</p>
                {time.map(|time| view! { <p class="muted">{time}</p> })}
                <pre class="code" tabindex="0">{plan.text}</pre>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head"><h2>"Query plans"</h2><p>"As the database tells them."</p></div>
            {plans}
        </section>
    }
    .into_any()
}

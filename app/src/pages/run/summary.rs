//! The first tab of a finished run: verdict, headline numbers, latency over time, endpoints.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{
    display,
    plan::Plan,
    summary::{Distribution, Totals},
    unit::Millis,
};

use super::{
    beside::beside,
    cases::{Budgets, CaseTable, answered},
    data::RunData,
    finished::{cases, is_benchmark, ledger, requests, verdict_box},
    header::trend_of_endpoint,
    timeline::{Course, run_figure},
};
use crate::charts::series::RunChart;
use crate::components::{EndpointTable, Headline, Milliseconds, PerSecond, Percent, Strip, routes};
use crate::islands::ChartCursor;

/// The summary.
#[component]
pub fn SummaryTab(
    /// The run.
    data: RunData,
) -> impl IntoView {
    if is_benchmark(&data.run) {
        return view! { <BenchmarkSummary data=data/> }.into_any();
    }
    let numbers = match (&data.run.summary, &data.progress) {
        (Some(summary), _) => Some((summary.totals, summary.latency.clone(), Some(summary.service.clone()))),
        (None, Some(progress)) => Some((progress.totals, progress.latency.clone(), None)),
        (None, None) => None,
    };
    let measured = !data.points.is_empty();
    let course = Course { run: &data.run, points: &data.points, changes: &data.changes, now: None };
    let figure = |which, sizes, place| run_figure(which, course, false, sizes, place);
    view! {
        {verdict_box(&data.run)}
        {beside(&data)}
        {numbers
            .map(|(totals, latency, service)| {
                view! { <Numbers totals=totals latency=latency service=service plan=data.run.plan.clone()/> }
            })}
        {if measured {
            view! {
                <section class="section">
                    <div class="section-head">
                        <h2>"Timeline"</h2>
                        <span class="tools"><a href=format!("/runs/{}?tab=timeline", data.run.row.id)>"All charts"</a></span>
                    </div>
                    {figure(RunChart::Latency, &Size::PAGE, "")}
                    <div class="cols mt3">
                        {figure(RunChart::Rate, &SMALL, "c4")}
                        {figure(RunChart::Errors, &SMALL, "c4")}
                        {figure(RunChart::Load, &SMALL, "c4")}
                    </div>
                    <ChartCursor/>
                </section>
            }
                .into_any()
        } else {
            view! { <p class="muted mt3">"No request was sent, so there is nothing to chart."</p> }.into_any()
        }}
        {(!requests(&data).is_empty())
            .then(|| {
                view! {
                    <section class="section">
                        <div class="section-head"><h2>"Endpoints"</h2></div>
                        <EndpointTable
                            requests=requests(&data)
                            ledger=ledger(&data)
                            routes=routes(&data.run.plan)
                            trend=trend_of_endpoint(&data.run.row)
                        />
                    </section>
                }
            })}
    }
    .into_any()
}

/// The summary of a run of a benchmark suite.
#[component]
fn BenchmarkSummary(data: RunData) -> impl IntoView {
    let cases = cases(&data.run);
    let budgets = data.run.summary.as_ref().map(|summary| summary.budgets.clone()).unwrap_or_default();
    let address = format!("/runs/{}?tab=cases&case=", data.run.row.id);
    view! {
        {verdict_box(&data.run)}
        {beside(&data)}
        <section class="section">
            <div class="section-head"><h2>"Cases"</h2><p>{answered(&cases)}</p></div>
            <CaseTable cases=cases address=address/>
        </section>
        <Budgets budgets=budgets/>
    }
}

/// A third of the page.
const SMALL: [Size; 1] = [Size::MULTIPLE.width(376)];

#[component]
fn Numbers(totals: Totals, latency: Distribution, service: Option<Distribution>, plan: Plan) -> impl IntoView {
    let open = plan.load.has_rate();
    let of = format!("of {}", display::count(latency.samples));
    let service = service.filter(|_| open);
    let from = if open { "from the planned start" } else { "from the actual start" };
    let [p50, p95, p99] = match &service {
        Some(service) => [service.p50, service.p95, service.p99].map(from_actual),
        None => [from.to_owned(), of.clone(), of],
    };
    let started = display::count(totals.started);
    let (label, number, context) = match plan.load.planned_iterations() {
        Some(all) => ("Iterations", totals.started, format!("of {} planned", display::count(all))),
        None if open && plan.load.has_users() => {
            ("Dropped", totals.dropped, format!("{started} starts, those of users included"))
        }
        None if open => ("Dropped", totals.dropped, format!("of {} planned starts", display::count(totals.planned))),
        None => ("Users", u64::from(plan.load.peak_users().unwrap_or(0)), format!("{started} starts")),
    };
    view! {
        <Strip apart=true>
            <Headline label="Requests" context=format!("{} s measured", display::number(totals.measured_seconds))>
                {display::count(totals.finished)}
            </Headline>
            <Headline label="Rate" context="finished a second"><PerSecond value=totals.rate_per_s/></Headline>
            <Headline label="p50" context=p50><Milliseconds value=latency.p50/></Headline>
            <Headline label="p95" context=p95><Milliseconds value=latency.p95/></Headline>
            <Headline label="p99" context=p99><Milliseconds value=latency.p99/></Headline>
            <Headline label="Errors" context=failed(totals.failed, plan.warmup_time())>
                <Percent part=totals.failed whole=totals.finished/>
            </Headline>
            <Headline label=label minor=true context=context>{display::count(number)}</Headline>
        </Strip>
        {service
            .map(|_| {
                let requests = display::count(latency.samples);
                view! {
                    <p class="fine faint mt1">
                        {format!(
                            "p50, p95 and p99 count from the planned start of {requests} requests, so that waiting for a stalled target counts too; below each the same from the actual start.",
                        )}
                    </p>
                }
            })}
    }
    .into_any()
}

/// The second number of an open run: how long the target took once it was asked.
fn from_actual(ms: Option<f64>) -> String {
    ms.map_or_else(|| "actual: too few".to_owned(), |ms| format!("actual: {} ms", display::number(ms)))
}

/// How many requests failed, and since when that is counted: the errors tab counts the warm-up too.
fn failed(failed: u64, warmup: Millis) -> String {
    let since = if warmup > Millis::ZERO { " after the warm-up" } else { "" };
    format!("{} failed{since}", display::count(failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_since_when_they_are_counted() {
        assert_eq!(failed(66, Millis::from_secs(40)), "66 failed after the warm-up");
        assert_eq!(failed(0, Millis::ZERO), "0 failed");
    }

    #[test]
    fn too_few_samples_are_said_of_the_second_number_too() {
        assert_eq!(from_actual(Some(118.4)), "actual: 118 ms");
        assert_eq!(from_actual(None), "actual: too few");
    }
}

//! The first tab of a finished run: verdict, headline numbers, latency over time, endpoints.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{
    display,
    load::Load,
    summary::{Distribution, LatencyKind, Totals},
};

use super::{
    data::RunData,
    finished::{ledger, requests, verdict_box},
    header::trend_of_endpoint,
    timeline::run_figure,
};
use crate::charts::series::RunChart;
use crate::components::{EndpointTable, Headline, Milliseconds, PerSecond, Percent, Strip};
use crate::islands::ChartCursor;

/// The summary.
#[component]
pub fn SummaryTab(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let numbers = match (&data.run.summary, &data.progress) {
        (Some(summary), _) => Some((summary.totals, summary.latency.clone())),
        (None, Some(progress)) => Some((progress.totals, progress.latency.clone())),
        (None, None) => None,
    };
    let measured = !data.points.is_empty();
    let figure = |which, sizes, place| run_figure(which, &data.run, &data.points, None, false, sizes, place);
    view! {
        {verdict_box(&data.run)}
        {numbers.map(|(totals, latency)| view! { <Numbers totals=totals latency=latency load=data.run.plan.load.clone()/> })}
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
                        <EndpointTable requests=requests(&data) ledger=ledger(&data) trend=trend_of_endpoint(&data.run.row)/>
                    </section>
                }
            })}
    }
    .into_any()
}

/// A third of the page.
const SMALL: [Size; 1] = [Size::MULTIPLE.width(376)];

#[component]
fn Numbers(totals: Totals, latency: Distribution, load: Load) -> impl IntoView {
    let kind = match latency.kind {
        Some(LatencyKind::Response) => "from the planned start",
        _ => "from the actual start",
    };
    let samples = format!("of {}", display::count(latency.samples));
    let (label, number, context) = match &load {
        Load::Open { .. } => {
            ("Dropped", totals.dropped, format!("of {} planned starts", display::count(totals.planned)))
        }
        Load::Closed { .. } => {
            let users = u64::from(load.peak_users().unwrap_or(0));
            ("Users", users, format!("{} starts", display::count(totals.started)))
        }
    };
    view! {
        <Strip apart=true>
            <Headline label="Requests" context=format!("{} s measured", display::number(totals.measured_seconds))>
                {display::count(totals.finished)}
            </Headline>
            <Headline label="Rate" context="finished a second"><PerSecond value=totals.rate_per_s/></Headline>
            <Headline label="p50" context=kind><Milliseconds value=latency.p50/></Headline>
            <Headline label="p95" context=samples.clone()><Milliseconds value=latency.p95/></Headline>
            <Headline label="p99" context=samples><Milliseconds value=latency.p99/></Headline>
            <Headline label="Errors" context=format!("{} failed", display::count(totals.failed))>
                <Percent part=totals.failed whole=totals.finished/>
            </Headline>
            <Headline label=label minor=true context=context>{display::count(number)}</Headline>
        </Strip>
    }
    .into_any()
}

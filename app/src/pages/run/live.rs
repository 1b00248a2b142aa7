//! A run under way: the charts drawn so far, inside the island that follows it.

use leptos::{prelude::*, server_fn::ServerFn};
use perflab_charts::Size;
use perflab_model::{display, load::Load, run::Cancel};

use super::{data::RunData, timeline::run_figure};
use crate::{
    charts::run::limit_ms,
    components::series::RunChart,
    islands::{LiveFacts, LiveRun, LiveTab},
    pages::{
        actions::{AbortRun, StopRun},
        source::query,
    },
};

/// The page of a run under way.
#[component]
pub fn Live(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let facts = facts(&data);
    let figure = |which: RunChart, sizes: &'static [Size], place: &'static str| {
        run_figure(which, &data.run, &data.points, true, sizes, place)
    };
    let charts = view! {
        {figure(RunChart::Latency, &Size::PAGE, "")}
        <div class="cols mt4">
            {figure(RunChart::Rate, &Size::HALF, "c6")}
            {figure(RunChart::Errors, &Size::HALF, "c6")}
            {figure(RunChart::Load, &Size::HALF, "c6")}
            {figure(RunChart::Cpu, &Size::HALF, "c6")}
        </div>
    };
    view! {
        <LiveRun facts=facts state=data.run.row.state progress=data.progress logs=data.logs>
            {charts}
        </LiveRun>
    }
}

fn facts(data: &RunData) -> LiveFacts {
    let (run, row) = (&data.run, &data.run.row);
    let begun = row.started_us.unwrap_or(row.created_us);
    let ends = begun + i64::try_from(run.plan.load.duration().get()).unwrap_or(0) * 1000;
    LiveFacts {
        id: row.id.to_string(),
        number: row.number,
        scenario: row.scenario.to_string(),
        environment: row.environment.to_string(),
        revision: row.revision.to_string(),
        started: format!("started {} by {}", display::clock(begun, false), row.trigger.code()),
        ends: format!("ends {}", display::clock(ends, false)),
        planned_seconds: run.plan.load.duration().as_secs_f64(),
        warmup_seconds: run.plan.warmup_time().as_secs_f64(),
        open: matches!(run.plan.load, Load::Open { .. }),
        cap: match &run.plan.load {
            Load::Open { limits, .. } => Some(limits.max_in_flight),
            Load::Closed { .. } => None,
        },
        p95_limit: limit_ms(&run.plan, 0.95),
        p99_limit: limit_ms(&run.plan, 0.99),
        after: data.after,
        tab: LiveTab::from_code(&query("tab").unwrap_or_default()),
        stop_action: StopRun::url().to_owned(),
        abort_action: AbortRun::url().to_owned(),
        asked: run.cancel.map(|cancel| {
            match cancel {
                Cancel::Stop => "Stop",
                Cancel::Abort => "Abort",
            }
            .to_owned()
        }),
        graceful_stop: run.plan.graceful_stop.to_string(),
    }
}

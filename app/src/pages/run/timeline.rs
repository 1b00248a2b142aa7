//! The charts of a run over its time.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{run::Run, summary::Progress, tick::Point};

use crate::{
    charts::series::RunChart,
    charts::{
        finding::{live_finding, run_finding, run_note},
        run::run_chart,
        table::run_table,
    },
    islands::ChartCursor,
    pages::figure::ChartFigure,
};

/// One chart of a run in its frame.
pub fn run_figure(
    which: RunChart,
    run: &Run,
    points: &[Point],
    now: Option<&Progress>,
    live: bool,
    sizes: &'static [Size],
    place: &'static str,
) -> impl IntoView + use<> {
    let files = format!("/runs/{}/charts/{}", run.row.id, which.name());
    view! {
        <ChartFigure
            chart=run_chart(which, &run.plan, points, live)
            sizes=sizes
            finding=match now {
                Some(now) if live => live_finding(which, &run.plan, now),
                _ => run_finding(which, &run.plan, points),
            }
            note=run_note(which, points)
            files=files
            table=run_table(which, &run.plan, points)
            id=which.figure()
            cursor=!live
            place=place
        />
    }
}

/// All charts of a run that is over.
#[component]
pub fn Timeline(
    /// The run.
    run: Run,
    /// Its seconds.
    points: Vec<Point>,
) -> impl IntoView {
    let figure = |which, sizes, place| run_figure(which, &run, &points, None, false, sizes, place);
    view! {
        <section class="section">
            <div class="section-head"><h2>"Timeline"</h2></div>
            {figure(RunChart::Latency, &Size::PAGE, "")}
            <div class="cols mt4">
                {figure(RunChart::Rate, &Size::HALF, "c6")}
                {figure(RunChart::Errors, &Size::HALF, "c6")}
                {figure(RunChart::Load, &Size::HALF, "c6")}
                {figure(RunChart::Cpu, &Size::HALF, "c6")}
            </div>
            <ChartCursor/>
        </section>
    }
    .into_any()
}

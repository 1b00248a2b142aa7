//! The trend page: choice, answer, a chart of each measure, what moved, the table.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_charts::Size;
use perflab_model::{
    display,
    trend::{Trend, TrendChart},
};

use super::{
    answer::{answer, finding, title},
    changes::{Changes, SeriesTable},
    choice::{ENV, Pickers, address, read},
    table::RunsTable,
};
use crate::{
    charts::trend::{trend_chart, trend_stops},
    islands::ChartCursor,
    pages::{
        figure::ChartFigure,
        source::{Loaded, lab, query},
    },
};

/// The trend page.
#[component]
pub fn TrendsPage() -> impl IntoView {
    let asked = read(query);
    let lab = lab();
    let load = async move {
        let (lab, asked) = (lab?, asked?);
        let mut trend = lab.trend(&asked).await?;
        // The only project of a lab is not named in its addresses.
        if asked.project.is_none() {
            trend.query.project = None;
        }
        // A link that leaves something open would show something else one day: the address says what is shown.
        if trend.query.environment.is_some() && trend.query != asked {
            leptos_axum::redirect(&format!("/trends?{}", address(&trend.query, ENV)));
        }
        Ok(trend)
    };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(trend: Trend) -> impl IntoView {
    let title = title(&trend);
    let empty = trend.is_empty();
    view! {
        <Title text=title.clone()/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/trends">"Trends"</a>
                    <span class="sep">"/"</span>
                    <h1>{title}</h1>
                </div>
            </div>
            <p class="answer">{answer(&trend)}</p>
            <Pickers trend=trend.clone()/>
        </div>
        <div class="page-body snug">
            {if empty {
                view! {
                    <p class="muted pt1">
                        "There is nothing to draw. " <a href="/launch">"Start a run"</a> " or choose another series above."
                    </p>
                }
                    .into_any()
            } else {
                view! { <Measured trend=trend/> }.into_any()
            }}
        </div>
    }
}

/// Rows of the table that a page shows at once: with more it would be a scroll of metres below the chart.
const UNFOLDED: usize = 60;

#[component]
fn Measured(trend: Trend) -> impl IntoView {
    let files = address(&trend.query, "environment");
    let [csv, json] = ["csv", "json"].map(|ending| format!("/trends/chart.{ending}?{files}"));
    let runs = trend.runs.len();
    let several = trend.charts.iter().map(|chart| chart.series.len()).sum::<usize>() > 1;
    let charts = trend
        .charts
        .iter()
        .zip(["chart", "second"])
        .map(|(chart, name)| view! { <Figure trend=trend.clone() chart=chart.clone() svg=format!("/trends/{name}.svg?{files}")/> })
        .collect_view();
    view! {
        <h2 class="sr">{if trend.charts.len() > 1 { "Charts" } else { "Chart" }}</h2>
        {charts}
        <ChartCursor/>
        {several.then(|| view! { <SeriesTable trend=trend.clone()/> })}
        <Changes trend=trend.clone()/>
        <section class="section">
            <div class="section-head">
                <h2>"Runs"</h2>
                <p>"The chart as a table, newest first. 95 % intervals stand below their values."</p>
                <span class="tools">
                    <a href=csv>"CSV"</a>
                    <a href=json>"JSON"</a>
                </span>
            </div>
            {if runs > UNFOLDED {
                view! {
                    <details class="more">
                        <summary>{format!("All {} runs", display::count(runs as u64))}</summary>
                        <RunsTable trend=trend/>
                    </details>
                }
                    .into_any()
            } else {
                view! { <RunsTable trend=trend/> }.into_any()
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Figure(trend: Trend, chart: TrendChart, svg: String) -> impl IntoView {
    view! {
        <ChartFigure
            chart=trend_chart(&trend, &chart)
            sizes=&TREND_SIZES
            finding=finding(&trend, &chart)
            note="A click or Enter opens the run."
            stops=trend_stops(&trend, &chart)
            drawing=svg
        />
    }
    .into_any()
}

const TREND_SIZES: [Size; 3] = [Size::L.height(320), Size::M.height(300), Size::S.height(260)];

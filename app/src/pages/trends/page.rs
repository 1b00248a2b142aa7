//! The trend page: choice, answer, chart by date, table.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_charts::Size;
use perflab_lab::Lab;
use perflab_model::{
    display,
    problem::Problem,
    view::{Trend, TrendQuery},
};

use super::{
    answer::{answer, load, standing_apart, title},
    choice::{ENV, Pickers, address, read},
    table::RunsTable,
};
use crate::{
    charts::{stops::trend_stops, trend::trend_chart},
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
        let trend = lab.trend(&asked).await?;
        let mut trend = first_measured(&lab, asked.clone(), trend).await?;
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

/// The trend as asked for. Where no measure was asked for and the usual one has no values (a short run has too few
/// samples for its P95), the first that has.
async fn first_measured(lab: &Lab, asked: TrendQuery, trend: Trend) -> Result<Trend, Problem> {
    if asked.measure.is_some() || !trend.points.is_empty() {
        return Ok(trend);
    }
    for (code, _) in &trend.measures {
        let other = lab.trend(&TrendQuery { measure: Some(code.clone()), ..asked.clone() }).await?;
        if !other.points.is_empty() {
            return Ok(other);
        }
    }
    Ok(trend)
}

fn show(trend: Trend) -> impl IntoView {
    let title = title(&trend);
    let empty = trend.points.is_empty();
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

#[component]
fn Measured(trend: Trend) -> impl IntoView {
    let files = address(&trend.query, "environment");
    let [svg, csv] = ["svg", "csv"].map(|ending| format!("/trends/chart.{ending}?{files}"));
    view! {
        <h2 class="sr">"Chart"</h2>
        <ChartFigure
            chart=trend_chart(&trend)
            sizes=&TREND_SIZES
            finding=finding(&trend)
            stops=trend_stops(&trend)
        />
        <ChartCursor/>
        <section class="section">
            <div class="section-head">
                <h2>"Runs"</h2>
                <p>"The chart as a table, newest first."</p>
                <span class="tools"><a href=svg>"SVG"</a><a href=csv>"CSV"</a></span>
            </div>
            <RunsTable trend=trend/>
        </section>
    }
    .into_any()
}

const TREND_SIZES: [Size; 3] = [Size::L.height(320), Size::M.height(300), Size::S.height(260)];

/// How to read the chart.
fn finding(trend: &Trend) -> String {
    let runs = match trend.points.len() {
        1 => "1 run".to_owned(),
        n => format!("{} runs", display::count(n as u64)),
    };
    let compared = load(&trend.points).map(|load| format!(" Runs under {load} are joined.")).unwrap_or_default();
    let hollow = standing_apart(&trend.points).map_or("", |_| " A hollow point stands apart: it is not compared.");
    format!("{runs}, the axis starts at 0.{compared}{hollow}")
}

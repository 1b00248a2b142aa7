//! The trend page: choice, answer, chart by date, table.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_charts::Size;
use perflab_lab::Lab;
use perflab_model::{
    display,
    problem::Problem,
    validity::ValidityState,
    view::{Trend, TrendPoint, TrendQuery},
};

use crate::{
    charts::trend::{trend_chart, trend_finding, trend_title},
    components::{VerdictBadge, encoded},
    pages::{
        figure::ChartFigure,
        launch::field::ChoiceField,
        source::{Loaded, lab, query},
    },
};

/// Between suite and scenario in one choice.
const PART: char = '/';

/// The trend page.
#[component]
pub fn TrendsPage() -> impl IntoView {
    // One choice names suite and scenario; links may name them apart.
    let series = query("series").unwrap_or_default();
    let (suite, scenario) = match series.split_once(PART) {
        Some((suite, scenario)) => (Some(suite.to_owned()), Some(scenario.to_owned())),
        None => (query("suite"), query("scenario")),
    };
    let asked = TrendQuery {
        project: query("project").and_then(|name| name.parse().ok()),
        suite: suite.and_then(|name| name.parse().ok()),
        scenario: scenario.and_then(|name| name.parse().ok()),
        environment: query("env").and_then(|name| name.parse().ok()),
        request: query("request"),
        measure: query("measure"),
    };
    let lab = lab();
    let load = async move {
        let lab = lab?;
        let trend = lab.trend(&asked).await?;
        first_measured(&lab, asked, trend).await
    };
    view! {
        <Title text="Trends"/>
        <Loaded from=Box::pin(load) show=show/>
    }
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
    let title = trend_title(&trend);
    let empty = trend.points.is_empty();
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/trends">"Trends"</a>
                    <span class="sep">"/"</span>
                    <h1>{title}</h1>
                </div>
            </div>
            <p class="answer">{trend_finding(&trend)}</p>
            <Pickers trend=trend.clone()/>
        </div>
        <div class="page-body snug">
            {if empty {
                view! {
                    <p class="muted pt1">
                        "No finished run has this measure here yet. " <a href="/launch">"Start one"</a>
                        " or choose another above."
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
fn Pickers(trend: Trend) -> impl IntoView {
    let query = &trend.query;
    let pair = |suite: &dyn std::fmt::Display, scenario: &dyn std::fmt::Display| format!("{suite}{PART}{scenario}");
    let chosen = match (&query.suite, &query.scenario) {
        (Some(suite), Some(scenario)) => pair(suite, scenario),
        _ => String::new(),
    };
    let scenarios = trend
        .scenarios
        .iter()
        .map(|(suite, scenario)| (pair(suite, scenario), format!("{scenario}, {suite}")))
        .collect();
    let environments = trend.environments.iter().map(|name| (name.to_string(), name.to_string())).collect();
    let requests = std::iter::once((String::new(), "all together".to_owned()))
        .chain(trend.requests.iter().map(|name| (name.clone(), name.clone())))
        .collect();
    view! {
        <form class="pickers five" method="get" action="/trends">
            <ChoiceField field="series" name="series" label="Scenario" choices=scenarios value=chosen/>
            <ChoiceField
                field="env"
                name="env"
                label="Environment"
                choices=environments
                value=query.environment.as_ref().map(ToString::to_string).unwrap_or_default()
            />
            <ChoiceField field="request" name="request" label="Endpoint" choices=requests value=query.request.clone().unwrap_or_default()/>
            <ChoiceField field="measure" name="measure" label="Measure" choices=trend.measures.clone() value=query.measure.clone().unwrap_or_default()/>
            <button class="btn">"Show"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Measured(trend: Trend) -> impl IntoView {
    let runs = match trend.points.len() {
        1 => "1 run".to_owned(),
        n => format!("{} runs", display::count(n as u64)),
    };
    let doubtful = trend.points.iter().any(|point| point.validity.is_some_and(|state| state != ValidityState::Valid));
    let hollow = if doubtful { " A hollow point is a run whose numbers are not fully trusted." } else { "" };
    let finding = format!("{runs}, the axis starts at 0.{hollow}");
    let files = format!("/trends/chart?{}", address(&trend.query));
    let head = if trend.unit.is_empty() { "Value".to_owned() } else { format!("Value, {}", trend.unit) };
    let svg = files.replace("/chart?", "/chart.svg?");
    let csv = files.replace("/chart?", "/chart.csv?");
    let mut before: Option<f64> = None;
    let mut rows: Vec<_> = trend
        .points
        .iter()
        .cloned()
        .map(|point| {
            let change = before.filter(|value| *value != 0.0).map(|value| (point.value - value) / value * 100.0);
            before = Some(point.value);
            view! { <Row point=point change=change/> }
        })
        .collect();
    rows.reverse();
    view! {
        <h2 class="sr">"Chart"</h2>
        <ChartFigure chart=trend_chart(&trend) sizes=&TREND_SIZES finding=finding/>
        <section class="section">
            <div class="section-head">
                <h2>"Runs"</h2>
                <p>"The chart as a table, newest first."</p>
                <span class="tools"><a href=svg>"SVG"</a><a href=csv>"CSV"</a></span>
            </div>
            <div class="wrap">
                <table class="data tight">
                    <thead>
                        <tr>
                            <th aria-sort="descending">"Ended"</th>
                            <th>"Run"</th>
                            <th class="p2">"Revision"</th>
                            <th class="num">{head}</th>
                            <th class="num p2">"Samples"</th>
                            <th class="num p2">"To the run before"</th>
                            <th>"Verdict"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

const TREND_SIZES: [Size; 3] = [Size::L.height(320), Size::M.height(300), Size::S.height(260)];

#[component]
fn Row(point: TrendPoint, change: Option<f64>) -> impl IntoView {
    view! {
        <tr>
            <td>{display::clock(point.at_us, true)}</td>
            <td><a href=format!("/runs/{}", point.id)>{format!("#{}", point.number)}</a></td>
            <td class="mono p2">{point.revision.to_string()}</td>
            <td class="num" title=display::exact(point.value)>{display::number(point.value)}</td>
            <td class="num p2">{display::count(point.samples)}</td>
            <td class="num muted p2">{change.map(|percent| format!("{} %", display::signed(percent)))}</td>
            <td>
                {match point.verdict {
                    Some(verdict) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
                    None => view! { <span class="void">"not judged"</span> }.into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}

/// The choice as a query.
fn address(query: &TrendQuery) -> String {
    let text = |name: &str, value: Option<String>| value.map(|value| format!("{name}={}", encoded(&value)));
    [
        text("suite", query.suite.as_ref().map(ToString::to_string)),
        text("scenario", query.scenario.as_ref().map(ToString::to_string)),
        text("environment", query.environment.as_ref().map(ToString::to_string)),
        text("request", query.request.clone()),
        text("measure", query.measure.clone()),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("&")
}

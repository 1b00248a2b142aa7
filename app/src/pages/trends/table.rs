//! The runs of a trend as a table, newest first: what the chart shows, and more exactly.

use std::collections::HashMap;

use leptos::prelude::*;
use perflab_model::{
    display,
    run::RunState,
    trend::{Apart, Trend, TrendPoint, TrendRun},
};

use super::answer::changes;
use crate::components::{Scroller, StateBadge, VerdictBadge, with_unit};

/// A column of values.
struct Column {
    head: String,
    unit: String,
    points: HashMap<u32, TrendPoint>,
}

/// The table.
#[component]
pub(super) fn RunsTable(
    /// The trend.
    trend: Trend,
) -> impl IntoView {
    let columns = columns(&trend);
    // What only one series can say.
    let single = match trend.charts.as_slice() {
        [chart] if chart.series.len() == 1 => chart.series.first(),
        _ => None,
    };
    let changes: Option<HashMap<u32, Option<f64>>> =
        single.map(|series| series.points.iter().map(|point| point.at).zip(self::changes(&trend, series)).collect());
    let heads = columns.iter().map(|column| view! { <th class="num">{column.head.clone()}</th> }).collect_view();
    let rows: Vec<_> = (0_u32..)
        .zip(trend.runs)
        .filter(|(at, _)| columns.iter().any(|column| column.points.contains_key(at)))
        .map(|(at, run)| {
            let values = columns.iter().map(|column| value(column, at)).collect_view();
            let of_one = changes.as_ref().map(|changes| {
                let samples = columns.first().and_then(|column| column.points.get(&at)).map(|point| point.samples);
                (samples, changes.get(&at).copied().flatten())
            });
            view! { <Row run=run values=values.into_any() of_one=of_one/> }
        })
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let single = changes.is_some();
    view! {
        <Scroller label="Table of runs">
            <table class="data tight">
                <thead>
                    <tr>
                        <th aria-sort="descending">"Ended"</th>
                        <th>"Run"</th>
                        <th class="p2">"Revision"</th>
                        <th>"Load"</th>
                        {heads}
                        {single
                            .then(|| {
                                view! {
                                    <th class="num p2">"Samples"</th>
                                    <th class="num p2">"To the run before"</th>
                                }
                            })}
                        <th>"Verdict"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn columns(trend: &Trend) -> Vec<Column> {
    let several = trend.charts.len() > 1 || trend.charts.iter().any(|chart| chart.series.len() > 1);
    let mut columns = Vec::new();
    for chart in &trend.charts {
        for series in &chart.series {
            let name = match (&series.request, several) {
                (_, false) => "Value".to_owned(),
                (Some(request), true) if trend.charts.len() == 1 => request.clone(),
                (Some(request), true) => format!("{}, {request}", chart.label),
                (None, true) => chart.label.clone(),
            };
            columns.push(Column {
                head: if chart.unit.is_empty() { name } else { format!("{name}, {}", chart.unit) },
                unit: chart.unit.clone(),
                points: series.points.iter().map(|point| (point.at, *point)).collect(),
            });
        }
    }
    columns
}

fn value(column: &Column, at: u32) -> AnyView {
    let Some(point) = column.points.get(&at) else {
        return view! { <td class="num void">"–"</td> }.into_any();
    };
    let interval = match point.interval {
        (Some(low), Some(high)) => Some(format!("{} to {}", display::number(low), display::number(high))),
        _ => None,
    };
    let exact = with_unit(&display::exact(point.value), &column.unit);
    view! {
        <td class="num" title=exact>
            {display::number(point.value)}
            {interval.map(|interval| view! { <span class="sub">{interval}</span> })}
        </td>
    }
    .into_any()
}

#[component]
fn Row(run: TrendRun, values: AnyView, of_one: Option<(Option<u64>, Option<f64>)>) -> impl IntoView {
    let why = run.apart.map(Apart::word);
    let single = of_one.map(|(samples, change)| {
        let change = match (change, why) {
            (Some(percent), _) => view! { {format!("{} %", display::signed(percent))} }.into_any(),
            (None, Some(_)) => view! { <span class="void">"not compared"</span> }.into_any(),
            (None, None) => ().into_any(),
        };
        view! {
            <td class="num p2">{samples.map(display::count)}</td>
            <td class="num muted p2">{change}</td>
        }
    });
    view! {
        <tr>
            <td>{display::clock(run.at_us, true)}</td>
            <td><a href=format!("/runs/{}", run.id)>{format!("#{}", run.number)}</a></td>
            <td class="mono p2">{run.revision.to_string()}</td>
            <td class="muted">{run.load}</td>
            {values}
            {single}
            <td>
                {match run.verdict {
                    _ if run.state != RunState::Finished => view! { <StateBadge state=run.state/> }.into_any(),
                    Some(verdict) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
                    None => view! { <span class="void">"not judged"</span> }.into_any(),
                }}
                // How it ended is said already.
                {why.filter(|_| run.state == RunState::Finished).map(|why| view! { <span class="sub">{why}</span> })}
            </td>
        </tr>
    }
    .into_any()
}

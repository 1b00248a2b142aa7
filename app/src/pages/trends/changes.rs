//! What moved, in sentences, newest first; and the series of a pattern side by side.

use leptos::prelude::*;
use perflab_charts::Sparkline;
use perflab_model::{
    display,
    trend::{Trend, TrendChange, TrendChart, TrendQuery, TrendSeries},
};

use super::{
    answer::{day, difference},
    choice::{ENV, address},
};
use crate::{
    charts::trend::percent,
    components::{Scroller, with_unit},
};

/// Values of a sparkline.
const RECENT: usize = 30;

/// A sentence about something that happened, and where it leads.
struct Told {
    at: u32,
    /// `issues`, `excellent`, or nothing for what is neither.
    mark: Option<&'static str>,
    text: String,
}

/// Changes of all series and the begins of parts.
#[component]
pub(super) fn Changes(
    /// The trend.
    trend: Trend,
) -> impl IntoView {
    let told = told(&trend);
    let visible = trend
        .charts
        .iter()
        .flat_map(|chart| &chart.series)
        .filter_map(|series| series.level)
        .map(|level| level.smallest_visible)
        .fold(None, |least: Option<f64>, share| Some(least.map_or(share, |least| least.max(share))));
    let sees = match visible {
        Some(share) => format!("Ten runs show changes from {} % on.", display::number(share * 100.0)),
        None => "Six runs that may be compared are needed to see one.".to_owned(),
    };
    let empty = told.is_empty();
    view! {
        <section class="section">
            <div class="section-head">
                <h2>"Changes"</h2>
                <p>{if empty { format!("No level has moved. {sees}") } else { sees }}</p>
            </div>
            <ul class="changes">
                {told
                    .into_iter()
                    .map(|told| {
                        let run = trend.run(told.at);
                        let way = run.map(|run| {
                            view! { <a href=format!("/runs/{}", run.id)>{format!("#{}", run.number)}</a> }
                        });
                        view! {
                            <li>
                                <span class="faint">{run.map(day)} " " {way}</span>
                                <span class=told.mark.map(|_| "verdict wraps") data-v=told.mark>{told.text}</span>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

fn told(trend: &Trend) -> Vec<Told> {
    let mut all: Vec<Told> = trend
        .parts
        .iter()
        .map(|part| Told {
            at: part.at,
            mark: None,
            text: format!("A new part begins, {}: runs before it are not compared with those after it.", part.why),
        })
        .collect();
    for chart in &trend.charts {
        for series in &chart.series {
            let name = name(chart, series);
            all.extend(series.changes.iter().map(|change| Told {
                at: change.at,
                mark: Some(if change.worse { "issues" } else { "excellent" }),
                text: sentence(trend, chart, &name, change),
            }));
        }
    }
    all.sort_by_key(|told| std::cmp::Reverse(told.at));
    all
}

fn name(chart: &TrendChart, series: &TrendSeries) -> String {
    match &series.request {
        Some(request) => format!("{} of {request}", chart.label),
        None => chart.label.clone(),
    }
}

/// `Latency, p95 of login: 34.6 ms slower (+17.6 %), from 196 to 231 ms, with main@4be19d2. It may have begun anywhere
/// from run #1230 to #1240.`
fn sentence(trend: &Trend, chart: &TrendChart, name: &str, change: &TrendChange) -> String {
    let number = |at: u32| trend.run(at).map_or(0, |run| run.number);
    let levels = format!(
        "from {} to {}",
        display::number(change.before),
        with_unit(&display::number(change.after), &chart.unit)
    );
    let difference = difference(chart, change);
    if change.drift {
        return format!("{name} crept: {difference}, {levels}, until run #{}.", number(change.to));
    }
    let revision = trend.run(change.at).map(|run| run.revision.to_string()).filter(|revision| !revision.is_empty());
    let with = revision.map(|revision| format!(", with {revision}")).unwrap_or_default();
    let range = if change.from < change.to {
        format!(" It may have begun anywhere from run #{} to #{}.", number(change.from), number(change.to))
    } else {
        String::new()
    };
    format!("{name}: {difference}, {levels}{with}.{range}")
}

/// Each series of a pattern in a line.
#[component]
pub(super) fn SeriesTable(
    /// The trend.
    trend: Trend,
) -> impl IntoView {
    let rows = trend
        .charts
        .iter()
        .flat_map(|chart| chart.series.iter().map(move |series| (chart, series)))
        .map(|(chart, series)| view! { <SeriesRow trend=trend.clone() chart=chart.clone() series=series.clone()/> })
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head">
                <h2>"Series"</h2>
                <p>"Each alone by its name; the lines are the last runs that are compared."</p>
            </div>
            <Scroller label="Table of series">
                <table class="data tight">
                    <thead>
                        <tr>
                            <th>"Series"</th>
                            <th class="num">"Newest"</th>
                            <th class="num">"Last change"</th>
                            <th class="p2">"Since"</th>
                            <th>"Last runs"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </Scroller>
        </section>
    }
    .into_any()
}

#[component]
fn SeriesRow(trend: Trend, chart: TrendChart, series: TrendSeries) -> impl IntoView {
    let compared: Vec<f64> = series
        .points
        .iter()
        .filter(|point| trend.run(point.at).is_some_and(|run| run.apart.is_none()))
        .map(|point| point.value)
        .collect();
    let newest = compared.last().map(|value| with_unit(&display::number(*value), &chart.unit));
    let exact = compared.last().map(|value| with_unit(&display::exact(*value), &chart.unit));
    let last = series.changes.last().copied();
    let since = last.and_then(|change| trend.run(change.at)).map(|run| format!("#{}, {}", run.number, day(run)));
    let alone = TrendQuery {
        request: series.request.clone(),
        measure: Some(chart.measure.clone()),
        second: None,
        ..trend.query
    };
    let recent = compared.len().saturating_sub(RECENT);
    let line = Sparkline::new(compared.get(recent..).unwrap_or_default().iter().copied()).svg();
    view! {
        <tr>
            <td><a href=format!("/trends?{}", address(&alone, ENV))>{name(&chart, &series)}</a></td>
            <td class="num" title=exact>{newest.unwrap_or_else(|| "–".to_owned())}</td>
            <td class="num">
                {match last {
                    Some(change) => {
                        let mark = if change.worse { "issues" } else { "excellent" };
                        view! { <span class="verdict" data-v=mark>{percent(&change)}</span> }.into_any()
                    }
                    None => view! { <span class="void">"none"</span> }.into_any(),
                }}
            </td>
            <td class="muted p2">{since}</td>
            <td inner_html=line></td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::trend::sample::trend_of;

    #[test]
    fn a_change_is_told_with_its_size_and_where_it_may_have_begun() {
        let mut trend = trend_of(&[50.0; 12]);
        let change =
            TrendChange { at: 6, from: 4, to: 7, drift: false, before: 50.0, after: 66.0, shift: 0.32, worse: false };
        trend.charts[0].series[0].changes = vec![change];
        let told = told(&trend);
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].text,
            "Throughput: 16.0/s more (+32.0 %), from 50.0 to 66.0/s. It may have begun anywhere from run #5 to #8."
        );
        assert_eq!(told[0].mark, Some("excellent"));
    }
}

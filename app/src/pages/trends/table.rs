//! The runs of a trend as a table, newest first: what the chart shows, and more exactly.

use leptos::prelude::*;
use perflab_model::{
    display,
    run::RunState,
    view::{Trend, TrendPoint},
};

use super::answer::{apart, changes};
use crate::components::{Scroller, StateBadge, VerdictBadge, with_unit};

/// The table.
#[component]
pub(super) fn RunsTable(
    /// The trend.
    trend: Trend,
) -> impl IntoView {
    let head = if trend.unit.is_empty() { "Value".to_owned() } else { format!("Value, {}", trend.unit) };
    let changes = changes(&trend.points);
    let mut rows: Vec<_> = trend
        .points
        .into_iter()
        .zip(changes)
        .map(|(point, change)| view! { <Row point=point change=change unit=trend.unit.clone()/> })
        .collect();
    rows.reverse();
    view! {
        <Scroller label="Table of runs">
            <table class="data tight">
                <thead>
                    <tr>
                        <th aria-sort="descending">"Ended"</th>
                        <th>"Run"</th>
                        <th class="p2">"Revision"</th>
                        <th>"Load"</th>
                        <th class="num">{head}</th>
                        <th class="num p2">"Samples"</th>
                        <th class="num p2">"To the run before"</th>
                        <th>"Verdict"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

#[component]
fn Row(point: TrendPoint, change: Option<f64>, unit: String) -> impl IntoView {
    let why = apart(&point);
    let change = match (change, why) {
        (Some(percent), _) => view! { {format!("{} %", display::signed(percent))} }.into_any(),
        (None, Some(_)) => view! { <span class="void">"not compared"</span> }.into_any(),
        (None, None) => ().into_any(),
    };
    view! {
        <tr>
            <td>{display::clock(point.at_us, true)}</td>
            <td><a href=format!("/runs/{}", point.id)>{format!("#{}", point.number)}</a></td>
            <td class="mono p2">{point.revision.to_string()}</td>
            <td class="muted">{point.load}</td>
            <td class="num" title=with_unit(&display::exact(point.value), &unit)>{display::number(point.value)}</td>
            <td class="num p2">{display::count(point.samples)}</td>
            <td class="num muted p2">{change}</td>
            <td>
                {match point.verdict {
                    _ if point.state != RunState::Finished => view! { <StateBadge state=point.state/> }.into_any(),
                    Some(verdict) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
                    None => view! { <span class="void">"not judged"</span> }.into_any(),
                }}
                // How it ended is said already.
                {why.filter(|_| point.state == RunState::Finished).map(|why| view! { <span class="sub">{why}</span> })}
            </td>
        </tr>
    }
    .into_any()
}

//! The table of runs, parted by days; on phones a run is two lines.

use leptos::prelude::*;
use perflab_model::{display, run::RunRow, validity::ValidityState};

use crate::components::{Milliseconds, PerSecond, Percent, RunBadge, Scroller};

/// The id of the form that the marks of the rows belong to.
pub const COMPARE: &str = "compare";

/// What the mark beside a load says.
const ADJUSTED: &str = "Rate adjusted by hand: no baseline";

/// Runs, newest first.
#[component]
pub fn RunsTable(
    /// The runs.
    rows: Vec<RunRow>,
) -> impl IntoView {
    let mut day = String::new();
    let rows = rows
        .into_iter()
        .map(|row| {
            let of_row = day_of(row.created_us);
            let head = (of_row != day).then(|| of_row.clone());
            day = of_row;
            view! {
                {head
                    .map(|day| {
                        let key = day.clone();
                        view! {
                            <tr class="group" data-key=key>
                                <th colspan="12" scope="rowgroup">{day}</th>
                            </tr>
                        }
                    })}
                <Row row=row/>
            }
        })
        .collect_view();
    view! {
        <Scroller label="Table of runs">
            <table class="data runs list">
                <colgroup>
                    <col class="verdict-col"/>
                    <col class="name-col"/>
                    <col class="where-col"/>
                    <col class="rev-col"/>
                    <col class="by-col p3"/>
                    <col class="time-col"/>
                    <col class="time-col p3"/>
                    <col class="load-col"/>
                    <col class="number-col p3"/>
                    <col class="number-col"/>
                    <col class="number-col"/>
                    <col class="tags-col p3"/>
                </colgroup>
                <thead>
                    <tr>
                        <th>"Verdict"</th>
                        <th>"Run"</th>
                        <th>"Environment"</th>
                        <th>"Revision"</th>
                        <th class="p3">"Started by"</th>
                        <th class="num" aria-sort="descending">"UTC"</th>
                        <th class="num p3">"Duration"</th>
                        <th class="num">"Load"</th>
                        <th class="num p3">"Req/s"</th>
                        <th class="num">"p95"</th>
                        <th class="num">"Errors"</th>
                        <th class="p3">"Tags"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

#[component]
fn Row(row: RunRow) -> impl IntoView {
    let (time, exact) = (time_of(row.created_us), display::clock(row.created_us, true));
    let revision = row.revision.to_string();
    let (branch, commit) = match revision.split_once('@') {
        Some((branch, commit)) => (branch.to_owned(), format!("@{commit}")),
        None => (revision.clone(), String::new()),
    };
    // A phone shows no head of the column to name the zone.
    let place = [branch.clone(), display::clock(row.created_us, false)];
    let beside = place.iter().filter(|part| !part.is_empty()).map(|part| format!(" · {part}")).collect::<String>();
    let headline = row.headline;
    let invalid = row.validity == Some(ValidityState::Invalid);
    view! {
        <tr data-key=row.id.to_string()>
            <td class="r-verdict">
                <input
                    class="pick"
                    type="checkbox"
                    form=COMPARE
                    name="run"
                    value=row.id.to_string()
                    aria-label=format!("Compare {} #{}", row.scenario, row.number)
                    autocomplete="off"
                />
                <RunBadge row=row.clone()/>
            </td>
            <td class="r-name">
                <a class="quiet" href=format!("/runs/{}", row.id)>
                    <b>{row.scenario.to_string()}</b>
                    " "
                    <span class="faint">{format!("#{}", row.number)}</span>
                </a>
                {row.search.map(|search| view! { <a class="sub" href=format!("/capacity/{search}")>"capacity search"</a> })}
            </td>
            <td class="r-where">{row.environment.to_string()}<span class="faint m-only">{beside}</span></td>
            <td><span class="rev" title=revision><span>{branch}</span><span>{commit}</span></span></td>
            <td class="p3">{row.trigger.code()}</td>
            <td class="num" title=exact>{time}</td>
            <td class="num p3">{duration(&row)}</td>
            <td class="num" title=row.load.clone()>
                {short_load(&row.load)}
                {row.adjusted
                    .then(|| {
                        view! {
                            " "
                            <span class="faint" role="img" aria-label=ADJUSTED title=ADJUSTED>"±"</span>
                        }
                    })}
            </td>
            <td class="num p3"><PerSecond value=headline.and_then(|numbers| numbers.rate_per_s) unit=false/></td>
            <td class="num r-p95">
                {match headline {
                    _ if invalid => view! { <span class="void" title="The numbers of this run cannot be trusted">"not valid"</span> }.into_any(),
                    Some(numbers) => view! { <Milliseconds value=numbers.p95_ms/> }.into_any(),
                    None => view! { <span class="void">"–"</span> }.into_any(),
                }}
            </td>
            <td class="num">
                <Percent part=headline.map_or(0, |numbers| numbers.failed) whole=headline.map_or(0, |numbers| numbers.finished)/>
            </td>
            <td class="p3">{row.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }).collect_view()}</td>
        </tr>
    }
    .into_any()
}

/// `200 users` of `200 users, 15m`: the duration has a column of its own.
fn short_load(load: &str) -> String {
    load.split_once(", ").map_or(load, |(load, _)| load).trim_start_matches("up to ").to_owned()
}

fn duration(row: &RunRow) -> String {
    let seconds = match (row.started_us, row.ended_us) {
        (Some(started), Some(ended)) => Some((ended - started).max(0) as f64 / 1e6),
        _ => row.headline.map(|headline| headline.seconds),
    };
    seconds.map_or_else(|| "–".to_owned(), |seconds| display::elapsed(seconds.round() as u64))
}

/// `12 Mar 2026`.
fn day_of(at_us: i64) -> String {
    display::clock(at_us, true).split(',').next().unwrap_or_default().to_owned()
}

/// `14:02`; the column's head names the zone.
fn time_of(at_us: i64) -> String {
    display::clock(at_us, false).trim_end_matches(" UTC").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_of_the_list_leaves_the_duration_to_its_column() {
        assert_eq!(short_load("200 users, 15m"), "200 users");
        assert_eq!(short_load("up to 100/s, 11m"), "100/s");
    }

    #[test]
    fn a_day_is_a_group_and_a_time_has_no_day() {
        assert_eq!((day_of(0).as_str(), time_of(0).as_str()), ("1 Jan 1970", "00:00"));
    }
}

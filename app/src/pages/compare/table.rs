//! Every number of a group beside the reference; or all stored results as they were measured.

use leptos::prelude::*;
use perflab_charts::Sparkline;
use perflab_model::{
    compare::{Compare, CompareResult, CompareSide, Show},
    comparison::{ComparedSeries, Standing},
    display::{self, UnitOf},
};

use crate::components::{Scroller, with_unit};

/// The numbers of one group beside the reference.
#[component]
pub(super) fn SideTable(
    /// The group.
    side: CompareSide,
    /// Its letter and the reference's.
    letters: (String, String),
    /// Which numbers are shown.
    show: Option<Show>,
) -> impl IntoView {
    let all = side.series.len();
    let mut rows: Vec<(ComparedSeries, Vec<f64>)> =
        side.series.into_iter().zip(side.blocks).filter(|(series, _)| is_shown(series, show)).collect();
    rows.sort_by(|(one, _), (other, _)| rank(one).cmp(&rank(other)).then_with(|| size(other).total_cmp(&size(one))));
    let hidden = all - rows.len();
    let (candidate, reference) = letters;
    if rows.is_empty() {
        let what = if show == Some(Show::Worse) { "Nothing became worse" } else { "No relevant change" };
        return view! {
            <p class="muted pt1">{format!("{what} among {} numbers that were compared.", display::count(all as u64))}</p>
        }
        .into_any();
    }
    view! {
        <Scroller label="Table of compared numbers">
            <table class="data tight">
                <thead>
                    <tr>
                        <th>"Number"</th>
                        <th class="num">{reference}</th>
                        <th class="num">{candidate.clone()}</th>
                        <th class="num">"Δ"</th>
                        <th class="num">"Δ %"</th>
                        <th class="num">"95 % interval"</th>
                        <th class="num p2">"Noise floor"</th>
                        <th>"Band"</th>
                        <th class="p2">{format!("{candidate} over the run")}</th>
                    </tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|(series, blocks)| view! { <Row series=series blocks=blocks/> }).collect_view()}
                </tbody>
            </table>
        </Scroller>
        {(hidden > 0).then(|| view! { <p class="faint fine pt1">{format!("{hidden} more are not shown.")}</p> })}
    }
    .into_any()
}

/// Whether a number is shown: unless all are asked for, those that say something.
fn is_shown(series: &ComparedSeries, show: Option<Show>) -> bool {
    match show {
        Some(Show::Worse) => series.standing == Standing::Worse,
        Some(Show::All | Show::Raw) => true,
        None => !matches!(series.standing, Standing::Noise | Standing::NotCompared),
    }
}

const fn rank(series: &ComparedSeries) -> u8 {
    match series.standing {
        Standing::Worse => 0,
        Standing::Undecided => 1,
        Standing::Improvement => 2,
        Standing::SmallButReal => 3,
        Standing::Noise => 4,
        Standing::NotCompared => 5,
    }
}

fn size(series: &ComparedSeries) -> f64 {
    series.worse().map_or(0.0, f64::abs)
}

/// The mark of a standing.
const fn mark(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Worse => Some("issues"),
        Standing::Improvement => Some("excellent"),
        Standing::Undecided => Some("inconclusive"),
        Standing::SmallButReal | Standing::Noise | Standing::NotCompared => None,
    }
}

fn band(series: &ComparedSeries) -> String {
    match series.band {
        Some(band) => format!("{}, {}", series.standing.words(), band.word()),
        None => series.standing.words().to_owned(),
    }
}

#[component]
fn Row(series: ComparedSeries, blocks: Vec<f64>) -> impl IntoView {
    let largest = series.baseline.into_iter().chain(series.candidate).map(f64::abs).fold(0.0, f64::max);
    let share = display::is_share(&series.measure, &series.stat, &series.unit);
    let unit = UnitOf::fitting(&series.unit, share, largest);
    let shown = move |value: f64| with_unit(&display::number(value * unit.times), unit.sign);
    let exact = move |value: f64| with_unit(&display::exact(value * unit.times), unit.sign);
    let name = series.name.clone().unwrap_or_else(|| "all together".to_owned());
    let label = display::number_label(&series.measure, &series.stat);
    let difference = series.baseline.zip(series.candidate).map(|(base, candidate)| (candidate - base) * unit.times);
    let percent = |ratio: f64| display::signed((ratio - 1.0) * 100.0);
    let interval = match series.interval {
        Some((Some(low), Some(high))) => format!("{} to {} %", percent(low), percent(high)),
        Some((Some(low), None)) => format!("{} % or more", percent(low)),
        Some((None, Some(high))) => format!("{} % or less", percent(high)),
        _ => "none".to_owned(),
    };
    let floor = series.floor.map(|floor| format!("{} %", display::number(floor * 100.0)));
    let pairs = match series.pairs {
        0 => "Assumed: this environment has no pairs of runs of the same code yet".to_owned(),
        pairs => format!("From {pairs} pairs of runs of the same code"),
    };
    let mark = mark(series.standing);
    let line = (!blocks.is_empty()).then(|| Sparkline::new(blocks).svg());
    let value = move |value: Option<f64>| match value {
        Some(value) => view! { <td class="num" title=exact(value)>{shown(value)}</td> }.into_any(),
        None => view! { <td class="num void">"–"</td> }.into_any(),
    };
    view! {
        <tr>
            <td>{name} <span class="sub">{label}</span></td>
            {value(series.baseline)}
            {value(series.candidate)}
            <td class="num">{difference.map(|it| with_unit(&display::signed(it), unit.sign))}</td>
            <td class="num">{series.ratio.map(|ratio| format!("{} %", percent(ratio)))}</td>
            <td class="num">{interval}</td>
            <td class="num p2" title=pairs>{floor}</td>
            <td>
                <span class=mark.map(|_| "verdict") data-v=mark>{band(&series)}</span>
                {series.reason.map(|reason| view! { <span class="sub">{reason}</span> })}
            </td>
            <td class="p2" inner_html=line></td>
        </tr>
    }
    .into_any()
}

/// Stored results of all groups.
#[component]
pub(super) fn RawTable(
    /// The comparison.
    compare: Compare,
) -> impl IntoView {
    let heads = compare.groups.iter().map(|group| view! { <th class="num">{group.letter.clone()}</th> }).collect_view();
    view! {
        <Scroller label="Table of stored results">
            <table class="data tight">
                <thead>
                    <tr>
                        <th>"Number"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>
                    {compare.results.into_iter().map(|result| view! { <RawRow result=result/> }).collect_view()}
                </tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

#[component]
fn RawRow(result: CompareResult) -> impl IntoView {
    let largest = result.values.iter().flatten().map(|value| value.abs()).fold(0.0, f64::max);
    let share = display::is_share(&result.measure, &result.stat, &result.unit);
    let unit = UnitOf::fitting(&result.unit, share, largest);
    let values = result
        .values
        .into_iter()
        .map(|value| match value {
            Some(value) => {
                let exact = with_unit(&display::exact(value * unit.times), unit.sign);
                view! { <td class="num" title=exact>{with_unit(&display::number(value * unit.times), unit.sign)}</td> }
                    .into_any()
            }
            None => view! { <td class="num void">"–"</td> }.into_any(),
        })
        .collect_view();
    view! {
        <tr>
            <td>
                {result.name.unwrap_or_else(|| "all together".to_owned())}
                <span class="sub">{display::number_label(&result.measure, &result.stat)}</span>
            </td>
            {values}
        </tr>
    }
    .into_any()
}

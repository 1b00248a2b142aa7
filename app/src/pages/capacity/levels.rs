//! The runs of a search as a table: what the charts show, and why each level holds or breaks.

use leptos::prelude::*;
use perflab_model::{
    capacity::{CapacityLevel, CapacityUnit, LevelOutcome, Slowdown},
    display,
    validity::ValidityState,
};

use crate::components::{Milliseconds, PerSecond, Scroller, StateBadge};

/// The table.
#[component]
pub(super) fn LevelsTable(
    /// The runs in order.
    levels: Vec<CapacityLevel>,
    /// What a level counts.
    unit: CapacityUnit,
    /// The level that degradation is measured against.
    reference: Option<f64>,
) -> impl IntoView {
    let rows =
        levels.into_iter().map(|level| view! { <Row level=level unit=unit reference=reference/> }).collect_view();
    view! {
        <Scroller label="Table of levels">
            <table class="data tight">
                <thead>
                    <tr>
                        <th class="num">"Level"</th>
                        <th>"Run"</th>
                        <th>"Thresholds"</th>
                        <th class="num">"p95"</th>
                        <th class="num p2">"95 % interval, ms"</th>
                        <th class="num">"Degradation"</th>
                        <th class="num">"Req/s"</th>
                        <th class="num p2">"Errors"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

#[component]
fn Row(level: CapacityLevel, unit: CapacityUnit, reference: Option<f64>) -> impl IntoView {
    let suspect = (level.validity == Some(ValidityState::Suspect)).then_some("numbers suspect");
    let again = level.again.then_some("run once more");
    let why = [level.reason.clone(), suspect.map(str::to_owned), again.map(str::to_owned)];
    let why = why.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let interval = level.p95_interval_ms.map(|(low, high)| {
        let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), display::number);
        format!("{} to {}", end(low), end(high))
    });
    let is_reference = reference == Some(level.level) && level.degradation.is_none();
    let slower = match level.degradation {
        Some(slower) => view! { <span title=slowdown_exact(slower)>{slowdown(slower)}</span> }.into_any(),
        None if is_reference && level.outcome.is_some() => view! { <span class="faint">"reference"</span> }.into_any(),
        None => view! { <span class="void">"–"</span> }.into_any(),
    };
    let errors =
        level.error_rate.map_or_else(|| "–".to_owned(), |share| format!("{} %", display::number(share * 100.0)));
    view! {
        <tr data-key=level.run.to_string()>
            <td class="num"><b>{unit.shown(level.level)}</b></td>
            <td><a href=format!("/runs/{}", level.run)>{format!("#{}", level.number)}</a></td>
            <td>
                {match level.outcome {
                    Some(outcome) => {
                        view! { <span class="verdict" data-v=mark(outcome)>{capitalised(outcome.word())}</span> }.into_any()
                    }
                    None => view! { <StateBadge state=level.state/> }.into_any(),
                }}
                {(!why.is_empty()).then(|| view! { <span class="sub">{why}</span> })}
            </td>
            <td class="num"><Milliseconds value=level.p95_ms/></td>
            <td class="num p2">{interval}</td>
            <td class="num">{slower}</td>
            <td class="num"><PerSecond value=level.rate_per_s unit=false/></td>
            <td class="num p2">{errors}</td>
        </tr>
    }
    .into_any()
}

/// `+12.3 %, +8.00 to +16.9`.
pub(super) fn slowdown(slower: Slowdown) -> String {
    let percent = |share: f64| display::signed(share * 100.0);
    let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), percent);
    format!("{} %, {} to {}", percent(slower.value), end(slower.low), end(slower.high))
}

fn slowdown_exact(slower: Slowdown) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "open".to_owned(), |end| display::exact(end * 100.0));
    format!("{} %, 95 % interval {} to {} %", display::exact(slower.value * 100.0), end(slower.low), end(slower.high))
}

/// The mark (`data-v`) of what a run says of its level.
const fn mark(outcome: LevelOutcome) -> &'static str {
    match outcome {
        LevelOutcome::Holds => "excellent",
        LevelOutcome::Breaks => "critical",
        LevelOutcome::Undecided => "inconclusive",
        LevelOutcome::Unusable => "unmeasured",
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slowdown_is_told_with_its_interval() {
        let slower = Slowdown { value: 0.123, low: Some(0.08), high: None };
        assert_eq!(slowdown(slower), "+12.3 %, +8.00 to …");
    }
}

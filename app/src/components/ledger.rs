//! The ledger: every rule with what was measured and what follows; what is not met first, with its next step.

use leptos::prelude::*;
use perflab_model::{
    display,
    verdict::{Gate, LedgerRow},
};

use super::{
    verdict::{outcome_mark, outcome_word},
    words::sentence,
};

/// Rules as a table.
#[component]
pub fn LedgerTable(
    /// The rules.
    rows: Vec<LedgerRow>,
    /// A drawing of each value against its limit, in the same order; none on pages that redraw every second.
    #[prop(optional)]
    bullets: Vec<String>,
    /// Lower rows.
    #[prop(optional)]
    tight: bool,
) -> impl IntoView {
    let mut bullets = bullets.into_iter();
    view! {
        <table class=if tight { "data ledger tight" } else { "data ledger" }>
            <thead>
                <tr>
                    <th>"Outcome"</th>
                    <th>"Rule"</th>
                    <th class="num">"Value"</th>
                    <th class="p3">"95 % interval"</th>
                    <th class="p2">"Against its limit"</th>
                    <th class="num p2">"Margin"</th>
                    <th>"Source"</th>
                </tr>
            </thead>
            <tbody>{rows.into_iter().map(|row| ledger_row(row, bullets.next().unwrap_or_default())).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn ledger_row(row: LedgerRow, bullet: String) -> impl IntoView {
    let next = explanation(&row);
    let shown = value(&row);
    let against =
        if bullet.is_empty() { limit(&row).into_any() } else { view! { <span inner_html=bullet></span> }.into_any() };
    let judged_on = row.scope.clone().filter(|scope| !row.rule.contains(scope.as_str()));
    view! {
        <tr>
            <td class="l-out">
                <span class="verdict" data-v=outcome_mark(row.outcome)>{outcome_word(&row)}</span>
            </td>
            <td class="l-rule rule">
                {row.rule.clone()} {judged_on.map(|scope| view! { <span class="faint">{format!(" {scope}")}</span> })}
            </td>
            <td class="num l-val" title=exact(&row)>
                {match shown {
                    Some(number) => view! { <b>{number}</b>" "<small>{row.unit.clone()}</small> }.into_any(),
                    None => view! { <span class="void">"not measured"</span> }.into_any(),
                }}
            </td>
            <td class="iv p3">{interval(&row)}</td>
            <td class="svgcell p2">{against}</td>
            <td class="num l-margin p2">{margin(&row)}</td>
            <td class="muted l-source">{row.source.clone()}</td>
        </tr>
        {next
            .map(|text| {
                view! {
                    <tr class="next">
                        <td colspan="7">{text}</td>
                    </tr>
                }
            })}
    }
}

/// Rules in short, beside a live run.
#[component]
pub fn LimitList(
    /// The rules.
    rows: Vec<LedgerRow>,
) -> impl IntoView {
    view! {
        <dl class="kv pt1">
            {rows
                .into_iter()
                .map(|row| {
                    let mark = (row.outcome != Gate::Pass).then(|| outcome_mark(row.outcome));
                    let shown = value(&row).map_or_else(|| "–".to_owned(), |number| format!("{number} {}", row.unit));
                    view! {
                        <div>
                            <dt class="mono">{row.rule.clone()}</dt>
                            <dd><span class=mark.map(|_| "over") data-v=mark>{shown}</span></dd>
                            <dd class="lim">{outcome_word(&row).to_lowercase()}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
}

/// The measured value, number only.
pub(crate) fn value(row: &LedgerRow) -> Option<String> {
    row.value.map(display::number)
}

fn exact(row: &LedgerRow) -> Option<String> {
    let samples = display::count(row.samples);
    row.value.map(|value| format!("{} {} of {samples} samples", display::exact(value), row.unit))
}

fn limit(row: &LedgerRow) -> String {
    let limit = format!("{} {} {}", row.op, display::number(row.limit), row.unit);
    match row.max {
        Some(max) => format!("{limit}, max {} {}", display::number(max), row.unit),
        None => limit,
    }
}

/// `224–239`; an end that too few samples leave open is said in words.
fn interval(row: &LedgerRow) -> String {
    match row.interval {
        Some((Some(low), Some(high))) => format!("{}–{}", display::number(low), display::number(high)),
        Some((Some(low), None)) => format!("{} or more", display::number(low)),
        Some((None, Some(high))) => format!("{} or less", display::number(high)),
        Some((None, None)) | None => String::new(),
    }
}

fn margin(row: &LedgerRow) -> String {
    row.margin_percent.map(|percent| format!("{} %", display::signed(percent))).unwrap_or_default()
}

/// Why the outcome is what it is, and what to do next.
fn explanation(row: &LedgerRow) -> Option<String> {
    let reason = row.reason.as_deref().map(sentence);
    let next = row.next.as_deref().map(|next| format!("Next: {}", sentence(next)));
    match (reason, next) {
        (Some(reason), Some(next)) => Some(format!("{reason} {next}")),
        (reason, next) => reason.or(next),
    }
}

/// The summary of the met rules that are folded away: `12 rules met, the closest by 11.3 %`.
pub fn met_summary(rows: &[LedgerRow]) -> String {
    let closest = rows.iter().filter_map(|row| row.margin_percent).map(f64::abs).min_by(f64::total_cmp);
    let rules = if rows.len() == 1 { "1 rule met".to_owned() } else { format!("{} rules met", rows.len()) };
    match closest {
        Some(percent) => format!("{rules}, the closest by {} %", display::number(percent)),
        None => rules,
    }
}

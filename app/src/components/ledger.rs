//! The ledger: every rule with what was measured and what follows; what is not met first, with its next step.

use leptos::prelude::*;
use perflab_model::{
    display,
    verdict::{Gate, LedgerRow},
};

use super::{
    guide_link::{GuideLink, Topic},
    quantity::{Unit, with_unit},
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
    /// For how long each rule was in breach: while a run goes on, that tells whether it still is.
    #[prop(optional)]
    breaches: bool,
) -> impl IntoView {
    let mut bullets = bullets.into_iter();
    let rows = rows.into_iter().map(|row| ledger_row(row, bullets.next().unwrap_or_default(), breaches));
    let rows = rows.collect_view();
    view! {
        <table class=if tight { "data ledger tight" } else { "data ledger" }>
            <thead>
                <tr>
                    <th>"Outcome"</th>
                    <th>"Rule " <GuideLink topic=Topic::Thresholds/></th>
                    <th class="num">"Value"</th>
                    <th class="p3">"95 % interval"</th>
                    <th class="p2">"Against its limit"</th>
                    <th class="num p2">"Margin"</th>
                    {breaches.then(|| view! { <th class="num p2" title=IN_BREACH>"In breach"</th> })}
                    <th>"Source"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// What the time in breach is.
const IN_BREACH: &str = "Seconds whose own value was beyond the limit";

fn ledger_row(row: LedgerRow, bullet: String, breaches: bool) -> impl IntoView {
    let next = explanation(&row);
    let against =
        if bullet.is_empty() { limit(&row).into_any() } else { view! { <span inner_html=bullet></span> }.into_any() };
    let judged_on = row.scope.clone().filter(|scope| !row.rule.contains(scope.as_str()));
    let interval = interval(&row);
    view! {
        <tr>
            <td class="l-out">
                <span class="verdict" data-v=outcome_mark(row.outcome)>{outcome_word(&row)}</span>
            </td>
            <td class="l-rule rule">
                {row.rule.clone()} {judged_on.map(|scope| view! { <span class="faint">{format!(" {scope}")}</span> })}
            </td>
            <td class="num l-val" title=exact(&row)>
                {match Measured::of(&row) {
                    Measured::Number(number) => view! { <b>{number}</b> <Unit of=row.unit.clone()/> }.into_any(),
                    Measured::TooFew(bound) => view! {
                        <span class="void">"too few"</span>
                        {bound.map(|bound| view! { <span class="sub">{bound}</span> })}
                    }
                    .into_any(),
                    Measured::Nothing => view! { <span class="void">"not measured"</span> }.into_any(),
                }}
                // Where there is no room for its column.
                {(!interval.is_empty()).then(|| view! { <span class="sub not-p3">{format!("95 %: {interval}")}</span> })}
            </td>
            <td class="iv p3">{interval}</td>
            <td class="svgcell p2">{against}</td>
            <td class="num l-margin p2">{margin(&row)}</td>
            {breaches.then(|| view! { <td class="num p2" title=IN_BREACH>{in_breach(&row)}</td> })}
            <td class="muted l-source">{row.source.clone()}</td>
        </tr>
        {next
            .map(|text| {
                view! {
                    <tr class="next">
                        <td colspan=if breaches { "8" } else { "7" }>{text}</td>
                    </tr>
                }
            })}
    }
}

/// `0:07`, or that it never was; nothing of a rule without values.
fn in_breach(row: &LedgerRow) -> String {
    match (row.breach_seconds, row.samples) {
        (0, 0) => "–".to_owned(),
        (0, _) => "never".to_owned(),
        (seconds, _) => display::elapsed(seconds.into()),
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
                    let shown = in_short(&row);
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

/// What a rule's value is on screens.
#[derive(Debug, PartialEq, Eq)]
enum Measured {
    /// The number.
    Number(String),
    /// Too few samples to show it, and what its interval says of it all the same.
    TooFew(Option<String>),
    /// There were no samples.
    Nothing,
}

impl Measured {
    fn of(row: &LedgerRow) -> Self {
        match row.value {
            Some(value) => Self::Number(display::number(value)),
            None if row.interval.is_some() || row.samples > 0 => Self::TooFew(bound(row)),
            None => Self::Nothing,
        }
    }
}

/// The end of the interval that decided a rule: `at most 180 ms` of one that is met, `at least 231 ms` of one that is
/// broken. Nothing while it is undecided: then neither end says anything.
fn bound(row: &LedgerRow) -> Option<String> {
    let (low, high) = row.interval?;
    let met = match row.outcome {
        Gate::Pass => true,
        Gate::Warn | Gate::Fail => false,
        Gate::Inconclusive => return None,
    };
    let (words, end) = if row.op.starts_with('<') == met { ("at most", high) } else { ("at least", low) };
    end.map(|end| format!("{words} {}", with_unit(&display::number(end), &row.unit)))
}

/// The value with its unit in one piece.
fn in_short(row: &LedgerRow) -> String {
    match Measured::of(row) {
        Measured::Number(number) => with_unit(&number, &row.unit),
        Measured::TooFew(bound) => bound.unwrap_or_else(|| "too few".to_owned()),
        Measured::Nothing => "–".to_owned(),
    }
}

fn exact(row: &LedgerRow) -> Option<String> {
    let samples = display::count(row.samples);
    match row.value {
        Some(value) => Some(format!("{}, of {samples} samples", with_unit(&display::exact(value), &row.unit))),
        None => (row.samples > 0).then(|| format!("{samples} samples are too few to show it")),
    }
}

fn limit(row: &LedgerRow) -> String {
    let shown = |limit: f64| with_unit(&display::number(limit), &row.unit);
    match row.max {
        Some(max) => format!("{} {}, max {}", row.op, shown(row.limit), shown(max)),
        None => format!("{} {}", row.op, shown(row.limit)),
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

#[cfg(test)]
mod tests {
    use perflab_model::threshold::Level;
    use rstest::rstest;

    use super::*;

    fn row(op: &str, outcome: Gate, interval: Option<(Option<f64>, Option<f64>)>) -> LedgerRow {
        LedgerRow {
            rule: format!("p95 {op} 200ms"),
            source: "suite mita".to_owned(),
            level: Level::Fail,
            scope: None,
            value: None,
            unit: "ms".to_owned(),
            interval,
            limit: 200.0,
            max: None,
            op: op.to_owned(),
            samples: 120,
            baseline: None,
            waiver: None,
            outcome,
            margin_percent: None,
            breach_seconds: 0,
            reason: None,
            next: None,
        }
    }

    #[rstest]
    #[case::met("<", Gate::Pass, (Some(120.0), Some(180.0)), Some("at most 180 ms"))]
    #[case::too_slow("<", Gate::Fail, (Some(231.0), Some(400.0)), Some("at least 231 ms"))]
    #[case::over_its_target("<=", Gate::Warn, (Some(231.0), None), Some("at least 231 ms"))]
    #[case::enough(">", Gate::Pass, (Some(231.0), None), Some("at least 231 ms"))]
    #[case::too_little(">=", Gate::Fail, (None, Some(180.0)), Some("at most 180 ms"))]
    #[case::undecided("<", Gate::Inconclusive, (Some(120.0), Some(240.0)), None)]
    fn a_value_that_too_few_samples_hide_is_told_by_the_end_that_decided(
        #[case] op: &str,
        #[case] outcome: Gate,
        #[case] interval: (Option<f64>, Option<f64>),
        #[case] told: Option<&str>,
    ) {
        let row = row(op, outcome, Some(interval));
        assert_eq!(Measured::of(&row), Measured::TooFew(told.map(str::to_owned)));
        assert_eq!(in_short(&row), told.unwrap_or("too few"));
    }

    #[test]
    fn only_a_rule_without_samples_is_called_not_measured() {
        let nothing = LedgerRow { samples: 0, ..row("<", Gate::Inconclusive, None) };
        assert_eq!(Measured::of(&nothing), Measured::Nothing);
        assert_eq!(Measured::of(&row("<", Gate::Inconclusive, None)), Measured::TooFew(None));
    }

    #[test]
    fn the_time_in_breach_is_told_from_never_and_from_not_known() {
        let row = |breach_seconds, samples| LedgerRow { breach_seconds, samples, ..row("<", Gate::Pass, None) };
        let told = [row(7, 100), row(0, 100), row(0, 0)].map(|row| in_breach(&row));
        assert_eq!(told, ["0:07", "never", "–"]);
    }

    #[test]
    fn a_rate_and_its_limit_are_written_without_a_space() {
        let rate = LedgerRow { value: Some(66.0), unit: "/s".to_owned(), limit: 50.0, ..row(">", Gate::Pass, None) };
        assert_eq!((in_short(&rate).as_str(), limit(&rate).as_str()), ("66.0/s", "> 50.0/s"));
    }
}

//! A run's summary as text for a terminal: verdict, ledger, validity, requests and classes of users or cases, errors.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, Table, presets};
use perflab_model::{
    display,
    run::RunEnd,
    summary::{RequestSummary, Summary},
    validity::ValidityState,
    verdict::{Gate, LedgerRow},
};

use super::{cases, classes::classes};

/// The whole report.
pub(in crate::cli) fn text(summary: &Summary, end: &RunEnd) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}: {}", summary.verdict.word(), summary.sentence);
    if end.code != "completed" {
        let _ = writeln!(text, "{}", end.message);
    }
    for mark in &summary.marks {
        let _ = writeln!(text, "{}", mark.message);
    }
    if !summary.ledger.is_empty() {
        let _ = writeln!(text, "\n{}", ledger(&summary.ledger));
        for row in summary.ledger.iter().filter(|row| row.outcome != Gate::Pass) {
            for note in [&row.reason, &row.next].into_iter().flatten() {
                let _ = writeln!(text, "  {}: {note}", row.rule);
            }
        }
    }
    if summary.validity.state != ValidityState::Valid {
        let _ = writeln!(text, "\nNumbers are {}:", summary.validity.state.word());
        for signal in summary.validity.causes() {
            let _ = writeln!(
                text,
                "  {}: {} (limit {}). {}",
                signal.label,
                signal.value,
                signal.limit,
                signal.cause.as_deref().unwrap_or_default()
            );
        }
    }
    if summary.cases.is_empty() {
        text.push_str(&load(summary));
    } else {
        text.push_str(&cases::text(summary));
    }
    if !summary.errors.is_empty() {
        let _ = writeln!(text, "\nErrors:");
        for error in &summary.errors {
            let _ = writeln!(
                text,
                "  {:>9}  {} at {}, first at {}, last at {}{}",
                display::count(error.count),
                error.code,
                error.request,
                display::elapsed(error.first_second.into()),
                display::elapsed(error.last_second.into()),
                error.examples.first().map(|example| format!(": {example}")).unwrap_or_default(),
            );
        }
    }
    let _ = writeln!(text, "\nseed {}, suite version {}", summary.run.seed, summary.run.suite_version);
    text
}

/// What was sent, and who sent it.
fn load(summary: &Summary) -> String {
    let totals = &summary.totals;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\n{} requests, {} failed, {} dropped, {} late, {}/s over {} s measured",
        display::count(totals.finished),
        display::count(totals.failed),
        display::count(totals.dropped),
        display::count(totals.late),
        totals.rate_per_s.map_or_else(|| "–".to_owned(), display::number),
        display::number(totals.measured_seconds),
    );
    let _ = writeln!(text, "{}", requests(&summary.requests));
    if let Some(table) = classes(&summary.classes) {
        let _ = writeln!(text, "\n{table}");
    }
    text
}

/// The table of rules.
pub(in crate::cli) fn ledger(rows: &[LedgerRow]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "Rule", "Value", "95 % interval", "Limit", "Source"]);
    for row in rows {
        let value = row.value.map_or_else(|| "–".to_owned(), |value| with_unit(value, &row.unit));
        let interval = row.interval.map_or_else(String::new, |(low, high)| {
            let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), display::number);
            format!("{} to {}", end(low), end(high))
        });
        let limit = match row.max {
            Some(max) => format!("{} {}, max {}", row.op, with_unit(row.limit, &row.unit), with_unit(max, &row.unit)),
            None => format!("{} {}", row.op, with_unit(row.limit, &row.unit)),
        };
        // A rule that names what it is for says it already.
        let is_named = |scope: &&String| !row.rule.contains(scope.as_str());
        let scope = row.scope.as_ref().filter(is_named).map(|scope| format!(" [{scope}]")).unwrap_or_default();
        table.add_row(vec![
            Cell::new(row.outcome.word()),
            Cell::new(format!("{}{scope}", row.rule)),
            Cell::new(value).set_alignment(CellAlignment::Right),
            Cell::new(interval).set_alignment(CellAlignment::Right),
            Cell::new(limit),
            Cell::new(&row.source),
        ]);
    }
    table
}

fn with_unit(value: f64, unit: &str) -> String {
    let number = display::number(value);
    match unit {
        "" => number,
        "/s" => format!("{number}/s"),
        unit => format!("{number} {unit}"),
    }
}

/// The table of requests.
pub(super) fn requests(requests: &[RequestSummary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Endpoint", "Requests", "Req/s", "Failed", "p50, ms", "p95, ms", "p99, ms", "max, ms"]);
    for request in requests {
        let latency = &request.latency;
        let few = |value: Option<f64>| value.map_or_else(|| "too few".to_owned(), display::number);
        let mut row = vec![Cell::new(&request.name)];
        row.extend(
            [
                display::count(request.finished),
                request.rate_per_s.map_or_else(|| "–".to_owned(), display::number),
                display::count(request.failed),
                few(latency.p50),
                few(latency.p95),
                few(latency.p99),
                few(latency.max),
            ]
            .map(|text| Cell::new(text).set_alignment(CellAlignment::Right)),
        );
        table.add_row(row);
    }
    table
}

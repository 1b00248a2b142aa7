//! A search as text for a terminal: a line after each level, at the end the table and the answer.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, Table, presets};
use perflab_lab::capacity::{Answer, AtLevel};
use perflab_model::{
    capacity::{CapacitySearch, CapacityUnit, Law, LevelOutcome, Measured, Slowdown},
    display::{count, number, signed},
    verdict::LedgerRow,
};

use crate::cli::run::report_ledger;

/// One level of the table.
struct Line {
    level: String,
    outcome: Option<LevelOutcome>,
    at: AtLevel,
    rate: Option<f64>,
    why: String,
}

/// What a level said, as soon as it has.
pub(super) fn line(unit: CapacityUnit, level: f64, measured: &Measured) -> String {
    let why = measured.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} {}{why}", unit.shown(level), measured.outcome.word())
}

/// A search here.
pub(super) fn text(unit: CapacityUnit, levels: &[(f64, Measured)], answer: &Answer) -> String {
    let lines = levels.iter().zip(&answer.at).map(|((level, measured), at)| Line {
        level: unit.shown(*level),
        outcome: Some(measured.outcome),
        at: *at,
        rate: measured.rate_per_s,
        why: measured.reason.clone().unwrap_or_default(),
    });
    told(unit, &answer.sentence, lines.collect(), answer.reference, &answer.ledger, answer.law.as_ref())
}

/// A search of a lab.
pub(super) fn of_lab(search: &CapacitySearch) -> String {
    let unit = search.row.request.unit;
    let lines = search.levels.iter().map(|level| Line {
        level: unit.shown(level.level),
        outcome: level.outcome,
        at: AtLevel {
            samples: level.samples,
            p95_ms: level.p95_ms,
            p95_interval_ms: level.p95_interval_ms,
            degradation: level.degradation,
        },
        rate: level.rate_per_s,
        why: level.reason.clone().unwrap_or_default(),
    });
    told(unit, &search.sentence, lines.collect(), search.reference, &search.ledger, search.law.as_ref())
}

fn told(
    unit: CapacityUnit,
    sentence: &str,
    lines: Vec<Line>,
    reference: Option<f64>,
    ledger: &[LedgerRow],
    law: Option<&Law>,
) -> String {
    let mut text = format!("\n{sentence}\n");
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{}", table(lines));
    }
    if let Some(level) = reference {
        let _ = writeln!(
            text,
            "\ndegradation is of p95 against {}, the lowest level with 1,000 requests",
            unit.shown(level)
        );
    }
    if let Some(law) = law {
        let peak = law.peak.map_or_else(
            || "no peak near these levels".to_owned(),
            |peak| format!("throughput is highest at {}", unit.shown(peak.round())),
        );
        let _ = writeln!(
            text,
            "scalability law: γ {}, α {}, β {}: {peak}",
            number(law.gamma),
            number(law.alpha),
            number(law.beta)
        );
    }
    if !ledger.is_empty() {
        let _ = writeln!(text, "\n{}", report_ledger(ledger));
        for row in ledger {
            if let (Some(reason), Some(next)) = (&row.reason, &row.next) {
                let _ = writeln!(text, "  {}: {reason}. {next}.", row.rule);
            }
        }
    }
    text
}

fn table(lines: Vec<Line>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Level", "Thresholds", "p95, ms", "95 % interval", "Degradation", "Req/s", "Samples", ""]);
    for line in lines {
        let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), number);
        let interval =
            line.at.p95_interval_ms.map_or_else(String::new, |(low, high)| format!("{} to {}", end(low), end(high)));
        let mut row = vec![Cell::new(line.level).set_alignment(CellAlignment::Right)];
        row.push(Cell::new(line.outcome.map_or("under way", LevelOutcome::word)));
        row.extend(
            [
                line.at.p95_ms.map_or_else(|| "too few".to_owned(), number),
                interval,
                line.at.degradation.map_or_else(String::new, slowdown),
                line.rate.map_or_else(|| "–".to_owned(), number),
                count(line.at.samples),
            ]
            .map(|text| Cell::new(text).set_alignment(CellAlignment::Right)),
        );
        row.push(Cell::new(line.why));
        table.add_row(row);
    }
    table
}

fn slowdown(slower: Slowdown) -> String {
    let percent = |share: f64| signed(share * 100.0);
    let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), percent);
    format!("{} % ({} to {})", percent(slower.value), end(slower.low), end(slower.high))
}

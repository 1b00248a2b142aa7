//! The cases of a benchmark run as text for a terminal: how they go, and at the end what each was worth.

use std::fmt::Write as _;

use comfy_table::{Cell, CellAlignment, Table, presets};
use perflab_model::{
    bench::{BudgetSummary, CaseOutcome, CasePhase, CaseStanding, CaseSummary, OpenInterval},
    display,
    summary::{Progress, Summary},
    validity::ValidityState,
};

/// What became of the cases: their table, budgets, and what was not run or went wrong.
pub(super) fn text(summary: &Summary) -> String {
    let mut text = String::new();
    let totals = &summary.totals;
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\n{}, {} operations, {} failed",
        cases(summary.cases.len()),
        display::count(totals.finished),
        display::count(totals.failed)
    );
    let _ = writeln!(text, "{}", table(&summary.cases));
    for budget in &summary.budgets {
        let _ = writeln!(text, "\n{}", budget_text(budget));
    }
    for case in &summary.cases {
        for note in notes(case) {
            let _ = writeln!(text, "\n{}: {note}", case.name);
        }
    }
    text
}

fn table(cases: &[CaseSummary]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "Case", "Value", "95 % interval", "Target", "Max", "p95", "Samples", "Errors"]);
    for case in cases {
        let (value, interval, samples) = match case.overhead {
            Some(overhead) => (Some(overhead.ms), overhead.interval, overhead.pairs),
            None => (case.latency.mean, case.latency.interval, case.samples),
        };
        let sign = if case.overhead.is_some_and(|overhead| overhead.ms > 0.0) { "+" } else { "" };
        let gate = case.gate.map_or("", perflab_model::verdict::Gate::word);
        let name = if case.critical { format!("{} (critical)", case.name) } else { case.name.clone() };
        let mut row = vec![Cell::new(gate), Cell::new(name)];
        row.extend(
            [
                value.map_or_else(|| "–".to_owned(), |value| format!("{sign}{}", ms(value))),
                interval.map_or_else(String::new, between),
                case.target.map_or_else(String::new, ms),
                case.max.map_or_else(String::new, ms),
                case.latency.p95.map_or_else(|| "too few".to_owned(), ms),
                display::count(samples),
                display::count(case.failed),
            ]
            .map(|text| Cell::new(text).set_alignment(CellAlignment::Right)),
        );
        table.add_row(row);
    }
    table
}

/// Why a case was not run or cannot be trusted, and what went wrong in it.
fn notes(case: &CaseSummary) -> Vec<String> {
    let mut notes = Vec::new();
    match &case.outcome {
        CaseOutcome::Failed { code, message } => notes.push(format!("not carried out ({code}): {message}")),
        CaseOutcome::Skipped { reason } => notes.push(format!("not run: {reason}")),
        CaseOutcome::TimeUp => notes.push("its longest time was up before its iterations were done".to_owned()),
        CaseOutcome::CutShort => notes.push("cut short".to_owned()),
        CaseOutcome::Completed => {}
    }
    let was_run = !matches!(case.outcome, CaseOutcome::Failed { .. } | CaseOutcome::Skipped { .. });
    if was_run && case.validity.state != ValidityState::Valid {
        notes.extend(case.validity.causes().into_iter().map(|signal| {
            format!("{}: {}", case.validity.state.word(), signal.cause.as_deref().unwrap_or(&signal.label))
        }));
    }
    notes.extend(case.faults.iter().map(|fault| {
        let input = fault.input.as_ref().map(|input| format!(" (input {input})")).unwrap_or_default();
        format!("{} × {}: {}{input}", display::count(fault.count), fault.code, fault.message)
    }));
    notes
}

fn budget_text(budget: &BudgetSummary) -> String {
    let sum = budget.sum.map_or_else(|| "not measured".to_owned(), ms);
    let interval = budget.interval.map(|interval| format!(" ({})", between(interval))).unwrap_or_default();
    let parts: Vec<String> = budget
        .parts
        .iter()
        .map(|part| format!("{} {}", part.name, part.ms.map_or_else(|| "not measured".to_owned(), ms)))
        .collect();
    format!("budget {}: {sum}{interval} of {}: {}", budget.name, ms(budget.limit), parts.join(", "))
}

/// A line of how the cases go.
pub(super) fn line(progress: &Progress) -> String {
    let done = progress.cases.iter().filter(|case| case.phase == CasePhase::Done).count();
    let going = progress.cases.iter().find(|case| matches!(case.phase, CasePhase::WarmUp | CasePhase::Measuring));
    let now = going.map(|case| format!("  {} {}", case.name, standing(case))).unwrap_or_default();
    format!(
        "{}  {done} of {} done{now}  {} failed",
        display::elapsed(progress.second.into()),
        cases(progress.cases.len()),
        display::count(progress.totals.failed)
    )
}

/// The live table.
pub(super) fn live(standings: &[CaseStanding]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "Case", "", "Mean", "Target", "Max", "Failed"]);
    for case in standings {
        let mut row = vec![
            Cell::new(case.gate.map_or("", perflab_model::verdict::Gate::word)),
            Cell::new(&case.name),
            Cell::new(standing(case)),
        ];
        row.extend(
            [
                case.mean.map_or_else(|| "–".to_owned(), ms),
                case.target.map_or_else(String::new, ms),
                case.max.map_or_else(String::new, ms),
                display::count(case.failed),
            ]
            .map(|text| Cell::new(text).set_alignment(CellAlignment::Right)),
        );
        table.add_row(row);
    }
    table
}

/// `120 of 500`, `warm-up`, `waits`, `done`.
fn standing(case: &CaseStanding) -> String {
    match (case.phase, case.planned) {
        (CasePhase::Waiting, _) => "waits".to_owned(),
        (CasePhase::WarmUp, _) => "warm-up".to_owned(),
        (CasePhase::Measuring, Some(planned)) => {
            format!("{} of {}", display::count(case.done), display::count(planned))
        }
        (CasePhase::Measuring, None) => display::count(case.done),
        (CasePhase::Done, _) => "done".to_owned(),
    }
}

/// A time in milliseconds in the unit that fits it.
fn ms(ms: f64) -> String {
    display::seconds(ms / 1e3)
}

fn between(OpenInterval(low, high): OpenInterval) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), ms);
    format!("{} to {}", end(low), end(high))
}

fn cases(n: usize) -> String {
    if n == 1 { "1 case".to_owned() } else { format!("{} cases", display::count(n as u64)) }
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        bench::{CaseFault, CaseTimes, OverheadSummary, Steadiness},
        validity::Validity,
        verdict::Gate,
    };

    use super::*;

    fn case(name: &str) -> CaseSummary {
        CaseSummary {
            name: name.to_owned(),
            base: name.to_owned(),
            title: None,
            category: None,
            critical: false,
            concurrency: 1,
            samples: 500,
            failed: 0,
            warmup: 40,
            latency: CaseTimes {
                mean: Some(231.0),
                interval: Some(OpenInterval(Some(224.1), Some(238.7))),
                p95: Some(244.0),
                ..CaseTimes::default()
            },
            without: None,
            throughput_per_s: None,
            overhead: None,
            memory: None,
            allocations: None,
            cpu_ms: None,
            sampling: None,
            steadiness: Steadiness::Steady,
            outcome: CaseOutcome::Completed,
            target: Some(200.0),
            max: Some(500.0),
            rationale: None,
            gate: Some(Gate::Warn),
            validity: Validity::default(),
            faults: Vec::new(),
            hints: Vec::new(),
        }
    }

    #[test]
    fn a_row_has_value_interval_limits_samples_and_what_became_of_it() {
        let critical = CaseSummary { critical: true, ..case("login") };
        let pair = CaseSummary {
            overhead: Some(OverheadSummary {
                ms: 3.5,
                interval: Some(OpenInterval(Some(3.2), Some(3.8))),
                share: None,
                share_interval: None,
                pairs: 30,
            }),
            target: None,
            max: None,
            gate: None,
            ..case("limiter")
        };
        let text = table(&[critical, pair]).to_string();
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = text.lines().map(words).collect();
        assert_eq!(lines[1], "warn login (critical) 231 ms 224 ms to 239 ms 200 ms 500 ms 244 ms 500 0", "{text}");
        assert_eq!(lines[2], "limiter +3.50 ms 3.20 ms to 3.80 ms 244 ms 30 0", "{text}");
    }

    #[test]
    fn what_was_not_run_or_went_wrong_is_told() {
        let lost = CaseSummary {
            outcome: CaseOutcome::Failed { code: "sql.connect".to_owned(), message: "nobody answers".to_owned() },
            ..case("blacklist")
        };
        assert_eq!(notes(&lost), ["not carried out (sql.connect): nobody answers"]);
        let fault = CaseFault {
            code: "answer.wrong".to_owned(),
            message: "tier: expected low, got middle".to_owned(),
            input: Some("income=1500".to_owned()),
            count: 3,
        };
        let wrong = CaseSummary { faults: vec![fault], ..case("income") };
        assert_eq!(notes(&wrong), ["3 × answer.wrong: tier: expected low, got middle (input income=1500)"]);
    }
}

//! What all tests of one call say together: a document with the fields of the original's report, and a table.
//!
//! In:  what each test measured. Out: JSON and text. Numbers that were not measured are `null`, never 0: the original read
//! the zeros of its own broken parser as excellent.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use comfy_table::{Cell, CellAlignment, Table, presets};
use jiff::Timestamp;
use perflab_model::{display, load::Load, validity::ValidityState, verdict::Gate};
use serde_json::{Value, json};

use super::sequence::Test;
use crate::cli::{
    exit,
    run::{Measured, report_text},
};

/// Schema of the document.
const SCHEMA: &str = "perflab.load_test/1";

/// A test that was carried out.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) test: Test,
    /// When it began (UTC), as in the names of files.
    pub(super) began: String,
    pub(super) took: Duration,
    pub(super) code: u8,
    pub(super) measured: Option<Box<Measured>>,
    /// Where its summary document lies, if it measured anything.
    pub(super) summary: PathBuf,
}

/// The document.
pub(super) fn document(carried: &[Carried], not_run: &[Test], ended: Option<&str>, at: &Timestamp) -> Value {
    let base_url = carried.iter().find_map(|done| done.measured.as_ref()).map(|measured| measured.target.to_string());
    json!({
        "schema": SCHEMA,
        "report_timestamp": at.to_string(),
        "base_url": base_url,
        "total_tests_run": carried.len(),
        "successful_tests": carried.iter().filter(|done| done.code == exit::OK).count(),
        "test_results": carried.iter().map(result).collect::<Vec<_>>(),
        "tests_not_run": not_run.iter().map(|test| &test.report_name).collect::<Vec<_>>(),
        "why_not_run": ended,
        "performance_summary": performance(carried),
        "recommendations": recommendations(carried, not_run),
    })
}

fn result(done: &Carried) -> Value {
    let measured = done.measured.as_deref();
    let load = measured.map(|measured| &measured.load);
    json!({
        "test_name": done.test.report_name,
        "scenario": done.test.scenario,
        "timestamp": done.began,
        "duration_seconds": done.took.as_secs_f64(),
        "users": load.and_then(Load::peak_users),
        "spawn_rate": load.and_then(spawn_rate),
        "planned_duration": load.map(|load| load.duration().to_string()),
        "success": done.code == exit::OK,
        "exit_code": done.code,
        "verdict": measured.map(|measured| measured.summary.verdict),
        "gate": measured.map(|measured| measured.summary.gate),
        "validity": measured.map(|measured| measured.summary.validity.state),
        "stdout": measured.map(|measured| report_text(&measured.summary, &measured.end)),
        "stderr": measured.filter(|measured| measured.end.code != "completed").map(|measured| &measured.end.message),
        "report_files": {"summary": measured.map(|_| done.summary.display().to_string())},
        "metrics": measured.map(metrics),
    })
}

/// Users started a second until all were there.
fn spawn_rate(load: &Load) -> Option<f64> {
    let Load::Closed { stages, .. } = load else { return None };
    let ramp = stages.first().filter(|stage| stage.to > stage.from)?;
    let seconds = ramp.over.as_secs_f64();
    (seconds > 0.0).then(|| f64::from(ramp.to - ramp.from) / seconds)
}

/// The original's numbers, over the measured window: its warm-up is left out. Times are in ms, the rate of failures in %.
fn metrics(measured: &Measured) -> Value {
    let (totals, latency) = (&measured.summary.totals, &measured.summary.latency);
    json!({
        "total_requests": totals.finished,
        "total_failures": totals.failed,
        "average_response_time": latency.mean,
        "median_response_time": latency.p50,
        "p95_response_time": latency.p95,
        "p99_response_time": latency.p99,
        "requests_per_second": totals.rate_per_s,
        "failure_rate": percent(totals.failed, totals.finished),
    })
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64 * 100.0)
}

/// All tests together. The mean is that of all requests, not of the tests' means, which would count a small test as much
/// as a large one.
fn performance(carried: &[Carried]) -> Value {
    let measured: Vec<(&str, &Measured)> =
        carried.iter().filter_map(|done| Some((done.test.report_name.as_str(), done.measured.as_deref()?))).collect();
    let sum = |of: fn(&Measured) -> u64| measured.iter().map(|(_, measured)| of(measured)).sum::<u64>();
    let requests = sum(|measured| measured.summary.totals.finished);
    let failures = sum(|measured| measured.summary.totals.failed);
    let means: Vec<(&str, f64, u64)> = measured
        .iter()
        .filter_map(|(name, measured)| {
            let latency = &measured.summary.latency;
            Some((*name, latency.mean?, latency.samples))
        })
        .collect();
    if means.is_empty() {
        return json!({"error": "nothing was measured"});
    }
    let samples: u64 = means.iter().map(|(.., samples)| samples).sum();
    let total: f64 = means.iter().map(|(_, mean, samples)| mean * *samples as f64).sum();
    let by_mean = |a: &&(&str, f64, u64), b: &&(&str, f64, u64)| a.1.total_cmp(&b.1);
    json!({
        "total_requests_across_all_tests": requests,
        "total_failures_across_all_tests": failures,
        "overall_failure_rate": percent(failures, requests),
        "average_response_time_across_tests": (samples > 0).then(|| total / samples as f64),
        "best_performing_test": means.iter().min_by(by_mean).map(|(name, ..)| name),
        "worst_performing_test": means.iter().max_by(by_mean).map(|(name, ..)| name),
    })
}

/// What to do next: what the ledgers and the validity of the runs say, nothing beside.
fn recommendations(carried: &[Carried], not_run: &[Test]) -> Vec<String> {
    let mut told = Vec::new();
    for done in carried {
        let name = &done.test.report_name;
        let Some(measured) = done.measured.as_deref() else {
            told.push(format!("{name}: nothing was measured, see its messages"));
            continue;
        };
        let summary = &measured.summary;
        if summary.validity.state != ValidityState::Valid {
            let causes = summary.validity.causes();
            told.extend(causes.into_iter().filter_map(|signal| Some(format!("{name}: {}", signal.cause.as_ref()?))));
        }
        for row in summary.ledger.iter().filter(|row| row.outcome != Gate::Pass) {
            let notes = [&row.reason, &row.next].into_iter().flatten().cloned().collect::<Vec<_>>().join("; ");
            let outcome = row.outcome.word();
            let notes = if notes.is_empty() { String::new() } else { format!(": {notes}") };
            told.push(format!("{name}: `{}` says {outcome}{notes}", row.rule));
        }
    }
    if !not_run.is_empty() {
        told.push(format!("{} tests were not run", not_run.len()));
    }
    if told.is_empty() {
        told.push("every rule of every test was met".to_owned());
    }
    told
}

/// The table at the end.
pub(super) fn text(carried: &[Carried], not_run: &[Test], ended: Option<&str>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["Test", "Verdict", "Requests", "Failed", "Req/s", "Mean, ms", "p95, ms", "p99, ms", "Exit"]);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    for done in carried {
        let mut row = vec![Cell::new(&done.test.scenario)];
        match done.measured.as_deref() {
            None => {
                row.push(Cell::new("nothing measured"));
                row.extend((0..6).map(|_| Cell::new("")));
            }
            Some(Measured { summary, .. }) => {
                let number = |value: Option<f64>, none: &str| value.map_or_else(|| none.to_owned(), display::number);
                let (totals, latency) = (&summary.totals, &summary.latency);
                row.push(Cell::new(summary.verdict.word()));
                row.extend(
                    [
                        display::count(totals.finished),
                        display::count(totals.failed),
                        number(totals.rate_per_s, "–"),
                        number(latency.mean, "–"),
                        number(latency.p95, "too few"),
                        number(latency.p99, "too few"),
                    ]
                    .map(right),
                );
            }
        }
        row.push(right(done.code.to_string()));
        table.add_row(row);
    }
    for test in not_run {
        table.add_row(vec![Cell::new(&test.scenario), Cell::new("not run")]);
    }
    let passed = carried.iter().filter(|done| done.code == exit::OK).count();
    let mut text = format!("\n{table}\n\n{passed} of {} tests passed", carried.len() + not_run.len());
    if let Some(why) = ended {
        // Writing to a String cannot fail.
        let _ = write!(text, "; {why}");
    }
    text.push('\n');
    text
}

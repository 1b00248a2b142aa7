//! The experiment of docs/timing.md: one stalling target, measured by arrivals and by users who wait.
//!
//! In:  nothing but this checkout. Out: both distributions side by side, with what the closed forms say.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::report::{fact, step};
use crate::{bundle, process, project, services};

/// Every answer takes 100 ms; one second in ten the target stands still.
const FAULTS: &str = r#"{"stall": {"sleep_ms": 100, "period_ms": 10000, "freeze_ms": 1000}}"#;

/// What the closed forms say: an open run's quantile is S up to 0.9 and S + P·(q − 0.9) beyond; a closed run of users
/// without think time hides the stall from all but one request in ninety.
const ROWS: [(&str, &str, &str, &str); 5] = [
    ("P50", "p50", "100", "100"),
    ("P90", "p90", "100", "100"),
    ("P95", "p95", "600", "100"),
    ("P99", "p99", "1,000", "100 to 1,090"),
    ("largest", "max", "1,100", "about 1,100"),
];

/// Measures and prints.
pub(crate) fn run() -> Result<()> {
    let binary = bundle::build()?;
    let folder = tempfile::tempdir().context("cannot make a folder for the summaries")?;
    step("Starting a target that stands still for one second in ten");
    let (target, url) = services::faulty_target(&binary, FAULTS)?;
    let open = measure(&binary, &url, "open", folder.path())?;
    let closed = measure(&binary, &url, "closed", folder.path())?;
    drop(target);

    step("The same target, twice, in ms");
    fact(format_args!("{:<10} {:>10} {:>14} {:>12} {:>14}", "", "open", "expected", "closed", "expected"));
    for (label, key, open_expected, closed_expected) in ROWS {
        let of = |summary: &Value| {
            let value = summary.pointer(&format!("/latency/{key}")).and_then(Value::as_f64);
            value.map_or_else(|| "too few".to_owned(), |value| format!("{value:.1}"))
        };
        fact(format_args!(
            "{label:<10} {:>10} {open_expected:>14} {:>12} {closed_expected:>14}",
            of(&open),
            of(&closed)
        ));
    }
    fact("Both are right. Users who wait do not ask while the target stands still: docs/timing.md says more.");
    Ok(())
}

fn measure(binary: &Path, url: &str, scenario: &str, folder: &Path) -> Result<Value> {
    step(format_args!("Measuring: {scenario}, one minute"));
    let summary = folder.join(format!("{scenario}.json"));
    let status = process::status(
        services::own(&mut Command::new(binary))
            .arg("run")
            .arg(project::root().join("suites/stall.yaml"))
            .args(["--scenario", scenario, "--target", url, "--json"])
            .arg(&summary),
    )?;
    // 0 and 3 and 99 are verdicts; the numbers are there all the same.
    if !summary.is_file() {
        bail!("`perflab run` measured nothing: {status}");
    }
    let text = std::fs::read_to_string(&summary).context("the summary cannot be read")?;
    serde_json::from_str(&text).context("the summary is no JSON")
}

//! oha: closed as it comes, open with `-q`, then with its own correction of latencies.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Load, Rate, Reading, own_tools};
use crate::bench::machine::first_line;
use crate::cargo::cargo;
use crate::process;
use crate::report::step;

const VERSION: &str = "1.16.0";

/// Connections of a run with a planned rate: as many as perflab may have iterations at once in the same experiment.
const CONNECTIONS_AT_A_RATE: u32 = 600;

pub(super) fn ready() -> Result<(PathBuf, String)> {
    let program = own_tools().join("bin/oha");
    let wanted = format!("oha {VERSION}");
    if !program.is_file() || first_line(Command::new(&program).arg("--version")) != wanted {
        step(format_args!("Installing {wanted} (cargo install oha --version {VERSION} --root target/tools)"));
        process::run(
            cargo("install").args(["oha", "--version", VERSION, "--locked", "--force", "--root"]).arg(own_tools()),
        )?;
    }
    Ok((program, VERSION.to_owned()))
}

pub(super) fn call(command: &mut Command, load: Load<'_>) {
    command.args(["--no-tui", "--output-format", "json", "-z", &format!("{}s", load.seconds)]);
    match load.rate {
        Rate::Top(_) => command.args(["-c", &load.connections.to_string()]),
        Rate::Planned(rate) => {
            command.args(["-c", &CONNECTIONS_AT_A_RATE.to_string(), "-q", &rate.to_string(), "--latency-correction"])
        }
    };
    command.arg(format!("{}{}", load.base, load.path));
}

pub(super) fn read(said: &str) -> Result<Reading> {
    let said: Value = serde_json::from_str(said).context("no JSON")?;
    let number = |pointer: &str| said.pointer(pointer).and_then(Value::as_f64);
    let milliseconds = |pointer: &str| number(pointer).map(|seconds| seconds * 1000.0);
    let codes = said.pointer("/statusCodeDistribution").and_then(Value::as_object);
    let count = |wanted: fn(&str) -> bool| -> u64 {
        let counts = codes.into_iter().flatten().filter(|(code, _)| wanted(code));
        counts.filter_map(|(_, count)| count.as_u64()).sum()
    };
    let errors = said.pointer("/errorDistribution").and_then(Value::as_object);
    // What was under way at the end is no failure.
    let errors = errors.into_iter().flatten().filter(|(error, _)| !error.contains("deadline"));
    let errors: u64 = errors.filter_map(|(_, count)| count.as_u64()).sum();
    Ok(Reading {
        requests: count(|_| true),
        requests_per_s: number("/summary/requestsPerSec").context("no rate")?,
        failed: count(|code| !code.starts_with('2')) + errors,
        p50_ms: milliseconds("/latencyPercentiles/p50"),
        p95_ms: milliseconds("/latencyPercentiles/p95"),
        p99_ms: milliseconds("/latencyPercentiles/p99"),
        p999_ms: milliseconds("/latencyPercentiles/p99.9"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_at_the_end_is_no_failure() {
        let said = r#"{"summary": {"requestsPerSec": 1000.5},
            "latencyPercentiles": {"p50": 0.001, "p95": 0.002, "p99": 0.0025, "p99.9": 0.01},
            "statusCodeDistribution": {"200": 5000, "503": 2},
            "errorDistribution": {"aborted due to deadline": 50, "connection refused": 1}}"#;
        let expected = Reading {
            requests: 5002,
            requests_per_s: 1000.5,
            failed: 3,
            p50_ms: Some(1.0),
            p95_ms: Some(2.0),
            p99_ms: Some(2.5),
            p999_ms: Some(10.0),
        };
        assert_eq!(read(said).expect("JSON of oha"), expected);
    }
}

//! perflab as people run it: `perflab run FILE`, with all that it starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Load, Model, Rate, Reading};
use crate::bench::machine::first_line;
use crate::bench::results::Steady;
use crate::bench::watch::watch;
use crate::{project, services};

/// The suite of the bench.
pub(in crate::bench) fn bench_suite() -> PathBuf {
    project::root().join("xtask/src/bench/suite.yaml")
}

pub(super) fn ready(binary: &Path) -> (PathBuf, String) {
    let said = first_line(Command::new(binary).arg("--version"));
    (binary.to_path_buf(), said.trim_start_matches("perflab ").to_owned())
}

/// Where its summary goes.
fn summary_file(scratch: &Path) -> PathBuf {
    scratch.join("summary.json")
}

pub(super) fn call(command: &mut Command, load: Load<'_>, model: Model, scratch: &Path) -> Result<()> {
    let (suite, scenario) = match (load.rate, model) {
        (Rate::Top(_), Model::Open) => (bench_suite(), "top"),
        (Rate::Top(_), Model::Closed) => (bench_suite(), "users"),
        (Rate::Planned(_), Model::Open) => (project::root().join("suites/stall.yaml"), "open"),
        (Rate::Planned(_), Model::Closed) => (project::root().join("suites/stall.yaml"), "closed"),
    };
    run(command, &suite, scenario, load, scratch);
    match (load.rate, model) {
        (Rate::Top(rate) | Rate::Planned(rate), Model::Open) => {
            command.args(["--rate", &rate.to_string(), "--max-rate", &rate.to_string()]);
        }
        (_, Model::Closed) => {
            command.args(["--users", &load.connections.to_string()]);
        }
    }
    if let (Rate::Top(_), Model::Open) = (load.rate, model) {
        command.args(["--max-in-flight", &load.connections.to_string()]);
    }
    Ok(())
}

fn run(command: &mut Command, suite: &Path, scenario: &str, load: Load<'_>, scratch: &Path) {
    // A summary of an earlier round must not be read for this one's, whatever goes wrong.
    let summary = summary_file(scratch);
    let _gone = fs::remove_file(&summary);
    services::own(command).arg("run").arg(suite).args(["--scenario", scenario, "--target", load.base]);
    command.args(["--duration", &format!("{}s", load.seconds), "--json"]).arg(summary);
    command.stderr(std::process::Stdio::null());
}

fn summary(scratch: &Path) -> Result<Value> {
    let path = summary_file(scratch);
    let text = fs::read_to_string(&path).with_context(|| format!("no summary at {}", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

pub(super) fn read(scratch: &Path) -> Result<Reading> {
    let summary = summary(scratch)?;
    let number = |pointer: &str| summary.pointer(pointer).and_then(Value::as_f64);
    Ok(Reading {
        requests: number("/totals/finished").context("no number of requests")? as u64,
        requests_per_s: number("/totals/rate_per_s").context("no rate")?,
        failed: number("/totals/failed").unwrap_or(0.0) as u64,
        p50_ms: number("/latency/p50"),
        p95_ms: number("/latency/p95"),
        p99_ms: number("/latency/p99"),
        p999_ms: number("/latency/p999"),
    })
}

/// A fixed rate by arrivals.
pub(in crate::bench) fn steady(binary: &Path, base: &str, rate: f64, seconds: u64, scratch: &Path) -> Result<Steady> {
    let mut command = Command::new(binary);
    let load = Load { base, path: "/", connections: 0, seconds, rate: Rate::Planned(rate) };
    run(&mut command, &bench_suite(), "steady", load, scratch);
    command.args(["--rate", &rate.to_string(), "--max-rate", &rate.to_string()]);
    let going_after = Duration::from_millis(700);
    let watched = watch(&mut command, going_after, Duration::from_secs(seconds).saturating_sub(going_after))?;
    let document = summary(scratch).with_context(|| format!("perflab measured nothing: {}", watched.stdout))?;
    Ok(reading_of_steady(&document, rate, seconds, watched.cores))
}

/// What a summary says of a fixed rate.
pub(in crate::bench) fn reading_of_steady(summary: &Value, rate: f64, seconds: u64, cores: Option<f64>) -> Steady {
    let count = |name: &str| summary.pointer(&format!("/totals/{name}")).and_then(Value::as_u64).unwrap_or(0);
    let lag = |name: &str| summary.pointer(&format!("/requests/0/lag/{name}")).and_then(Value::as_f64);
    Steady {
        rate,
        seconds,
        planned: count("planned"),
        finished: count("finished"),
        dropped: count("dropped"),
        failed: count("failed"),
        late: count("late"),
        lag_p50_ms: lag("p50"),
        lag_p99_ms: lag("p99"),
        lag_max_ms: lag("max"),
        cores,
    }
}

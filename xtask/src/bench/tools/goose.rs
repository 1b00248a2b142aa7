//! goose alone: the example of the engine's crate, with goose's own client and metrics.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Load, Reading};
use crate::bench::example;
use crate::project;

pub(super) fn ready(binary: &Path) -> Result<(PathBuf, String)> {
    let program = example(binary, "goose_alone")?;
    let lock = std::fs::read_to_string(project::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    Ok((program, locked(&lock, "goose").unwrap_or_else(|| "unknown".to_owned())))
}

/// The version of a package in the lock file.
fn locked(lock: &str, package: &str) -> Option<String> {
    let after = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?.1;
    Some(after.split_once('"')?.0.to_owned())
}

pub(super) fn call(command: &mut Command, load: Load<'_>) {
    command.args([load.base, load.path, &load.connections.to_string(), &load.seconds.to_string()]);
}

pub(super) fn read(said: &str) -> Result<Reading> {
    let line = said.lines().rev().find(|line| line.starts_with('{')).context("no JSON")?;
    let said: Value = serde_json::from_str(line)?;
    Ok(Reading {
        requests: said["requests"].as_u64().context("no number of requests")?,
        requests_per_s: said["requests_per_s"].as_f64().context("no rate")?,
        failed: said["failed"].as_u64().unwrap_or(0),
        p50_ms: said["p50_ms"].as_f64(),
        p95_ms: said["p95_ms"].as_f64(),
        p99_ms: said["p99_ms"].as_f64(),
        p999_ms: said["p999_ms"].as_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_locked_one() {
        let lock =
            "[[package]]\nname = \"goo\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"goose\"\nversion = \"0.19.0\"\n";
        assert_eq!(locked(lock, "goose").as_deref(), Some("0.19.0"));
    }
}

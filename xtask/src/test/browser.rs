//! People's tasks in Chromium, against the debug binary.

use std::process::Command;

use anyhow::{Context, Result};

use super::counts::Counts;
use crate::cargo::{self, cargo};
use crate::report::timed;
use crate::{process, setup};

/// Runs the specs of `e2e/`. The site has been built before.
pub(super) fn run(filter: &[String]) -> Result<Counts> {
    let chromium = setup::chromium()?;
    let folder = setup::node_packages()?;
    let binary = timed("Building the server for the browser tests", || {
        // The whole workspace, so that cargo takes the features of the other tests.
        cargo::build(cargo("build").args(["--workspace", "--bin", "perflab"]), "perflab")
    })?;
    let report = tempfile::NamedTempFile::new().context("cannot make a file for the report of the browser tests")?;
    let status = process::status(
        Command::new("npx")
            .args(["--no-install", "playwright", "test"])
            .args(filter)
            .current_dir(folder)
            .env("CHROMIUM", chromium)
            .env("PERFLAB_BIN", binary)
            .env("PLAYWRIGHT_JSON_OUTPUT_NAME", report.path()),
    )?;
    let text = std::fs::read_to_string(report.path())?;
    let counts = serde_json::from_str(&text).ok().and_then(|report| Counts::from_playwright(&report));
    Ok(counts.unwrap_or_default().ended(status.success()))
}

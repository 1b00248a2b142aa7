//! Every test there is, in one command: what a developer runs is what CI runs.
//!
//! In:  which parts to run, and a filter for their tests. Out: a table of what ran, and as the last line
//! `N passed, N failed`. A part that fails does not keep the others from running.

mod browser;
mod counts;
mod lint;
mod rust;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::report::{Took, fact, step};
use crate::{site, stop};
use counts::Counts;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Run these parts alone; may be repeated.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Run only tests whose name contains this; goes to the test runners as it is.
    #[arg(last = true)]
    filter: Vec<String>,
}

/// The parts, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Format, clippy, dependency rules.
    Lint,
    /// The browser's half of the app and the site around it.
    Wasm,
    /// Unit and integration tests of all crates, on SQLite and Postgres.
    Unit,
    /// Does the engine measure rightly? Run with nothing else next to it.
    Accuracy,
    /// The examples in the docs.
    Doc,
    /// People's tasks in Chromium.
    E2e,
}

/// What became of a part.
struct Outcome {
    name: &'static str,
    counts: Counts,
    took: Took,
}

/// Runs the parts that were asked for.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let wanted = |part: Part| options.only.is_empty() || options.only.contains(&part);
    let filter = options.filter.as_slice();
    let mut outcomes = Vec::new();
    if wanted(Part::Lint) {
        lint::all(&mut outcomes);
    }
    if wanted(Part::Wasm) || wanted(Part::E2e) {
        record(&mut outcomes, "site", || Counts::of_check(site::build()));
        record(&mut outcomes, "site budget", || Counts::of_check(site::keep_to_budget()));
    }
    if wanted(Part::Unit) {
        record(&mut outcomes, "unit", || rust::unit(filter));
    }
    if wanted(Part::Accuracy) {
        record(&mut outcomes, "accuracy", || rust::accuracy(filter));
    }
    if wanted(Part::Doc) {
        record(&mut outcomes, "doc", || rust::doc(filter));
    }
    if wanted(Part::E2e) {
        record(&mut outcomes, "e2e", || browser::run(filter));
    }
    Ok(conclude(&outcomes))
}

/// Runs the quick checks.
pub(crate) fn check() -> Result<ExitCode> {
    let mut outcomes = Vec::new();
    lint::all(&mut outcomes);
    Ok(conclude(&outcomes))
}

/// Runs a part and keeps what became of it. A part that could not run has failed.
fn record(outcomes: &mut Vec<Outcome>, name: &'static str, part: impl FnOnce() -> Result<Counts>) {
    if stop::asked() {
        return;
    }
    step(format_args!("Testing: {name}"));
    let started = Instant::now();
    let counts = part().unwrap_or_else(|error| {
        fact(format_args!("{name} failed: {error:#}"));
        Counts::FAILURE
    });
    outcomes.push(Outcome { name, counts, took: Took(started.elapsed()) });
}

/// Prints the table and, as the last line, the sum.
fn conclude(outcomes: &[Outcome]) -> ExitCode {
    step("Results");
    fact(format_args!("{:<14} {:>7} {:>7} {:>8}  {}", "part", "passed", "failed", "skipped", "took"));
    for Outcome { name, counts, took } in outcomes {
        fact(format_args!("{name:<14} {:>7} {:>7} {:>8}  {took}", counts.passed, counts.failed, counts.skipped));
    }
    let mut all: Counts = outcomes.iter().map(|outcome| outcome.counts).sum();
    if stop::asked() {
        fact("stopped before the end");
        all.failed += 1;
    }
    println!("{all}");
    if all.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! The tests that cargo runs.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::counts::Counts;
use crate::cargo::cargo;
use crate::postgres::{Postgres, VARIABLE};
use crate::process::{self, Output, Show};
use crate::report::fact;
use crate::{project, setup};

/// The test binary that checks measured time against closed forms.
const ACCURACY: &str = "accuracy";

/// What the names of its tests begin with.
const ACCURATE: &str = "accuracy_";

/// Unit and integration tests of all crates; store and HTTP tests run on SQLite and on a Postgres of their own.
pub(super) fn unit(filter: &[String]) -> Result<Counts> {
    let postgres = Postgres::start()?;
    if setup::find("cargo-nextest").is_some() {
        let others = format!("not test(~{ACCURATE})");
        run(
            cargo("nextest run")
                .args(["--workspace", "--no-fail-fast", "--no-tests", "pass", "--filterset", &others])
                .args(filter)
                .env(VARIABLE, postgres.url()),
            Output::Error,
            Counts::from_nextest,
        )
    } else {
        run(
            cargo("test")
                .args(["--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--"])
                .args(["--skip", ACCURATE])
                .args(filter)
                .env(VARIABLE, postgres.url()),
            Output::Standard,
            Counts::from_libtest,
        )
    }
}

/// Checks that the engine measures rightly: one test at a time, with the machine to itself.
pub(super) fn accuracy(filter: &[String]) -> Result<Counts> {
    let tests = project::root().join("crates/engine/tests");
    if ![format!("{ACCURACY}.rs"), format!("{ACCURACY}/main.rs")].iter().any(|path| tests.join(path).is_file()) {
        fact("the engine has no accuracy tests yet");
        return Ok(Counts::default());
    }
    run(
        // The whole workspace is selected so that cargo takes the features, and so the builds, of the tests before.
        cargo("test").args(["--workspace", "--test", ACCURACY, "--", "--test-threads", "1"]).args(filter),
        Output::Standard,
        Counts::from_libtest,
    )
}

/// The examples in the docs.
pub(super) fn doc(filter: &[String]) -> Result<Counts> {
    run(
        cargo("test").args(["--workspace", "--doc", "--no-fail-fast", "--"]).args(filter),
        Output::Standard,
        Counts::from_libtest,
    )
}

/// Runs a test runner and adds up what it says about the tests.
fn run(command: &mut Command, output: Output, read: fn(&str) -> Option<Counts>) -> Result<Counts> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let status = process::status_with_lines(command, output, {
        let found = Arc::clone(&found);
        move |line| {
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(read(line));
            Show::Yes
        }
    })?;
    let counts: Counts = found.lock().unwrap_or_else(PoisonError::into_inner).drain(..).sum();
    Ok(counts.ended(status.success()))
}

//! The tests that cargo runs.

use std::num::NonZero;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::counts::Counts;
use crate::cargo::cargo;
use crate::postgres::{Postgres, VARIABLE};
use crate::process::{self, Output, Show};
use crate::redis::{self, Redis};
use crate::report::fact;
use crate::{project, setup};

/// The test binary that checks measured time against closed forms.
const ACCURACY: &str = "accuracy";

/// What the names of its tests begin with.
const ACCURATE: &str = "accuracy_";

/// How often a test of accuracy may measure. Its tolerances are never widened; but a machine that does something else for
/// a few milliseconds makes a right clock read wrong times, so a failure counts only when it comes back.
const TRIES: u32 = 3;

/// Unit and integration tests of all crates; store and HTTP tests run on SQLite and on a Postgres of their own.
pub(super) fn unit(filter: &[String]) -> Result<Counts> {
    let postgres = Postgres::start()?;
    let redis = Redis::start()?;
    if setup::find("cargo-nextest").is_some() {
        let others = format!("not test(~{ACCURATE})");
        let threads = side_by_side().to_string();
        run(
            cargo("nextest run")
                .args(["--workspace", "--no-fail-fast", "--no-tests", "pass", "--filterset", &others])
                .args(["--test-threads", &threads])
                .args(filter)
                .env(VARIABLE, postgres.url())
                .env(redis::VARIABLE, redis.url()),
            Output::Error,
            Counts::from_nextest,
        )
    } else {
        run(
            cargo("test")
                .args(["--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--"])
                .args(["--skip", ACCURATE])
                .args(filter)
                .env(VARIABLE, postgres.url())
                .env(redis::VARIABLE, redis.url()),
            Output::Standard,
            Counts::from_libtest,
        )
    }
}

/// How many tests may run at a time: twice as many as there are cores, since those that last spend their seconds waiting
/// for runs of a few requests a second.
fn side_by_side() -> usize {
    2 * std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Checks that the engine measures rightly: one test at a time, with the machine to itself.
pub(super) fn accuracy(filter: &[String]) -> Result<Counts> {
    let tests = project::root().join("crates/engine/tests");
    if ![format!("{ACCURACY}.rs"), format!("{ACCURACY}/main.rs")].iter().any(|path| tests.join(path).is_file()) {
        fact("the engine has no accuracy tests yet");
        return Ok(Counts::default());
    }
    let mut counts = measure(filter)?;
    for _ in 1..TRIES {
        if counts.failed.is_empty() {
            break;
        }
        fact(format!("measured again, since other work on this machine shows in times: {}", counts.failed.join(", ")));
        // Options such as --include-ignored hold for the repetition, too; names of tests are replaced by exact ones.
        let options = filter.iter().filter(|argument| argument.starts_with("--")).cloned();
        let exactly: Vec<String> =
            ["--exact".to_owned()].into_iter().chain(options).chain(counts.failed.iter().cloned()).collect();
        let mut again = measure(&exactly)?;
        let measured = again.counts.passed + again.counts.failed;
        let left_out = (counts.failed.len() as u64).saturating_sub(measured);
        if left_out > 0 {
            fact(format!("{left_out} of them were not measured again, and count as failed"));
            again.counts.failed += left_out;
        }
        counts = Measured { counts: counts.counts.retried(again.counts), failed: again.failed };
    }
    Ok(counts.counts)
}

/// What a round of accuracy tests came to.
struct Measured {
    counts: Counts,
    /// Names of the tests that failed.
    failed: Vec<String>,
}

/// One round of accuracy tests.
fn measure(arguments: &[String]) -> Result<Measured> {
    let failed = Arc::new(Mutex::new(Vec::new()));
    let counts = run(
        // The whole workspace is selected so that cargo takes the features, and so the builds, of the tests before.
        cargo("test").args(["--workspace", "--test", ACCURACY, "--", "--test-threads", "1"]).args(arguments),
        Output::Standard,
        {
            let failed = Arc::clone(&failed);
            move |line| {
                failed.lock().unwrap_or_else(PoisonError::into_inner).extend(failure(line));
                Counts::from_libtest(line)
            }
        },
    )?;
    let failed = std::mem::take(&mut *failed.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Measured { counts, failed })
}

/// The name of a test that libtest says has failed.
fn failure(line: &str) -> Option<String> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(name.to_owned())
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
fn run(
    command: &mut Command,
    output: Output,
    read: impl Fn(&str) -> Option<Counts> + Send + 'static,
) -> Result<Counts> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_test_is_found_by_its_line() {
        assert_eq!(failure("test accuracy_a1 ... FAILED").as_deref(), Some("accuracy_a1"));
        assert_eq!(failure("test accuracy_a1 ... ok"), None);
        assert_eq!(failure("test result: FAILED. 3 passed; 2 failed"), None);
    }
}

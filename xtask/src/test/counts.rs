//! How many tests passed, failed and were skipped, read from what the test runners write.

use std::fmt;
use std::iter::Sum;

use anyhow::Result;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Counts {
    /// Something that is not a test passed.
    pub(super) const SUCCESS: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// Something that is not a test failed.
    pub(super) const FAILURE: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// A check that either holds or says why not.
    pub(super) fn of_check<T>(check: Result<T>) -> Result<Self> {
        check.map(|_| Self::SUCCESS)
    }

    /// What cargo's own runner writes at the end of every test binary.
    pub(super) fn from_libtest(line: &str) -> Option<Self> {
        let counts = line.trim_start().strip_prefix("test result: ")?.split_once(". ")?.1;
        Some(Self {
            passed: number_before(counts, "passed"),
            failed: number_before(counts, "failed"),
            skipped: number_before(counts, "ignored"),
        })
    }

    /// What nextest writes at the end of all. Its "skipped" counts tests that a filter left out, too, and is not taken.
    pub(super) fn from_nextest(line: &str) -> Option<Self> {
        let counts = line.trim_start().strip_prefix("Summary ")?.split_once("run: ")?.1;
        let failed = ["failed", "timed out", "exec failed"].map(|word| number_before(counts, word));
        Some(Self { passed: number_before(counts, "passed"), failed: failed.iter().sum(), skipped: 0 })
    }

    /// Playwright's report in JSON.
    pub(super) fn from_playwright(report: &serde_json::Value) -> Option<Self> {
        let stats = report.get("stats")?;
        let count = |name: &str| stats.get(name)?.as_u64();
        Some(Self {
            passed: count("expected")?,
            // One that passes at the second try is not to be trusted.
            failed: count("unexpected")? + count("flaky")?,
            skipped: count("skipped")?,
        })
    }

    /// After those that failed were run again.
    pub(super) fn retried(self, again: Self) -> Self {
        Self { passed: self.passed + again.passed, failed: again.failed, skipped: self.skipped }
    }

    /// A runner that failed without a failed test did not run to its end.
    pub(super) fn ended(self, success: bool) -> Self {
        if success || self.failed > 0 { self } else { Self { failed: 1, ..self } }
    }
}

/// The number in front of a word, in a list parted by commas, semicolons or brackets; 0 when the word is not there.
fn number_before(text: &str, word: &str) -> u64 {
    text.split([',', ';', '('])
        .filter_map(|part| part.trim().trim_end_matches(')').split_once(' '))
        .find(|(_, rest)| *rest == word || (word != "failed" && rest.starts_with(word)))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, each| Self {
            passed: sum.passed + each.passed,
            failed: sum.failed + each.failed,
            skipped: sum.skipped + each.skipped,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::good(
        "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s",
        12,
        0,
        1
    )]
    #[case::bad("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", 3, 2, 0)]
    fn counts_of_cargo_test_are_read(
        #[case] line: &str,
        #[case] passed: u64,
        #[case] failed: u64,
        #[case] skipped: u64,
    ) {
        assert_eq!(Counts::from_libtest(line), Some(Counts { passed, failed, skipped }));
    }

    #[rstest]
    #[case::good("     Summary [   2.314s] 120 tests run: 120 passed, 4 skipped", 120, 0)]
    #[case::slow("     Summary [  65.000s] 9 tests run: 9 passed (2 slow), 0 skipped", 9, 0)]
    #[case::bad("     Summary [   1.000s] 5 tests run: 2 passed, 2 failed, 1 timed out, 0 skipped", 2, 3)]
    #[case::cut_short("     Summary [   1.000s] 3/5 tests run: 2 passed, 1 failed, 0 skipped", 2, 1)]
    fn counts_of_nextest_are_read(#[case] line: &str, #[case] passed: u64, #[case] failed: u64) {
        assert_eq!(Counts::from_nextest(line), Some(Counts { passed, failed, skipped: 0 }));
    }

    #[rstest]
    #[case::a_test("test a_test ... ok")]
    #[case::a_test_named_like_a_summary("        PASS [   0.010s] perflab-app Summary of runs")]
    fn other_lines_are_no_counts(#[case] line: &str) {
        assert_eq!(Counts::from_libtest(line), None);
        assert_eq!(Counts::from_nextest(line), None);
    }

    #[rstest]
    fn a_browser_test_that_passes_at_the_second_try_has_failed() {
        let report = json!({ "stats": { "expected": 7, "unexpected": 1, "flaky": 1, "skipped": 2 } });
        assert_eq!(Counts::from_playwright(&report), Some(Counts { passed: 7, failed: 2, skipped: 2 }));
    }

    #[rstest]
    #[case::nothing_failed(Counts { passed: 3, failed: 0, skipped: 0 }, "3 passed, 0 failed")]
    #[case::some_skipped(Counts { passed: 3, failed: 1, skipped: 2 }, "3 passed, 1 failed, 2 skipped")]
    fn the_last_line_says_what_ran(#[case] counts: Counts, #[case] line: &str) {
        assert_eq!(counts.to_string(), line);
    }

    #[rstest]
    fn a_runner_that_dies_counts_as_a_failure() {
        assert_eq!(Counts::default().ended(false), Counts::FAILURE);
        assert_eq!(Counts::SUCCESS.ended(true), Counts::SUCCESS);
    }
}

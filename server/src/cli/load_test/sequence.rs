//! Which tests run, in which order, and what ends the sequence early.
//!
//! In:  `--test`, `--user-class` and exit codes. Out: tests, classes, a reason to stop, the worst code.
//! The order and the names of reports are those of the MITA framework's `run_load_tests.py`.

use perflab_model::name::ScenarioName;

use crate::cli::exit;

/// The value of `--test` that means all.
pub(super) const ALL: &str = "all";

/// The test on which the others depend.
const SMOKE: &str = "smoke";

/// What `all` runs, in this order. The spike and the hour of endurance are only run by name.
pub(super) const ORDER: [&str; 7] = [SMOKE, "baseline", "load", "auth", "financial", "mobile", "stress"];

/// How the original named its results.
const REPORT_NAMES: [(&str, &str); 9] = [
    (SMOKE, "smoke_test"),
    ("baseline", "baseline_performance"),
    ("load", "standard_load"),
    ("stress", "stress_test"),
    ("spike", "spike_test"),
    ("endurance", "endurance_test"),
    ("financial", "financial_focus"),
    ("auth", "auth_load"),
    ("mobile", "mobile_simulation"),
];

/// How the original named its users.
const CLASSES: [(&str, &str); 4] = [
    ("MITAFinancialUser", "financial"),
    ("MITAHeavyUser", "heavy"),
    ("MITAMobileUser", "mobile"),
    ("FinancialReportingLoad", "reporting"),
];

/// One of the tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Test {
    /// The scenario of the suite.
    pub(super) scenario: ScenarioName,
    /// What reports call it; also the name of its file.
    pub(super) report_name: String,
}

/// What is known when a test has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    pub(super) code: u8,
    /// A person wants everything to end.
    pub(super) stopped: bool,
    pub(super) skip_smoke: bool,
}

/// The tests that are asked for, whether or not the suite has them.
///
/// # Errors
/// With a sentence when there is no such name.
pub(super) fn tests(asked: &str, skip_smoke: bool) -> Result<Vec<Test>, String> {
    let names: Vec<&str> = match asked {
        ALL => ORDER.into_iter().filter(|name| !(skip_smoke && *name == SMOKE)).collect(),
        name => vec![name],
    };
    names.into_iter().map(test).collect()
}

fn test(name: &str) -> Result<Test, String> {
    let scenario: ScenarioName = name.parse().map_err(|error| format!("`{name}` is no scenario's name: {error}"))?;
    let known = REPORT_NAMES.iter().find(|(known, _)| *known == scenario.as_str()).map(|(_, report)| *report);
    // A scenario's name may hold what a file's must not.
    let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let report_name = known.map_or_else(|| scenario.as_str().chars().map(plain).collect(), str::to_owned);
    Ok(Test { scenario, report_name })
}

/// Classes by the suite's names, whichever names were given.
pub(super) fn classes(given: &[String]) -> Vec<String> {
    let own = |name: &String| CLASSES.iter().find(|(original, _)| original == name).map(|(_, own)| (*own).to_owned());
    given.iter().map(|name| own(name).unwrap_or_else(|| name.clone())).collect()
}

/// Why nothing further is run after this test, if so.
pub(super) fn ends(test: &Test, left: &[Test], ahead: Ahead) -> Option<String> {
    if left.is_empty() {
        return None;
    }
    let others = left.iter().map(|test| test.scenario.as_str()).collect::<Vec<_>>().join(", ");
    let name = &test.scenario;
    match ahead.code {
        _ if ahead.stopped => Some(format!("stopped: {others} are not run")),
        exit::WAITED => Some(format!("{name} has not ended in time: {others} are not launched behind it")),
        exit::USAGE => Some(format!("{name} was refused: {others} are not run")),
        exit::OK => None,
        _ if name.as_str() == SMOKE && !ahead.skip_smoke => {
            Some(format!("the smoke test did not pass: {others} are not run; --skip-smoke runs them without it"))
        }
        _ => None,
    }
}

/// The code that tells a pipeline the worst of all: a broken rule is certain, an error leaves everything open, and what is
/// undecided may still turn out well.
pub(super) fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| match *code {
        exit::OK => 0,
        exit::INCONCLUSIVE => 1,
        exit::WAITED => 2,
        exit::ERROR => 3,
        exit::USAGE => 4,
        _ => 5,
    };
    codes.into_iter().max_by_key(rank).unwrap_or(exit::OK)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn names(tests: &[Test]) -> Vec<&str> {
        tests.iter().map(|test| test.scenario.as_str()).collect()
    }

    #[test]
    fn all_runs_in_the_order_of_the_original_and_leaves_out_spike_and_endurance() {
        let all = tests(ALL, false).expect("there is something to run");
        assert_eq!(names(&all), ["smoke", "baseline", "load", "auth", "financial", "mobile", "stress"]);
        let reports: Vec<&str> = all.iter().map(|test| test.report_name.as_str()).collect();
        assert_eq!(reports[..4], ["smoke_test", "baseline_performance", "standard_load", "auth_load"]);
        let without = tests(ALL, true).expect("there is something to run");
        assert_eq!(names(&without)[0], "baseline");
    }

    #[rstest]
    #[case("spike", "spike_test")]
    #[case("open_load", "open_load")]
    #[case("Black Friday / 2", "Black_Friday___2")]
    fn one_test_runs_alone_whatever_its_name(#[case] name: &str, #[case] report: &str) {
        let one = tests(name, true).expect("a name");
        assert_eq!((names(&one), one[0].report_name.as_str()), (vec![name], report));
    }

    #[test]
    fn users_of_the_original_are_found_by_their_old_names() {
        let given = ["MITAMobileUser", "FinancialReportingLoad", "heavy"].map(str::to_owned);
        assert_eq!(classes(&given), ["mobile", "reporting", "heavy"]);
    }

    #[rstest]
    #[case::smoke_passed("smoke", exit::OK, None)]
    #[case::smoke_failed("smoke", 99, Some("smoke test did not pass: load are not run"))]
    #[case::smoke_undecided("smoke", exit::INCONCLUSIVE, Some("--skip-smoke"))]
    #[case::smoke_in_error("smoke", exit::ERROR, Some("--skip-smoke"))]
    #[case::another_failed("baseline", 99, None)]
    #[case::another_in_error("baseline", exit::ERROR, None)]
    #[case::still_running("baseline", exit::WAITED, Some("not launched behind it"))]
    #[case::refused("baseline", exit::USAGE, Some("refused"))]
    fn only_a_smoke_test_that_does_not_pass_keeps_the_others_from_running(
        #[case] name: &str,
        #[case] code: u8,
        #[case] told: Option<&str>,
    ) {
        let left = [test("load").expect("a name")];
        let ahead = Ahead { code, stopped: false, skip_smoke: false };
        let why = ends(&test(name).expect("a name"), &left, ahead);
        match told {
            None => assert_eq!(why, None),
            Some(told) => assert!(why.as_ref().is_some_and(|why| why.contains(told)), "{why:?}"),
        }
        assert_eq!(ends(&test(name).expect("a name"), &[], ahead), None, "nothing is left that could not run");
    }

    #[test]
    fn a_person_who_stops_one_stops_them_all() {
        let left = [test("load").expect("a name"), test("auth").expect("a name")];
        let ahead = Ahead { code: exit::INCONCLUSIVE, stopped: true, skip_smoke: true };
        let why = ends(&test("baseline").expect("a name"), &left, ahead);
        assert_eq!(why.as_deref(), Some("stopped: load, auth are not run"));
    }

    #[rstest]
    #[case(&[], 0)]
    #[case(&[0, 0], 0)]
    #[case(&[0, 3, 0], 3)]
    #[case(&[3, 4], 4)]
    #[case(&[3, 1, 0], 1)]
    #[case(&[99, 1, 3], 99)]
    fn the_exit_code_is_the_worst_of_all(#[case] codes: &[u8], #[case] worst_of: u8) {
        assert_eq!(worst(codes.iter().copied()), worst_of);
    }
}

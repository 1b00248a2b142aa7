//! Rules that no run of their scenario could ever decide, and what people are told about them.

use rstest::rstest;

use super::{errors::errors, parse, small};

const CLOSED: &str = "executor: constant_vus, users: 1, duration: 1m";
const OPEN: &str = "executor: constant_rate, rate: 5, duration: 1m, max_in_flight: 5";

#[rstest]
#[case::unknown_tag(
    CLOSED,
    "latency{scenario:smoke} p95 < 5ms",
    "no value of a load run has the tag `scenario` (column 9 of the rule); tags are status, error, error_code, expected_response, name, method; for a request or flow write `for NAME` behind the limit"
)]
#[case::misspelt_tag(
    CLOSED,
    "latency{stats:2xx} p95 < 5ms",
    "no value of a load run has the tag `stats` (column 9 of the rule); did you mean `status`?"
)]
#[case::one_status(
    CLOSED,
    "latency{status:503} p95 < 5ms",
    "times are kept by class of status, not for `503` alone (column 9 of the rule); write status:5xx"
)]
#[case::expected(
    CLOSED,
    "latency{expected_response:yes} p95 < 5ms",
    "`expected_response` is never `yes` (column 9 of the rule); write expected_response:true or expected_response:false"
)]
#[case::method(
    CLOSED,
    "latency{method:POST} p95 < 5ms",
    "no request here has the method `POST` (column 9 of the rule); look at the requests of the flows"
)]
#[case::name(
    CLOSED,
    "latency{name:GET /x} p95 < 5ms",
    "no request here has the name `GET /x` (column 9 of the rule); did you mean `GET /`?"
)]
#[case::lag_of_users(
    CLOSED,
    "lag p99 < 5ms",
    "`lag` exists in open runs only (column 1 of the rule); an executor with a rate has it; take the rule out, or out of this scenario"
)]
#[case::drops_of_users(
    CLOSED,
    "dropped == 0",
    "`dropped` exists in open runs only (column 1 of the rule); an executor with a rate has it; take the rule out, or out of this scenario"
)]
#[case::users_of_a_rate(
    OPEN,
    "users value >= 5",
    "`users` exists in closed runs only (column 1 of the rule); write `throughput` or `iterations` for what arrives"
)]
#[case::at_users(
    OPEN,
    "p95 < 5ms at 100 users",
    "an open run never stands at 100 users (column 11 of the rule); name a rate, such as `at 200/s`"
)]
#[case::at_a_rate(
    CLOSED,
    "p95 < 5ms at 100/s",
    "a closed run never stands at 100/s (column 11 of the rule); name a number of users, such as `at 200 users`"
)]
#[case::scope_of_starts(
    OPEN,
    "late < 5 for home",
    "`late` is counted for the whole run, not for a request (column 14 of the rule); take scope and tags out of the rule"
)]
#[case::tag_of_iterations(
    CLOSED,
    "iterations{name:home} > 5",
    "`iterations` is counted for the whole run, not for a request (column 12 of the rule); take scope and tags out of the rule"
)]
fn a_rule_that_no_run_could_decide_is_told(#[case] load: &str, #[case] rule: &str, #[case] expected: &str) {
    let found = errors(&small(&format!("  smoke: {{{load}, thresholds: ['{rule}']}}")));
    assert!(found.len() == 1 && found[0].ends_with(&format!("thresholds[0]: {expected}")), "{found:#?}");
}

#[test]
fn a_rule_of_the_suite_judges_the_runs_that_have_its_measure_and_must_have_some() {
    let with = |scenarios: &str| {
        small(scenarios).replace("flows:\n", "thresholds: ['dropped == 0', 'latency{method:GET} p95 < 1s']\nflows:\n")
    };
    let suite = parse(&with(&format!("  users: {{{CLOSED}}}\n  rate: {{{OPEN}}}")));
    let rules: Vec<usize> = suite.scenarios().iter().map(|scenario| scenario.rules.len()).collect();
    assert_eq!(rules, [1, 2]);
    let found = errors(&with(&format!("  users: {{{CLOSED}}}")));
    assert!(found.len() == 1 && found[0].contains("thresholds[0]: `dropped` exists in open runs only"), "{found:#?}");
}

#[test]
fn what_is_wrong_with_the_key_of_a_k6_map_stands_in_column_1() {
    let found = errors(&small(&format!(
        "  smoke: {{{CLOSED}, thresholds: {{'http_req_duration{{status:503}}': 'p(95)<200'}}}}"
    )));
    assert!(found.len() == 1 && found[0].contains("(column 1 of the rule)"), "{found:#?}");
}

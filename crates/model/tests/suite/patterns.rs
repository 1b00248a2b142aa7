//! Spike, soak and staircase: the stages that they become, as `docs/suites.md` says.

use perflab_model::{
    id::RunId,
    launch::Overrides,
    load::Load,
    name::ScenarioName,
    plan::Plan,
    suite::{PlanErrors, PlanRequest},
    unit::Millis,
};
use rstest::rstest;

use super::{environment, parse, small};

fn planned(scenario: &str, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    let suite = parse(&small(&format!("  one: {{{scenario}}}")));
    let name: ScenarioName = "one".parse().expect("a name");
    let run = RunId::new(uuid::Uuid::nil());
    suite.plan(PlanRequest { run, scenario: &name, environment: environment(), overrides, seed: 7 })
}

fn plan(scenario: &str, overrides: &Overrides) -> Plan {
    planned(scenario, overrides).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Stages as `from-to time`.
fn stages(load: &Load) -> Vec<String> {
    match load {
        Load::Open { stages, .. } => {
            stages.iter().map(|stage| format!("{}-{} {}", stage.from.get(), stage.to.get(), stage.over)).collect()
        }
        Load::Closed { stages, .. } => {
            stages.iter().map(|stage| format!("{}-{} {}", stage.from, stage.to, stage.over)).collect()
        }
        Load::Combined { .. } | Load::Cases(_) => Vec::new(),
    }
}

const SPIKE: &str = "executor: spike, base: 50, peak: 500, before: 2m, at_peak: 1m, after: 3m";
const SOAK: &str = "executor: soak, level: 100, ramp_up: 5m, hold: 2h, ramp_down: 1m";
const STAIRCASE: &str = "executor: staircase, first: 100, step: 50, steps: 3, each: 2m";

#[rstest]
#[case::spike(SPIKE, &["0-50 0s", "50-50 2m", "50-500 0s", "500-500 1m", "500-50 0s", "50-50 3m"])]
#[case::spike_with_ramps("executor: spike, base: 0, peak: 9, before: 1m, at_peak: 1m, after: 1m, ramp: 10s",
    &["0-0 0s", "0-0 1m", "0-9 10s", "9-9 1m", "9-0 10s", "0-0 1m"])]
#[case::soak(SOAK, &["0-100 5m", "100-100 2h", "100-0 1m"])]
#[case::soak_at_once("executor: soak, level: 100, hold: 2h", &["0-100 0s", "100-100 2h"])]
#[case::staircase(STAIRCASE, &["0-100 0s", "100-100 2m", "100-150 0s", "150-150 2m", "150-200 0s", "200-200 2m"])]
#[case::staircase_with_ramps("executor: staircase, first: 10, step: 5, steps: 2, each: 1m, ramp: 30s",
    &["0-10 0s", "10-10 1m", "10-15 30s", "15-15 1m"])]
fn a_pattern_is_the_stages_that_the_guide_says_in_either_model(#[case] pattern: &str, #[case] expected: &[&str]) {
    let users = plan(&format!("{pattern}, of: users"), &Overrides::default());
    assert!(matches!(users.load, Load::Closed { .. }));
    assert_eq!(stages(&users.load), expected);
    let rate = plan(&format!("{pattern}, of: rate, max_in_flight: 50"), &Overrides::default());
    assert!(matches!(rate.load, Load::Open { .. }));
    assert_eq!(stages(&rate.load), expected);
}

/// The examples of the guide, as it explains them.
#[rstest]
#[case("rush", &["0-50 0s", "50-50 2m", "50-500 0s", "500-500 1m", "500-50 0s", "50-50 3m"])]
#[case("night", &["0-40 5m", "40-40 8h", "40-0 1m"])]
#[case("stairs", &["0-100 0s", "100-100 2m", "100-150 30s", "150-150 2m", "150-200 30s", "200-200 2m"])]
fn the_patterns_of_the_guide_become_what_it_says(#[case] scenario: &str, #[case] expected: &[&str]) {
    let guide = include_str!("../../../../docs/suites.md");
    let block = guide.split("### Patterns").nth(1).and_then(|part| part.split("```").nth(1)).expect("an example");
    let scenarios = block.trim_start_matches("yaml").replace("scenarios:\n", "");
    let suite = parse(&small(&scenarios));
    let found = suite.scenarios().iter().find(|found| found.name.as_str() == scenario).expect("the scenario");
    assert_eq!(stages(&found.load), expected);
}

#[test]
fn a_rate_counts_in_its_own_time() {
    let rate = plan("executor: soak, of: rate, per: 1m, level: 30, hold: 1h, max_in_flight: 50", &Overrides::default());
    assert_eq!(stages(&rate.load), ["0-0.5 0s", "0.5-0.5 1h"]);
}

#[test]
fn the_warm_up_of_a_pattern_is_its_way_up_and_never_the_spike() {
    let warmup =
        |pattern: &str| plan(&format!("{pattern}, of: users, warmup: ramp"), &Overrides::default()).warmup_time();
    assert_eq!(warmup(SOAK), Millis::from_secs(300));
    assert_eq!(warmup(SPIKE), Millis::ZERO);
    assert_eq!(warmup(STAIRCASE), Millis::ZERO);
}

#[test]
fn what_differs_scales_the_whole_pattern_and_stretches_its_times() {
    let users = Overrides { users: Some(1000), duration: Some(Millis::from_secs(180)), ..Overrides::default() };
    let spike = plan(&format!("{SPIKE}, of: users"), &users);
    assert_eq!(
        stages(&spike.load),
        ["0-100 0s", "100-100 1m", "100-1000 0s", "1000-1000 30s", "1000-100 0s", "100-100 1m30s"]
    );
    let rate = Overrides { rate: Some(20.0), max_in_flight: Some(7), ..Overrides::default() };
    let stairs = plan(&format!("{STAIRCASE}, of: rate, max_in_flight: 50"), &rate);
    assert_eq!(stages(&stairs.load)[5], "20-20 2m");
    assert!(matches!(&stairs.load, Load::Open { limits, .. } if limits.max_in_flight == 7));
}

#[rstest]
#[case("users", Overrides { rate: Some(5.0), ..Overrides::default() }, "`rate` does not fit the executor soak")]
#[case("rate, max_in_flight: 5", Overrides { users: Some(5), ..Overrides::default() }, "`users` does not fit the executor soak")]
#[case("users", Overrides { duration: Some(Millis::ZERO), ..Overrides::default() }, "`duration` cannot be 0s")]
fn what_does_not_fit_a_pattern_is_told(#[case] of: &str, #[case] overrides: Overrides, #[case] expected: &str) {
    let errors = planned(&format!("{SOAK}, of: {of}"), &overrides).expect_err("it does not fit");
    assert_eq!(errors.to_string(), expected);
}

#[test]
fn a_pattern_may_stand_in_the_defaults() {
    let suite = parse(
        &small("  low: {level: 5}\n  high: {level: 50}")
            .replace("scenarios:\n", "defaults: {executor: soak, of: users, hold: 1m}\nscenarios:\n"),
    );
    let found: Vec<(&str, String)> =
        suite.scenarios().iter().map(|scenario| (scenario.executor, scenario.load.summary())).collect();
    assert_eq!(found, [("soak", "5 users, 1m".to_owned()), ("soak", "50 users, 1m".to_owned())]);
}

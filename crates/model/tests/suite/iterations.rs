//! Runs that end when a number of iterations is done: what suites say, what plans become of it, what does not fit.

use perflab_model::{
    id::RunId,
    launch::Overrides,
    name::ScenarioName,
    plan::Plan,
    suite::{PlanErrors, PlanRequest},
    unit::Millis,
};
use rstest::rstest;

use super::{environment, errors::errors, parse, small};

fn planned(scenario: &str, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    let suite = parse(&small(&format!("  one: {{{scenario}}}")));
    let name: ScenarioName = "one".parse().expect("a name");
    let run = RunId::new(uuid::Uuid::nil());
    suite.plan(PlanRequest { run, scenario: &name, environment: environment(), overrides, seed: 7 })
}

fn summary(scenario: &str, overrides: &Overrides) -> String {
    planned(scenario, overrides).map_or_else(|errors| errors.to_string(), |plan| plan.load.summary())
}

const SHARED: &str = "executor: shared_iterations, users: 4, iterations: 10";
const EACH: &str = "executor: per_user_iterations, users: 4, iterations: 10, max_duration: 2m";

#[rstest]
#[case::shared(SHARED, 10, "10 iterations by 4 users, at most 10m")]
#[case::each(EACH, 40, "10 iterations by each of 4 users, at most 2m")]
fn a_scenario_of_iterations_says_how_many_and_how_long_at_most(
    #[case] scenario: &str,
    #[case] in_all: u64,
    #[case] expected: &str,
) {
    let plan = planned(scenario, &Overrides::default()).expect("a plan");
    assert_eq!(plan.load.planned_iterations(), Some(in_all));
    assert_eq!(plan.load.summary(), expected);
    assert_eq!(plan.load.peak_users(), Some(4));
    assert_eq!(plan.load.users_started(), Some(4));
}

#[rstest]
#[case::users(Overrides { users: Some(5), ..Overrides::default() }, "10 iterations by 5 users, at most 10m")]
#[case::duration_is_the_longest(
    Overrides { duration: Some(Millis::from_secs(30)), ..Overrides::default() },
    "10 iterations by 4 users, at most 30s"
)]
#[case::more_users_than_iterations(
    Overrides { users: Some(11), ..Overrides::default() },
    "10 iterations cannot be shared by 11 users"
)]
#[case::spawn_rate(
    Overrides { spawn_rate: Some(1.0), ..Overrides::default() },
    "`spawn_rate` does not fit the executor shared_iterations"
)]
#[case::rate(
    Overrides { rate: Some(1.0), ..Overrides::default() },
    "`rate` does not fit the executor shared_iterations"
)]
fn what_differs_at_launch_holds_or_is_refused(#[case] overrides: Overrides, #[case] expected: &str) {
    assert_eq!(summary(SHARED, &overrides), expected);
}

#[test]
fn a_parameter_may_say_how_many() {
    let text = small("  one: {executor: shared_iterations, users: 2, iterations: \"${param.COUNT}\"}")
        .replace("suite: small\n", "suite: small\nparameters: {COUNT: 5}\n");
    let name: ScenarioName = "one".parse().expect("a name");
    let run = RunId::new(uuid::Uuid::nil());
    let mut overrides = Overrides::default();
    overrides.parameters.insert("COUNT".to_owned(), "70".to_owned());
    let request = PlanRequest { run, scenario: &name, environment: environment(), overrides: &overrides, seed: 7 };
    let plan = parse(&text).plan(request).expect("a plan");
    assert_eq!(plan.load.planned_iterations(), Some(70));
}

#[rstest]
#[case::missing(
    "  one: {executor: shared_iterations, users: 2}",
    "8:3: scenarios.one: the key `iterations` is missing; shared_iterations needs it"
)]
#[case::none_at_all(
    "  one: {executor: per_user_iterations, users: 2, iterations: 0}",
    "8:62: scenarios.one.iterations: 0 is below 1, the smallest value here"
)]
#[case::a_ramp(
    "  one: {executor: per_user_iterations, users: 2, iterations: 2, duration: 1m}",
    "8:75: scenarios.one.duration: `duration` does not fit the executor per_user_iterations; it takes users, iterations, max_duration"
)]
#[case::idle_users(
    "  one: {executor: shared_iterations, users: 3, iterations: 2}",
    "8:60: scenarios.one.iterations: 2 iterations cannot be shared by 3 users; ask for at least one iteration for each user, or for fewer users"
)]
#[case::no_time(
    "  one: {executor: shared_iterations, users: 1, iterations: 2, max_duration: 0s}",
    "8:77: scenarios.one.max_duration: the time must be above 0"
)]
#[case::misspelt(
    "  one: {executor: shared_iterations, users: 1, iteration: 2}",
    "8:48: scenarios.one.iteration: unknown key `iteration`; did you mean `iterations`?"
)]
fn what_is_wrong_is_told_with_its_place(#[case] scenarios: &str, #[case] expected: &str) {
    assert_eq!(errors(&small(scenarios)), [expected]);
}

/// Every executor has an example in the guide, and each of them is one.
#[test]
fn the_examples_of_the_guide_are_scenarios() {
    let guide = include_str!("../../../../docs/suites.md");
    let (_, rest) =
        guide.split_once("How the load is made is the `executor`:\n\n```yaml\nscenarios:\n").expect("examples");
    let (examples, _) = rest.split_once("```").expect("their end");
    let suite = parse(&small(examples.trim_end()));
    let executors: Vec<&str> = suite.scenarios().iter().map(|scenario| scenario.executor).collect();
    assert_eq!(
        executors,
        [
            "constant_vus",
            "ramping_vus",
            "constant_rate",
            "ramping_rate",
            "spike",
            "soak",
            "staircase",
            "shared_iterations",
            "per_user_iterations"
        ]
    );
}

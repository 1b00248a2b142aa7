//! Levels of a capacity search as plans, and rules on degradation.

use perflab_model::{
    capacity::{CapacityUnit, Level},
    id::RunId,
    launch::Overrides,
    load::Warmup,
    suite::{Draft, PlanRequest},
    unit::Millis,
};
use rstest::rstest;

use super::{environment, errors::errors, parse, small};

const SCENARIOS: &str = "  \
    closed: {executor: constant_vus, users: 5000, spawn_rate: 10, duration: 10m, warmup: 5s, thresholds: [\"p95 < 200ms\", \
             \"p99 < 1s at 100 users\", \"degradation < 15% at 100 users\", \"avg <= baseline * 1.1\"]}\n  \
    stages: {executor: ramping_vus, stages: [{to: 40, for: 10s}, {to: 40, for: 5m}]}\n  \
    open: {executor: constant_rate, rate: 600, duration: 1m, max_in_flight: 50}";

fn draft(scenario: &str, unit: CapacityUnit, amount: f64, overrides: &Overrides) -> Draft {
    let scenario = scenario.parse().expect("a name");
    let asked = PlanRequest {
        run: RunId::new(uuid::Uuid::nil()),
        scenario: &scenario,
        environment: environment(),
        overrides,
        seed: 7,
    };
    parse(&small(SCENARIOS)).level_draft(asked, &Level { unit, amount, hold: Millis::from_secs(60) })
}

#[test]
fn a_level_holds_its_load_however_long_and_high_the_scenario_is() {
    let draft = draft("closed", CapacityUnit::Users, 100.0, &Overrides::default());
    // The scenario's own 5,000 users are above the cap, and are not what is sent.
    assert!(draft.problems.is_empty(), "{:?}", draft.problems);
    let plan = draft.plan.expect("a plan");
    assert_eq!((plan.load.duration(), plan.warmup_time()), (Millis::from_secs(70), Millis::from_secs(10)));
    assert_eq!((plan.load.peak_users(), plan.warmup, plan.find_limit), (Some(100), Warmup::Ramp, true));
    let rules: Vec<&str> = plan.rules.iter().map(|rule| rule.threshold.text.as_str()).collect();
    assert_eq!(rules, ["p95 < 200ms", "p99 < 1s at 100 users"], "what a level alone can answer");
    assert_eq!((plan.overrides.users, plan.overrides.duration), (Some(100), Some(Millis::from_secs(70))));
}

#[test]
fn users_come_as_fast_as_the_launch_says_in_any_closed_scenario() {
    let fast = Overrides { spawn_rate: Some(50.0), ..Overrides::default() };
    let draft = draft("stages", CapacityUnit::Users, 100.0, &fast);
    assert!(draft.problems.is_empty(), "{:?}", draft.problems);
    assert_eq!(draft.plan.map(|plan| plan.warmup_time()), Some(Millis::from_secs(2)));
}

#[rstest]
#[case::too_many_users("closed", CapacityUnit::Users, 3000.0, "overrides.users")]
#[case::too_high_a_rate("open", CapacityUnit::Rate, 30_000.0, "overrides.rate")]
#[case::users_of_a_rate("open", CapacityUnit::Users, 5.0, "overrides.users")]
#[case::a_rate_of_users("stages", CapacityUnit::Rate, 5.0, "overrides.rate")]
fn a_level_beyond_a_cap_or_of_another_kind_is_refused(
    #[case] scenario: &str,
    #[case] unit: CapacityUnit,
    #[case] amount: f64,
    #[case] field: &str,
) {
    let problems = draft(scenario, unit, amount, &Overrides::default()).problems;
    let fields: Vec<String> = problems.iter().map(|problem| problem.field_problem().field).collect();
    assert_eq!(fields, [field]);
}

#[rstest]
#[case::no_load(
    "degradation < 15%",
    "degradation is judged at a load (column 1 of the rule); say at which: `degradation < 15% at 1000 users`"
)]
#[case::a_mean(
    "degradation avg < 15% at 10 users",
    "degradation is measured of a quantile (column 1 of the rule); write `degradation < 15% at …` for P95, or `degradation p99 < 15% at …`"
)]
#[case::a_part(
    "degradation < 15% for GET / at 10 users",
    "degradation is of all requests of a level together (column 18 of the rule); a capacity search compares whole levels: leave out scope, tags, window, `after` and `stop`"
)]
#[case::a_stop(
    "degradation < 15% at 10 users stop",
    "degradation is of all requests of a level together (column 1 of the rule); a capacity search compares whole levels: leave out scope, tags, window, `after` and `stop`"
)]
#[case::backwards(
    "degradation > 15% at 10 users",
    "degradation has an upper limit (column 1 of the rule); write `degradation < 15% at 1000 users`"
)]
fn a_rule_on_degradation_that_no_search_could_judge_is_told(#[case] rule: &str, #[case] told: &str) {
    let text = small(&format!("  one: {{executor: constant_vus, users: 1, duration: 1m, thresholds: [\"{rule}\"]}}"));
    let found = errors(&text).join("\n");
    assert!(found.contains(told), "{found}");
}

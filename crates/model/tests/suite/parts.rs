//! Scenarios of several loads side by side: what they expand to, what each runner is told, what does not fit.

use std::collections::BTreeMap;

use perflab_model::{
    environment::{Caps, Environment},
    flow::RowShare,
    id::RunId,
    launch::Overrides,
    load::Load,
    name::ScenarioName,
    plan::Plan,
    suite::{PlanErrors, PlanRequest, Suite},
    unit::{Millis, Rps},
};
use rstest::rstest;

use super::{environment, errors::errors, small};

/// Two classes, a feed with a row for each of ten users, and one scenario with these parts.
fn suite(scenario: &str) -> String {
    format!(
        "version: 1
suite: shop
feeds: {{users: {{file: users.csv, order: unique}}}}
flows:
  browse: {{tags: [read], steps: [{{get: \"/?u=${{feed.users.name}}\"}}]}}
  buy: {{tags: [write], steps: [{{post: /buy, form: {{u: \"${{feed.users.name}}\"}}}}]}}
classes:
  visitor: {{flows: {{browse: 1}}}}
  buyer: {{flows: {{buy: 1, browse: 1}}}}
scenarios:
  both:
    {scenario}
"
    )
}

const PARTS: &str = "warmup: ramp
    parts:
      browse: {executor: constant_vus, users: 4, spawn_rate: 1, duration: 1m, classes: [visitor]}
      buy: {executor: constant_rate, rate: 5, duration: 30s, max_in_flight: 6, start_after: 20s, tags: [write]}";

fn parse(text: &str) -> Suite {
    let rows: String = (0..10).map(|row| format!("u{row}\n")).collect();
    let files = BTreeMap::from([("users.csv".to_owned(), format!("name\n{rows}"))]);
    Suite::parse(text, &files).unwrap_or_else(|errors| panic!("{errors}"))
}

fn planned_on(scenario: &str, environment: Environment, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    let name: ScenarioName = "both".parse().expect("a name");
    let run = RunId::new(uuid::Uuid::nil());
    parse(&suite(scenario)).plan(PlanRequest { run, scenario: &name, environment, overrides, seed: 7 })
}

fn planned(scenario: &str, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    planned_on(scenario, environment(), overrides)
}

fn plan() -> Plan {
    planned(PARTS, &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_parts_are_kept_as_one_load_that_says_how_much_all_of_them_are() {
    let load = plan().load;
    assert_eq!(load.summary(), "4 users + up to 5.00/s from 20s, 1m");
    assert_eq!((load.peak_users(), load.peak_rate()), (Some(4), Rps::new(5.0).ok()));
    assert_eq!((load.duration(), load.planned_starts()), (Millis::from_secs(60), Some(150.0)));
    assert_eq!([load.planned_at(19.9), load.planned_at(20.0), load.planned_at(50.1)], [0.0, 5.0, 0.0]);
    assert_eq!(plan().warmup_time(), Millis::from_secs(4), "what joins later is measured");
    assert!(!load.ends_early());
}

#[test]
fn each_runner_is_told_its_own_part_with_rows_and_random_numbers_of_its_own() {
    let plan = plan();
    let parts = plan.of_parts();
    let names = |plan: &Plan| plan.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>();
    assert_eq!(parts.iter().map(names).collect::<Vec<_>>(), [vec!["visitor"], vec!["buyer"]]);
    let flows = |plan: &Plan| plan.flows.iter().map(|flow| flow.name.clone()).collect::<Vec<_>>();
    assert_eq!(parts.iter().map(flows).collect::<Vec<_>>(), [vec!["browse"], vec!["buy"]]);
    let shares: Vec<Option<RowShare>> = parts.iter().map(|part| part.feeds[0].share).collect();
    assert_eq!(shares, [Some(RowShare { first: 0, count: 4 }), Some(RowShare { first: 4, count: 6 })]);
    assert!(parts[0].seed != parts[1].seed && parts.iter().all(|part| part.seed != plan.seed));
    assert_eq!(parts[1].load.summary(), "up to 5.00/s from 20s, 50s", "times count from the run's start");
    let alone = planned(&PARTS.replace("      browse: {", "      other: {"), &Overrides::default()).expect("a plan");
    assert_eq!(alone.of_parts()[1].seed, parts[1].seed, "another part beside it changes nothing");
}

#[test]
fn the_same_class_in_two_parts_has_rows_for_both() {
    let twice = "parts:
      calm: {executor: constant_vus, users: 5, duration: 1m, classes: [visitor]}
      rush: {executor: constant_vus, users: 6, duration: 1m, classes: [visitor]}";
    let errors = planned(twice, &Overrides::default()).expect_err("11 users, 10 rows");
    assert_eq!(
        errors.to_string(),
        "the feed `users` has 10 rows for 11 users and iterations at once, and each row is for one only (order: unique)"
    );
}

#[test]
fn caps_are_about_all_parts_together_at_their_busiest() {
    let rates = |later: &str| {
        format!(
            "parts:
      one: {{executor: constant_rate, rate: 60, duration: 1m, max_in_flight: 1, classes: [visitor]}}
      two: {{executor: constant_rate, rate: 60, duration: 1m, max_in_flight: 1, classes: [visitor], start_after: {later}}}"
        )
    };
    let caps = Caps { rate: Rps::new(100.0).expect("a rate"), ..Caps::default() };
    let on = |later: &str| planned_on(&rates(later), Environment { caps, ..environment() }, &Overrides::default());
    assert_eq!(on("30s").expect_err("120/s").to_string(), "120/s is above the cap of 100/s for environment `local`");
    assert_eq!(on("1m").expect("one after the other").load.peak_rate(), Rps::new(60.0).ok());
}

#[rstest]
#[case::users(Overrides { users: Some(3), ..Overrides::default() }, "3 users + up to 5.00/s from 20s, 1m")]
#[case::rate(Overrides { rate: Some(2.0), ..Overrides::default() }, "4 users + up to 2.00/s from 20s, 1m")]
#[case::all_times_are_stretched(
    Overrides { duration: Some(Millis::from_secs(30)), ..Overrides::default() },
    "4 users + up to 5.00/s from 10s, 30s"
)]
#[case::classes(
    Overrides { classes: vec!["visitor".to_owned()], ..Overrides::default() },
    "`classes` does not fit the executor parts"
)]
fn what_differs_goes_to_the_part_that_it_fits(#[case] overrides: Overrides, #[case] expected: &str) {
    let found = planned(PARTS, &overrides).map_or_else(|errors| errors.to_string(), |plan| plan.load.summary());
    assert_eq!(found, expected);
}

#[test]
fn a_number_that_fits_several_parts_is_refused() {
    let twice = "parts:
      calm: {executor: constant_vus, users: 2, duration: 1m}
      rush: {executor: per_user_iterations, users: 2, iterations: 3}";
    let overrides = Overrides { users: Some(3), ..Overrides::default() };
    let errors = planned(twice, &overrides).expect_err("which of them?");
    assert_eq!(errors.to_string(), "`users` fits several parts: calm, rush");
    assert_eq!(errors.field_problems()[0].field, "overrides.users");
    let plan = planned(twice, &Overrides::default()).expect("a plan");
    assert_eq!(plan.load.summary(), "2 users + 3 iterations by each of 2 users, at most 10m");
    assert!(matches!(&plan.load, Load::Combined { parts } if parts.len() == 2));
}

#[rstest]
#[case::beside(
    "  one: {users: 3, parts: {a: {executor: constant_vus, users: 1, duration: 1m}}}",
    "8:16: scenarios.one.users: `users` stands beside `parts`; write it in a part, or take the parts out"
)]
#[case::none(
    "  one: {parts: {}}",
    "8:9: scenarios.one.parts: there are no parts; write one at least, such as `browse: {executor: constant_vus, …}`"
)]
#[case::missing_key(
    "  one: {parts: {a: {executor: constant_vus, users: 1}}}",
    "8:17: scenarios.one.parts.a: the key `duration` is missing; constant_vus needs it"
)]
#[case::misspelt(
    "  one: {parts: {a: {executor: constant_vus, users: 1, duration: 1m, start_afer: 3s}}}",
    "8:69: scenarios.one.parts.a.start_afer: unknown key `start_afer`; did you mean `start_after`?"
)]
#[case::rules_stay_on_the_scenario(
    "  one: {parts: {a: {executor: constant_vus, users: 1, duration: 1m, seed: 3}}}",
    "unknown key `seed`"
)]
#[case::class(
    "  one: {parts: {a: {executor: constant_vus, users: 1, duration: 1m, classes: [visitr]}}}",
    "8:79: scenarios.one.parts.a.classes[0]: there is no class `visitr`; did you mean `visitor`?"
)]
#[case::alone("  one: {executor: constant_vus, users: 1, duration: 1m, start_after: 3s}", "unknown key `start_after`")]
fn what_is_wrong_is_told_with_its_place(#[case] scenarios: &str, #[case] expected: &str) {
    let found = errors(&small(scenarios));
    assert!(found.len() == 1 && found[0].contains(expected), "{found:#?}");
}

#[test]
fn a_rule_about_open_runs_fits_a_scenario_with_an_open_part() {
    let text = suite(&format!("thresholds: [\"dropped == 0\", \"users >= 4\"]\n    {PARTS}"));
    assert_eq!(parse(&text).scenarios()[0].rules.len(), 2);
}

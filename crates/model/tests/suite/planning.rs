//! From scenarios to plans: overrides, parameters, caps.

use perflab_model::{
    Hint,
    environment::Environment,
    id::RunId,
    launch::Overrides,
    name::ScenarioName,
    plan::Plan,
    suite::{PlanErrors, PlanRequest, Suite},
    unit::{Millis, Rps},
};
use rstest::rstest;

use super::{environment, parse, small};

fn plan_on(suite: &Suite, environment: Environment, scenario: &str, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    let scenario: ScenarioName = scenario.parse().expect("a name");
    suite.plan(PlanRequest { run: RunId::new(uuid::Uuid::nil()), scenario: &scenario, environment, overrides, seed: 7 })
}

fn plan(suite: &Suite, scenario: &str, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    plan_on(suite, environment(), scenario, overrides)
}

fn two_kinds() -> Suite {
    parse(&small(
        "  closed: {executor: constant_vus, users: 10, spawn_rate: 2, duration: 1m}\n  \
           open: {executor: constant_rate, rate: 600, per: 1m, duration: 1m, max_in_flight: 50}",
    ))
}

#[test]
fn a_duration_includes_the_ramp() {
    let overrides = Overrides { duration: Some(Millis::from_secs(20)), ..Overrides::default() };
    let plan = plan(&two_kinds(), "closed", &overrides).expect("a plan");
    assert_eq!(plan.load.duration(), Millis::from_secs(20));
    assert_eq!(plan.load.planned_at(2.5), 5.0);
    assert_eq!(plan.load.planned_at(19.0), 10.0);
}

#[test]
fn a_rate_counts_in_its_own_time() {
    let plan = plan(&two_kinds(), "open", &Overrides::default()).expect("a plan");
    assert_eq!(plan.load.peak_rate(), Rps::new(10.0).ok());
    assert_eq!(plan.seed, 7);
}

#[rstest]
#[case("open", Overrides { users: Some(5), ..Overrides::default() }, "overrides.users", "`users` does not fit the executor constant_rate")]
#[case("closed", Overrides { rate: Some(5.0), ..Overrides::default() }, "overrides.rate", "`rate` does not fit the executor constant_vus")]
#[case("closed", Overrides { users: Some(0), ..Overrides::default() }, "overrides.users", "`users` cannot be 0")]
#[case("open", Overrides { rate: Some(f64::NAN), ..Overrides::default() }, "overrides.rate", "`rate` cannot be NaN")]
#[case("closed", Overrides { duration: Some(Millis::from_secs(5)), ..Overrides::default() }, "overrides.duration", "nothing is held: 10 users need 5s to start, and the whole run takes 5s")]
#[case("closed", Overrides { users: Some(3000), spawn_rate: Some(1000.0), ..Overrides::default() }, "overrides.users", "3000 users are above the cap of 2000 for environment `local`")]
#[case("open", Overrides { rate: Some(30_000.0), ..Overrides::default() }, "overrides.rate", "30,000/s is above the cap of 20,000/s for environment `local`")]
#[case("open", Overrides { max_in_flight: Some(9000), ..Overrides::default() }, "overrides.max_in_flight", "9000 iterations at once are above the cap of 5000 for environment `local`")]
#[case("open", Overrides { duration: Some(Millis::from_secs(36_000)), ..Overrides::default() }, "overrides.duration", "10h is above the longest run of 4h for environment `local`")]
#[case("opn", Overrides::default(), "scenario", "the suite has no scenario `opn`")]
fn what_stands_in_the_way_is_told_with_its_field(
    #[case] scenario: &str,
    #[case] overrides: Overrides,
    #[case] field: &str,
    #[case] message: &str,
) {
    let errors = plan(&two_kinds(), scenario, &overrides).expect_err("it cannot be planned");
    let problem = &errors.field_problems()[0];
    assert_eq!((problem.field.as_str(), problem.message.as_str()), (field, message));
    assert!(problem.hint.is_some());
}

#[test]
fn everything_in_the_way_is_told_at_once() {
    let overrides = Overrides {
        users: Some(1),
        rate: Some(-1.0),
        parameters: [("NOPE".to_owned(), "1".to_owned())].into_iter().collect(),
        ..Overrides::default()
    };
    let errors = plan(&two_kinds(), "open", &overrides).expect_err("it cannot be planned");
    assert_eq!(errors.iter().count(), 3, "{errors}");
}

#[test]
fn a_preview_shows_the_load_even_above_the_cap() {
    let scenario: ScenarioName = "closed".parse().expect("a name");
    let overrides = Overrides { users: Some(2500), spawn_rate: Some(100.0), ..Overrides::default() };
    let request = PlanRequest {
        run: RunId::new(uuid::Uuid::nil()),
        scenario: &scenario,
        environment: environment(),
        overrides: &overrides,
        seed: 7,
    };
    let draft = two_kinds().draft(request);
    assert_eq!(draft.plan.and_then(|plan| plan.load.peak_users()), Some(2500));
    assert_eq!(draft.problems.len(), 1);
}

const WITH_PARAMETERS: &str = "
version: 1
suite: small
parameters:
  USERS: {default: 5, range: [1, 50], description: how many}
  TIME: 1m
  CITY: Paris
flows:
  home: {steps: [{get: '/search?in=${param.CITY}', name: search}]}
classes:
  visitor: {flows: {home: 1}}
scenarios:
  one: {executor: constant_vus, users: '${param.USERS}', duration: '${param.TIME}'}
";

#[test]
fn parameters_fill_numbers_durations_and_texts() {
    let suite = parse(WITH_PARAMETERS);
    let kinds: Vec<&str> = suite.parameters().iter().map(|parameter| parameter.kind.name()).collect();
    assert_eq!(kinds, ["number", "duration", "text"]);
    let set = |pairs: &[(&str, &str)]| Overrides {
        parameters: pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..Overrides::default()
    };
    let made = plan(&suite, "one", &set(&[("USERS", "7"), ("TIME", "30s")])).expect("a plan");
    assert_eq!(made.load.summary(), "7 users, 30s");
    let too_many = plan(&suite, "one", &set(&[("USERS", "51")])).expect_err("outside the range");
    assert_eq!(too_many.to_string(), "51 is above 50, the largest value of USERS");
    let sly = plan(&suite, "one", &set(&[("CITY", "${secret.ADMIN}")])).expect_err("a placeholder");
    assert_eq!(sly.to_string(), "the value of CITY must not hold placeholders");
    let misspelt = plan(&suite, "one", &set(&[("USER", "3")])).expect_err("no such parameter");
    assert_eq!(misspelt.hint().as_deref(), Some("did you mean `USERS`?"));
    let empty = plan(&suite, "one", &set(&[("TIME", "0")])).expect_err("no time");
    assert!(empty.to_string().contains("with these parameters the suite is wrong"), "{empty}");
}

#[test]
fn variables_come_from_the_environment_or_the_suite() {
    let text = "
version: 1
suite: small
variables: {region: eu, shop: }
flows:
  home: {steps: [{get: '/${region}/${shop}', name: home}]}
classes:
  visitor: {flows: {home: 1}}
scenarios:
  one: {executor: constant_vus, users: 1, duration: 1m}
";
    let suite = parse(text);
    let errors = plan(&suite, "one", &Overrides::default()).expect_err("the shop is missing");
    assert_eq!(errors.to_string(), "the environment `local` has no variable `shop`");
    let mut place = environment();
    place.variables.insert("shop".to_owned(), "12".to_owned());
    let made = plan_on(&suite, place, "one", &Overrides::default()).expect("a plan");
    assert_eq!(made.environment.variables["region"], "eu");
    assert_eq!(made.environment.variables["shop"], "12");
}

#[test]
fn a_missing_feed_file_is_missed_when_a_plan_needs_it() {
    let text = "
version: 1
suite: small
feeds: {users: {file: users.csv}}
flows:
  home: {steps: [{get: '/${feed.users.id}', name: home}]}
classes:
  visitor: {flows: {home: 1}}
scenarios:
  one: {executor: constant_vus, users: 1, duration: 1m}
";
    let errors = plan(&parse(text), "one", &Overrides::default()).expect_err("no file");
    assert_eq!(errors.to_string(), "the feed `users` needs the file users.csv");
}

#[test]
fn a_rule_of_the_suite_about_requests_that_a_scenario_never_sends_does_not_judge_it() {
    let text = "
version: 1
suite: small
thresholds: ['p95 < 1s for shop', 'error_rate < 1%']
flows:
  home: {steps: [{get: /, name: home}]}
  shop: {steps: [{get: /shop, name: shop}]}
classes:
  visitor: {flows: {home: 1}}
  buyer: {flows: {shop: 1}}
defaults: {executor: constant_vus, users: 1, duration: 1m}
scenarios:
  all: {}
  visitors: {classes: [visitor]}
";
    let suite = parse(text);
    let rules: Vec<usize> = suite.scenarios().iter().map(|scenario| scenario.rules.len()).collect();
    assert_eq!(rules, [2, 1]);
}

/// A suite whose users read a feed of five rows, each for one user only.
fn with_unique_rows(scenarios: &str) -> Suite {
    let text = format!(
        "
version: 1
suite: small
feeds: {{people: {{file: people.csv, order: unique}}}}
auth:
  token: {{login: {{post: '/in?id=${{feed.people.id}}'}}, bearer_from: /t, prefetch: 5}}
flows:
  home: {{steps: [{{get: '/${{feed.people.id}}', name: home}}]}}
  other: {{steps: [{{get: /other}}]}}
classes:
  reader: {{weight: 1, flows: {{home: 1}}}}
  stranger: {{weight: 1, flows: {{other: 1}}}}
  member: {{weight: 1, auth: token, flows: {{home: 1}}}}
defaults: {{classes: [reader]}}
scenarios:
{scenarios}
"
    );
    let files = [("people.csv".to_owned(), "id\n1\n2\n3\n4\n5\n".to_owned())].into_iter().collect();
    Suite::parse(&text, &files).unwrap_or_else(|errors| panic!("{errors}"))
}

#[rstest]
#[case::as_many_users_as_rows("executor: constant_vus, users: 5, duration: 1m", "")]
#[case::more_users(
    "executor: constant_vus, users: 6, duration: 1m",
    "the feed `people` has 5 rows for 6 users at once, and each row is for one only (order: unique)"
)]
#[case::half_of_them_read_it(
    "executor: constant_vus, users: 6, duration: 1m, classes: [reader, stranger]",
    "the feed `people` has 5 rows for 6 users at once, and each row is for one only (order: unique)"
)]
#[case::none_of_them_reads_it("executor: constant_vus, users: 6, duration: 1m, classes: [stranger]", "")]
#[case::as_many_at_once_as_rows("executor: constant_rate, rate: 5, duration: 1m, max_in_flight: 5", "")]
#[case::more_at_once(
    "executor: constant_rate, rate: 5, duration: 1m, max_in_flight: 50",
    "the feed `people` has 5 rows for 50 iterations at once, and each row is for one only (order: unique)"
)]
#[case::tokens_are_fetched_before(
    "executor: constant_rate, rate: 5, duration: 1m, max_in_flight: 50, classes: [member]",
    ""
)]
fn rows_for_one_user_each_must_suffice(#[case] load: &str, #[case] expected: &str) {
    let suite = with_unique_rows(&format!("  one: {{{load}}}"));
    let errors = plan(&suite, "one", &Overrides::default()).map_or_else(|errors| errors.to_string(), |_| String::new());
    assert_eq!(errors, expected);
}

#[test]
fn http_2_over_tls_needs_tls() {
    let suite = parse(
        &small("  one: {executor: constant_vus, users: 1, duration: 1m}")
            .replace("flows:\n", "http: {version: h2}\nflows:\n"),
    );
    let errors = plan(&suite, "one", &Overrides::default()).expect_err("no TLS");
    let problem = &errors.field_problems()[0];
    assert_eq!(
        (problem.field.as_str(), problem.message.as_str()),
        (
            "environment",
            "the suite wants HTTP/2 over TLS (version: h2), and the environment `local` is http://127.0.0.1:8000/"
        )
    );
    let mut place = environment();
    place.base_url = "https://127.0.0.1:8000".parse().expect("an address");
    plan_on(&suite, place, "one", &Overrides::default()).expect("a plan");
}

#[test]
fn a_duration_that_leaves_nothing_after_the_warm_up_is_refused() {
    let suite = parse(&small("  one: {executor: constant_vus, users: 1, duration: 1m, warmup: 10s}"));
    let of =
        |seconds: u64| plan(&suite, "one", &Overrides { duration: Some(Millis::new(seconds)), ..Overrides::default() });
    of(11_000).expect("one second is measured");
    let errors = of(10_900).expect_err("no whole second is left");
    let problem = &errors.field_problems()[0];
    assert_eq!(
        (problem.field.as_str(), problem.message.as_str()),
        ("overrides.duration", "nothing is measured: the warm-up takes 10s, and the whole run 10900ms")
    );
}

#[test]
fn users_who_come_after_others_left_count_against_the_cap_too() {
    let waves = "[{to: 900, for: 1m}, {to: 0, for: 1m}, {to: 900, for: 1m}, {to: 0, for: 1m}, {to: 900, for: 1m}]";
    let suite = parse(&small(&format!("  one: {{executor: ramping_vus, stages: {waves}}}")));
    let errors = plan(&suite, "one", &Overrides::default()).expect_err("2700 users are made");
    let problem = &errors.field_problems()[0];
    assert_eq!(
        (problem.field.as_str(), problem.message.as_str()),
        (
            "overrides.users",
            "2700 users are started in all as users come and go, above the cap of 2000 for environment `local`"
        )
    );
}

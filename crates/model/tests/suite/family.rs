//! Which runs did the same, by the hash of their plans.

use std::collections::BTreeMap;

use perflab_model::{
    bench::{Amount, Case, CaseWarmup, Cases, Operation, Work},
    id::RunId,
    launch::Overrides,
    load::Load,
    name::{CaseName, ScenarioName},
    plan::Plan,
    suite::{PlanRequest, Suite},
    unit::Millis,
};
use rstest::rstest;

use super::environment;

const SUITE: &str = "
version: 1
suite: shop
tags: [all]
parameters: {LIMIT: 200}
variables: {CITY: Paris, UNUSED: x}
thresholds: ['p95 < ${param.LIMIT}ms']
feeds: {users: {file: users.csv}}
auth: {token: {login: {post: /login, json: {email: '${feed.users.email}'}}, bearer_from: /token}}
flows:
  home: {tags: [quick], steps: [{get: '/search?in=${CITY}', name: search, tags: [read]}]}
classes:
  visitor: {auth: token, flows: {home: 1}}
scenarios:
  one: {title: The first, executor: constant_vus, users: 5, duration: 1m}
";

fn planned(text: &str, rows: &str, overrides: &Overrides, change: impl Fn(&mut Plan)) -> Plan {
    let files = BTreeMap::from([("users.csv".to_owned(), rows.to_owned())]);
    let suite = Suite::parse(text, &files).unwrap_or_else(|errors| panic!("{errors}"));
    let scenario: ScenarioName = "one".parse().expect("a name");
    let run = RunId::new(uuid::Uuid::nil());
    let request = PlanRequest { run, scenario: &scenario, environment: environment(), overrides, seed: 7 };
    let mut plan = suite.plan(request).unwrap_or_else(|errors| panic!("{errors}"));
    change(&mut plan);
    plan
}

const ROWS: &str = "email\na@example.com\n";

fn family(text: &str) -> String {
    planned(text, ROWS, &Overrides::default(), |_| ()).family()
}

#[rstest]
#[case::thresholds(SUITE.replace("p95 <", "p99 <"))]
#[case::a_parameter_of_a_rule(SUITE.replace("LIMIT: 200", "LIMIT: 300"))]
#[case::tags(SUITE.replace("[quick]", "[slow]").replace("[read]", "[write]"))]
#[case::texts(SUITE.replace("The first", "The only"))]
#[case::a_variable_that_nothing_asks_for(SUITE.replace("UNUSED: x", "UNUSED: y"))]
fn what_judges_and_what_people_read_is_no_part_of_a_family(#[case] other: String) {
    assert_ne!(other, SUITE);
    assert_eq!(family(&other), family(SUITE));
}

#[rstest]
#[case::users(SUITE.replace("users: 5", "users: 6"))]
#[case::a_path(SUITE.replace("/search", "/find"))]
#[case::the_value_of_a_variable(SUITE.replace("CITY: Paris", "CITY: Rome"))]
#[case::a_log_in(SUITE.replace("post: /login", "post: /sign-in"))]
#[case::how_requests_are_sent(format!("{SUITE}http: {{reuse: false}}\n"))]
fn what_a_run_does_makes_its_family(#[case] other: String) {
    assert_ne!(other, SUITE);
    assert_ne!(family(&other), family(SUITE));
}

#[test]
fn other_test_data_and_another_number_of_users_are_another_family() {
    let of = |rows: &str, overrides: &Overrides| planned(SUITE, rows, overrides, |_| ()).family();
    assert_ne!(of("email\nb@example.com\n", &Overrides::default()), family(SUITE));
    let more = Overrides { users: Some(6), ..Overrides::default() };
    assert_eq!(of(ROWS, &more), family(&SUITE.replace("users: 5", "users: 6")));
}

#[test]
fn seed_place_and_certificates_are_no_part_of_a_family() {
    let elsewhere = planned(SUITE, ROWS, &Overrides { seed: Some(99), ..Overrides::default() }, |plan| {
        plan.environment.base_url = "http://127.0.0.1:9000".parse().expect("an address");
        plan.http.ca = Some("renewed".to_owned());
        plan.environment.variables.insert("BUILD".to_owned(), "17".to_owned());
    });
    assert_eq!(elsewhere.family(), family(SUITE));
}

fn hash_case() -> Case {
    let name: CaseName = "hash [cost=12]".parse().expect("a name");
    let parameters = [("cost".to_owned(), 12.into()), ("rounds".to_owned(), 1.into())].into_iter().collect();
    Case {
        name,
        base: "hash".parse().expect("a name"),
        title: None,
        combination: [("cost".to_owned(), "12".to_owned())].into_iter().collect(),
        work: Work::Single(Operation::Builtin { name: "auth.hash".to_owned(), parameters }),
        expect: indexmap::IndexMap::new(),
        amount: Amount::Iterations(100),
        warmup: CaseWarmup::Auto,
        concurrency: 1,
        leak_check: true,
        target_ns: Some(2e8),
        max_ns: None,
        rationale: Some("a person waits for it".to_owned()),
        category: None,
        critical: false,
        hints: Vec::new(),
        at_most: Millis::from_secs(600),
    }
}

fn of_cases(cases: Vec<Case>) -> Plan {
    planned(SUITE, ROWS, &Overrides::default(), |plan| {
        plan.load = Load::Cases(Cases { cases: cases.clone(), ..Cases::default() });
    })
}

#[test]
fn a_case_keeps_its_family_when_its_limits_or_other_cases_change() {
    let judged = Case { target_ns: Some(1e8), critical: true, hints: vec!["look".to_owned()], ..hash_case() };
    let other = Case { name: "verify".parse().expect("a name"), ..hash_case() };
    let (one, two) = (of_cases(vec![hash_case()]), of_cases(vec![judged.clone(), other]));
    assert_eq!(one.family_of(&hash_case()), two.family_of(&judged));
    assert_ne!(one.family(), two.family());
    let slower = Case { amount: Amount::Iterations(200), ..hash_case() };
    assert_ne!(one.family_of(&hash_case()), one.family_of(&slower));
}

/// An upgrade must not part a lab's runs from their history: what was said before is hashed as before. If this fails after
/// a key was added to plans, leave the key out of the JSON where it says nothing.
#[test]
fn families_stay_what_they_were() {
    let plan = of_cases(vec![hash_case()]);
    let said = [family(SUITE), plan.family(), plan.family_of(&hash_case())].map(|hash| hash[..16].to_owned());
    assert_eq!(said, ["660108e48bac3155", "962d8b12dbd2eca7", "ad5161fdfca94ae9"]);
}

//! Benchmark suites: cases, their combinations, budgets, rules, and the plans that they become.

use std::collections::BTreeMap;

use perflab_model::{
    bench::{Amount, Case, CaseWarmup, CommandOutput, Operation, WHOLE_SUITE, Work},
    capacity::{CapacityUnit, Level},
    environment::Environment,
    id::RunId,
    launch::{LaunchRequest, Overrides},
    load::Load,
    name::ScenarioName,
    plan::Plan,
    suite::{PlanErrors, PlanRequest, Suite, SuiteKind},
    unit::Millis,
};
use proptest::prelude::*;
use rstest::rstest;

use super::{environment, errors::errors, parse};

/// All forms that a case can have.
const EXAMPLE: &str = r#"
version: 1
suite: authentication
parameters: {LOGIN_TARGET_MS: 200, LOGIN_MAX_MS: 500, PERFORMANCE_ITERATIONS: 500}
defaults: {iterations: "${param.PERFORMANCE_ITERATIONS}", warmup: auto, leak_check: true}
cases:
  limiter:
    pair: {without: {builtin: auth.plain}, with: {builtin: auth.limited}}    # interleaved
    thresholds: ["overhead < 5ms"]
    rationale: "the seed's budget"
  blacklist:
    pair: {without: {builtin: auth.plain}, with: {builtin: auth.blacklist}}
  audit:
    pair: {without: {builtin: auth.plain}, with: {builtin: auth.audit}}
    max: 2ms
    rationale: audited on every request
  login:
    operation: {builtin: auth.login}
    expect: {token: valid}                    # a wrong answer is an error, never a sample
    target: "${param.LOGIN_TARGET_MS}ms"      # of the mean
    max: "${param.LOGIN_MAX_MS}ms"
    thresholds: ["p95 < 450ms warn"]
    rationale: "a person waits for it"        # required beside a target
    category: financial
    critical: true                            # judged first
    hints: [password hash cost, database query, network]
    matrix: {cost: [10, 12]}                  # one case for each combination
    concurrency: [1, 5, 10, 20]
budgets: {security: {limit: 15ms, parts: [limiter, blacklist, audit]}}       # budget(security) in a rule
"#;

fn planned(suite: &Suite, environment: Environment, overrides: &Overrides) -> Result<Plan, PlanErrors> {
    let scenario = ScenarioName::whole_suite();
    suite.plan(PlanRequest { run: RunId::new(uuid::Uuid::nil()), scenario: &scenario, environment, overrides, seed: 7 })
}

fn plan(text: &str) -> Plan {
    planned(&parse(text), environment(), &Overrides::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A suite with this one case, whose keys begin in line 5.
pub(crate) fn with_case(keys: &str) -> String {
    let keys = keys.replace('\n', "\n    ");
    format!("version: 1\nsuite: small\ncases:\n  one:\n    {keys}\n")
}

fn first(text: &str) -> Case {
    parse(text).cases()[0].case.clone()
}

fn names(plan: &Plan) -> Vec<&str> {
    let Load::Cases(cases) = &plan.load else { panic!("a benchmark") };
    cases.cases.iter().map(|case| case.name.as_str()).collect()
}

fn rules(plan: &Plan) -> Vec<String> {
    plan.rules.iter().map(|rule| format!("{} | {}", rule.source, rule.threshold)).collect()
}

#[test]
fn the_example_becomes_a_case_for_each_combination_critical_ones_first() {
    let suite = parse(EXAMPLE);
    assert_eq!(suite.kind(), SuiteKind::Benchmark);
    assert!(suite.scenarios().is_empty());
    assert_eq!(suite.scenario_names(), [WHOLE_SUITE]);
    let plan = plan(EXAMPLE);
    let expected: Vec<String> = [10, 12]
        .into_iter()
        .flat_map(|cost| [1, 5, 10, 20].map(|threads| format!("login [cost={cost}, concurrency={threads}]")))
        .chain(["limiter", "blacklist", "audit"].map(str::to_owned))
        .collect();
    assert_eq!(names(&plan), expected);
    let Load::Cases(cases) = &plan.load else { panic!("a benchmark") };
    let login = &cases.cases[1];
    assert_eq!((login.base.as_str(), login.concurrency), ("login", 5));
    assert_eq!(
        login.combination.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
        ["cost=10", "concurrency=5"]
    );
    let Work::Single(Operation::Builtin { name, parameters }) = &login.work else { panic!("a builtin") };
    assert_eq!((name.as_str(), &parameters["cost"]), ("auth.login", &10.into()));
    assert_eq!(login.amount, Amount::Iterations(500));
    assert_eq!(login.warmup, CaseWarmup::Auto);
    assert_eq!((login.target_ns, login.max_ns), (Some(200e6), Some(500e6)));
    assert_eq!(login.expect["token"], "valid");
    assert!(login.critical && login.leak_check);
    assert_eq!(login.hints, ["password hash cost", "database query", "network"]);
    assert_eq!(login.at_most, Millis::from_secs(600));
    assert_eq!(cases.budgets[0].parts, ["limiter", "blacklist", "audit"]);
    assert_eq!(cases.budgets[0].limit_ns, 15e6);
    assert_eq!(plan.scenario.as_str(), WHOLE_SUITE);
    assert_eq!(plan.load.summary(), "11 cases, at most 1h50m");
}

#[test]
fn limits_of_the_mean_rules_and_the_check_for_leaks_judge_each_case_alone() {
    let rules = rules(&plan(EXAMPLE));
    assert_eq!(
        &rules[..3],
        [
            "case login | avg < 200ms, max 500ms for login [cost=10, concurrency=1]",
            "case login | p95 < 450ms warn for login [cost=10, concurrency=1]",
            "case login | memory slope < 5KB per 1 ops for login [cost=10, concurrency=1]",
        ]
    );
    assert_eq!(
        &rules[24..],
        [
            "case limiter | overhead < 5ms for limiter",
            "case limiter | memory slope < 5KB per 1 ops for limiter",
            "case blacklist | memory slope < 5KB per 1 ops for blacklist",
            "case audit | overhead < 2ms for audit",
            "case audit | memory slope < 5KB per 1 ops for audit",
        ]
    );
}

#[rstest]
#[case("target: 0.08ms", "avg < 0.08ms warn for one", Some(8e4), None)]
#[case("max: 80µs", "avg < 80µs for one", None, Some(8e4))]
#[case("target: 1.5 ms\nmax: 2 s", "avg < 1.5ms, max 2s for one", Some(1.5e6), Some(2e9))]
fn a_target_warns_and_a_maximum_fails(
    #[case] limits: &str,
    #[case] rule: &str,
    #[case] target: Option<f64>,
    #[case] max: Option<f64>,
) {
    let text = with_case(&format!("operation: {{builtin: a}}\nleak_check: false\nrationale: people wait\n{limits}"));
    assert_eq!(rules(&plan(&text)), [format!("case one | {rule}")]);
    let case = first(&text);
    assert_eq!((case.target_ns, case.max_ns), (target, max));
    assert_eq!(case.rationale.as_deref(), Some("people wait"));
}

#[test]
fn a_rule_of_the_suite_judges_each_case_that_has_its_measure() {
    let suite = "
version: 1
suite: small
thresholds: ['p95 < 1ms', 'overhead < 5ms', 'memory slope < 10MB per 1000 ops for h*', 'overhead < budget(all)', 'p99 < 2ms at 5 users']
defaults: {thresholds: ['error_rate == 0', 'throughput > 10']}
cases:
  hash: {operation: {builtin: a}, concurrency: [1, 5]}
  pair: {pair: {without: {builtin: a}, with: {builtin: b}}, leak_check: false}
  own: {operation: {sql: SELECT 1}, thresholds: []}
budgets: {all: {limit: 1ms, parts: [pair]}}
";
    assert_eq!(
        rules(&plan(suite)),
        [
            "suite small | p95 < 1ms for hash [concurrency=1]",
            "suite small | memory slope < 10MB per 1000 ops for hash [concurrency=1]",
            "case hash | error_rate == 0 for hash [concurrency=1]",
            "case hash | throughput > 10 for hash [concurrency=1]",
            "case hash | memory slope < 5KB per 1 ops for hash [concurrency=1]",
            "suite small | p95 < 1ms for hash [concurrency=5]",
            "suite small | memory slope < 10MB per 1000 ops for hash [concurrency=5]",
            "suite small | p99 < 2ms at 5 users for hash [concurrency=5]",
            "case hash | error_rate == 0 for hash [concurrency=5]",
            "case hash | throughput > 10 for hash [concurrency=5]",
            "case hash | memory slope < 5KB per 1 ops for hash [concurrency=5]",
            "suite small | p95 < 1ms for pair",
            "suite small | overhead < 5ms for pair",
            "case pair | error_rate == 0 for pair",
            "suite small | p95 < 1ms for own",
            "suite small | overhead < budget(all)",
        ]
    );
}

#[test]
fn a_matrix_fills_placeholders_with_their_type_and_parameters_by_name() {
    let case = first(&with_case(
        "operation: {sql: {query: 'SELECT $1', params: ['${matrix.rows}', 'x${matrix.rows}', null, '${int(1,9)}']}}\nmatrix: {rows: [10, 20]}\niterations: '${matrix.rows}'",
    ));
    assert_eq!(case.name.as_str(), "one [rows=10]");
    assert_eq!(case.amount, Amount::Iterations(10));
    let Work::Single(Operation::Sql { params, .. }) = &case.work else { panic!("a statement") };
    assert_eq!(serde_json::to_string(params).expect("JSON"), r#"[10,"x10",null,"${int(1,9)}"]"#);
    let case = first(&with_case(
        "operation: {builtin: {name: hash, memory: '${matrix.size}k'}}\nmatrix: {size: [64], cost: [3], fast: [true]}",
    ));
    let Work::Single(Operation::Builtin { parameters, .. }) = &case.work else { panic!("a builtin") };
    assert_eq!(serde_json::to_string(parameters).expect("JSON"), r#"{"memory":"64k","cost":3,"fast":true}"#);
    assert_eq!(case.name.as_str(), "one [size=64, cost=3, fast=true]");
}

#[test]
fn operations_of_every_kind_are_read() {
    let suite = parse(
        "
version: 1
suite: small
variables: {CITY: Paris}
auth: {token: {login: {post: /login}, bearer_from: /token}}
cases:
  sent:
    operation:
      http: {post: '/find?in=${CITY}', json: {a: 1}, expect: [200, 2xx], checks: [{json_pointer: /id}], auth: token, timeout: 2s}
  asked:
    operation: {sql: {query: 'SELECT $1', params: [1], database: '${secret.DB}', before: CREATE TABLE t, after: [DROP TABLE t], explain: true}}
    time: 5s
    warmup: 20
  called: {operation: {command: {name: parse, args: [--fast, 3], output: milliseconds}}, warmup: none}
  short: {operation: {command: parse}, at_most: 1m}
",
    );
    let cases: Vec<&Case> = suite.cases().iter().map(|one| &one.case).collect();
    let Work::Single(Operation::Http { request, auth }) = &cases[0].work else { panic!("a request") };
    assert_eq!((request.name.as_str(), auth.as_deref(), request.checks.len()), ("POST /find", Some("token"), 2));
    let Work::Single(Operation::Sql { database, before, after, explain, .. }) = &cases[1].work else { panic!("sql") };
    assert_eq!((database.as_deref(), before.len(), after.len(), *explain), (Some("DB"), 1, 1, true));
    assert_eq!((cases[1].amount, cases[1].warmup), (Amount::Time(Millis::from_secs(5)), CaseWarmup::Iterations(20)));
    let called = Operation::Command {
        name: "parse".to_owned(),
        args: vec!["--fast".to_owned(), "3".to_owned()],
        output: CommandOutput::Milliseconds,
    };
    assert_eq!((&cases[2].work, cases[2].warmup), (&Work::Single(called), CaseWarmup::None));
    assert_eq!((cases[3].amount, cases[3].at_most), (Amount::Iterations(100), Millis::from_secs(60)));
    assert!(cases.iter().all(|case| !case.leak_check), "memory is watched of builtin operations only");
    let plan = planned(&suite, environment(), &Overrides::default()).expect("a plan");
    assert_eq!(plan.secrets(), ["DB"]);
    assert_eq!(plan.auth.len(), 1);
    assert_eq!(plan.environment.variables["CITY"], "Paris");
}

#[test]
fn a_launch_can_name_cases_and_only_what_judges_them_is_asked() {
    let suite = parse(EXAMPLE);
    let of = |cases: &[&str]| Overrides {
        cases: cases.iter().map(|name| (*name).to_owned()).collect(),
        ..Overrides::default()
    };
    let plan = planned(&suite, environment(), &of(&["audit", "login [cost=10*"])).expect("a plan");
    assert_eq!(names(&plan).len(), 5);
    assert_eq!(plan.rules.len(), 14);
    let Load::Cases(cases) = &plan.load else { panic!("a benchmark") };
    assert!(cases.budgets.is_empty(), "a budget without some of its parts cannot be judged");
    assert_eq!(names(&planned(&suite, environment(), &of(&["login"])).expect("a plan")).len(), 8);
    let errors = planned(&suite, environment(), &of(&["logn"])).expect_err("no such case");
    let problem = &errors.field_problems()[0];
    assert_eq!((problem.field.as_str(), problem.message.as_str()), ("overrides.cases", "the suite has no case `logn`"));
    assert_eq!(problem.hint.as_deref(), Some("did you mean `login`?"));
}

#[test]
fn the_number_of_a_budget_stays_in_a_rule_whose_other_parts_are_left_out() {
    let text = "
version: 1
suite: small
cases:
  a: {operation: {builtin: a}, leak_check: false, thresholds: ['avg < budget( all ) warn']}
  b: {operation: {builtin: b}}
budgets: {all: {limit: 1.5ms, parts: [a, b]}}
";
    let overrides = Overrides { cases: vec!["a".to_owned()], ..Overrides::default() };
    let plan = planned(&parse(text), environment(), &overrides).expect("a plan");
    assert_eq!(rules(&plan), ["case a | avg < 1.5ms warn for a"]);
}

#[rstest]
#[case(Overrides { users: Some(5), ..Overrides::default() }, "overrides.users")]
#[case(Overrides { rate: Some(5.0), ..Overrides::default() }, "overrides.rate")]
#[case(Overrides { duration: Some(Millis::from_secs(5)), ..Overrides::default() }, "overrides.duration")]
#[case(Overrides { classes: vec!["a".to_owned()], ..Overrides::default() }, "overrides.classes")]
fn what_belongs_to_load_is_refused(#[case] overrides: Overrides, #[case] field: &str) {
    let errors = planned(&parse(EXAMPLE), environment(), &overrides).expect_err("it cannot be planned");
    let problem = &errors.field_problems()[0];
    assert_eq!(problem.field, field);
    assert!(
        problem.message.ends_with("belongs to suites with scenarios, and this one has cases"),
        "{}",
        problem.message
    );
    assert!(problem.hint.as_deref().is_some_and(|hint| hint.contains("--set NAME=VALUE")));
}

#[test]
fn cases_are_refused_of_a_load_suite_and_scenarios_of_a_benchmark() {
    let load = parse(&super::small("  one: {executor: constant_vus, users: 1, duration: 1m}"));
    let overrides = Overrides { cases: vec!["a".to_owned()], ..Overrides::default() };
    let run = RunId::new(uuid::Uuid::nil());
    let ask = |suite: &Suite, scenario: &str, overrides: &Overrides| {
        let scenario: ScenarioName = scenario.parse().expect("a name");
        let request = PlanRequest { run, scenario: &scenario, environment: environment(), overrides, seed: 7 };
        suite.plan(request).expect_err("it cannot be planned").field_problems()[0].clone()
    };
    assert_eq!(ask(&load, "one", &overrides).field, "overrides.cases");
    let smoke = ask(&parse(EXAMPLE), "smoke", &Overrides::default());
    assert_eq!((smoke.field.as_str(), smoke.hint.as_deref()), ("scenario", Some("known are cases")));
    let nothing = ask(&load, WHOLE_SUITE, &Overrides::default());
    assert_eq!(nothing.message, "the suite has scenarios, and none of them is named");
    assert_eq!((nothing.field.as_str(), nothing.hint.as_deref()), ("scenario", Some("choose one of one")));
}

#[test]
fn a_capacity_search_has_no_use_for_cases() {
    let scenario = ScenarioName::whole_suite();
    let run = RunId::new(uuid::Uuid::nil());
    let overrides = Overrides { users: Some(5), ..Overrides::default() };
    let request = PlanRequest { run, scenario: &scenario, environment: environment(), overrides: &overrides, seed: 7 };
    let level = Level { unit: CapacityUnit::Users, amount: 5.0, hold: Millis::from_secs(10) };
    let draft = parse(EXAMPLE).level_draft(request, &level);
    let said: Vec<String> = draft.problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["the suite `authentication` has cases, and a capacity search needs users or a rate"]);
    assert!(draft.plan.is_none());
}

#[test]
fn a_parameter_sets_limits_and_amounts() {
    let parameters = [("LOGIN_MAX_MS", "300"), ("PERFORMANCE_ITERATIONS", "50")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    let overrides = Overrides { parameters, ..Overrides::default() };
    let plan = planned(&parse(EXAMPLE), environment(), &overrides).expect("a plan");
    let Load::Cases(cases) = &plan.load else { panic!("a benchmark") };
    assert_eq!((cases.cases[0].amount, cases.cases[0].max_ns), (Amount::Iterations(50), Some(300e6)));
    assert!(rules(&plan)[0].contains("max 300ms"));
    let wrong = [("LOGIN_MAX_MS".to_owned(), "100".to_owned())].into_iter().collect();
    let errors = planned(&parse(EXAMPLE), environment(), &Overrides { parameters: wrong, ..Overrides::default() });
    let message = errors.expect_err("the target is beyond the maximum").to_string();
    assert!(message.contains("the target of 200ms is beyond the maximum of 100ms"), "{message}");
}

#[test]
fn all_cases_together_take_no_longer_than_the_environment_allows() {
    let mut environment = environment();
    environment.caps.duration = Millis::from_secs(60);
    environment.caps.users = 4;
    let plan = planned(&parse(EXAMPLE), environment.clone(), &Overrides::default()).expect("a plan");
    assert_eq!(plan.load.duration(), Millis::from_secs(60));
    assert!(plan.load.ends_early());
    let sending = with_case("operation: {http: {get: /}}\nconcurrency: [4, 5]");
    let errors = planned(&parse(&sending), environment, &Overrides::default()).expect_err("too many threads");
    assert_eq!(
        errors.to_string(),
        "`one [concurrency=5]` sends from 5 threads at once, above the cap of 4 users for environment `local`"
    );
}

#[test]
fn a_launch_of_a_benchmark_suite_needs_no_scenario() {
    let request: LaunchRequest = serde_json::from_str(r#"{"suite": "authentication"}"#).expect("a request");
    assert_eq!(request.scenario, ScenarioName::whole_suite());
}

/// What the guide shows can be used as it stands.
#[test]
fn every_example_of_the_guide_is_a_suite() {
    let guide = include_str!("../../../../docs/suites.md");
    let (_, chapter) = guide.split_once("## Benchmark suites").expect("the chapter");
    let chapter = chapter.split("\n## ").next().expect("its text");
    let examples: Vec<&str> = chapter.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let cases: Vec<usize> = examples
        .iter()
        .map(|example| {
            let whole = if example.contains("suite:") {
                (*example).to_owned()
            } else {
                format!("version: 1\nsuite: small\n{example}")
            };
            parse(&whole).cases().len()
        })
        .collect();
    assert_eq!(cases, [4, 4]);
}

proptest! {
    #[test]
    fn no_value_in_any_place_of_a_case_makes_the_parser_panic(
        key in prop::sample::select(vec![
            "title", "operation", "pair", "expect", "target", "max", "rationale", "iterations", "time", "warmup",
            "concurrency", "matrix", "category", "critical", "hints", "leak_check", "at_most", "thresholds",
        ]),
        value in prop::sample::select(vec![
            "1", "-1", "1e400", "~", "text", "[]", "[1, a]", "{}", "{a: 1}", "{a: {}}", "{a: []}", "{a: [[]]}", "{a: [~, 1.5]}",
            "'${matrix.'", "'${matrix.a}'", "{builtin: '${'}", "{builtin: {name: a, name2: []}}", "{http: {get: '${'}}",
            "{sql: {query: '', params: ['${']}}", "{command: {name: ''}}", "1e300h", "99999999999999999999h", "['p95 <']",
            "['avg < budget(', 'avg < 1ms for \"a']", "{without: {}, with: {}}",
        ]),
        place in prop::sample::select(vec!["cases: {a: {KEY}}", "defaults: {KEY}\ncases: {a: {operation: {builtin: a}}}",
            "cases: {a: {operation: {builtin: a}, KEY}}", "cases: {a: {operation: {builtin: a}, matrix: {a: [1, b]}, KEY}}",
            "cases: {a: {operation: {builtin: a}}}\nbudgets: {b: {KEY, parts: [a]}}"]),
    ) {
        errors(&format!("version: 1\nsuite: a\n{}\n", place.replace("KEY", &format!("{key}: {value}"))));
        let _ = Suite::parse("", &BTreeMap::new());
    }
}

//! The suites that ship.

use std::{collections::BTreeMap, path::PathBuf};

use perflab_model::{
    bench::Operation,
    flow::Step,
    id::RunId,
    launch::Overrides,
    load::{Load, Warmup},
    name::ScenarioName,
    plan::Plan,
    suite::{PlanRequest, Suite},
    unit::Millis,
};
use rstest::rstest;

use super::environment;

fn shipped(file: &str) -> Suite {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../suites");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the file ships");
    let text = read(file);
    let wanted = Suite::files_wanted(&text).expect("YAML");
    let files: BTreeMap<String, String> = wanted.into_iter().map(|name| (name.clone(), read(&name))).collect();
    match Suite::parse(&text, &files) {
        Ok(suite) => suite,
        Err(errors) => panic!("{file}: {errors}"),
    }
}

fn planned(suite: &Suite, scenario: &str, overrides: &Overrides) -> Plan {
    let scenario: ScenarioName = scenario.parse().expect("a name");
    let request = PlanRequest {
        run: RunId::new(uuid::Uuid::nil()),
        scenario: &scenario,
        environment: environment(),
        overrides,
        seed: 1,
    };
    suite.plan(request).unwrap_or_else(|errors| panic!("{errors}"))
}

#[rstest]
#[case("smoke", 5, 115)]
#[case("baseline", 50, 575)]
#[case("load", 200, 860)]
#[case("stress", 500, 1150)]
#[case("spike", 1000, 560)]
#[case("endurance", 100, 3550)]
#[case("financial", 300, 870)]
#[case("auth", 150, 570)]
#[case("mobile", 400, 670)]
fn the_nine_scenarios_hold_their_users_after_the_ramp(#[case] name: &str, #[case] users: u32, #[case] hold_s: u64) {
    let suite = shipped("mita-load.yaml");
    let plan = planned(&suite, name, &Overrides::default());
    let Load::Closed { stages, .. } = &plan.load else { panic!("a closed run") };
    assert_eq!((stages[0].from, stages[0].to, stages[1].to), (0, users, users));
    assert_eq!(stages[1].over, Millis::from_secs(hold_s));
    assert_eq!(plan.warmup, Warmup::Ramp);
    assert_eq!(plan.warmup_time(), stages[0].over);
    assert_eq!(plan.seed, 20_260_101);
    assert_eq!(plan.secrets(), ["LOAD_PW"]);
    assert_eq!(plan.feeds[0].rows, 5000);
}

#[test]
fn the_suite_is_judged_by_its_own_rules_and_the_scenarios() {
    let suite = shipped("mita-load.yaml");
    let rules = |name: &str| -> Vec<String> {
        let plan = planned(&suite, name, &Overrides::default());
        plan.rules.iter().map(|rule| format!("{} | {}", rule.source, rule.threshold)).collect()
    };
    assert_eq!(rules("smoke"), ["suite mita | error_rate < 5%", "scenario smoke | p95 < 200ms warn"]);
    assert_eq!(rules("load").len(), 4);
    assert_eq!(rules("open_load").len(), 5);
}

#[rstest]
#[case("smoke", &["financial", "heavy", "mobile"])]
#[case("financial", &["financial", "heavy"])]
#[case("auth", &["financial"])]
#[case("mobile", &["mobile"])]
fn tags_and_classes_choose_who_comes(#[case] scenario: &str, #[case] classes: &[&str]) {
    let suite = shipped("mita-load.yaml");
    let plan = planned(&suite, scenario, &Overrides::default());
    let found: Vec<&str> = plan.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(found, classes);
}

#[rstest]
#[case::the_only_one_that_logs_in("auth", &["financial"], &["login"])]
#[case::instead_of_the_scenarios_own("mobile", &["heavy"], &["bulk_expense", "rapid_dashboard"])]
#[case::within_the_scenarios_tags("financial", &["heavy"], &["bulk_expense", "rapid_dashboard"])]
#[case::one_without_a_weight("smoke", &["reporting"], &["monthly_reporting"])]
fn classes_named_at_launch_come_instead(#[case] scenario: &str, #[case] named: &[&str], #[case] flows: &[&str]) {
    let classes: Vec<String> = named.iter().map(ToString::to_string).collect();
    let overrides = Overrides { classes: classes.clone(), ..Overrides::default() };
    let plan = planned(&shipped("mita-load.yaml"), scenario, &overrides);
    assert_eq!(plan.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>(), classes);
    assert!(plan.classes.iter().all(|class| class.weight > 0));
    let chosen: Vec<&str> = plan.classes.iter().flat_map(|class| class.flows.keys().map(String::as_str)).collect();
    assert_eq!(chosen, flows);
}

#[rstest]
#[case::unknown("smoke", "mobil", "the suite has no class `mobil`", "did you mean `mobile`?")]
#[case::nothing_to_do(
    "auth",
    "mobile",
    "`auth` has nothing to do for mobile: none of their flows is tagged auth",
    "choose other"
)]
fn a_class_that_would_do_nothing_is_refused(
    #[case] scenario: &str,
    #[case] class: &str,
    #[case] told: &str,
    #[case] hint: &str,
) {
    let scenario: ScenarioName = scenario.parse().expect("a name");
    let overrides = Overrides { classes: vec![class.to_owned()], ..Overrides::default() };
    let request = PlanRequest {
        run: RunId::new(uuid::Uuid::nil()),
        scenario: &scenario,
        environment: environment(),
        overrides: &overrides,
        seed: 1,
    };
    let problems = shipped("mita-load.yaml").plan(request).expect_err("nobody comes").field_problems();
    assert_eq!(problems[0].field, "overrides.classes");
    assert_eq!(problems[0].message, told);
    assert!(problems[0].hint.as_ref().is_some_and(|found| found.starts_with(hint)), "{problems:?}");
}

#[test]
fn the_auth_scenario_does_nothing_but_log_in() {
    let suite = shipped("mita-load.yaml");
    let plan = planned(&suite, "auth", &Overrides::default());
    assert_eq!(plan.classes[0].flows.keys().collect::<Vec<_>>(), ["login"]);
    let login = plan.flows.iter().find(|flow| flow.name == "login").expect("the flow");
    assert_eq!(login.steps, [Step::Auth { auth: "token".to_owned(), fresh: true }]);
}

#[test]
fn a_parameter_brings_in_the_reporting_users() {
    let suite = shipped("mita-load.yaml");
    let mut overrides = Overrides::default();
    overrides.parameters.insert("REPORTING_WEIGHT".to_owned(), "1".to_owned());
    overrides.parameters.insert("P95_MS".to_owned(), "150".to_owned());
    let plan = planned(&suite, "smoke", &overrides);
    assert!(plan.classes.iter().any(|class| class.name == "reporting"));
    assert!(plan.rules.iter().any(|rule| rule.threshold.text == "p95 < 150ms warn"));
    assert_eq!(plan.parameters["MAX_EXPENSE"], "500");
}

#[test]
fn the_open_scenario_is_a_ramp_and_a_hold() {
    let suite = shipped("mita-load.yaml");
    let plan = planned(&suite, "open_load", &Overrides::default());
    assert_eq!(plan.load.peak_rate().map(|rate| rate.get()), Some(100.0));
    assert_eq!(plan.load.duration(), Millis::from_secs(660));
    assert_eq!(plan.load.planned_starts(), Some(63_000.0));
    assert_eq!(plan.warmup_time(), Millis::from_secs(60));
}

#[test]
fn the_stall_suite_has_an_open_and_a_closed_run() {
    let suite = shipped("stall.yaml");
    assert_eq!(planned(&suite, "open", &Overrides::default()).load.planned_starts(), Some(24_000.0));
    assert_eq!(planned(&suite, "closed", &Overrides::default()).load.peak_users(), Some(50));
}

#[test]
fn the_version_changes_with_text_and_files_only() {
    let suite = shipped("mita-load.yaml");
    assert_eq!(suite.version_hash(), shipped("mita-load.yaml").version_hash());
    assert_eq!(suite.version_hash().len(), 64);
    assert_ne!(suite.version_hash(), shipped("stall.yaml").version_hash());
}

#[test]
fn a_plan_survives_the_way_to_the_runner() {
    let suite = shipped("mita-load.yaml");
    for scenario in suite.scenarios() {
        let plan = planned(&suite, scenario.name.as_str(), &Overrides::default());
        let json = serde_json::to_string(&plan).expect("plans are JSON");
        assert_eq!(serde_json::from_str::<Plan>(&json).expect("the same plan"), plan);
    }
}

#[rstest]
#[case("income_classification_performance.yaml", 15)]
#[case("authentication_performance.yaml", 16)]
#[case("security_impact_performance.yaml", 12)]
#[case("memory_performance.yaml", 9)]
#[case("database_performance.yaml", 15)]
#[case("guidelines_performance.yaml", 37)]
fn the_benchmark_suites_become_cases_with_limits_that_say_why(#[case] file: &str, #[case] count: usize) {
    let suite = shipped(file);
    let plan = planned(&suite, "cases", &Overrides::default());
    assert_eq!(format!("{}.yaml", plan.suite), file, "a suite is called like its file");
    let Load::Cases(cases) = &plan.load else { panic!("a benchmark") };
    assert_eq!(cases.cases.len(), count);
    for case in &cases.cases {
        assert!(case.rationale.as_ref().is_some_and(|why| !why.is_empty()), "{}", case.name);
    }
}

#[test]
fn the_targets_of_the_original_are_the_defaults() {
    let limits = |file: &str, name: &str| {
        let plan = planned(&shipped(file), "cases", &Overrides::default());
        let Load::Cases(cases) = plan.load else { panic!("a benchmark") };
        let case = cases.cases.into_iter().find(|case| case.name.as_str() == name).expect("a case of this name");
        (case.target_ns.map(|ns| ns / 1e6), case.max_ns.map(|ns| ns / 1e6), case.amount_text())
    };
    let income = |name| limits("income_classification_performance.yaml", name);
    assert_eq!(income("single_classification"), (Some(0.08), Some(0.15), "1,000 iterations".to_owned()));
    assert_eq!(income("budget"), (None, Some(50.0), "200 iterations".to_owned()));
    let auth = |name| limits("authentication_performance.yaml", name);
    assert_eq!(auth("login"), (Some(200.0), Some(500.0), "100 iterations".to_owned()));
    assert_eq!(auth("validation"), (Some(15.0), Some(50.0), "500 iterations".to_owned()));
    let security = |name| limits("security_impact_performance.yaml", name);
    assert_eq!(security("rate_limiter"), (None, Some(5.0), "1,000 pairs".to_owned()));
    assert_eq!((security("token_blacklist").1, security("audit_logging").1), (Some(10.0), Some(2.0)));
    let database = |name| limits("database_performance.yaml", name);
    assert_eq!(database("financial_transaction_insert"), (None, Some(10.0), "500 iterations".to_owned()));
    assert_eq!((database("simple_query").1, database("complex_financial_analytics_query").1), (Some(5.0), Some(100.0)));
}

#[test]
fn a_leak_can_be_ordered_by_a_parameter() {
    let overrides =
        Overrides { parameters: [("LEAK_BYTES".to_owned(), "6144".to_owned())].into(), ..Overrides::default() };
    let plan = planned(&shipped("memory_performance.yaml"), "cases", &overrides);
    let Load::Cases(cases) = &plan.load else { panic!("a benchmark") };
    let leaky = cases.cases.iter().filter(|case| {
        case.work.operations().iter().any(|operation| {
            let Operation::Builtin { parameters, .. } = operation else { return false };
            parameters.get("leak_bytes").is_some_and(|bytes| bytes.to_string().trim_matches('"') == "6144")
        })
    });
    assert_eq!(leaky.count(), 6);
}

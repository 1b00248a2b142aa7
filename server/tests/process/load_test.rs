//! The command line of the old runner, `perflab load-test`.

use perflab_mita::{BackgroundTarget, Config, Secret};
use serde_json::{Value, json};

use crate::{
    command_line::{perflab, stderr, stdout},
    lab::{Home, Lab, PATIENCE, beside_others, target, target_with},
};

/// Three of the scenarios that `all` runs, not in its order, and one that it leaves out; nothing but errors is judged.
const SUITE: &str = r#"version: 1
suite: trial
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
classes:
  visitor: {flows: {probe: 1}}
defaults: {executor: constant_vus, users: 2, think: 50ms, duration: 2s, graceful_stop: 10s}
thresholds: ["error_rate < 10%"]
scenarios:
  stress: {}
  spike: {}
  baseline: {}
  smoke: {}
"#;

/// A home with that suite.
fn home() -> Home {
    let home = Home::new();
    home.write("suites/trial.yaml", SUITE);
    home
}

/// The only report in a folder.
fn report(home: &Home, folder: &str) -> Value {
    let name = names(home, folder).into_iter().find(|name| name.starts_with("comprehensive_report_")).unwrap();
    serde_json::from_str(&home.read(&format!("{folder}/{name}"))).unwrap()
}

fn names(home: &Home, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(home.path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn names_in(report: &Value) -> Vec<&str> {
    report["test_results"].as_array().unwrap().iter().map(|test| test["test_name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_runs_one_after_the_other_and_reports_with_the_fields_of_the_old_runner() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let url = target.target().url();
    // A busy machine can leave numbers undecided, which is not what this asks about.
    let output = perflab(&home, &["load-test", "suites/trial.yaml", "--host", &url, "--inconclusive=pass"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = report(&home, "load_test_reports");
    assert_eq!(names_in(&report), ["smoke_test", "baseline_performance", "stress_test"]);
    assert_eq!((&report["total_tests_run"], &report["successful_tests"]), (&json!(3), &json!(3)));
    assert_eq!(report["base_url"], format!("{url}/"));
    let mut requests = 0;
    for test in report["test_results"].as_array().unwrap() {
        assert_eq!(
            (&test["users"], &test["planned_duration"], &test["success"]),
            (&json!(2), &json!("2s"), &json!(true))
        );
        let path = test["report_files"]["summary"].as_str().unwrap();
        let summary: Value = serde_json::from_str(&home.read(path)).unwrap();
        assert_eq!((&summary["schema"], &summary["run"]["suite"]), (&json!("perflab.summary/1"), &json!("trial")));
        assert_eq!(test["metrics"]["total_requests"], summary["totals"]["finished"]);
        assert_eq!(test["metrics"]["average_response_time"], summary["latency"]["mean"]);
        requests += summary["totals"]["finished"].as_u64().unwrap();
    }
    assert_eq!(report["performance_summary"]["total_requests_across_all_tests"], requests);
    let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
    assert_eq!(requests, answered);
    let text = stdout(&output);
    assert!(text.contains("3 of 3 tests passed") && text.contains("comprehensive_report_"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smoke_test_that_fails_keeps_the_others_from_running_unless_it_is_skipped() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target_with(r#"{"errors": {"rate": 1.0}}"#));
    let url = target.target().url();
    let call = ["load-test", "suites/trial.yaml", "--host", &url];
    let output = perflab(&home, &[&call[..], &["--output-dir", "gated"]].concat()).await;
    let gated = report(&home, "gated");
    assert_eq!(names_in(&gated), ["smoke_test"]);
    assert_eq!(gated["tests_not_run"], json!(["baseline_performance", "stress_test"]));
    assert!(stderr(&output).contains("--skip-smoke") && stdout(&output).contains("not run"), "{output:?}");
    // Inconclusive where this machine was too busy to tell.
    assert!(matches!(output.status.code(), Some(3 | 99)), "{output:?}");

    let output = perflab(&home, &[&call[..], &["--output-dir", "skipped", "--skip-smoke"]].concat()).await;
    let skipped = report(&home, "skipped");
    assert_eq!(names_in(&skipped), ["baseline_performance", "stress_test"], "{output:?}");
    assert_eq!((&skipped["successful_tests"], &skipped["why_not_run"]), (&json!(0), &Value::Null));
    assert!(matches!(output.status.code(), Some(3 | 99)), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_one_is_said_before_any_of_them_sends() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let url = target.target().url();
    home.write(
        "suites/other.yaml",
        &SUITE.replace("smoke:", "smoky:").replace("baseline:", "base:").replace("stress:", "much:"),
    );
    let refused: [(&[&str], &str); 7] = [
        (&["suites/trial.yaml", "--host", &url, "--test", "smokey"], "smoke"),
        (&["suites/trial.yaml", "--host", &url, "--user-class", "visitors"], "visitor"),
        (&["suites/trial.yaml", "--host", &url, "--rate", "5"], "rate"),
        (&["suites/other.yaml", "--host", &url], "none of them"),
        (&["suites/nowhere.yaml", "--host", &url], "nowhere.yaml"),
        (&["suites/trial.yaml", "--host", "http://192.0.2.1/"], "--allow"),
        // The auth test of the suite in the binary has nothing for users of the app.
        (&["--host", &url, "--user-class", "MITAMobileUser"], "auth"),
    ];
    for (args, told) in refused {
        let output = perflab(&home, &[&["load-test"], args].concat()).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(stderr(&output).contains(told), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(target.target().counts().arrived, 0);
    assert!(!home.path("load_test_reports").exists(), "nothing is made for tests that are not run");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_class_of_the_old_load_test_does_what_its_users_did() {
    let _turn = beside_others().await;
    let home = Home::new();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        hash_cost: 4,
        load_users: 100,
        load_password: Some(Secret::new("Load-test-only-1!")),
        ..Config::default()
    };
    let target = BackgroundTarget::start(config, 1).unwrap();
    let url = target.target().url();
    let classes: [(&str, &str, &str); 4] = [
        (
            "MITAFinancialUser",
            "2s",
            "budget_dashboard transactions_list financial_insights add_expense financial_goals spending_calendar \
             spending_analytics update_profile register logout",
        ),
        ("MITAHeavyUser", "3s", "bulk_expense rapid_dashboard"),
        ("MITAMobileUser", "4s", "mobile_budget_check mobile_add_expense"),
        ("FinancialReportingLoad", "4s", "monthly_summary monthly_transactions budget_analysis insight_trends"),
    ];
    // Thirty users are there within the first second, which is warm-up; a user of the app then waits for 2 to 8 s.
    for (class, duration, own) in classes {
        let mut command = home.perflab();
        command.env("LOAD_PW", "Load-test-only-1!").args(["load-test", "--test", "smoke", "--user-class", class]);
        command.args(["--host", &url, "--users", "30", "--spawn-rate", "50", "--duration", duration]);
        command.args(["--inconclusive=pass", "--output-dir", class]);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(0), "{class}: {output:?}");
        let report = report(&home, class);
        let path =
            report["test_results"][0]["report_files"]["summary"].as_str().unwrap_or_else(|| panic!("{output:?}"));
        let summary: Value = serde_json::from_str(&home.read(path)).unwrap();
        let found: Vec<&str> =
            summary["requests"].as_array().unwrap().iter().map(|request| request["name"].as_str().unwrap()).collect();
        let own: Vec<&str> = own.split_whitespace().collect();
        assert!(found.iter().any(|name| own.contains(name)), "{class}: {found:?}");
        assert!(found.iter().all(|name| *name == "login" || own.contains(name)), "{class}: {found:?}");
        assert_eq!(summary["totals"]["failed"], 0, "{class}: {summary:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_is_given_one_test_after_the_other() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let lab = Lab::start(&home, &home.sqlite(), &target.target().url(), &[]).await;
    let output =
        perflab(&home, &["load-test", "trial", "--server", &lab.url, "--inconclusive=pass", "--tag", "nightly"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = report(&home, "load_test_reports");
    assert_eq!(names_in(&report), ["smoke_test", "baseline_performance", "stress_test"]);
    for (number, scenario) in [(1, "smoke"), (2, "baseline"), (3, "stress")] {
        let run = lab.get(&format!("/api/v1/runs/{number}")).await;
        assert_eq!((&run["row"]["scenario"], &run["row"]["tags"]), (&json!(scenario), &json!(["nightly"])));
    }
    let refused = perflab(&home, &["load-test", "trial", "--server", &lab.url, "--test", "smokey"]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(stderr(&refused).contains("nothing was sent"), "{refused:?}");
}

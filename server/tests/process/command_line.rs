//! The command line without a lab: what it refuses, what it checks, and runs on the spot.

use std::process::Output;

use serde_json::Value;

use crate::lab::{Home, Lab, PATIENCE, SUITE, alone, beside_others, host_noise, nobody, target, target_with};

/// Carries out a command to its end.
pub(crate) async fn perflab(home: &Home, args: &[&str]) -> Output {
    perflab_within(PATIENCE, home, args).await
}

/// Carries out a command that takes long.
pub(crate) async fn perflab_within(patience: std::time::Duration, home: &Home, args: &[&str]) -> Output {
    tokio::time::timeout(patience, home.perflab().args(args).output())
        .await
        .unwrap_or_else(|_| panic!("perflab {args:?} does not end"))
        .unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs a scenario of the suite file on the spot; gives what came out and the summary document.
async fn run(home: &Home, scenario: &str, target: &str, more: &[&str]) -> (Output, Value) {
    let mut args =
        vec!["run", "suites/probe.yaml", "--scenario", scenario, "--target", target, "--json", "summary.json"];
    args.extend(more);
    let output = perflab(home, &args).await;
    let summary = serde_json::from_str(&home.read("summary.json")).unwrap_or(Value::Null);
    (output, summary)
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused_with_the_reason() {
    let home = Home::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:7080"] {
        let output = perflab(&home, &["serve", "--listen", address, "--data-dir", "data"]).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("no sign-in yet") && stderr(&output).contains("127.0.0.1"), "{output:?}");
        assert!(!home.path("data").exists(), "nothing is made for a lab that does not start");
    }
}

#[tokio::test]
async fn a_lab_that_cannot_have_its_port_or_its_folder_says_so() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = perflab(&home, &["serve", "--listen", &address, "--data-dir", "data"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&address) && stderr(&output).contains("--listen"), "{output:?}");
    home.write("file", "");
    let output = perflab(&home, &["serve", "--listen", "127.0.0.1:0", "--data-dir", "file/data"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--data-dir"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_has_one_lab_and_no_other_worker() {
    let (home, nobody) = (Home::new(), nobody());
    let _lab = Lab::start(&home, &home.sqlite(), &nobody.url(), &["--no-worker"]).await;
    let output = perflab(&home, &["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("already serves") && stderr(&output).contains("--data-dir"), "{output:?}");
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["worker"]] {
        let output = perflab(&home, &[command, &["--database", "sqlite:data/perflab.sqlite"]].concat()).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("serve --data-dir"), "{output:?}");
    }
}

#[tokio::test]
async fn a_password_in_the_address_of_a_database_is_never_told() {
    let home = Home::new();
    for url in [
        "postgres://lab:canary-4711@127.0.0.1:1/lab",
        "postgres://lab:canary-4711@[/lab",
        "mysql://lab:canary-4711@h/x",
    ] {
        let output = perflab(&home, &["serve", "--listen", "127.0.0.1:0", "--database", url]).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(!stderr(&output).contains("canary-4711") && !stdout(&output).contains("canary-4711"), "{output:?}");
    }
}

#[tokio::test]
async fn a_suite_file_is_checked_with_exit_code_and_place() {
    let home = Home::new();
    let output = perflab(&home, &["suite", "check", "suites/probe.yaml"]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("suite probe") && stdout(&output).contains("long"), "{output:?}");

    home.write("bad.yaml", &SUITE.replace("duration: 5s", "duratoin: 5s").replace("rate: 20", "rate: -20"));
    let output = perflab(&home, &["suite", "check", "bad.yaml", "suites/probe.yaml"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = stderr(&output);
    let line = SUITE.lines().position(|line| line.contains("short:")).unwrap() + 1;
    assert!(told.contains(&format!("bad.yaml:{line}:")), "{told}");
    assert!(told.contains("duratoin") && told.contains("duration"), "{told}");
    assert!(stdout(&output).contains("suite probe"), "the good one is still reported: {output:?}");

    let output = perflab(&home, &["suite", "check", "nowhere.yaml"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("nowhere.yaml"), "{output:?}");
    assert_eq!(perflab(&home, &["suite", "check"]).await.status.code(), Some(2));
}

#[tokio::test]
async fn a_suite_may_only_name_files_beside_it() {
    let home = Home::new();
    home.write("secret.csv", "a\nb\n");
    let suite = SUITE.replace("flows:\n", "feeds:\n  rows: {file: ../secret.csv}\nflows:\n");
    home.write("suites/outside.yaml", &suite);
    let output = perflab(&home, &["suite", "check", "suites/outside.yaml"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("../secret.csv"), "{output:?}");
}

#[tokio::test]
async fn the_schema_of_suites_is_printed() {
    let output = perflab(&Home::new(), &["suite", "schema"]).await;
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_str(&stdout(&output)).unwrap();
    for (kind, key) in [("Suite", "scenarios"), ("BenchmarkSuite", "cases")] {
        assert!(schema["$defs"][kind]["properties"][key].is_object(), "{kind}: {schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_the_spot_prints_its_ledger_writes_its_summary_and_exits_by_its_gate() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target());
    let (output, summary) = run(&home, "calm", &target.target().url(), &["--seed", "7", "--branch", "main"]).await;
    assert_eq!(summary["schema"], "perflab.summary/1", "{output:?}");
    assert_eq!(summary["run"]["seed"], 7);
    assert_eq!(summary["run"]["revision"]["branch"], "main");
    assert_eq!(summary["ledger"][0]["outcome"], "pass");
    let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
    assert_eq!(summary["totals"]["finished"], answered);
    let (gate, expected) = match host_noise(&summary) {
        "valid" => ("pass", 0),
        "suspect" => ("warn", 0),
        _ => ("inconclusive", 3),
    };
    assert_eq!(summary["gate"], gate, "{summary:#}");
    assert_eq!(output.status.code(), Some(expected), "{output:?}");
    let text = stdout(&output);
    assert!(text.contains("error_rate < 10%") && text.contains("probe"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_the_spot_against_a_broken_target_exits_99() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target_with(r#"{"errors": {"rate": 1.0}}"#));
    let (output, summary) = run(&home, "calm", &target.target().url(), &["--duration", "3s"]).await;
    assert_eq!(summary["ledger"][0]["outcome"], "fail", "{summary:#}");
    let expected = if host_noise(&summary) == "invalid" { 3 } else { 99 };
    assert_eq!(output.status.code(), Some(expected), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_the_spot_without_a_target_exits_3_or_as_the_pipeline_wants() {
    let _turn = beside_others().await;
    let (home, nobody) = (Home::new(), nobody());
    for (more, code) in [(None, 3), (Some("--inconclusive=pass"), 0), (Some("--inconclusive=fail"), 99)] {
        let more: Vec<&str> = ["--duration", "1s"].into_iter().chain(more).collect();
        let (output, summary) = run(&home, "short", &nobody.url(), &more).await;
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_eq!(summary["validity"]["state"], "invalid");
        assert!(stdout(&output).contains("never answered"), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_is_refused_before_anything_is_sent() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let url = target.target().url();
    home.write("bad.yaml", "version: 1\nsuite: bad\nscenarioz: {}\n");
    let refused: [(&[&str], i32, &str); 8] = [
        (&["run", "bad.yaml", "--scenario", "x", "--target", &url], 2, "scenarioz"),
        (&["run", "nowhere.yaml", "--scenario", "x", "--target", &url], 2, "nowhere.yaml"),
        (&["run", "suites/probe.yaml", "--scenario", "shrot", "--target", &url], 2, "shrot"),
        (&["run", "suites/probe.yaml", "--scenario", "short", "--target", &url, "--users", "5"], 2, "users"),
        (&["run", "suites/probe.yaml", "--scenario", "short", "--target", &url, "--set", "NO=1"], 2, "NO"),
        (&["run", "suites/probe.yaml", "--scenario", "short", "--target", &url, "--duration", "5"], 2, "duration"),
        (&["run", "suites/probe.yaml", "--scenario", "short", "--target", "http://192.0.2.1/"], 2, "--allow 192.0.2.1"),
        (&["run", "suites/probe.yaml", "--scenario", "short"], 2, "--target"),
    ];
    for (args, code, told) in refused {
        let output = perflab(&home, args).await;
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert!(stderr(&output).contains(told), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(target.target().counts().arrived, 0);
}

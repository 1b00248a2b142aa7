//! The command line against a lab.

use serde_json::{Value, json};

use crate::{
    command_line::{perflab, stderr, stdout},
    lab::{Home, Lab, beside_others, nobody, target},
};

async fn lab(home: &Home, target: &str) -> Lab {
    Lab::start(home, &home.sqlite(), target, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_launched_on_a_lab_waited_for_and_listed() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    let output = perflab(
        &home,
        &[
            "run",
            "probe",
            "--scenario",
            "visitors",
            "--duration",
            "2s",
            "--server",
            &lab.url,
            "--wait",
            "--tag",
            "from-cli",
            "--json",
            "summary.json",
        ],
    )
    .await;
    let summary: Value = serde_json::from_str(&home.read("summary.json")).unwrap();
    let expected = if summary["gate"] == "inconclusive" { 3 } else { 0 };
    assert_eq!(output.status.code(), Some(expected), "{output:?}");
    assert!(stdout(&output).starts_with(&format!("run #1: {}/runs/1\n", lab.url)), "{output:?}");
    assert!(stdout(&output).contains("error_rate < 10%"), "{output:?}");
    let run = lab.get("/api/v1/runs/1").await;
    assert_eq!((&run["row"]["trigger"], &run["row"]["tags"]), (&json!("cli"), &json!(["from-cli"])));
    assert_eq!(run["summary"], summary);

    let output = perflab(&home, &["runs", "--server", &lab.url]).await;
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("probe visitors") && stdout(&output).contains("local reference"), "{output:?}");
    let output = perflab(&home, &["runs", "--server", &lab.url, "--json", "tag:from-cli"]).await;
    let page: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(page["rows"][0]["number"], 1);
    let output = perflab(&home, &["runs", "--server", &lab.url, "tag:other", "verdict:great"]).await;
    assert!(stdout(&output).contains("No run fits") && stderr(&output).contains("great"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_over_before_the_run_exits_4_and_the_run_goes_on() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    let output =
        perflab(&home, &["run", "probe", "--scenario", "long", "--server", &lab.url, "--wait", "--timeout", "1s"])
            .await;
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(stderr(&output).contains("it goes on"), "{output:?}");
    let run = lab.get("/api/v1/runs/1").await;
    assert!(run["row"]["end"].is_null(), "{run}");
    lab.post("/api/v1/runs/1/abort", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lab_refuses_is_told_by_field() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    let output =
        perflab(&home, &["run", "prob", "--scenario", "short", "--server", &lab.url, "--env", "staging"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = stderr(&output);
    assert!(told.contains("suite: There is no suite `prob`") && told.contains("environment: "), "{told}");
    assert!(told.contains("Use one of probe"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_that_is_not_there_is_told() {
    let (home, nobody) = (Home::new(), nobody());
    let url = nobody.url();
    for args in [vec!["runs", "--server", &url], vec!["run", "probe", "--scenario", "short", "--server", &url]] {
        let output = perflab(&home, &args).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(stderr(&output).contains("does not answer"), "{output:?}");
    }
}

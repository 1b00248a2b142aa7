//! What a pipeline learns from `perflab run`: its exit code, the summary file, and where the run took place.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    command_line::{perflab, stderr, stdout},
    lab::{Home, Lab, PATIENCE, SUITE, beside_others, ended_by, nobody, target, until},
};

async fn lab(home: &Home, target: &str) -> Lab {
    Lab::start(home, &home.sqlite(), target, &[]).await
}

/// The usual suite, but it needs a secret that nobody has.
fn write_suite_with_a_secret(home: &Home) {
    let secret = SUITE
        .replace("suite: probe", "suite: secretive")
        .replace("{get: /_probe,", "{get: /_probe, headers: {X-Key: \"${secret.NOBODY_HAS_IT}\"},");
    home.write("suites/secretive.yaml", &secret);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_carried_out_exits_1_here_and_on_a_lab() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let url = target.target().url();
    write_suite_with_a_secret(&home);
    let lab = lab(&home, &url).await;
    for inconclusive in [None, Some("--inconclusive=pass"), Some("--inconclusive=fail")] {
        let here = ["run", "suites/secretive.yaml", "--scenario", "short", "--target", &url];
        let there = ["run", "secretive", "--scenario", "short", "--server", &lab.url, "--wait"];
        for args in [&here[..], &there[..]] {
            let output = perflab(&home, &[args, inconclusive.as_slice()].concat()).await;
            assert_eq!(output.status.code(), Some(1), "{args:?} {inconclusive:?}: {output:?}");
            let told = stdout(&output) + &stderr(&output);
            assert!(told.contains("NOBODY_HAS_IT"), "{told}");
        }
    }
    assert_eq!(target.target().counts().arrived, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_runs_here_although_somebody_has_exported_a_lab() {
    let _turn = beside_others().await;
    let (home, target, nobody) = (Home::new(), target(), nobody());
    let url = target.target().url();
    let mut command = home.perflab();
    command.env("PERFLAB_SERVER", nobody.url());
    command.args(["run", "suites/probe.yaml", "--scenario", "short", "--duration", "1s", "--target", &url]);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    assert!(stdout(&output).contains("error_rate < 10%"), "{output:?}");
    assert!(target.target().counts().arrived > 0);
    // A name is the lab's affair.
    let mut command = home.perflab();
    command.env("PERFLAB_SERVER", nobody.url()).args(["run", "probe", "--scenario", "short"]);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stderr(&output).contains("does not answer"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_would_be_ignored_are_refused() {
    let home = Home::new();
    let nobody = nobody();
    let (file, name) = ("suites/probe.yaml", "probe");
    for (suite, more) in [
        (file, &["--wait"][..]),
        (file, &["--env", "staging"]),
        (file, &["--tag=nightly"]),
        (name, &["--server", "LAB", "--json", "summary.json"]),
        (name, &["--server", "LAB", "--inconclusive=pass"]),
        (name, &["--server", "LAB", "--target", "http://127.0.0.1:1"]),
        (name, &["--server", "LAB", "--allow", "staging.example"]),
    ] {
        let url = nobody.url();
        let more: Vec<&str> = more.iter().map(|word| if *word == "LAB" { url.as_str() } else { word }).collect();
        let output = perflab(&home, &[&["run", suite, "--scenario", "short"], &more[..]].concat()).await;
        assert_eq!(output.status.code(), Some(2), "{suite} {more:?}: {output:?}");
        let option = more.iter().rfind(|word| word.starts_with("--")).unwrap().split('=').next().unwrap();
        assert!(stderr(&output).contains(option), "{suite} {more:?}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_can_be_named_in_a_lab_of_several() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let url = target.target().url();
    let mut first = Lab::start(&home, &home.sqlite(), &url, &[]).await;
    ended_by(&mut first.process, Signal::SIGTERM, PATIENCE).await;
    let lab = Lab::start(&home, &home.sqlite(), &url, &["--project", "Other"]).await;
    let run = ["run", "probe", "--scenario", "short", "--duration", "1s", "--server", &lab.url];
    let output = perflab(&home, &run).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("MITA") && stderr(&output).contains("Other"), "{output:?}");
    for (project, tag) in [("Other", "--tag=-first"), ("MITA", "--tag=second")] {
        let output = perflab(&home, &[&run[..], &["--project", project, tag]].concat()).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = stdout(&output);
        let page = said.trim().strip_prefix("run #1: ").unwrap_or_else(|| panic!("{said}"));
        // The address that is told leads to this run, which its number alone would not.
        let page = lab.page(page.strip_prefix(&lab.url).unwrap()).await;
        assert!(page.contains("probe"), "{page}");
        let output = perflab(&home, &["runs", "--server", &lab.url, "--project", project, "--json"]).await;
        let list: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let rows = list["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["tags"], json!([tag.trim_start_matches("--tag=")]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_summary_never_passes_for_that_of_a_run_without_one() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let lab = lab(&home, &target.target().url()).await;
    home.write("summary.json", r#"{"verdict": "excellent"}"#);
    let args = ["run", "probe", "--scenario", "long", "--server", &lab.url, "--wait", "--timeout", "1s"];
    let output = perflab(&home, &[&args[..], &["--json", "summary.json"]].concat()).await;
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(!home.path("summary.json").exists(), "{}", home.read("summary.json"));
    lab.post("/api/v1/runs/1/abort", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_the_spot_that_is_asked_to_end_still_writes_what_it_measured() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let url = target.target().url();
    for (signal, code) in [(Signal::SIGTERM, "aborted"), (Signal::SIGINT, "stopped")] {
        let before = target.target().counts().arrived;
        let mut command = home.perflab();
        command.args(["run", "suites/probe.yaml", "--scenario", "long", "--target", &url, "--json", "summary.json"]);
        let mut running = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        until("load is sent", PATIENCE, async || (target.target().counts().arrived > before + 20).then_some(())).await;
        assert_eq!(ended_by(&mut running, signal, PATIENCE).await, Some(3), "{signal}");
        let summary: Value = serde_json::from_str(&home.read("summary.json")).unwrap();
        assert!(summary["totals"]["finished"].as_u64() > Some(0), "{summary:#}");
        assert_eq!(summary["verdict"], "inconclusive");
        let told = running.wait_with_output().await.unwrap();
        let told = stdout(&told);
        assert!(told.to_lowercase().contains(code), "{told}");
    }
}

//! Targets that are not this machine, by command line and in a lab: asked whether they agree, or vouched for by somebody
//! whom every report names. 127.0.0.2 plays the stranger.

use perflab_mita::{BackgroundTarget, Config};
use serde_json::{Value, json};

use crate::{
    command_line::{stderr, stdout},
    lab::{Home, Lab, PATIENCE, beside_others},
};

/// Lets only 127.0.0.1 count as this machine.
const LOOPBACK: (&str, &str) = ("PERFLAB_LOOPBACK", "127.0.0.1/32");

/// The reference target at another address. It knows nothing of permissions: it answers the question with 404.
fn stranger() -> BackgroundTarget {
    let config = Config { listen: "127.0.0.2:0".parse().unwrap(), ..Config::default() };
    BackgroundTarget::start(config, 1).unwrap()
}

async fn run(home: &Home, target: &str, more: &[&str]) -> std::process::Output {
    let args = ["run", "suites/probe.yaml", "--scenario", "short", "--target", target, "--json", "summary.json"];
    let running = home.perflab().env(LOOPBACK.0, LOOPBACK.1).args(args).args(more).output();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_on_the_spot_is_refused_by_a_target_that_has_not_agreed_and_done_where_somebody_vouches() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), stranger());
    let url = target.target().url();
    let output = run(&home, &url, &[]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stdout(&output);
    assert!(told.contains("/.well-known/perflab.txt") && told.contains("`allow: probe`"), "{told}");
    let output = run(&home, &url, &["--project", "shop"]).await;
    assert!(stdout(&output).contains("`allow: shop`"), "{output:?}");

    let output = run(&home, &url, &["--vouch", "our own staging", "--duration", "2s"]).await;
    let told = stdout(&output);
    assert!(told.contains("vouched for environment command line (our own staging)"), "{told}\n{}", stderr(&output));
    let summary: Value = serde_json::from_str(&home.read("summary.json")).unwrap();
    assert_eq!(summary["marks"][0]["code"], "vouched");
    assert!(summary["totals"]["finished"].as_u64().is_some_and(|finished| finished > 0), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_summary_of_a_run_in_a_lab_name_who_vouched_and_that_certificates_were_not_verified() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), stranger());
    let marks = ["--vouch", "our own staging", "--insecure-tls"];
    let lab = Lab::start(&home, &home.sqlite(), &target.target().url(), &marks).await;
    let launching = lab.page("/launch?suite=probe&scenario=short").await;
    for mark in ["Every report of this run will say", "vouched for environment", "Certificates were not verified"] {
        assert!(launching.contains(mark), "{mark}, before anything is started: {launching}");
    }
    let run = lab.launch("short", json!({})).await;
    let over = lab.over(&run, PATIENCE).await;
    let codes: Vec<&str> =
        over["summary"]["marks"].as_array().unwrap().iter().filter_map(|mark| mark["code"].as_str()).collect();
    assert_eq!(codes, ["tls_unverified", "vouched"]);
    let page = lab.page(run.trim_start_matches("/api/v1")).await;
    for mark in ["vouched for environment", "our own staging", "Certificates were not verified", "/docs/targets"] {
        assert!(page.contains(mark), "{mark}: {page}");
    }
}

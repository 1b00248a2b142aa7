//! Runs of several loads side by side: a runner for each, one start, one stop, one end.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    command_line::perflab,
    lab::{Home, PATIENCE, Plant, beside_others, target},
    runner::Process,
};

/// Two users from the start, and ten starts a second that join them after a second.
const SUITE: &str = r#"version: 1
suite: shop
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
  other: {tags: [bought], steps: [{get: /_probe, name: other, expect: [200]}]}
  secret: {tags: [secret], steps: [{get: "/_probe?key=${secret.NOBODY_SET_IT}", name: secret}]}
classes:
  visitor: {think: 100ms, flows: {probe: 1}}
  buyer: {flows: {other: 1, secret: 1}}
defaults: {warmup: 0s, graceful_stop: 5s, max_in_flight: 20}
scenarios:
  both:
    parts:
      browse: {executor: constant_vus, users: 2, duration: 3s, classes: [visitor]}
      buy: {executor: constant_rate, rate: 10, duration: 2s, start_after: 1s, tags: [bought]}
  long:
    parts:
      browse: {executor: constant_vus, users: 2, duration: 60s, classes: [visitor]}
      buy: {executor: constant_rate, rate: 10, duration: 60s, tags: [bought]}
  mixed:
    parts:
      done: {executor: shared_iterations, users: 2, iterations: 20, classes: [visitor]}
      fails: {executor: constant_rate, rate: 10, duration: 10s, tags: [secret]}
"#;

fn home() -> Home {
    let home = Home::new();
    home.write("suites/shop.yaml", SUITE);
    home
}

fn sum<'a>(points: impl IntoIterator<Item = &'a Value>, of: &str) -> u64 {
    points.into_iter().map(|point| point[of].as_u64().unwrap()).sum()
}

async fn launch(plant: &Plant, scenario: &str) -> String {
    let launched = plant.lab.post("/api/v1/runs", &json!({"suite": "shop", "scenario": scenario})).await;
    format!("/api/v1/runs/{}", launched["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_start_together_each_at_its_time_and_count_what_the_target_answered() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let run = launch(&plant, "both").await;
    let found = plant.lab.over(&run, PATIENCE).await;
    assert_eq!(found["row"]["end"]["code"], "completed", "{found}");
    let summary = plant.lab.get(&format!("{run}/summary")).await;
    let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
    assert_eq!(summary["totals"]["finished"], answered, "{summary:#}");
    let requests: Vec<&str> =
        summary["requests"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(requests, ["probe", "other"]);
    assert_eq!(summary["requests"][1]["finished"], 20, "two seconds at ten a second");
    let points = plant.lab.get(&format!("{run}/series")).await;
    let points = points.as_array().unwrap();
    let parts = |at: usize| points.iter().map(move |point| &point["parts"][at]);
    assert_eq!(sum(parts(1), "started"), 20);
    assert_eq!(sum(parts(1).take(1), "started"), 0, "it starts after a second");
    assert!(sum(parts(0).take(1), "started") > 0, "the other starts with the run");
    assert_eq!(sum(parts(0), "started") + 20, sum(points, "started"));
    assert_eq!(sum(points, "planned"), sum(points, "started") + sum(points, "dropped"));
    let ended = sum(points, "iterations") + sum(points, "iterations_aborted");
    assert_eq!(sum(points, "started"), ended);
    assert_eq!(points[1]["users"], 2);
    assert_eq!([&points[1]["parts"][0]["target"], &points[1]["parts"][1]["target"]], [&json!(2.0), &json!(10.0)]);
    // What is shown of it: both plans, each in its own unit, and both parts by name.
    let page = plant.lab.page(&format!("{}?tab=timeline", run.replace("/api/v1", ""))).await;
    assert!(page.contains("chart-users") && page.contains("chart-rate"), "no chart of users and of the rate");
    assert!(page.contains("up to 10.0/s") && page.contains("after 1s"), "no table of the parts");
    let config = plant.lab.page(&format!("{}?tab=config", run.replace("/api/v1", ""))).await;
    assert!(config.contains("Part browse") && config.contains("Part buy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_stops_all_parts() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let run = launch(&plant, "long").await;
    plant.lab.under_load(&run).await;
    let runners = plant.worker().children();
    assert_eq!(runners.len(), 2, "a runner for each part");
    let live = plant.lab.page(run.trim_start_matches("/api/v1")).await;
    let loads = live.split_once("id=\"live-loads\"").map(|(_, rest)| rest.split_once("</table>").unwrap().0).unwrap();
    for said in ["browse", "2 users", "buy", "10/s", "so far"] {
        assert!(loads.contains(said), "{said}: {loads}");
    }
    plant.lab.post(&format!("{run}/stop"), &json!({})).await;
    let stopped = plant.lab.over(&run, PATIENCE).await;
    assert_eq!(stopped["row"]["end"]["code"], "stopped", "{stopped}");
    for runner in runners {
        runner.gone_within(Duration::from_secs(10)).await;
    }
    let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
    let points = plant.lab.get(&format!("{run}/series")).await;
    let points = points.as_array().unwrap();
    assert_eq!(sum(points, "finished"), answered);
    assert_eq!(sum(points, "aborted"), 0, "what was open was answered");
    assert_eq!(sum(points, "started"), sum(points, "iterations"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_runner_is_killed_ends_the_run_and_the_other_parts() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let run = launch(&plant, "long").await;
    plant.lab.under_load(&run).await;
    let runners: Vec<Process> = plant.worker().children();
    runners[0].signal(Signal::SIGKILL);
    let failed = plant.lab.over(&run, PATIENCE).await;
    assert_eq!(failed["row"]["end"]["code"], "killed", "{failed}");
    assert!(failed["row"]["end"]["message"].as_str().unwrap().contains("part "), "which of them: {failed}");
    for runner in runners {
        runner.gone_within(Duration::from_secs(10)).await;
    }
    let points = plant.lab.get(&format!("{run}/series")).await;
    assert!(sum(points.as_array().unwrap(), "finished") > 0, "what was measured is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_cannot_begin_keeps_the_others_from_sending_anything() {
    let _turn = beside_others().await;
    let (home, target) = (home(), target());
    let url = target.target().url();
    let output = perflab(&home, &["run", "suites/shop.yaml", "--scenario", "mixed", "--target", &url]).await;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Part fails") && said.contains("NOBODY_SET_IT"), "{said}");
    assert_eq!(target.target().counts().answered.iter().map(|answered| answered.count).sum::<u64>(), 0, "{said}");
}

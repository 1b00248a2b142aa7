//! Capacity searches with real runs: a target whose limit is known in closed form, and a worker that is killed on the way.

use std::{process::Output, time::Duration};

use serde_json::json;

use crate::{
    command_line::{perflab_within, stderr, stdout},
    lab::{Home, Plant, alone, beside_others, target, target_with, until},
    place::on_both,
};

/// Users who never think; a threshold between five and six of them at a server that takes 20 ms for each, one at a time:
/// N users wait N · 20 ms, all of them, always.
const QUEUE: &str = r#"version: 1
suite: queue
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
classes:
  visitor: {flows: {probe: 1}}
scenarios:
  visitors: {executor: constant_vus, users: 1, spawn_rate: 50, duration: 5s, thresholds: ["p95 < 111ms"]}
  asks_nothing: {executor: constant_vus, users: 1, spawn_rate: 50, duration: 5s}
"#;

/// The server of the closed form.
const ONE_AT_A_TIME: &str = r#"{"path_prefix": "/_probe", "one_at_a_time": {"service_ms": 20}}"#;

/// Four levels of five seconds each, and again as long where one had to be run once more on a busy machine.
const LONG: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread")]
async fn the_capacity_of_a_server_that_works_on_one_request_at_a_time_is_that_of_the_closed_form() {
    let _turn = alone().await;
    let (home, target) = (Home::new(), target_with(ONE_AT_A_TIME));
    home.write("suites/queue.yaml", QUEUE);
    let url = target.target().url();
    let words = [
        "capacity",
        "suites/queue.yaml",
        "--scenario",
        "visitors",
        "--levels",
        "4..8",
        "--hold",
        "5s",
        "--target",
        &url,
    ];
    let output = perflab_within(LONG, &home, &words).await;
    let told = stdout(&output);
    // What other programs of this machine take from a run is all that a test of verdicts excuses; then the answer must say so.
    if told.contains("not usable")
        && (told.contains("CPU of other programs on the host") || told.contains("CPU taken by the host's other guests"))
    {
        eprintln!("this machine was busy: {told}");
        assert!(
            told.contains("The capacity is not known") && told.contains("could not be measured, twice"),
            "{output:?}"
        );
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        return;
    }
    assert!(told.contains("The capacity is 5 users: all thresholds hold there, and break at 6 users"), "{output:?}");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stderr(&output).contains("8 users breaks: p95 < 111ms: 1"), "{output:?}");
}

#[tokio::test]
async fn a_scenario_that_asks_nothing_has_no_capacity() {
    let home = Home::new();
    home.write("suites/queue.yaml", QUEUE);
    let more = ["--levels", "4..8", "--target", "http://127.0.0.1:9"];
    let words = [&["capacity", "suites/queue.yaml", "--scenario", "asks_nothing"][..], &more].concat();
    let output = perflab_within(LONG, &home, &words).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(stderr(&output).contains("`asks_nothing` has no threshold"), "{output:?}");
}

/// A search of a lab at the command line, and the address of what the lab says of it.
async fn search_on(plant: &Plant, home: &Home, more: &[&str]) -> (Output, String) {
    let words = ["capacity", "probe", "--scenario", "visitors", "--hold", "5s", "--server", &plant.lab.url];
    let output = perflab_within(LONG, home, &[&words[..], more].concat()).await;
    let page = stdout(&output).lines().find_map(|line| line.strip_prefix("capacity search: ").map(str::to_owned));
    let page = page.unwrap_or_else(|| panic!("no search: {output:?}"));
    let id = page.strip_prefix(&format!("{}/capacity/", plant.lab.url)).unwrap();
    (output, format!("/api/v1/capacity-searches/{id}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_on_a_lab_is_waited_for_and_tells_what_the_lab_tells() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let (output, search) = search_on(&plant, &home, &["--levels", "1..2", "--tag", "from-cli"]).await;
    let found = plant.lab.get(&search).await;
    assert_eq!(found["row"]["state"], "finished", "{found}");
    assert!(stdout(&output).contains(found["sentence"].as_str().unwrap()), "{output:?}\n{found}");
    // What the levels were worth is a matter of what else this machine does; that both say the same is not.
    let expected = match found["gate"].as_str().unwrap() {
        "pass" | "warn" => 0,
        "fail" => 99,
        _ => 3,
    };
    assert_eq!(output.status.code(), Some(expected), "{output:?}\n{found}");
    for level in found["levels"].as_array().unwrap() {
        let run = plant.lab.get(&format!("/api/v1/runs/{}", level["run"].as_str().unwrap())).await;
        assert_eq!((&run["row"]["trigger"], &run["row"]["tags"][0]), (&json!("cli"), &json!("from-cli")), "{run}");
    }
    let refused = ["capacity", "prob", "--scenario", "visitors", "--levels", "1..2", "--server", &plant.lab.url];
    let refused = perflab_within(LONG, &home, &refused).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(stderr(&refused).contains("There is no suite `prob`"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_a_search_that_is_over_before_the_search_exits_4_and_the_search_goes_on() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let (output, search) = search_on(&plant, &home, &["--levels", "1..50", "--timeout", "1s"]).await;
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(stderr(&output).contains("it goes on"), "{output:?}");
    assert_eq!(plant.lab.get(&search).await["row"]["state"], "running");
}

on_both! {
    async fn a_search_goes_on_when_its_worker_is_killed_in_the_middle_of_a_level(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease("4s"), target());
        let url = target.target().url();
        let mut plant = Plant::start(&home, &database, &url).await;
        let asked = json!({"suite": "probe", "scenario": "visitors", "unit": "users", "from": 1, "to": 2, "hold": "5s"});
        let started = plant.lab.post("/api/v1/capacity-searches", &asked).await;
        let search = format!("/api/v1/capacity-searches/{}", started["id"].as_str().unwrap());
        let first = plant.lab.get(&search).await["levels"][0]["run"].as_str().unwrap().to_owned();
        plant.lab.under_load(&format!("/api/v1/runs/{first}")).await;
        plant.kill_worker().await;
        plant.revive(&home, &database, &url).await;
        let over = until("the search is over", LONG, async || {
            let found = plant.lab.get(&search).await;
            (found["row"]["state"] != "running").then_some(found)
        })
        .await;
        assert_eq!(over["levels"][0]["state"], "lost", "{over}");
        // Whether the second try can be trusted is a matter of what else this machine does; that it was made is not.
        let again = &over["levels"][1];
        assert_eq!((&again["level"], &again["again"], &again["state"]), (&json!(1.0), &json!(true), &json!("finished")), "{over}");
        assert_eq!(over["row"]["state"], "finished", "{over}");
    }
}

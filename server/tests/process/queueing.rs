//! Runs from launch to verdict, one after the other.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    lab::{Home, Lab, PATIENCE, Plant, Worker, beside_others, ended_by, target, until},
    place::{in_postgres, on_both},
};

on_both! {
    async fn a_run_goes_from_the_queue_to_its_verdict_and_its_counts_are_those_of_the_target(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("short", json!({})).await;
        let found = plant.lab.over(&run, PATIENCE).await;
        assert_eq!(found["row"]["end"]["code"], "completed", "{found}");
        let events = plant.lab.open(&format!("{run}/events")).await.text().await.unwrap();
        let states: Vec<&str> = events
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter(|line| line.contains("\"kind\":\"state\""))
            .filter_map(|line| line.split("\"state\":\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(states, ["queued", "claimed", "running", "finishing", "finished"]);
        let summary = plant.lab.get(&format!("{run}/summary")).await;
        let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
        assert_eq!(summary["totals"]["finished"], answered);
        assert_eq!(summary["totals"]["started"], answered);
        assert_eq!(summary["requests"][0]["finished"], answered);
        assert_eq!(answered, 100);
        assert!(summary["verdict"].is_string());
        assert_eq!(summary["ledger"][0]["rule"], "error_rate < 10%");
        assert_eq!(summary["ledger"][0]["outcome"], "pass");
        let points = plant.lab.get(&format!("{run}/series")).await;
        let in_points: u64 = points.as_array().unwrap().iter().map(|point| point["finished"].as_u64().unwrap()).sum();
        assert_eq!(in_points, answered);
    }

    async fn two_runs_on_one_environment_go_one_after_the_other(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let first = plant.lab.launch("visitors", json!({"duration": "2s"})).await;
        let second = plant.lab.launch("short", json!({"duration": "2s"})).await;
        let second = plant.lab.over(&second, PATIENCE).await;
        let first = plant.lab.get(&first).await;
        assert_eq!((&first["row"]["state"], &second["row"]["state"]), (&json!("finished"), &json!("finished")));
        assert!(first["row"]["ended_us"].as_i64() <= second["row"]["started_us"].as_i64(), "{first}\n{second}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_lab_waits_for_a_run_at_the_terminal_and_says_for_whom() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let url = target.target().url();
    let mut terminal = home
        .perflab()
        .args(["run", "suites/probe.yaml", "--scenario", "long", "--target", &url])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("load from the terminal", PATIENCE, async || (target.target().counts().arrived > 5).then_some(())).await;
    let lab = Lab::start(&home, &home.sqlite(), &url, &[]).await;
    let run = lab.launch("short", json!({"duration": "1s"})).await;
    until("the lab says for whom it waits", PATIENCE, async || {
        home.read("lab.log").contains("perflab run suites/probe.yaml --scenario long").then_some(())
    })
    .await;
    assert_eq!(lab.get(&run).await["row"]["state"], "queued");
    assert_eq!(ended_by(&mut terminal, Signal::SIGINT, PATIENCE).await, Some(3), "stopped by a person");
    assert_eq!(lab.over(&run, PATIENCE).await["row"]["state"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_at_the_terminal_waits_for_a_run_of_a_lab_and_comes_before_the_next_one() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let url = target.target().url();
    let lab = Lab::start(&home, &home.sqlite(), &url, &[]).await;
    let run = lab.launch("long", json!({})).await;
    lab.under_load(&run).await;
    let next = lab.launch("long", json!({})).await;
    let stderr = std::fs::File::create(home.path("terminal.log")).unwrap();
    let mut terminal = home
        .perflab()
        .args(["run", "suites/probe.yaml", "--scenario", "short", "--duration", "1s", "--target", &url])
        .stdout(std::process::Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap();
    until("it says for whom it waits", PATIENCE, async || {
        home.read("terminal.log").contains("waiting: a worker of this host").then_some(())
    })
    .await;
    lab.post(&format!("{run}/abort"), &json!({})).await;
    let exit = tokio::time::timeout(PATIENCE, terminal.wait()).await.unwrap().unwrap();
    assert!(matches!(exit.code(), Some(0 | 3)), "{exit}: {}", home.read("terminal.log"));
    assert_eq!(home.read("terminal.log").matches("waiting: ").count(), 1, "{}", home.read("terminal.log"));
    // What the lab had queued meanwhile gets its turn afterwards.
    lab.under_load(&next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_sends_no_load_to_the_lab_beside_it() {
    in_postgres(|database| async move {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let url = target.target().url();
        let lab = Lab::start(&home, &database, &url, &["--no-worker"]).await;
        let (_, port) = url.rsplit_once(':').unwrap();
        let _worker = Worker::start(&home, &database, &["--lab-port", port]);
        let denied = lab.over(&lab.launch("short", json!({})).await, PATIENCE).await;
        assert_eq!(
            (&denied["row"]["state"], &denied["row"]["end"]["code"]),
            (&json!("failed"), &json!("target.denied"))
        );
        assert_eq!(target.target().counts().arrived, 0);
    })
    .await;
}

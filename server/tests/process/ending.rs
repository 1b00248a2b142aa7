//! Stop, abort, and the end of a lab or worker that was asked to.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    lab::{Home, Lab, PATIENCE, Plant, beside_others, ended_by, target, target_with, until},
    place::{in_sqlite, on_both},
    runner::Process,
};

/// How soon a run is over after an Abort.
const ABORTED: Duration = Duration::from_secs(15);

on_both! {
    async fn a_run_under_way_is_stopped_and_keeps_what_it_measured(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        let outcome = plant.lab.post(&format!("{run}/stop"), &json!({})).await;
        assert_eq!(outcome, json!({"outcome": "ordered"}));
        let stopped = plant.lab.over(&run, ABORTED).await;
        assert_eq!((&stopped["row"]["state"], &stopped["row"]["end"]["code"]), (&json!("cancelled"), &json!("stopped")));
        assert_eq!(stopped["row"]["verdict"], "inconclusive");
        assert!(runner.is_gone());
        let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
        assert_eq!(stopped["summary"]["totals"]["finished"], answered);
        assert_eq!(stopped["summary"]["totals"]["aborted"], 0);
    }

    async fn a_run_whose_target_hangs_is_aborted_all_the_same(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target_with(r#"{"hang": {"rate": 1.0}}"#));
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let started = plant.lab.until(&run, "under way", PATIENCE, |run| run["row"]["headline"].is_object()).await;
        plant.lab.post(&format!("{run}/abort"), &json!({})).await;
        let aborted = plant.lab.over(&run, ABORTED).await;
        assert_eq!((&aborted["row"]["state"], &aborted["row"]["end"]["code"]), (&json!("cancelled"), &json!("aborted")));
        assert!(Process::of_run(&started).is_gone());
    }

    async fn a_worker_that_is_asked_to_end_ends_its_run_first(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let url = target.target().url();
        let mut plant = Plant::start(&home, &database, &url).await;
        let run = plant.lab.launch("long", json!({})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        let worker = plant.worker();
        worker.signal(Signal::SIGTERM);
        runner.gone_within(ABORTED).await;
        if database.starts_with("sqlite:") {
            let exit = tokio::time::timeout(PATIENCE, plant.lab.process.wait()).await.unwrap().unwrap();
            assert_eq!(exit.code(), Some(0));
            plant.revive(&home, &database, &url).await;
        }
        let failed = plant.lab.over(&run, PATIENCE).await;
        assert_eq!((&failed["row"]["state"], &failed["row"]["end"]["code"]), (&json!("failed"), &json!("worker_stopped")));
        assert!(failed["summary"]["totals"]["finished"].as_u64() > Some(0), "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_that_is_asked_to_end_closes_its_streams_and_exits_well() {
    in_sqlite(|database| async move {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let mut lab = Lab::start(&home, &database, &target.target().url(), &["--no-worker"]).await;
        let run = lab.launch("short", json!({})).await;
        let mut stream = lab.open(&format!("{run}/events")).await;
        let waited_for = format!("{run}?wait=4m");
        let waiting = lab.open(&waited_for);
        let first = stream.chunk().await.unwrap().unwrap();
        assert!(std::str::from_utf8(&first).unwrap().contains("retry: 1000"));
        let ends = async {
            while let Some(chunk) = tokio::time::timeout(PATIENCE, stream.chunk()).await.unwrap().unwrap() {
                assert!(!chunk.is_empty());
            }
        };
        let signal = async {
            // Other requests were answered meanwhile, so the wait has reached the lab before the signal does.
            until("the lab is ready", PATIENCE, async || lab.open("/readyz").await.status().is_success().then_some(()))
                .await;
            lab.pid().signal(Signal::SIGTERM);
        };
        let (reply, (), ()) = tokio::join!(waiting, ends, signal);
        assert_eq!(reply.status(), 200);
        let exit = tokio::time::timeout(Duration::from_secs(30), lab.process.wait()).await.unwrap().unwrap();
        assert_eq!(exit.code(), Some(0), "{}", home.read("lab.log"));
        let lab = Lab::start(&home, &database, &target.target().url(), &[]).await;
        assert_eq!(lab.over(&run, PATIENCE).await["row"]["state"], "finished", "what waited is carried out later");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_a_lab_at_once() {
    in_sqlite(|database| async move {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let mut lab = Lab::start(&home, &database, &target.target().url(), &[]).await;
        let run = lab.launch("long", json!({})).await;
        let runner = Process::of_run(&lab.under_load(&run).await);
        // A runner that cannot hear is what keeps a lab from ending soon.
        runner.signal(Signal::SIGSTOP);
        lab.pid().signal(Signal::SIGTERM);
        until("the lab has heard", PATIENCE, async || home.read("lab.log").contains("asked to end").then_some(()))
            .await;
        let exit = ended_by(&mut lab.process, Signal::SIGTERM, Duration::from_secs(5)).await;
        assert_eq!(exit, Some(1), "{}", home.read("lab.log"));
        runner.signal(Signal::SIGCONT);
        runner.gone_within(PATIENCE).await;
    })
    .await;
}

//! Stop, abort, and the end of a lab or worker that was asked to.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    lab::{Home, Lab, PATIENCE, Plant, Worker, beside_others, ended_by, nobody, target, target_with, until},
    place::{in_postgres, on_both},
    runner::Process,
    way::Way,
};

on_both! {
    async fn a_run_under_way_is_stopped_and_keeps_what_it_measured(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        let outcome = plant.lab.post(&format!("{run}/stop"), &json!({})).await;
        assert_eq!(outcome, json!({"outcome": "ordered"}));
        let stopped = plant.lab.over(&run, PATIENCE).await;
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
        let aborted = plant.lab.over(&run, PATIENCE).await;
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
        runner.gone_within(PATIENCE).await;
        if database.starts_with("sqlite:") {
            let exit = tokio::time::timeout(PATIENCE, plant.lab.process.wait()).await.unwrap().unwrap();
            assert_eq!(exit.code(), Some(0));
            plant.revive(&home, &database, &url).await;
        }
        let failed = plant.lab.over(&run, PATIENCE).await;
        assert_eq!((&failed["row"]["state"], &failed["row"]["end"]["code"]), (&json!("failed"), &json!("worker_stopped")));
        assert!(failed["summary"]["totals"]["finished"].as_u64() > Some(0), "{failed}");
    }

    async fn a_run_that_is_over_soon_is_carried_out_by_a_worker_that_is_asked_to_end(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let url = target.target().url();
        let mut plant = Plant::start(&home, &database, &url).await;
        let run = plant.lab.launch("short", json!({})).await;
        let next = plant.lab.launch("short", json!({})).await;
        plant.lab.until(&run, "under way", PATIENCE, |run| run["row"]["headline"].is_object()).await;
        plant.worker().signal(Signal::SIGTERM);
        let exit = plant.worker_exit().await;
        assert_eq!(exit.code(), Some(0), "{}", plant.log(&home));
        if database.starts_with("sqlite:") {
            plant.lab = Lab::start(&home, &database, &url, &["--no-worker"]).await;
        }
        let found = plant.lab.get(&run).await;
        assert_eq!((&found["row"]["state"], &found["row"]["end"]["code"]), (&json!("finished"), &json!("completed")), "{found}");
        assert_eq!(found["summary"]["totals"]["finished"], 100, "{found}");
        assert_eq!(plant.lab.get(&next).await["row"]["state"], "queued", "nothing new is begun");
    }

    async fn a_lab_that_is_asked_to_end_closes_its_streams_and_exits_well(database) {
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
            until("the wait has reached the lab", PATIENCE, async || home.read("lab.log").contains("?wait=4m").then_some(()))
                .await;
            lab.pid().signal(Signal::SIGTERM);
        };
        let (reply, (), ()) = tokio::join!(waiting, ends, signal);
        assert_eq!(reply.status(), 200);
        let exit = tokio::time::timeout(PATIENCE, lab.process.wait()).await.unwrap().unwrap();
        assert_eq!(exit.code(), Some(0), "{}", home.read("lab.log"));
        let lab = Lab::start(&home, &database, &target.target().url(), &[]).await;
        assert_eq!(lab.over(&run, PATIENCE).await["row"]["state"], "finished", "what waited is carried out later");
    }

    async fn a_second_signal_ends_whoever_works_at_once(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let mut plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        // A runner that cannot hear is what keeps its worker from ending soon.
        runner.signal(Signal::SIGSTOP);
        plant.worker().signal(Signal::SIGTERM);
        until("it has heard", PATIENCE, async || plant.log(&home).contains("asked to end").then_some(())).await;
        plant.worker().signal(Signal::SIGTERM);
        let exit = plant.worker_exit().await;
        assert_eq!(exit.code(), Some(1), "{}", plant.log(&home));
        assert!(plant.log(&home).contains("asked again: ends at once"));
        runner.signal(Signal::SIGCONT);
        runner.gone_within(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_that_is_asked_to_end_as_soon_as_it_listens_ends_well() {
    let (home, nobody) = (Home::new(), nobody());
    for _ in 0..3 {
        let mut lab = Lab::start(&home, &home.sqlite(), &nobody.url(), &[]).await;
        let exit = ended_by(&mut lab.process, Signal::SIGTERM, PATIENCE).await;
        assert_eq!(exit, Some(0), "{}", home.read("lab.log"));
    }
}

/// Nobody could recall the load of a worker that has lost its database, and nobody could end it but by force.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_database_is_away_ends_all_the_same_and_the_next_tells_what_it_had_measured() {
    in_postgres(|database| async move {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease("60s"), target());
        let lab = Lab::start(&home, &database, &target.target().url(), &["--no-worker"]).await;
        let way = Way::to(&database).await;
        let mut worker = Worker::start(&home, &way.url, &[]);
        let run = lab.launch("long", json!({})).await;
        let runner = Process::of_run(&lab.under_load(&run).await);
        way.cut();
        worker.pid().signal(Signal::SIGTERM);
        runner.gone_within(PATIENCE).await;
        let exit = worker.exit().await;
        assert_eq!(exit.code(), Some(0), "{}", home.read("worker.log"));
        let _next = Worker::start(&home, &database, &[]);
        let failed = lab.over(&run, PATIENCE).await;
        assert_eq!(
            (&failed["row"]["state"], &failed["row"]["end"]["code"]),
            (&json!("failed"), &json!("worker_stopped"))
        );
        let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
        let points = lab.get(&format!("{run}/series")).await;
        let count = |of: &str| points.as_array().unwrap().iter().map(|point| point[of].as_u64().unwrap()).sum::<u64>();
        assert_eq!(failed["summary"]["totals"]["finished"], count("finished"), "no second is missing: {points}");
        // What was open when the runner was told to abort may have been answered and not heard.
        assert!((count("finished")..=count("started")).contains(&answered), "{answered} answered: {points}");
    })
    .await;
}

/// The end of a run that its worker could not tell, and then it was killed: what waited on disk is told once.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_while_its_database_is_away_leaves_the_end_of_its_run_to_the_next() {
    in_postgres(|database| async move {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease("60s"), target());
        let lab = Lab::start(&home, &database, &target.target().url(), &["--no-worker"]).await;
        let way = Way::to(&database).await;
        let mut worker = Worker::start(&home, &way.url, &[]);
        let run = lab.launch("short", json!({})).await;
        lab.until(&run, "under way", PATIENCE, |run| run["row"]["headline"].is_object()).await;
        way.cut();
        let spool = home.path("data/spool");
        let kept = until("the end of the run is on disk", PATIENCE, async || {
            let file = std::fs::read_dir(&spool).ok()?.next()?.unwrap().path();
            let text = std::fs::read_to_string(file).ok()?;
            text.contains("{\"end\":").then_some(text)
        })
        .await;
        assert!(!kept.contains("postgres://") && !kept.contains("secret"), "{kept}");
        worker.kill().await;
        let before = lab.get(&run).await;
        assert!(before["row"]["headline"]["finished"].as_u64() < Some(100), "some of it was to be missing: {before}");
        let _next = Worker::start(&home, &database, &[]);
        let found = lab.over(&run, PATIENCE).await;
        assert_eq!(
            (&found["row"]["state"], &found["row"]["end"]["code"]),
            (&json!("finished"), &json!("completed")),
            "{found}"
        );
        assert_eq!((&found["attempt"], &found["summary"]["totals"]["finished"]), (&json!(1), &json!(100)));
        let points = lab.get(&format!("{run}/series")).await;
        let finished: u64 = points.as_array().unwrap().iter().map(|point| point["finished"].as_u64().unwrap()).sum();
        assert_eq!(finished, 100, "each second once: {points}");
        until("nothing waits on disk", PATIENCE, async || {
            std::fs::read_dir(&spool).unwrap().next().is_none().then_some(())
        })
        .await;
        let next = lab.launch("short", json!({"duration": "1s"})).await;
        assert_eq!(lab.over(&next, PATIENCE).await["row"]["state"], "finished", "its environment is free again");
    })
    .await;
}

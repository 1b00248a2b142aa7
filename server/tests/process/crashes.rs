//! Processes that are killed or frozen leave no run hanging, no load running and no second attempt.

use std::time::Duration;

use futures::future::join_all;
use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    lab::{Home, Lab, PATIENCE, Plant, Worker, beside_others, integrity, target, until},
    place::{in_postgres, in_sqlite, on_both},
    runner::Process,
};

/// How soon a runner must be gone whose worker was killed: usually at once, and before the 25 s of silence after which it
/// would stop by itself.
const ORPHANED: Duration = Duration::from_secs(20);
/// The lease of tests in which a run is lost. A worker that lives beats every second.
const SHORT_LEASE: &str = "6s";
/// Random moments at which a worker is killed, per database: a quarter of a minute for all of them.
const KILLS: usize = 20;
/// They are spread over so many labs side by side, each with a worker and a host of its own: most of the time they wait.
const LABS: usize = 5;
const SEED: &str = "PERFLAB_TEST_SEED";

on_both! {
    async fn a_killed_worker_leaves_no_load_behind_and_its_run_is_lost_with_what_was_measured(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease(SHORT_LEASE), target());
        let url = target.target().url();
        let mut plant = Plant::start(&home, &database, &url).await;
        let run = plant.lab.launch("long", json!({})).await;
        let before = plant.lab.under_load(&run).await;
        let runner = Process::of_run(&before);
        let seconds = plant.lab.get(&format!("{run}/series")).await.as_array().unwrap().len();
        plant.kill_worker().await;
        runner.gone_within(ORPHANED).await;
        plant.revive(&home, &database, &url).await;
        let lost = plant.lab.over(&run, PATIENCE).await;
        assert_eq!(lost["row"]["state"], "lost", "{lost}");
        assert_eq!(lost["attempt"], 1, "load is never tried twice by itself");
        assert!(lost["row"]["end"]["message"].as_str().unwrap().contains("silent"), "{lost}");
        let kept = plant.lab.get(&format!("{run}/series")).await;
        assert!(kept.as_array().unwrap().len() >= seconds, "{kept}");
        let next = plant.lab.launch("short", json!({"duration": "1s"})).await;
        assert_eq!(plant.lab.over(&next, PATIENCE).await["row"]["state"], "finished");
    }

    async fn a_killed_runner_fails_its_run_and_the_worker_takes_the_next(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let next = plant.lab.launch("short", json!({"duration": "1s"})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        runner.signal(Signal::SIGKILL);
        let failed = plant.lab.over(&run, PATIENCE).await;
        assert_eq!((&failed["row"]["state"], &failed["row"]["end"]["code"]), (&json!("failed"), &json!("killed")));
        assert!(failed["summary"]["totals"]["finished"].as_u64() > Some(0), "what was measured is kept: {failed}");
        assert_eq!(failed["row"]["verdict"], "inconclusive");
        assert_eq!(plant.lab.over(&next, PATIENCE).await["row"]["state"], "finished");
    }

    async fn a_frozen_runner_is_ended_with_its_group_soon_after_an_abort(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::new().without_patience(), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        runner.signal(Signal::SIGSTOP);
        plant.lab.post(&format!("{run}/abort"), &json!({})).await;
        let aborted = plant.lab.over(&run, PATIENCE).await;
        assert_eq!(aborted["row"]["end"]["code"], "aborted", "{aborted}");
        assert!(runner.is_gone(), "the runner outlived its run");
    }
}

mod a_worker_killed_at_any_moment_leaves_no_process_no_half_run_and_a_whole_database {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn on_sqlite() {
        let _turn = beside_others().await;
        join_all(moments().chunks(KILLS / LABS).map(|moments| in_sqlite(|database| killed_at(moments, database))))
            .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn on_postgres() {
        let _turn = beside_others().await;
        join_all(moments().chunks(KILLS / LABS).map(|moments| in_postgres(|database| killed_at(moments, database))))
            .await;
    }
}

/// Kills the worker of a lab at each of these moments after a launch.
async fn killed_at(moments: &[Duration], database: String) {
    // Lost is what most runs are to be here, and the others may be: no need for a patient lease.
    let (home, target) = (Home::with_lease("2s"), target());
    let url = target.target().url();
    let mut plant = Plant::start(&home, &database, &url).await;
    for moment in moments {
        let run = plant.lab.launch("short", json!({"duration": "2s"})).await;
        // Not waited for anything: the moment is what is drawn, from before the claim to after the end.
        tokio::time::sleep(*moment).await;
        let runners = plant.worker().children();
        plant.kill_worker().await;
        for runner in runners {
            runner.gone_within(ORPHANED).await;
        }
        if let Some(file) = database.strip_prefix("sqlite:") {
            assert_eq!(integrity(file.as_ref()).await, "ok");
        }
        plant.revive(&home, &database, &url).await;
        let found = plant.lab.over(&run, PATIENCE).await;
        assert_eq!(found["attempt"], 1, "load is never tried twice by itself: {found}");
        let points = plant.lab.get(&format!("{run}/series")).await;
        let kept: u64 = points.as_array().unwrap().iter().map(|point| point["finished"].as_u64().unwrap()).sum();
        match found["row"]["state"].as_str().unwrap() {
            "lost" => assert!(kept <= 40, "{points}"),
            "finished" => assert_eq!((found["summary"]["totals"]["finished"].as_u64(), kept), (Some(40), 40)),
            state => panic!("neither lost nor finished, but {state}: {found}"),
        }
    }
}

/// The moments that a seed gives (xorshift). It differs each time; it is printed, and the variable repeats it.
fn moments() -> Vec<Duration> {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1);
    let mut state = seed.max(1);
    let mut draw = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_millis(state % 3_500)
    };
    let moments: Vec<Duration> = (0..KILLS).map(&mut draw).collect();
    eprintln!("{SEED}={seed}: {moments:?}");
    moments
}

/// How long a runner has beyond its plan is a setting that only tests change: 2 s here, and a second after SIGTERM.
#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_freezes_is_ended_when_its_time_is_up() {
    let (home, target) = (Home::new().without_patience(), target());
    let database = home.sqlite();
    let lab = Lab::start(&home, &database, &target.target().url(), &[]).await;
    let run = lab.launch("short", json!({"duration": "2s"})).await;
    let next = lab.launch("short", json!({"duration": "1s"})).await;
    let started = lab.until(&run, "started", PATIENCE, |run| run["started"].is_object()).await;
    let runner = Process::of_run(&started);
    runner.signal(Signal::SIGSTOP);
    let failed = lab.over(&run, PATIENCE).await;
    assert_eq!((&failed["row"]["state"], &failed["row"]["end"]["code"]), (&json!("failed"), &json!("timeout")));
    assert!(runner.is_gone(), "the runner outlived its run");
    assert_eq!(lab.over(&next, PATIENCE).await["row"]["state"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_killed_in_the_middle_of_its_writes_comes_back_with_a_whole_database() {
    in_sqlite(|database| async move {
        let _turn = beside_others().await;
        // Each lab but the first waits for the run of the one before to be lost.
        let (home, target) = (Home::with_lease("2s"), target());
        let url = target.target().url();
        let file = std::path::PathBuf::from(database.trim_start_matches("sqlite:"));
        let mut launched = Vec::new();
        for _ in 0..3 {
            let mut lab = Lab::start(&home, &database, &url, &[]).await;
            let before = kept(&lab).await;
            // The first waits for nobody, the others wait for it: all of them were acknowledged.
            for _ in 0..3 {
                launched.push(lab.launch("long", json!({})).await);
            }
            // Only this lab can have written more: the run of the one before has no worker any more.
            until("this lab writes seconds of a run", PATIENCE, async || (kept(&lab).await > before).then_some(()))
                .await;
            lab.process.kill().await.unwrap();
            assert_eq!(integrity(&file).await, "ok");
        }
        let lab = Lab::start(&home, &database, &url, &["--no-worker"]).await;
        for run in &launched {
            let found = lab
                .until(run, "lost or waiting", PATIENCE, |run| {
                    run["row"]["state"] == "lost" || run["row"]["state"] == "queued"
                })
                .await;
            assert!(found["attempt"].as_u64() <= Some(1), "{found}");
        }
        let rows = lab.get("/api/v1/runs?limit=200").await["rows"].as_array().unwrap().len();
        assert_eq!(rows, launched.len());
    })
    .await;
}

/// How many requests of all runs are kept.
async fn kept(lab: &Lab) -> u64 {
    let page = lab.get("/api/v1/runs?limit=200").await;
    page["rows"].as_array().unwrap().iter().filter_map(|row| row["headline"]["finished"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_slept_too_long_finds_its_run_lost_and_ends_its_runner() {
    in_postgres(|database| async move {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease(SHORT_LEASE), target());
        let plant = Plant::start(&home, &database, &target.target().url()).await;
        let run = plant.lab.launch("long", json!({})).await;
        let runner = Process::of_run(&plant.lab.under_load(&run).await);
        plant.worker().signal(Signal::SIGSTOP);
        let lost = plant.lab.state(&run, "lost").await;
        assert!(!runner.is_gone(), "this test is about a worker that wakes before its runner has given up");
        plant.worker().signal(Signal::SIGCONT);
        runner.gone_within(PATIENCE).await;
        let next = plant.lab.launch("short", json!({"duration": "1s"})).await;
        assert_eq!(plant.lab.over(&next, PATIENCE).await["row"]["state"], "finished", "the worker works on");
        let after = plant.lab.get(&run).await;
        assert_eq!(after["row"], lost["row"]);
        assert_eq!(after["last_seq"], lost["last_seq"], "nothing is written to a run that was lost");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_queue_and_no_run_is_made_twice() {
    in_postgres(|database| async move {
        let _turn = beside_others().await;
        let (home, elsewhere, target) = (Home::new(), Home::new(), target());
        let lab = Lab::start(&home, &database, &target.target().url(), &["--no-worker"]).await;
        // Two hosts, as far as locks can tell.
        let _workers = (Worker::start(&home, &database, &[]), Worker::start(&elsewhere, &database, &[]));
        let mut runs = Vec::new();
        for _ in 0..4 {
            runs.push(lab.launch("short", json!({"duration": "1s"})).await);
        }
        for run in &runs {
            let found = lab.over(run, PATIENCE).await;
            assert_eq!((&found["row"]["state"], &found["attempt"]), (&json!("finished"), &json!(1)), "{found}");
        }
        let answered: u64 = target.target().counts().answered.iter().map(|answered| answered.count).sum();
        assert_eq!(answered, 4 * 20);
    })
    .await;
}

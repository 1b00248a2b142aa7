//! What a runner has from its worker: none of its secrets, and its end.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    lab::{Home, PATIENCE, Plant, beside_others, target},
    runner::Process,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_inherits_nothing_that_opens_the_lab() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let run = plant.lab.launch("long", json!({})).await;
    let runner = Process::of_run(&plant.lab.under_load(&run).await);
    let worker = plant.worker().variables();
    assert!(worker.iter().any(|name| name == "PERFLAB_LEASE") && worker.iter().any(|name| name == "PGAPPNAME"));
    let inherited = runner.variables();
    assert!(inherited.iter().any(|name| name == "PATH"), "{inherited:?}");
    let ours: Vec<&String> =
        inherited.iter().filter(|name| name.starts_with("PERFLAB_") || name.starts_with("PG")).collect();
    // Its log, and where it must never go.
    assert!(ours.iter().all(|name| ["PERFLAB_LOG", "PERFLAB_DENIED_PORTS"].contains(&name.as_str())), "{ours:?}");
    plant.lab.post(&format!("{run}/abort"), &json!({})).await;
}

/// It cannot notice by itself that its worker is gone: the system ends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_runner_dies_with_its_killed_worker() {
    let _turn = beside_others().await;
    let (home, target) = (Home::new(), target());
    let mut plant = Plant::start(&home, &home.sqlite(), &target.target().url()).await;
    let run = plant.lab.launch("long", json!({})).await;
    let runner = Process::of_run(&plant.lab.under_load(&run).await);
    runner.signal(Signal::SIGSTOP);
    plant.kill_worker().await;
    runner.gone_within(PATIENCE).await;
}

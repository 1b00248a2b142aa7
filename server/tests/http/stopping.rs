//! Stop and abort, in each state.

use perflab_model::run::RunState;
use serde_json::{Value, json};

use crate::{place::on_both, site::Site, worker::Held};

/// Brings the next run into a state.
async fn bring(site: &Site, state: RunState) -> (String, Option<Held>) {
    let id = site.launched(json!({})).await;
    if state == RunState::Queued {
        return (id, None);
    }
    if state == RunState::Cancelled {
        site.post(&format!("/api/v1/runs/{id}/stop"), &json!({})).await.with_status(200);
        return (id, None);
    }
    let mut held = Held::claim(&site.lab).await;
    if state == RunState::Claimed {
        return (id, Some(held));
    }
    if state == RunState::Failed {
        held.fail().await;
        return (id, None);
    }
    held.start().await;
    held.second(9_000).await;
    match state {
        RunState::Running => return (id, Some(held)),
        RunState::Finishing => {
            held.finishing().await;
            return (id, Some(held));
        }
        RunState::Lost => held.vanish().await,
        _ => held.complete().await,
    }
    (id, None)
}

async fn run(site: &Site, id: &str) -> Value {
    site.get(&format!("/api/v1/runs/{id}")).await.with_status(200)
}

on_both! {
    async fn a_run_is_stopped_and_aborted_in_every_state(database) {
        let site = Site::new(&database).await;
        for how in ["stop", "abort"] {
            for state in RunState::ALL {
                let (id, held) = bring(&site, state).await;
                let before = run(&site, &id).await;
                assert_eq!(before["row"]["state"], state.code());
                let outcome = site.post(&format!("/api/v1/runs/{id}/{how}"), &json!({})).await.with_status(200);
                let after = run(&site, &id).await;
                match state {
                    RunState::Queued => {
                        assert_eq!(outcome, json!({"outcome": "cancelled"}));
                        assert_eq!(after["row"]["state"], "cancelled");
                        assert!(!after["row"]["end"]["message"].as_str().unwrap().is_empty());
                    }
                    _ if state.is_terminal() => {
                        assert_eq!(outcome, json!({"outcome": "already_over", "state": state.code()}));
                        assert_eq!(after, before, "a run that is over never changes");
                    }
                    _ => {
                        assert_eq!(outcome, json!({"outcome": "ordered"}));
                        assert_eq!(after["row"]["state"], state.code());
                        assert_eq!(after["cancel"], how);
                    }
                }
                // Only one run at a time has the environment: make room for the next.
                if let Some(held) = held {
                    held.complete().await;
                }
            }
        }
    }

    async fn an_order_to_stop_beats_a_success_that_comes_later(database) {
        let site = Site::new(&database).await;
        for (how, code) in [("stop", "stopped"), ("abort", "aborted")] {
            let (id, held) = bring(&site, RunState::Running).await;
            site.post(&format!("/api/v1/runs/{id}/{how}"), &json!({})).await.with_status(200);
            held.unwrap().complete().await;
            let run = run(&site, &id).await;
            assert_eq!((&run["row"]["state"], &run["row"]["end"]["code"]), (&json!("cancelled"), &json!(code)));
            assert_eq!(run["summary"]["totals"]["finished"], 20, "what was measured is kept");
            assert_eq!((&run["row"]["verdict"], &run["summary"]["gate"]), (&json!("inconclusive"), &json!("inconclusive")));
        }
    }

    async fn an_abort_replaces_a_stop_and_never_the_reverse(database) {
        let site = Site::new(&database).await;
        let (id, _held) = bring(&site, RunState::Running).await;
        for (how, kept) in [("stop", "stop"), ("abort", "abort"), ("stop", "abort")] {
            site.post(&format!("/api/v1/runs/{id}/{how}"), &json!({})).await.with_status(200);
            assert_eq!(run(&site, &id).await["cancel"], kept);
        }
    }

    async fn a_worker_hears_of_the_order_with_its_next_beat(database) {
        let site = Site::new(&database).await;
        let (id, held) = bring(&site, RunState::Running).await;
        let held = held.unwrap();
        let beat = site.lab.db().beat(held.run, held.attempt).await.unwrap();
        assert_eq!(beat, perflab_model::order::Orders::default());
        site.post(&format!("/api/v1/runs/{id}/abort"), &json!({})).await.with_status(200);
        let order = site.lab.db().beat(held.run, held.attempt).await.unwrap();
        assert_eq!(order.cancel, Some(perflab_model::run::Cancel::Abort));
    }

    async fn a_cancelled_run_is_never_given_to_a_worker(database) {
        let site = Site::new(&database).await;
        let first = site.launched(json!({})).await;
        let second = site.launched(json!({})).await;
        site.post(&format!("/api/v1/runs/{first}/abort"), &json!({})).await.with_status(200);
        let held = Held::claim(&site.lab).await;
        assert_eq!(held.run.to_string(), second);
    }

    async fn twenty_stops_at_once_cancel_once(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let stopping: Vec<_> = (0..20)
            .map(|_| {
                let (site, address) = (site.clone(), format!("/api/v1/runs/{id}/stop"));
                tokio::spawn(async move { site.post(&address, &json!({})).await.with_status(200) })
            })
            .collect();
        let mut cancelled = 0;
        for stop in stopping {
            cancelled += usize::from(stop.await.unwrap()["outcome"] == "cancelled");
        }
        assert_eq!(cancelled, 1);
        let events = site.lab.events_since(id.parse().unwrap(), 0).await.unwrap();
        assert_eq!(events.len(), 2, "queued and cancelled, once each: {events:?}");
    }
}

//! Workers take runs.

use std::{collections::HashMap, sync::Arc};

use perflab_model::run::RunState;
use perflab_store::StoreError;
use tokio::sync::Mutex;

use crate::{
    on_both,
    samples::{Ground, NOW, failed, run_id, worker},
};

on_both! {
    async fn the_oldest_run_of_a_free_environment_comes_first(place) {
        let ground = Ground::new(&place.db).await;
        let other = ground.another_environment("production").await;
        let mut young = ground.new_run();
        young.created_us = NOW + 1;
        place.db.create_run(&young, None).await.unwrap();
        let old = ground.launch().await;
        let mut elsewhere = other.new_run();
        elsewhere.created_us = NOW + 2;
        place.db.create_run(&elsewhere, None).await.unwrap();

        let me = worker();
        let first = place.db.claim(me, "a", NOW).await.unwrap().unwrap();
        assert_eq!((first.run.row.id, first.attempt), (old.id, 1));
        assert_eq!((first.run.worker, first.run.row.state), (Some(me), RunState::Claimed));
        let second = place.db.claim(worker(), "b", NOW).await.unwrap().unwrap();
        assert_eq!(second.run.row.id, elsewhere.id, "staging is busy, production is free");
        assert_eq!(place.db.claim(worker(), "c", NOW).await.unwrap(), None);

        place.db.finish(old.id, 1, &failed(), None, NOW).await.unwrap();
        assert_eq!(place.db.claim(worker(), "c", NOW).await.unwrap().unwrap().run.row.id, young.id);
    }

    async fn a_claim_whose_answer_was_lost_gives_the_same_run_again(place) {
        let ground = Ground::new(&place.db).await;
        let other = ground.another_environment("production").await;
        ground.launch().await;
        other.launch().await;
        let first = place.db.claim(worker(), "mine", NOW).await.unwrap().unwrap();
        let again = place.db.claim(worker(), "mine", NOW).await.unwrap().unwrap();
        assert_eq!(again, first);
        place.db.finish(first.run.row.id, first.attempt, &failed(), None, NOW).await.unwrap();
        let late = place.db.claim(worker(), "mine", NOW).await;
        assert!(matches!(late, Err(StoreError::StaleClaim)), "{late:?}");
    }

    async fn one_claim_made_many_times_at_once_gives_one_run(place) {
        let ground = Ground::new(&place.db).await;
        for name in ["a", "b", "c", "d"] {
            ground.another_environment(name).await.launch().await;
        }
        let claims = (0..12).map(|_| {
            let db = place.db.clone();
            tokio::spawn(async move { db.claim(worker(), "one", NOW).await.unwrap() })
        });
        let mut runs = Vec::new();
        for claim in claims {
            runs.extend(claim.await.unwrap().map(|claimed| claimed.run.row.id));
        }
        runs.dedup();
        assert_eq!(runs.len(), 1);
    }

    async fn sixteen_claimers_take_each_run_once_and_one_at_a_time(place) {
        const RUNS: usize = 1_000;
        const CLAIMERS: usize = 16;
        let ground = Ground::new(&place.db).await;
        let mut environments = Vec::new();
        for number in 0..8 {
            environments.push(ground.another_environment(&format!("env {number}")).await);
        }
        for number in 0..RUNS {
            environments[number % environments.len()].launch().await;
        }
        let claimed = Arc::new(Mutex::new(HashMap::new()));
        let under_way = Arc::new(Mutex::new(HashMap::new()));
        let claimers = (0..CLAIMERS).map(|_| {
            let (db, claimed, under_way) = (place.db.clone(), Arc::clone(&claimed), Arc::clone(&under_way));
            tokio::spawn(async move {
                let me = worker();
                while claimed.lock().await.len() < RUNS {
                    let Some(got) = db.claim(me, &run_id().to_string(), NOW).await.unwrap() else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    let run = got.run.row.id;
                    assert_eq!(got.attempt, 1);
                    assert_eq!(claimed.lock().await.insert(run, me), None, "{run} was claimed twice");
                    let busy = under_way.lock().await.insert(got.run.environment_id, run);
                    assert_eq!(busy, None, "two runs on one environment");
                    under_way.lock().await.remove(&got.run.environment_id);
                    assert!(db.finish(run, got.attempt, &failed(), None, NOW).await.unwrap());
                }
            })
        });
        for claimer in claimers.collect::<Vec<_>>() {
            claimer.await.unwrap();
        }
        assert_eq!(claimed.lock().await.len(), RUNS);
        assert_eq!(place.db.counts(None).await.unwrap(), vec![(RunState::Failed, RUNS as u64)]);
    }
}

//! A run is asked for.

use std::collections::HashSet;

use perflab_model::{event::EventKind, run::RunState};
use perflab_store::{Conflict, Idempotency, Refusal, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW},
};

const DAY_US: i64 = 24 * 3600 * 1_000_000;

fn key(caller: &str, body_hash: &str) -> Idempotency {
    Idempotency { caller: caller.to_owned(), key: "k".to_owned(), body_hash: body_hash.to_owned() }
}

on_both! {
    async fn a_launched_run_is_read_back_whole(place) {
        let ground = Ground::new(&place.db).await;
        let new = ground.new_run();
        let created = place.db.create_run(&new, None).await.unwrap();
        assert_eq!((created.id, created.number, created.replayed), (new.id, 1, false));
        let run = place.db.run(new.id).await.unwrap().unwrap();
        assert_eq!(run.plan, new.plan);
        assert_eq!(run.row.revision, new.revision);
        assert_eq!(run.row.tags, new.tags);
        assert_eq!(run.row.trigger, new.trigger);
        assert_eq!(run.row.planned_seconds, 60.0);
        assert_eq!((run.row.state, run.attempt, run.last_seq), (RunState::Queued, 0, 1));
        assert_eq!(run.row.project.as_str(), "MITA");
        assert_eq!(run.row.environment.as_str(), "staging");
        assert_eq!(place.db.run_by_number(ground.project, 1).await.unwrap(), Some(run));
        assert_eq!(place.db.run_by_number(ground.project, 2).await.unwrap(), None);
        let events = place.db.events_since(new.id, 0, 10).await.unwrap();
        assert!(matches!(&events[..], [event] if event.seq == 1 && matches!(&event.what, EventKind::State(_))));
    }

    async fn numbers_of_parallel_launches_have_no_gaps(place) {
        let ground = Ground::new(&place.db).await;
        let launches = (0..40).map(|_| {
            let ground = ground.clone();
            tokio::spawn(async move { ground.launch().await.number })
        });
        let mut numbers = Vec::new();
        for launch in launches {
            numbers.push(launch.await.unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
    }

    async fn a_launch_that_fails_uses_up_no_number(place) {
        let ground = Ground::new(&place.db).await;
        let new = ground.new_run();
        place.db.create_run(&new, None).await.unwrap();
        let again = place.db.create_run(&new, None).await;
        assert!(matches!(again, Err(StoreError::Conflict(Conflict::Exists))), "{again:?}");
        assert_eq!(ground.launch().await.number, 2);
    }

    async fn fifty_posts_with_one_key_make_one_run(place) {
        let ground = Ground::new(&place.db).await;
        let posts = (0..50).map(|_| {
            let ground = ground.clone();
            tokio::spawn(async move {
                ground.db.create_run(&ground.new_run(), Some(&key("ci", "same"))).await.unwrap()
            })
        });
        let mut runs = HashSet::new();
        let mut first = 0;
        for post in posts {
            let created = post.await.unwrap();
            runs.insert(created.id);
            first += u32::from(!created.replayed);
        }
        assert_eq!((runs.len(), first), (1, 1));
        assert_eq!(ground.launch().await.number, 2, "no number was lost");
    }

    async fn a_key_for_another_request_is_refused(place) {
        let ground = Ground::new(&place.db).await;
        let first = place.db.create_run(&ground.new_run(), Some(&key("ci", "one"))).await.unwrap();
        let other = place.db.create_run(&ground.new_run(), Some(&key("ci", "two"))).await;
        assert!(matches!(other, Err(StoreError::Conflict(Conflict::KeyReused { run })) if run == first.id));
        let someone_else = place.db.create_run(&ground.new_run(), Some(&key("cd", "two"))).await.unwrap();
        assert!(!someone_else.replayed);
    }

    async fn a_key_is_forgotten_after_a_day(place) {
        let ground = Ground::new(&place.db).await;
        let first = place.db.create_run(&ground.new_run(), Some(&key("ci", "one"))).await.unwrap();
        let mut later = ground.new_run();
        later.created_us = NOW + DAY_US - 1;
        assert_eq!(place.db.create_run(&later, Some(&key("ci", "one"))).await.unwrap().id, first.id);
        later.created_us = NOW + DAY_US;
        assert!(!place.db.create_run(&later, Some(&key("ci", "other"))).await.unwrap().replayed);
        assert_eq!(place.db.forget_old_keys(NOW + DAY_US).await.unwrap(), 0, "the new one is young");
        assert_eq!(place.db.forget_old_keys(NOW + 2 * DAY_US).await.unwrap(), 1);
    }

    async fn hostile_words_are_kept_as_they_are(place) {
        let ground = Ground::new(&place.db).await;
        let mut new = ground.new_run();
        let hostile = "'; DROP TABLE run; -- \"\\ %_$1 ?1 \u{202e} 💥";
        new.revision.branch = Some(hostile.to_owned());
        new.tags = vec![hostile.to_owned(), hostile.to_owned()];
        place.db.create_run(&new, None).await.unwrap();
        let run = place.db.run(new.id).await.unwrap().unwrap();
        assert_eq!(run.row.revision.branch.as_deref(), Some(hostile));
        assert_eq!(run.row.tags, new.tags);
    }

    async fn a_nul_is_refused_and_leaves_nothing_behind(place) {
        let ground = Ground::new(&place.db).await;
        let mut new = ground.new_run();
        new.revision.branch = Some("ma\0in".to_owned());
        let refused = place.db.create_run(&new, None).await;
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::Nul))), "{refused:?}");
        assert_eq!(place.db.run(new.id).await.unwrap(), None);
        assert_eq!(ground.launch().await.number, 1);
    }
}

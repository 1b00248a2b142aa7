//! Leases and their keeper.

use perflab_model::{event::EventKind, order::Orders, run::RunState};

use crate::{
    on_both,
    samples::{Ground, NOW, tick},
};

on_both! {
    async fn a_beat_keeps_the_run(place) {
        let ground = Ground::new(&place.db).await;
        let claimed = ground.running().await;
        let run = claimed.run.row.id;
        let seen = place.db.leases().await.unwrap();
        assert_eq!((seen.len(), seen[0].run, seen[0].attempt), (1, run, 1));
        assert_eq!(place.db.beat(run, 1).await.unwrap(), Orders::default());
        assert!(!place.db.lose(seen[0], "silent", NOW).await.unwrap(), "it has beaten since the keeper looked");
        assert_eq!(ground.state(run).await, RunState::Running);
        assert_eq!(place.db.leases().await.unwrap()[0].beat, seen[0].beat + 1);
    }

    async fn a_chunk_is_a_sign_of_life(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let seen = place.db.leases().await.unwrap()[0];
        let chunk = perflab_store::Chunk { ticks: vec![tick(0)], ..Default::default() };
        place.db.write_chunk(run, 1, 1, &chunk).await.unwrap();
        assert!(!place.db.lose(seen, "silent", NOW).await.unwrap(), "it has written since the keeper looked");
    }

    async fn a_silent_worker_loses_its_run_but_not_what_it_measured(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let chunk = perflab_store::Chunk { ticks: vec![tick(0)], ..Default::default() };
        place.db.write_chunk(run, 1, 1, &chunk).await.unwrap();
        let lease = place.db.leases().await.unwrap()[0];
        assert!(place.db.lose(lease, "Its worker was silent for 30 s", NOW + 9).await.unwrap());
        assert!(!place.db.lose(lease, "again", NOW + 10).await.unwrap());
        let lost = place.db.run(run).await.unwrap().unwrap();
        assert_eq!((lost.row.state, lost.row.ended_us), (RunState::Lost, Some(NOW + 9)));
        assert_eq!(lost.row.end.unwrap().message, "Its worker was silent for 30 s");
        assert_eq!(place.db.ticks(run, 1).await.unwrap().len(), 1);
        let last = place.db.events_since(run, lost.last_seq - 1, 1).await.unwrap().remove(0);
        assert!(matches!(last.what, EventKind::State(change) if change.state == RunState::Lost));
        assert!(place.db.leases().await.unwrap().is_empty());
        assert_eq!(ground.claimed().await.attempt, 1, "the environment is free again");
    }

    async fn there_is_one_keeper(place) {
        let mut keeper = place.db.try_become_keeper().await.unwrap().unwrap();
        assert!(keeper.holds().await);
        if !place.is_postgres() {
            return;
        }
        let elsewhere = place.reopen().await;
        assert!(elsewhere.try_become_keeper().await.unwrap().is_none());
        // The server ends the keeper's connection, as when its host vanishes.
        place
            .past_the_store(
                "SELECT pg_terminate_backend(pid)::text FROM pg_locks WHERE locktype = 'advisory' AND \
                 database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                    .to_owned(),
            )
            .await;
        assert!(!keeper.holds().await);
        // The server says goodbye to the connection before it frees the lock.
        let followed = async {
            while elsewhere.try_become_keeper().await.unwrap().is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), followed).await.expect("the lock is freed");
        elsewhere.close().await;
    }
}

//! Wake-ups.

use perflab_model::run::Cancel;
use perflab_store::Change;
use tokio::sync::broadcast::Receiver;

use crate::{
    on_both,
    samples::{Ground, NOW, failed, log_line},
};

/// Waits for one wake-up, over others.
async fn wait_for(changes: &mut Receiver<Change>, wanted: Change) {
    let waiting = async { while changes.recv().await.expect("the store is open") != wanted {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await.expect("the wake-up comes");
}

on_both! {
    async fn every_write_of_a_run_wakes_its_readers(place) {
        let ground = Ground::new(&place.db).await;
        let mut changes = place.db.changes();
        let run = ground.launch().await.id;
        assert_eq!(changes.recv().await.unwrap(), Change::Run(run));
        assert_eq!(changes.recv().await.unwrap(), Change::Queue);
        place.db.claim(crate::samples::worker(), "a", NOW).await.unwrap().unwrap();
        assert_eq!(changes.recv().await.unwrap(), Change::Run(run));
        let chunk = perflab_store::Chunk { events: vec![(NOW, log_line("x"))], ..Default::default() };
        place.db.write_chunk(run, 1, 1, &chunk).await.unwrap();
        assert_eq!(changes.recv().await.unwrap(), Change::Run(run));
        place.db.request_cancel(run, Cancel::Stop, NOW).await.unwrap();
        assert_eq!(changes.recv().await.unwrap(), Change::Run(run));
        assert_eq!(changes.recv().await.unwrap(), Change::Order(run));
        place.db.finish(run, 1, &failed(), None, NOW).await.unwrap();
        assert_eq!(changes.recv().await.unwrap(), Change::Run(run));
        assert_eq!(changes.recv().await.unwrap(), Change::Queue);
        assert!(changes.try_recv().is_err(), "nothing is told twice");
    }

    async fn what_was_rolled_back_wakes_nobody(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.launch().await.id;
        let mut changes = place.db.changes();
        place.db.finish(run, 7, &failed(), None, NOW).await.unwrap_err();
        ground.another_environment("x").await;
        assert!(changes.try_recv().is_err());
    }

    async fn other_processes_wake_us_even_after_the_connection_was_lost(place) {
        if !place.is_postgres() {
            return;
        }
        let ground = Ground::new(&place.db).await;
        let elsewhere = place.reopen().await;
        let mut changes = elsewhere.changes();
        let run = ground.launch().await.id;
        wait_for(&mut changes, Change::Run(run)).await;
        wait_for(&mut changes, Change::Queue).await;

        place
            .past_the_store(
                "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    .to_owned(),
            )
            .await;
        wait_for(&mut changes, Change::Unknown).await;
        let run = ground.launch().await.id;
        wait_for(&mut changes, Change::Run(run)).await;
        elsewhere.close().await;
    }
}

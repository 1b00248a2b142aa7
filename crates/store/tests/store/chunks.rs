//! What a worker uploads.

use futures::TryStreamExt;
use perflab_model::{
    event::{CancelAsked, EventKind, StateChange},
    run::{Cancel, RunState},
    tick::Tick,
};
use perflab_store::{Chunk, Conflict, Refusal, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, headline, log_line, point, tick},
};

/// The chunk of one second.
fn second(number: u32) -> Chunk {
    Chunk {
        events: vec![(NOW, EventKind::Tick(point(number))), (NOW, log_line(&format!("second {number}")))],
        ticks: vec![tick(number)],
        progress: None,
        headline: Some(headline(u64::from(number))),
    }
}

on_both! {
    async fn acknowledged_chunks_survive(place) {
        let ground = Ground::new(&place.db).await;
        let claimed = ground.running().await;
        let run = claimed.run.row.id;
        let mut last = 0;
        for number in 0..3 {
            last = place.db.write_chunk(run, 1, u64::from(number) + 1, &second(number)).await.unwrap().last_seq;
        }
        place.db.close().await;

        let db = place.reopen().await;
        let events = db.events_since(run, 0, 100).await.unwrap();
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=last).collect::<Vec<_>>());
        assert_eq!(events.last().unwrap().what, log_line("second 2"));
        assert_eq!(db.events_since(run, last - 1, 100).await.unwrap().len(), 1);
        assert_eq!(db.events_since(run, 0, 2).await.unwrap().len(), 2);
        assert_eq!(db.points(run).await.unwrap(), vec![point(0), point(1), point(2)]);
        assert_eq!(db.ticks(run, 1).await.unwrap(), vec![tick(0), tick(1), tick(2)]);
        assert_eq!(db.run(run).await.unwrap().unwrap().row.headline, Some(headline(2)));
        db.close().await;
    }

    async fn a_chunk_told_twice_is_written_once(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let first = place.db.write_chunk(run, 1, 1, &second(0)).await.unwrap();
        assert_eq!(place.db.write_chunk(run, 1, 1, &second(0)).await.unwrap(), first);
        assert_eq!(place.db.ticks(run, 1).await.unwrap().len(), 1);
        place.db.finish(run, 1, &completed(), None, NOW).await.unwrap();
        let repeated = place.db.write_chunk(run, 1, 1, &second(0)).await;
        assert_eq!(repeated.unwrap().last_seq, first.last_seq + 1, "it was acknowledged before the run ended");
    }

    async fn parallel_repeats_of_a_chunk_are_written_once(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let repeats = (0..10).map(|_| {
            let db = place.db.clone();
            tokio::spawn(async move { db.write_chunk(run, 1, 1, &second(0)).await.unwrap() })
        });
        for repeat in repeats {
            repeat.await.unwrap();
        }
        assert_eq!(place.db.points(run).await.unwrap().len(), 1);
    }

    async fn whoever_writes_a_chunk_learns_that_the_run_should_end(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        assert_eq!(place.db.write_chunk(run, 1, 1, &second(0)).await.unwrap().orders.cancel, None);
        place.db.request_cancel(run, Cancel::Stop, NOW).await.unwrap();
        assert_eq!(place.db.write_chunk(run, 1, 2, &second(1)).await.unwrap().orders.cancel, Some(Cancel::Stop));
        let repeated = place.db.write_chunk(run, 1, 2, &second(1)).await.unwrap();
        assert_eq!(repeated.orders.cancel, Some(Cancel::Stop), "also when the first answer was lost");
    }

    async fn a_missing_chunk_is_noticed(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let gap = place.db.write_chunk(run, 1, 2, &second(0)).await;
        assert!(
            matches!(gap, Err(StoreError::Conflict(Conflict::ChunkGap { expected: 1, found: 2 }))),
            "{gap:?}"
        );
    }

    async fn who_no_longer_has_the_run_is_told(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let other_attempt = place.db.write_chunk(run, 2, 1, &second(0)).await;
        assert!(matches!(other_attempt, Err(StoreError::Stale { .. })), "{other_attempt:?}");
        let lease = place.db.leases().await.unwrap()[0];
        assert!(place.db.lose(lease, "Its worker vanished", NOW).await.unwrap());
        let late = place.db.write_chunk(run, 1, 1, &second(0)).await;
        assert!(matches!(late, Err(StoreError::Stale { .. })), "{late:?}");
        assert!(matches!(place.db.beat(run, 1).await, Err(StoreError::Stale { .. })));
        assert!(matches!(place.db.finishing(run, 1, NOW).await, Err(StoreError::Stale { .. })));
        assert!(!place.db.finish(run, 1, &completed(), None, NOW).await.unwrap());
        assert_eq!(ground.state(run).await, RunState::Lost);
        assert!(place.db.ticks(run, 1).await.unwrap().is_empty());
    }

    async fn a_chunk_cannot_change_the_state(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let state = EventKind::State(StateChange { state: RunState::Finished, end: None });
        for event in [state, EventKind::Cancel(CancelAsked { how: Cancel::Stop })] {
            let chunk = Chunk { events: vec![(NOW, event)], ..Chunk::default() };
            let refused = place.db.write_chunk(run, 1, 1, &chunk).await;
            assert!(matches!(refused, Err(StoreError::Refused(Refusal::StateInChunk))));
        }
    }

    async fn a_failed_chunk_leaves_nothing_behind(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let before = place.db.run(run).await.unwrap().unwrap().last_seq;
        let mut doubled = second(0);
        doubled.ticks.push(tick(0));
        assert!(place.db.write_chunk(run, 1, 1, &doubled).await.is_err(), "a second has one tick");
        assert_eq!(place.db.run(run).await.unwrap().unwrap().last_seq, before);
        assert!(place.db.points(run).await.unwrap().is_empty());
        place.db.write_chunk(run, 1, 1, &second(0)).await.unwrap();
    }

    async fn a_flood_of_log_lines_fits_into_a_chunk(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let before = place.db.run(run).await.unwrap().unwrap().last_seq;
        let lines: Vec<_> = (0..3_000).map(|line| (NOW, log_line(&format!("line {line} \0 \u{1b}[31m")))).collect();
        let chunk = Chunk { events: lines.clone(), ..Chunk::default() };
        assert_eq!(place.db.write_chunk(run, 1, 1, &chunk).await.unwrap().last_seq, before + 3_000);
        let read = place.db.events_since(run, before, 5_000).await.unwrap();
        assert_eq!(read.into_iter().map(|event| (event.at_us, event.what)).collect::<Vec<_>>(), lines);
    }

    async fn many_seconds_are_streamed_in_order(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let ticks: Vec<Tick> = (0..450).map(tick).collect();
        let (late, early) = ticks.split_at(300);
        for (number, part) in [(1, early), (2, late)] {
            let chunk = Chunk { ticks: part.to_vec(), ..Chunk::default() };
            place.db.write_chunk(run, 1, number, &chunk).await.unwrap();
        }
        let streamed: Vec<Tick> = place.db.tick_stream(run, 1).try_collect().await.unwrap();
        assert_eq!(streamed, ticks);
        assert!(place.db.ticks(run, 2).await.unwrap().is_empty());
    }
}

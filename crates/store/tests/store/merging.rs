//! The seconds of a run that is over give way to fewer points.

use perflab_model::{event::EventKind, id::RunId, tick::Tick};
use perflab_store::{Chunk, Db, PackedTick, TickExtent};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, log_line, point, tick},
};

/// Writes so many seconds, each in a chunk with a line for the log.
async fn seconds(db: &Db, run: RunId, count: u32) {
    for second in 0..count {
        let events = vec![(NOW + i64::from(second), EventKind::Tick(point(second))), (NOW, log_line("said"))];
        let chunk = Chunk { events, ticks: vec![tick(second)], progress: None, headline: None };
        db.write_chunk(run, 1, u64::from(second) + 1, &chunk).await.unwrap();
    }
}

/// A point of two seconds, as far as the store cares.
fn pair(second: u32) -> Tick {
    let mut pair = tick(second);
    (pair.point.seconds, pair.point.started) = (2, 20);
    pair
}

fn packed(ticks: &[Tick]) -> Vec<PackedTick> {
    ticks.iter().map(|tick| PackedTick::new(tick).unwrap()).collect()
}

on_both! {
    async fn points_take_the_place_of_the_seconds_they_were_made_of(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        seconds(&place.db, run, 5).await;
        place.db.finish(run, 1, &completed(), None, NOW).await.unwrap();
        let extent = place.db.tick_extent(run, 1).await.unwrap();
        assert_eq!((extent.points, extent.last_second), (5, 4));
        let events = place.db.events_since(run, 0, 100).await.unwrap();
        let seq_of = |second: u32| {
            let is_it = |what: &EventKind| matches!(what, EventKind::Tick(point) if point.second == second);
            events.iter().find(|event| is_it(&event.what)).unwrap().seq
        };
        let merged = [pair(0), pair(2), tick(4)];
        assert!(place.db.replace_ticks(run, 1, extent, &packed(&merged)).await.unwrap());
        assert_eq!(place.db.ticks(run, 1).await.unwrap(), merged);
        assert_eq!(place.db.points(run).await.unwrap(), merged.clone().map(|tick| tick.point));
        let after = place.db.events_since(run, 0, 100).await.unwrap();
        assert_eq!(after.len(), events.len() - 2);
        let told: Vec<u64> = after.iter().filter(|event| matches!(event.what, EventKind::Tick(_))).map(|event| event.seq).collect();
        assert_eq!(told, [seq_of(1), seq_of(3), seq_of(4)], "a point has the number of its last second");
        assert_eq!(after.last(), events.last(), "the end keeps its number");
        let rest = place.db.events_since(run, seq_of(1), 100).await.unwrap();
        assert_eq!(rest.first().map(|event| event.what.clone()), Some(log_line("said")), "who was told goes on from there");
        let now = place.db.tick_extent(run, 1).await.unwrap();
        assert_eq!(now.points, 3);
        let bytes: u64 = packed(&merged).iter().map(PackedTick::bytes).sum();
        assert_eq!(now.bytes, bytes);
    }

    async fn a_run_under_way_keeps_its_seconds(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        seconds(&place.db, run, 3).await;
        let extent = place.db.tick_extent(run, 1).await.unwrap();
        assert!(!place.db.replace_ticks(run, 1, extent, &packed(&[pair(0)])).await.unwrap());
        place.db.finishing(run, 1, NOW).await.unwrap();
        assert!(!place.db.replace_ticks(run, 1, extent, &packed(&[pair(0)])).await.unwrap());
        assert_eq!(place.db.ticks(run, 1).await.unwrap().len(), 3);
    }

    async fn of_two_who_merge_the_second_changes_nothing(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        seconds(&place.db, run, 4).await;
        place.db.finish(run, 1, &completed(), None, NOW).await.unwrap();
        let extent = place.db.tick_extent(run, 1).await.unwrap();
        assert!(place.db.replace_ticks(run, 1, extent, &packed(&[pair(0), pair(2)])).await.unwrap());
        assert!(!place.db.replace_ticks(run, 1, extent, &packed(&[pair(0)])).await.unwrap());
        assert!(!place.db.replace_ticks(run, 2, TickExtent::default(), &packed(&[pair(0)])).await.unwrap());
        assert_eq!(place.db.ticks(run, 1).await.unwrap(), [pair(0), pair(2)]);
    }

    async fn long_runs_are_those_that_are_over_and_had_many_chunks(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        seconds(&place.db, run, 3).await;
        assert!(place.db.long_runs(2, 10).await.unwrap().is_empty(), "it goes on");
        place.db.finish(run, 1, &completed(), None, NOW).await.unwrap();
        assert_eq!(place.db.long_runs(2, 10).await.unwrap(), [(run, 1)]);
        assert!(place.db.long_runs(3, 10).await.unwrap().is_empty(), "too short");
    }
}

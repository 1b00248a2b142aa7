//! Orders to running load: another rate.

use perflab_model::{
    event::EventKind,
    order::RateChange,
    run::{Cancel, RunState},
};
use perflab_store::{Chunk, Conflict, Idempotency, NewRateOrder, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW, completed},
};

fn change(number: u32, by: f64) -> RateChange {
    RateChange { number, by, asked_by: "a person in the browser".to_owned(), asked_us: NOW, from_second: None }
}

fn key(word: &str, asked: &str) -> Idempotency {
    Idempotency { caller: "local adjust".to_owned(), key: word.to_owned(), body_hash: asked.to_owned() }
}

on_both! {
    async fn an_order_is_told_until_the_runner_has_obeyed_and_then_marks_the_run(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let order = |number, by| NewRateOrder { run, attempt: 1, change: change(number, by) };
        assert_eq!(place.db.beat(run, 1).await.unwrap().rates, []);
        assert_eq!(place.db.order_rate(&order(1, 10.0), None).await.unwrap(), (change(1, 10.0), false));
        place.db.order_rate(&order(2, -2.5), None).await.unwrap();
        for _ in 0..2 {
            assert_eq!(place.db.beat(run, 1).await.unwrap().rates, [change(1, 10.0), change(2, -2.5)]);
        }
        assert!(!place.db.run(run).await.unwrap().unwrap().row.adjusted, "nothing has changed yet");

        let obeyed = RateChange { from_second: Some(7), ..change(1, 10.0) };
        let chunk = Chunk { events: vec![(NOW + 1, EventKind::Rate(obeyed.clone()))], ..Chunk::default() };
        let written = place.db.write_chunk(run, 1, 1, &chunk).await.unwrap();
        assert_eq!(written.orders.rates, [change(2, -2.5)]);
        let repeated = place.db.write_chunk(run, 1, 1, &chunk).await.unwrap();
        assert_eq!(repeated, written, "a lost acknowledgement doubles nothing");
        let events = place.db.events_since(run, 0, 100).await.unwrap();
        let told: Vec<_> = events
            .into_iter()
            .filter_map(|event| match event.what {
                EventKind::Rate(change) => Some((change.number, change.from_second)),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(1, None), (2, None), (1, Some(7))]);
        assert_eq!(place.db.rate_changes(run, 1).await.unwrap(), [obeyed, change(2, -2.5)]);
        assert!(place.db.run(run).await.unwrap().unwrap().row.adjusted);
    }

    async fn of_two_orders_at_the_same_moment_one_holds(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let order = NewRateOrder { run, attempt: 1, change: change(1, 10.0) };
        place.db.order_rate(&order, None).await.unwrap();
        let before = place.db.run(run).await.unwrap().unwrap().last_seq;
        let second = place.db.order_rate(&order, None).await;
        assert!(matches!(second, Err(StoreError::Conflict(Conflict::Exists))), "{second:?}");
        assert_eq!(place.db.run(run).await.unwrap().unwrap().last_seq, before, "what was refused is no event");
    }

    async fn only_the_attempt_that_sends_load_takes_orders(place) {
        let ground = Ground::new(&place.db).await;
        let claimed = ground.claimed().await;
        let run = claimed.run.row.id;
        let order = |attempt| NewRateOrder { run, attempt, change: change(1, 10.0) };
        let refused = async |attempt| {
            let answer = place.db.order_rate(&order(attempt), Some(&key("k", "a"))).await;
            assert!(matches!(answer, Err(StoreError::Stale { .. })), "{answer:?}");
        };
        refused(1).await;
        place.db.start(run, 1, &crate::samples::started(), NOW).await.unwrap();
        refused(0).await;
        place.db.request_cancel(run, Cancel::Stop, NOW).await.unwrap();
        refused(1).await;
        let end = perflab_model::run::RunEnd { state: RunState::Cancelled, code: "stopped".to_owned(), ..completed() };
        place.db.finish(run, 1, &end, None, NOW).await.unwrap();
        refused(1).await;
        let running = ground.running().await.run.row.id;
        let order = NewRateOrder { run: running, attempt: 1, change: change(1, 10.0) };
        let (_, replayed) = place.db.order_rate(&order, Some(&key("k", "a"))).await.unwrap();
        assert!(!replayed, "a refused request has not used its key up");
    }

    async fn a_repeated_request_is_one_order(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let order = |number| NewRateOrder { run, attempt: 1, change: change(number, 10.0) };
        assert_eq!(place.db.rate_ordered_before(&key("k", "a"), NOW).await.unwrap(), None);
        place.db.order_rate(&order(1), Some(&key("k", "a"))).await.unwrap();
        let again = place.db.order_rate(&order(2), Some(&key("k", "a"))).await.unwrap();
        assert_eq!(again, (change(1, 10.0), true));
        assert_eq!(place.db.rate_ordered_before(&key("k", "a"), NOW).await.unwrap(), Some(change(1, 10.0)));
        let other = place.db.order_rate(&order(2), Some(&key("k", "b"))).await;
        assert!(matches!(other, Err(StoreError::Conflict(Conflict::KeyReused { .. }))), "{other:?}");
        assert_eq!(place.db.rate_changes(run, 1).await.unwrap().len(), 1);
    }
}

//! Runs end: by themselves, by a person, too late.

use perflab_model::{
    event::{CancelAsked, EventKind},
    run::{Cancel, RunEnd, RunState},
    verdict::Verdict,
};
use perflab_store::{CancelOutcome, Conflict, Refusal, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, failed, outcome, run_id, started},
};

on_both! {
    async fn a_run_goes_through_its_states(place) {
        let ground = Ground::new(&place.db).await;
        let claimed = ground.claimed().await;
        let run = claimed.run.row.id;
        place.db.start(run, 1, &started(), NOW).await.unwrap();
        place.db.start(run, 1, &started(), NOW).await.expect("told twice is told once");
        place.db.finishing(run, 1, NOW).await.unwrap();
        place.db.finishing(run, 1, NOW).await.expect("told twice is told once");
        assert!(matches!(place.db.start(run, 1, &started(), NOW).await, Err(StoreError::Stale { .. })));
        let worth = outcome(run, 0.25);
        assert!(place.db.finish(run, 1, &completed(), Some(&worth), NOW + 60).await.unwrap());
        assert!(!place.db.finish(run, 1, &failed(), None, NOW + 61).await.unwrap(), "the first end counts");

        let over = place.db.run(run).await.unwrap().unwrap();
        assert_eq!((over.row.state, over.row.ended_us), (RunState::Finished, Some(NOW + 60)));
        assert_eq!(over.row.started_us, Some(started().at_us));
        assert_eq!(over.row.verdict, Some(worth.judgement.verdict));
        assert_eq!(over.row.validity, Some(worth.validity.state));
        assert_eq!(over.summary, Some(worth.summary));
        assert_eq!(over.judgement, Some(worth.judgement));
        assert_eq!(over.validity, Some(worth.validity));
        assert_eq!(over.started, Some(started()));
        assert_eq!(place.db.results_of(run).await.unwrap(), worth.results);
        let states: Vec<_> = place
            .db
            .events_since(run, 0, 100)
            .await
            .unwrap()
            .into_iter()
            .filter_map(|event| match event.what {
                EventKind::State(change) => Some(change.state),
                _ => None,
            })
            .collect();
        use RunState::{Claimed, Finished, Finishing, Queued, Running};
        assert_eq!(states, [Queued, Claimed, Running, Finishing, Finished]);
    }

    async fn a_waiting_run_is_cancelled_at_once(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.launch().await.id;
        let answer = place.db.request_cancel(run, Cancel::Stop, NOW + 1).await.unwrap();
        assert_eq!(answer, CancelOutcome::CancelledNow);
        let over = place.db.run(run).await.unwrap().unwrap();
        assert_eq!((over.row.state, over.row.ended_us), (RunState::Cancelled, Some(NOW + 1)));
        assert_eq!(place.db.claim(crate::samples::worker(), "a", NOW).await.unwrap(), None);
        let again = place.db.request_cancel(run, Cancel::Abort, NOW + 2).await.unwrap();
        assert_eq!(again, CancelOutcome::AlreadyOver(RunState::Cancelled));
    }

    async fn an_order_beats_a_late_success_in_every_state(place) {
        let ground = Ground::new(&place.db).await;
        for (state, how, code) in [
            (RunState::Claimed, Cancel::Stop, "stopped"),
            (RunState::Running, Cancel::Abort, "aborted"),
            (RunState::Running, Cancel::Stop, "stopped"),
            (RunState::Finishing, Cancel::Stop, "stopped"),
        ] {
            let run = ground.claimed().await.run.row.id;
            if state != RunState::Claimed {
                place.db.start(run, 1, &started(), NOW).await.unwrap();
            }
            if state == RunState::Finishing {
                place.db.finishing(run, 1, NOW).await.unwrap();
            }
            assert_eq!(place.db.request_cancel(run, how, NOW).await.unwrap(), CancelOutcome::Ordered);
            assert_eq!(place.db.beat(run, 1).await.unwrap().cancel, Some(how));
            assert_eq!(ground.state(run).await, state, "the worker ends it, not the order");
            let late = place.db.finish(run, 1, &completed(), Some(&outcome(run, 1.0)), NOW).await;
            assert!(
                matches!(late, Err(StoreError::Conflict(Conflict::Cancelled { how: first, killed: None })) if first == how),
                "{state:?} {how:?}: {late:?}"
            );
            let before = place.db.run(run).await.unwrap().unwrap();
            assert_eq!((before.row.state, before.summary), (state, None), "the verdict of a completed run is not kept");
            let end = RunEnd { state: RunState::Cancelled, code: code.to_owned(), message: "By a person.".to_owned() };
            let mut worth = outcome(run, 1.0);
            worth.judgement.verdict = Verdict::Inconclusive;
            assert!(place.db.finish(run, 1, &end, Some(&worth), NOW).await.unwrap());
            let over = place.db.run(run).await.unwrap().unwrap();
            assert_eq!((over.row.state, over.row.verdict), (RunState::Cancelled, Some(Verdict::Inconclusive)));
            assert_eq!(over.row.end.unwrap().code, code);
            assert!(over.summary.is_some(), "what was measured is kept");
        }
    }

    async fn an_order_does_not_hide_a_failure(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        place.db.request_cancel(run, Cancel::Stop, NOW).await.unwrap();
        place.db.finish(run, 1, &failed(), None, NOW).await.unwrap();
        let over = place.db.run(run).await.unwrap().unwrap();
        assert_eq!((over.row.state, over.row.end), (RunState::Failed, Some(failed())));
    }

    async fn an_abort_replaces_a_stop_but_never_the_reverse(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        for (asked, holds) in
            [(Cancel::Stop, Cancel::Stop), (Cancel::Abort, Cancel::Abort), (Cancel::Stop, Cancel::Abort)]
        {
            assert_eq!(place.db.request_cancel(run, asked, NOW).await.unwrap(), CancelOutcome::Ordered);
            assert_eq!(place.db.beat(run, 1).await.unwrap().cancel, Some(holds));
        }
    }

    async fn everybody_who_reads_the_run_sees_that_its_end_was_asked_for(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let before = place.db.run(run).await.unwrap().unwrap().last_seq;
        for (asked, at_us) in [(Cancel::Stop, NOW + 1), (Cancel::Stop, NOW + 2), (Cancel::Abort, NOW + 3)] {
            place.db.request_cancel(run, asked, at_us).await.unwrap();
        }
        place.db.request_cancel(run, Cancel::Stop, NOW + 4).await.unwrap();
        let events = place.db.events_since(run, before, 100).await.unwrap();
        let asked = |how| EventKind::Cancel(CancelAsked { how });
        assert_eq!(
            events.into_iter().map(|event| (event.seq, event.at_us, event.what)).collect::<Vec<_>>(),
            [(before + 1, NOW + 1, asked(Cancel::Stop)), (before + 2, NOW + 3, asked(Cancel::Abort))],
            "what changes nothing is no event"
        );
        assert_eq!(place.db.run(run).await.unwrap().unwrap().last_seq, before + 2);
    }

    async fn a_run_that_is_over_stays_as_it_is(place) {
        let ground = Ground::new(&place.db).await;
        for end in [RunState::Finished, RunState::Failed, RunState::Cancelled, RunState::Lost] {
            let run = ground.running().await.run.row.id;
            let end = RunEnd { state: end, code: "x".to_owned(), message: "x".to_owned() };
            assert!(place.db.finish(run, 1, &end, None, NOW).await.unwrap());
            let before = place.db.run(run).await.unwrap();
            let answer = place.db.request_cancel(run, Cancel::Abort, NOW).await.unwrap();
            assert_eq!(answer, CancelOutcome::AlreadyOver(end.state));
            assert_eq!(place.db.run(run).await.unwrap(), before);
        }
    }

    async fn a_stop_and_a_success_at_the_same_moment_agree(place) {
        let ground = Ground::new(&place.db).await;
        for _ in 0..20 {
            let run = ground.running().await.run.row.id;
            let (stopper, finisher) = (place.db.clone(), place.db.clone());
            let stop = tokio::spawn(async move { stopper.request_cancel(run, Cancel::Stop, NOW).await.unwrap() });
            let finish = tokio::spawn(async move { finisher.finish(run, 1, &completed(), None, NOW).await });
            match (stop.await.unwrap(), finish.await.unwrap()) {
                (CancelOutcome::Ordered, Err(StoreError::Conflict(Conflict::Cancelled { how: Cancel::Stop, .. }))) => {
                    let end = RunEnd { state: RunState::Cancelled, ..completed() };
                    let end = RunEnd { code: "stopped".to_owned(), ..end };
                    assert!(place.db.finish(run, 1, &end, None, NOW).await.unwrap());
                }
                (CancelOutcome::AlreadyOver(RunState::Finished), Ok(true)) => {
                    assert_eq!(ground.state(run).await, RunState::Finished);
                }
                disagree => panic!("{disagree:?}"),
            }
        }
    }

    async fn nonsense_is_refused(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.running().await.run.row.id;
        let end = RunEnd { state: RunState::Running, ..completed() };
        let refused = place.db.finish(run, 1, &end, None, NOW).await;
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::NotAnEnd("running")))));
        let mut worth = outcome(run, f64::NAN);
        assert!(matches!(
            place.db.finish(run, 1, &completed(), Some(&worth), NOW).await,
            Err(StoreError::Refused(Refusal::NotFinite))
        ));
        assert_eq!(ground.state(run).await, RunState::Running, "the end was rolled back with its results");
        worth.results.clear();
        assert!(place.db.finish(run, 1, &completed(), Some(&worth), NOW).await.unwrap());
        let unknown = place.db.request_cancel(run_id(), Cancel::Stop, NOW).await;
        assert!(matches!(unknown, Err(StoreError::NotFound { .. })));
    }
}

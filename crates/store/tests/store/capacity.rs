//! Capacity searches: which run is made, by whom, and what is left out of other lists.

use perflab_model::{
    capacity::{
        CapacityRequest, CapacityUnit, Conclusion, ConclusionKind, Frozen, LevelOutcome, Measured, SearchState,
    },
    id::SearchId,
    run::{Cancel, Revision, RunState, Trigger},
    tick::EncodedHistogram,
    unit::Millis,
};
use perflab_store::{Conflict, Db, HistoryQuery, Idempotency, NewSearch, RunFilter, StoreError};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, environment, outcome, started, worker},
};

impl Ground {
    fn new_search(&self) -> NewSearch {
        NewSearch {
            id: SearchId::new(uuid::Uuid::now_v7()),
            project: self.project,
            environment_id: self.environment,
            frozen: Frozen { environment: environment("staging"), rules: Vec::new(), longest: Millis::from_secs(600) },
            suite_version: self.suite,
            request: CapacityRequest {
                project: None,
                suite: "mita".parse().unwrap(),
                scenario: "smoke".parse().unwrap(),
                environment: None,
                unit: CapacityUnit::Users,
                from: 1.0,
                to: 10.0,
                hold: None,
                resolution: None,
                overrides: perflab_model::launch::Overrides::default(),
                revision: Revision::default(),
                tags: Vec::new(),
                trigger: Trigger::Api,
            },
            created_us: NOW,
        }
    }

    async fn search(&self) -> SearchId {
        self.db.create_search(&self.new_search(), None).await.unwrap().0
    }
}

fn key(body_hash: &str) -> Idempotency {
    Idempotency { caller: "local".to_owned(), key: "k".to_owned(), body_hash: body_hash.to_owned() }
}

fn measured(outcome: LevelOutcome) -> Measured {
    Measured {
        outcome,
        reason: None,
        stopped: None,
        validity: None,
        finished: 10,
        failed: 0,
        dropped_share: None,
        rate_per_s: Some(1.5),
        latency: EncodedHistogram(vec![1, 2, 3]),
    }
}

/// Claims the waiting run and carries it out.
async fn carry_out(db: &Db) {
    let claimed = db.claim(worker(), &uuid::Uuid::now_v7().to_string(), NOW).await.unwrap().unwrap();
    let run = claimed.run.row.id;
    db.start(run, claimed.attempt, &started(), NOW).await.unwrap();
    assert!(db.finish(run, claimed.attempt, &completed(), Some(&outcome(run, 0.2)), NOW + 9).await.unwrap());
}

on_both! {
    async fn of_two_that_make_the_next_run_one_is_heard(place) {
        let ground = Ground::new(&place.db).await;
        let search = ground.search().await;
        let (one, two) = (ground.new_run(), ground.new_run());
        let made = tokio::join!(place.db.add_level(search, 0, 1.0, &one), place.db.add_level(search, 0, 1.0, &two));
        let made = [made.0.unwrap(), made.1.unwrap()];
        assert_eq!(made.iter().flatten().count(), 1, "{made:?}");
        let levels = place.db.search_levels(search).await.unwrap();
        assert_eq!(levels.len(), 1);
        assert_eq!((levels[0].step, levels[0].level, levels[0].state), (1, 1.0, RunState::Queued));
        let run = place.db.run(levels[0].run).await.unwrap().unwrap();
        assert_eq!(run.row.search, Some(search));
        assert_eq!(place.db.search_of_run(levels[0].run).await.unwrap(), Some(search));
        assert_eq!(place.db.search(search).await.unwrap().unwrap().row.runs, 1);
    }

    async fn a_search_that_is_to_stop_gets_no_more_runs(place) {
        let ground = Ground::new(&place.db).await;
        let search = ground.search().await;
        assert!(place.db.ask_search_to_stop(search, NOW).await.unwrap());
        assert_eq!(place.db.add_level(search, 0, 1.0, &ground.new_run()).await.unwrap(), None);
        assert!(place.db.search(search).await.unwrap().unwrap().stop_asked);
        let conclusion = Conclusion { kind: ConclusionKind::Stopped, capacity: None, breaks_at: None, reason: None };
        assert!(place.db.end_search(search, SearchState::Stopped, &conclusion, NOW + 1).await.unwrap());
        assert!(!place.db.end_search(search, SearchState::Finished, &conclusion, NOW + 2).await.unwrap());
        assert!(!place.db.ask_search_to_stop(search, NOW).await.unwrap());
        let row = place.db.search(search).await.unwrap().unwrap().row;
        assert_eq!((row.state, row.ended_us, row.conclusion), (SearchState::Stopped, Some(NOW + 1), Some(conclusion)));
        assert!(place.db.searches_waiting().await.unwrap().is_empty());
    }

    async fn a_search_waits_while_none_of_its_runs_is_under_way(place) {
        let ground = Ground::new(&place.db).await;
        let search = ground.search().await;
        assert_eq!(place.db.searches_waiting().await.unwrap(), [search]);
        let run = place.db.add_level(search, 0, 1.0, &ground.new_run()).await.unwrap().unwrap();
        assert!(place.db.searches_waiting().await.unwrap().is_empty());
        place.db.request_cancel(run.id, Cancel::Stop, NOW).await.unwrap();
        assert_eq!(place.db.searches_waiting().await.unwrap(), [search]);
    }

    async fn what_a_run_said_of_its_level_is_kept_once(place) {
        let ground = Ground::new(&place.db).await;
        let search = ground.search().await;
        place.db.add_level(search, 0, 62.5, &ground.new_run()).await.unwrap();
        place.db.put_measured(search, 1, &measured(LevelOutcome::Holds)).await.unwrap();
        place.db.put_measured(search, 1, &measured(LevelOutcome::Breaks)).await.unwrap();
        let levels = place.db.search_levels(search).await.unwrap();
        assert_eq!((levels[0].level, levels[0].measured.clone()), (62.5, Some(measured(LevelOutcome::Holds))));
    }

    async fn a_repeated_request_gives_the_first_search_and_another_is_refused(place) {
        let ground = Ground::new(&place.db).await;
        let (first, replayed) = place.db.create_search(&ground.new_search(), Some(&key("a"))).await.unwrap();
        assert!(!replayed);
        assert_eq!(place.db.create_search(&ground.new_search(), Some(&key("a"))).await.unwrap(), (first, true));
        assert_eq!(place.db.search_before(&key("a")).await.unwrap(), Some(first));
        let other = place.db.create_search(&ground.new_search(), Some(&key("b"))).await;
        assert!(matches!(other, Err(StoreError::Conflict(Conflict::SearchKeyReused { search })) if search == first));
        ground.search().await;
        ground.search().await;
        assert_eq!(place.db.searches(Some(ground.project), 10).await.unwrap().len(), 3, "searches without a key are all kept");
    }

    async fn runs_of_a_search_are_in_the_list_but_in_no_trend(place) {
        let ground = Ground::new(&place.db).await;
        let search = ground.search().await;
        place.db.add_level(search, 0, 1.0, &ground.new_run()).await.unwrap();
        carry_out(&place.db).await;
        assert_eq!(place.db.trend_choices(ground.project).await.unwrap(), []);
        let alone = ground.carried_out(NOW + 20, 0.1).await;
        let query = HistoryQuery {
            project: ground.project,
            suite: "mita".parse().unwrap(),
            scenario: "smoke".parse().unwrap(),
            environment: "staging".parse().unwrap(),
            branch: None,
        };
        let points = place.db.history_runs(&query, 10).await.unwrap();
        assert_eq!(points.iter().map(|point| point.run).collect::<Vec<_>>(), [alone]);
        let all = place.db.runs(&RunFilter::default(), None, 10).await.unwrap().rows;
        assert_eq!(all.iter().filter(|row| row.search == Some(search)).count(), 1);
        let outside = RunFilter { outside_searches: true, ..RunFilter::default() };
        assert_eq!(place.db.runs(&outside, None, 10).await.unwrap().rows.len(), 1);
    }
}

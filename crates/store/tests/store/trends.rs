//! Results over runs.

use perflab_model::{
    run::{RunEnd, RunState},
    validity::ValidityState,
};
use perflab_store::{HistoryQuery, NewRun, NewWorker, Number, TrendChoice};

use crate::{
    on_both,
    samples::{Ground, NOW, completed, failed, outcome, plan, run_id, worker},
};

fn query(ground: &Ground) -> HistoryQuery {
    HistoryQuery {
        project: ground.project,
        suite: "mita".parse().unwrap(),
        scenario: "smoke".parse().unwrap(),
        environment: "staging".parse().unwrap(),
        branch: None,
    }
}

const P95: (&str, &str) = ("latency", "p95");

on_both! {
    async fn a_history_goes_from_old_to_new(place) {
        let ground = Ground::new(&place.db).await;
        let late = ground.carried_out(NOW + 20, 0.5).await;
        let early = ground.carried_out(NOW + 10, 0.3).await;
        let elsewhere = ground.another_environment("production").await;
        elsewhere.carried_out(NOW + 30, 9.0).await;
        let unjudged = ground.running().await.run.row.id;
        place.db.finish(unjudged, 1, &failed(), None, NOW + 40).await.unwrap();

        let query = query(&ground);
        let runs = place.db.history_runs(&query, 100).await.unwrap();
        let seen: Vec<_> = runs.iter().map(|run| (run.run, run.at_us)).collect();
        assert_eq!(seen, vec![(early, NOW + 10), (late, NOW + 20)]);
        assert_eq!(runs[0].number, 2);
        assert_eq!(runs[0].validity, Some(ValidityState::Valid));
        assert_eq!(runs[0].revision.to_string(), "main@c93e5aa");

        let newest = place.db.history_runs(&query, 1).await.unwrap();
        assert_eq!(newest[0].run, late, "a limit leaves out the oldest");
        let values = place.db.history_values(&query, 1, &[None], P95).await.unwrap();
        assert_eq!(values.iter().map(|value| value.run).collect::<Vec<_>>(), vec![late], "of the values as well");
    }

    async fn values_are_those_of_the_requests_that_are_named(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.carried_out(NOW + 10, 0.3).await;
        let query = query(&ground);
        let asked = [None, Some("GET /rates".to_owned()), Some("GET /gone".to_owned())];
        let mut values = place.db.history_values(&query, 100, &asked, P95).await.unwrap();
        values.sort_by(|one, other| one.request.cmp(&other.request));
        let seen: Vec<_> = values.iter().map(|value| (value.run, value.request.as_deref(), value.value)).collect();
        assert_eq!(seen, vec![(run, None, 0.3), (run, Some("GET /rates"), 0.15)]);
        assert_eq!((values[0].samples, values[0].interval), (600, (Some(0.3 * 0.9), None)));
        assert!(place.db.history_values(&query, 100, &[], P95).await.unwrap().is_empty());
        assert!(place.db.history_values(&query, 100, &asked, ("latency", "p50")).await.unwrap().is_empty());
    }

    async fn a_run_says_how_it_ended_and_under_which_load(place) {
        let ground = Ground::new(&place.db).await;
        ground.carried_out(NOW + 10, 0.3).await;
        let claimed = ground.running().await;
        let run = claimed.run.row.id;
        let stopped = RunEnd { state: RunState::Cancelled, code: "stopped".to_owned(), message: "Stopped".to_owned() };
        place.db.finish(run, claimed.attempt, &stopped, Some(&outcome(run, 0.1)), NOW + 20).await.unwrap();

        let runs = place.db.history_runs(&query(&ground), 100).await.unwrap();
        let load = plan(run).load.summary();
        let seen: Vec<_> = runs.iter().map(|run| (run.state, run.load.as_str())).collect();
        assert_eq!(seen, vec![(RunState::Finished, load.as_str()), (RunState::Cancelled, load.as_str())]);
        assert_eq!(place.db.plan(run).await.unwrap(), Some(plan(run)));
    }

    async fn a_run_says_which_class_of_workers_measured_it(place) {
        let ground = Ground::new(&place.db).await;
        let known = NewWorker { id: worker(), host: "h".to_owned(), class: "bench-2".to_owned(), started_us: NOW };
        place.db.put_worker(&known).await.unwrap();
        let created = ground.launch().await;
        let claimed = place.db.claim(known.id, &run_id().to_string(), NOW).await.unwrap().unwrap();
        place.db.start(created.id, claimed.attempt, &crate::samples::started(), NOW).await.unwrap();
        place.db.finish(created.id, claimed.attempt, &completed(), Some(&outcome(created.id, 0.1)), NOW + 1).await.unwrap();
        ground.carried_out(NOW + 10, 0.3).await;
        let runs = place.db.history_runs(&query(&ground), 100).await.unwrap();
        let classes: Vec<_> = runs.iter().map(|run| run.worker_class.as_deref()).collect();
        assert_eq!(classes, vec![Some("bench-2"), None]);
        place.db.forget_worker(known.id).await.unwrap();
        assert_eq!(place.db.history_runs(&query(&ground), 100).await.unwrap(), runs, "the worker may be gone");
    }

    async fn a_branch_is_a_history_of_its_own(place) {
        let ground = Ground::new(&place.db).await;
        ground.carried_out(NOW + 10, 0.3).await;
        let mut other = ground.new_run();
        other.revision.branch = Some("faster".to_owned());
        let other: NewRun = other;
        place.db.create_run(&other, None).await.unwrap();
        let claimed = place.db.claim(worker(), &run_id().to_string(), NOW).await.unwrap().unwrap();
        place.db.start(other.id, claimed.attempt, &crate::samples::started(), NOW).await.unwrap();
        place.db.finish(other.id, claimed.attempt, &completed(), Some(&outcome(other.id, 0.2)), NOW + 20).await.unwrap();

        assert_eq!(place.db.history_branches(&query(&ground)).await.unwrap(), vec!["faster", "main"]);
        let faster = HistoryQuery { branch: Some("faster".to_owned()), ..query(&ground) };
        let runs = place.db.history_runs(&faster, 100).await.unwrap();
        assert_eq!(runs.iter().map(|run| run.run).collect::<Vec<_>>(), vec![other.id]);
        assert_eq!(place.db.history_branches(&faster).await.unwrap(), vec!["faster", "main"], "the others stay offered");
        assert_eq!(place.db.history_values(&faster, 100, &[None], P95).await.unwrap().len(), 1);
    }

    async fn what_can_be_chosen_has_judged_runs(place) {
        let ground = Ground::new(&place.db).await;
        let elsewhere = ground.another_environment("production").await;
        ground.another_environment("never used").await;
        assert!(place.db.trend_choices(ground.project).await.unwrap().is_empty());
        ground.carried_out(NOW + 10, 0.3).await;
        elsewhere.carried_out(NOW + 30, 0.3).await;
        let choice = |environment: &str| TrendChoice {
            suite: "mita".parse().unwrap(),
            scenario: "smoke".parse().unwrap(),
            environment: environment.parse().unwrap(),
        };
        let choices = place.db.trend_choices(ground.project).await.unwrap();
        assert_eq!(choices, vec![choice("production"), choice("staging")], "what ran last comes first");
        let number = |request: Option<&str>| Number {
            request: request.map(str::to_owned),
            measure: "latency".to_owned(),
            stat: "p95".to_owned(),
            unit: "s".to_owned(),
        };
        let numbers = place.db.history_numbers(&query(&ground)).await.unwrap();
        assert_eq!(numbers, vec![number(None), number(Some("GET /rates"))]);
    }
}

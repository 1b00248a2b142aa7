//! Results over runs.

use perflab_model::{
    run::{RunEnd, RunState},
    validity::ValidityState,
};
use perflab_store::{ResultQuery, TrendChoice};

use crate::{
    on_both,
    samples::{Ground, NOW, failed, outcome, plan},
};

fn query(ground: &Ground, request: Option<&str>) -> ResultQuery {
    ResultQuery {
        project: ground.project,
        suite: "mita".parse().unwrap(),
        scenario: "smoke".parse().unwrap(),
        environment: "staging".parse().unwrap(),
        request: request.map(str::to_owned),
        measure: "latency".to_owned(),
        stat: "p95".to_owned(),
    }
}

on_both! {
    async fn a_trend_goes_from_old_to_new(place) {
        let ground = Ground::new(&place.db).await;
        let late = ground.carried_out(NOW + 20, 0.5).await;
        let early = ground.carried_out(NOW + 10, 0.3).await;
        let elsewhere = ground.another_environment("production").await;
        elsewhere.carried_out(NOW + 30, 9.0).await;
        let unjudged = ground.running().await.run.row.id;
        place.db.finish(unjudged, 1, &failed(), None, NOW + 40).await.unwrap();

        let points = place.db.results(&query(&ground, None), 100).await.unwrap();
        let seen: Vec<_> = points.iter().map(|point| (point.run, point.at_us, point.value)).collect();
        assert_eq!(seen, vec![(early, NOW + 10, 0.3), (late, NOW + 20, 0.5)]);
        assert_eq!((points[0].number, points[0].samples), (2, 600));
        assert_eq!(points[0].validity, Some(ValidityState::Valid));
        assert_eq!(points[0].revision.to_string(), "main@c93e5aa");

        let newest = place.db.results(&query(&ground, None), 1).await.unwrap();
        assert_eq!(newest[0].run, late, "a limit leaves out the oldest");
        let request = place.db.results(&query(&ground, Some("GET /rates")), 100).await.unwrap();
        assert_eq!(request.iter().map(|point| point.value).collect::<Vec<_>>(), vec![0.15, 0.25]);
        assert!(place.db.results(&query(&ground, Some("GET /gone")), 100).await.unwrap().is_empty());
    }

    async fn a_point_says_how_its_run_ended_and_under_which_load(place) {
        let ground = Ground::new(&place.db).await;
        ground.carried_out(NOW + 10, 0.3).await;
        let claimed = ground.running().await;
        let run = claimed.run.row.id;
        let stopped = RunEnd { state: RunState::Cancelled, code: "stopped".to_owned(), message: "Stopped".to_owned() };
        place.db.finish(run, claimed.attempt, &stopped, Some(&outcome(run, 0.1)), NOW + 20).await.unwrap();

        let points = place.db.results(&query(&ground, None), 100).await.unwrap();
        let load = plan(run).load.summary();
        let seen: Vec<_> = points.iter().map(|point| (point.state, point.load.as_str())).collect();
        assert_eq!(seen, vec![(RunState::Finished, load.as_str()), (RunState::Cancelled, load.as_str())]);
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
        assert_eq!(place.db.result_requests(&query(&ground, None)).await.unwrap(), vec!["GET /rates"]);
    }
}

//! Runs of more seconds than are kept: merged once they are over, with the same numbers on every way to them.

use perflab_lab::PointLimits;
use perflab_model::event::EventKind;
use serde_json::{Value, json};

use crate::{place::on_both, site::Site, worker::Held};

/// Carries out a run of so many seconds, and merges what is more than the limits allow.
async fn carried_out(site: &Site, seconds: u32, limits: PointLimits) -> (String, Option<u32>) {
    let id = site.launched(json!({})).await;
    let mut held = Held::running(&site.lab).await;
    held.seconds(seconds, 9_000).await;
    let (run, attempt) = (held.run, held.attempt);
    held.finishing().await;
    assert_eq!(
        site.lab.merge_seconds(run, attempt, limits).await.unwrap(),
        None,
        "a run that goes on keeps its seconds"
    );
    held.complete().await;
    let width = site.lab.merge_seconds(run, attempt, limits).await.unwrap();
    (id, width)
}

fn sum(points: &Value, field: &str) -> u64 {
    points.as_array().unwrap().iter().map(|point| point[field].as_u64().unwrap()).sum()
}

/// Few enough for a test, and more than what they are set against.
const FEW: PointLimits = PointLimits { points: 100, bytes: u64::MAX };

on_both! {
    async fn an_hour_is_kept_in_at_most_as_many_points_as_half_an_hour(database) {
        let site = Site::new(&database).await;
        let limits = PointLimits::default();
        let (id, width) = carried_out(&site, 1_900, limits).await;
        assert_eq!((limits.points, width), (1_800, Some(2)));
        let points = site.get(&format!("/api/v1/runs/{id}/series")).await.with_status(200);
        assert_eq!(points.as_array().unwrap().len(), 950);
        assert_eq!((sum(&points, "seconds"), sum(&points, "finished")), (1_900, 1_900 * 20));
        assert_eq!(site.lab.merge_seconds(id.parse().unwrap(), 1, limits).await.unwrap(), None, "once is enough");
    }

    async fn whatever_is_told_of_a_merged_run_has_its_rates_and_counts(database) {
        let site = Site::new(&database).await;
        let (id, width) = carried_out(&site, 350, FEW).await;
        assert_eq!(width, Some(4));
        let points = site.get(&format!("/api/v1/runs/{id}/series")).await.with_status(200);
        assert_eq!(points.as_array().unwrap().len(), 88);
        assert_eq!((points[1]["second"].as_u64(), points[1]["seconds"].as_u64()), (Some(4), Some(4)));
        assert_eq!((points[1]["started"].as_u64(), points[1]["latency"]["samples"].as_u64()), (Some(80), Some(80)));
        assert_eq!(points[87]["seconds"].as_u64(), Some(2), "the rest of the run");
        let table = site.get(&format!("/api/v1/runs/{id}/series?format=csv")).await;
        let lines: Vec<Vec<&str>> = table.text().lines().map(|line| line.split(',').collect()).collect();
        let column = |name: &str| lines[0].iter().position(|head| *head == name).unwrap();
        assert_eq!((lines.len(), lines[2][column("seconds")], lines[2][column("started")]), (89, "4", "80"));
        // Charts tell a second's rate, however wide their points are.
        let chart = site.get(&format!("/runs/{id}/charts/rate.json")).await.json();
        assert_eq!(chart["points"][1], json!({"second": 4, "seconds": 4, "planned": 20.0, "starts": 20.0, "requests": 20.0}));
        let chart = site.get(&format!("/runs/{id}/charts/rate.csv")).await;
        assert_eq!(chart.text().lines().nth(2), Some("4,20,20,20,4"));
        let page = site.get(&format!("/runs/{id}?tab=timeline")).await;
        assert!(page.text().contains("Each point: 4 s, as a rate a second."), "{}", page.text());
        assert!(page.text().contains("20.0/s started of 20.0/s planned"), "{}", page.text());
        // What was judged before is as it was.
        let summary = site.get(&format!("/api/v1/runs/{id}/summary")).await.with_status(200);
        assert_eq!((&summary["totals"]["finished"], &summary["totals"]["measured_seconds"]), (&json!(7_000), &json!(350.0)));
        let distribution = site.get(&format!("/runs/{id}/charts/distribution.json")).await.json();
        assert_eq!(distribution["times"][0]["requests"], json!(7_000), "{distribution}");
    }

    async fn a_run_of_large_seconds_is_merged_by_its_size(database) {
        let site = Site::new(&database).await;
        let single = PointLimits { points: 1_000, bytes: u64::MAX };
        let (id, width) = carried_out(&site, 64, single).await;
        assert_eq!(width, None);
        let run = id.parse().unwrap();
        let before = site.lab.db().tick_extent(run, 1).await.unwrap();
        let small = PointLimits { bytes: before.bytes / 3, ..single };
        let width = site.lab.merge_seconds(run, 1, small).await.unwrap();
        assert!(width.is_some_and(|width| width >= 4), "{width:?}");
        let after = site.lab.db().tick_extent(run, 1).await.unwrap();
        assert!(after.bytes <= small.bytes && after.points < before.points, "{after:?} of {before:?}");
        // Where even one point is too large there is one, and no more can be done.
        let smaller = PointLimits { bytes: 1, ..single };
        assert_eq!(site.lab.merge_seconds(run, 1, smaller).await.unwrap(), Some(64));
        assert_eq!(site.lab.db().tick_extent(run, 1).await.unwrap().points, 1);
    }

    async fn a_run_that_was_lost_is_merged_by_whoever_keeps_watch(database) {
        let site = Site::new(&database).await;
        let (lost, short) = (site.launched(json!({})).await, PointLimits { points: 3, bytes: u64::MAX });
        let mut held = Held::running(&site.lab).await;
        for _ in 0..6 {
            held.second(9_000).await;
        }
        site.lab.merge_what_is_left(short).await.unwrap();
        let points = site.get(&format!("/api/v1/runs/{lost}/series")).await.with_status(200);
        assert_eq!(points.as_array().unwrap().len(), 6, "it goes on");
        held.vanish().await;
        site.lab.merge_what_is_left(short).await.unwrap();
        let points = site.get(&format!("/api/v1/runs/{lost}/series")).await.with_status(200);
        assert_eq!((points.as_array().unwrap().len(), sum(&points, "seconds"), sum(&points, "started")), (3, 6, 120));
    }

    async fn who_follows_a_run_goes_on_after_it_was_merged(database) {
        let site = Site::new(&database).await;
        let (id, _) = carried_out(&site, 350, FEW).await;
        let run = id.parse().unwrap();
        let events = site.lab.db().events_since(run, 0, 10_000).await.unwrap();
        let mut told = 0;
        for (at, event) in events.iter().enumerate() {
            assert!(event.seq > told, "numbers rise");
            told = event.seq;
            if let EventKind::Tick(point) = &event.what
                && point.second == 200
            {
                let rest = site.lab.db().events_since(run, event.seq, 10_000).await.unwrap();
                assert_eq!(rest, events[at + 1..]);
            }
        }
        let end = site.get(&format!("/api/v1/runs/{id}/events?after={told}")).await;
        assert_eq!(end.status, 204, "nothing will ever follow");
        let again = site.get(&format!("/api/v1/runs/{id}/events?after={}", told - 1)).await;
        assert!(again.text().contains("event: state"), "{}", again.text());
    }
}

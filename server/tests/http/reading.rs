//! One run and its numbers, trends, health.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use crate::{
    place::on_both,
    site::Site,
    worker::{Held, carry_out},
};

on_both! {
    async fn a_run_is_found_by_id_and_by_number(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for address in [id.as_str(), "1", "%231", &id.to_uppercase()] {
            let run = site.get(&format!("/api/v1/runs/{address}")).await.with_status(200);
            assert_eq!(run["row"]["id"], id.as_str());
        }
    }

    async fn a_run_that_is_not_there_is_told_in_one_shape_on_every_route(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let nowhere = [
            "2", "0", "-1", "99999999999999999999", "x", "%00", "..%2F..%2Fetc%2Fpasswd", "%3Cscript%3E",
            "01890a5d-ac96-774b-bcce-b302099a8057",
        ];
        for run in nowhere {
            for rest in ["", "?wait=1s", "/summary", "/series", "/requests", "/classes", "/events"] {
                let reply = site.get(&format!("/api/v1/runs/{run}{rest}")).await;
                let problem = reply.problem(404, "run.not_found");
                assert_eq!(problem["kind"], "not_found");
                assert!(problem["hint"].is_string(), "{problem}");
            }
            for rest in ["/stop", "/abort"] {
                site.post(&format!("/api/v1/runs/{run}{rest}"), &json!({})).await.problem(404, "run.not_found");
            }
        }
    }

    async fn numbers_beyond_what_a_database_holds_are_simply_not_there(database) {
        let site = Site::new(&database).await;
        site.get("/api/v1/runs/18446744073709551615").await.problem(404, "run.not_found");
        site.get("/api/v1/runs/9223372036854775808").await.problem(404, "run.not_found");
    }

    async fn a_wait_ends_with_the_run(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let mut held = Held::running(&site.lab).await;
        let waiting = tokio::spawn({
            let site = site.clone();
            async move { site.get(&format!("/api/v1/runs/{id}?wait=4m")).await.with_status(200) }
        });
        held.second(9_000).await;
        held.complete().await;
        let run = waiting.await.unwrap();
        assert_eq!(run["row"]["state"], "finished");
        assert!(run["summary"]["totals"]["finished"].as_u64().is_some(), "{run}");
    }

    async fn a_wait_sees_an_end_of_which_no_word_came(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let waiting = tokio::spawn({
            let (site, address) = (site.clone(), format!("/api/v1/runs/{id}?wait=4m"));
            async move { site.get(&address).await.with_status(200) }
        });
        // Another process on the same database: on SQLite it wakes nobody here.
        let other = Site::empty(&database).await;
        other.lab.stop(id.parse().unwrap(), perflab_model::run::Cancel::Abort).await.unwrap();
        assert_eq!(waiting.await.unwrap()["row"]["state"], "cancelled");
    }

    async fn a_wait_that_is_over_before_the_run_gives_the_run_as_it_is(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for wait in ["0", "50ms"] {
            let run = site.get(&format!("/api/v1/runs/{id}?wait={wait}")).await.with_status(200);
            assert_eq!(run["row"]["state"], "queued");
        }
        let problem = site.get(&format!("/api/v1/runs/{id}?wait=60")).await.problem(400, "query.unreadable");
        assert!(problem["message"].as_str().unwrap().contains("60"), "{problem}");
    }

    async fn a_wait_ends_when_the_server_is_about_to_end(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        site.closing.cancel();
        let run = site.get(&format!("/api/v1/runs/{id}?wait=4m")).await.with_status(200);
        assert_eq!(run["row"]["state"], "queued");
    }

    async fn a_summary_comes_with_the_end(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        for _ in 0..2 {
            for document in ["summary", "requests"] {
                site.get(&format!("/api/v1/runs/{id}/{document}")).await.problem(409, "run.no_summary");
            }
            if site.get(&format!("/api/v1/runs/{id}")).await.json()["row"]["state"] == "queued" {
                let held = Held::running(&site.lab).await;
                held.vanish().await;
            }
        }
        site.launched(json!({})).await;
        let run = carry_out(&site.lab, 9_000).await;
        let summary = site.get(&format!("/api/v1/runs/{run}/summary")).await.with_status(200);
        assert_eq!(summary["schema"], "perflab.summary/1");
        assert_eq!(summary["totals"]["finished"], 400);
        assert_eq!(summary["verdict"], "excellent");
        assert_eq!(summary["gate"], "pass");
        assert_eq!(summary["ledger"][0]["rule"], "p95 < 200ms");
        let requests = site.get("/api/v1/runs/2/requests").await.with_status(200);
        assert_eq!(requests[0]["name"], "probe");
        let table = site.get("/api/v1/runs/2/requests?format=csv").await;
        assert!(table.text().starts_with("name,finished,failed,"), "{}", table.text());
        assert!(table.text().lines().nth(1).unwrap().starts_with("\"probe\",400,0,"), "{}", table.text());
    }

    async fn who_did_what_is_told_by_class_and_flow_while_a_run_goes_on_and_afterwards(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let mut held = Held::running(&site.lab).await;
        let early = site.get(&format!("/runs/{id}?tab=users")).await;
        assert!(early.text().contains("Nothing has been measured yet."), "{}", early.text());
        for _ in 0..20 {
            held.second(9_000).await;
        }
        let live = site.get(&format!("/runs/{id}?tab=users")).await;
        for shown in ["Table of users and flows", "1 class, 1 flow.", ">visitor<", ">probe<", "400"] {
            assert!(live.text().contains(shown), "{shown} in {}", live.text());
        }
        site.get(&format!("/api/v1/runs/{id}/classes")).await.problem(409, "run.no_summary");
        held.finishing().await;
        held.complete().await;
        let page = site.get(&format!("/runs/{id}?tab=users")).await;
        assert!(page.text().contains("its time counts from its planned start"), "{}", page.text());
        let summary = site.get(&format!("/api/v1/runs/{id}/summary")).await.with_status(200);
        let classes = site.get(&format!("/api/v1/runs/{id}/classes")).await.with_status(200);
        assert_eq!(classes, summary["classes"]);
        let class = &classes[0];
        assert_eq!((&class["name"], &class["share_of"]), (&json!("visitor"), &json!("iterations")));
        assert_eq!((&class["share_wanted"], &class["share"]), (&json!(1.0), &json!(1.0)));
        assert_eq!(class["parts"][0]["part"], json!({"kind": "flow", "flow": "probe"}));
        for (sum, total) in [("finished", "finished"), ("failed", "failed"), ("iterations_started", "started")] {
            assert_eq!(class["parts"][0][sum], summary["totals"][total], "{sum}");
        }
        assert_eq!(class["latency"]["samples"], summary["latency"]["samples"]);
        let table = site.get(&format!("/api/v1/runs/{id}/classes?format=csv")).await;
        let lines: Vec<&str> = table.text().lines().collect();
        assert!(lines[0].starts_with("class,part,share_of,"), "{lines:#?}");
        assert!(lines[1].starts_with("\"visitor\",\"\",iterations,1,1,400,400,0,0,400,0,400,"), "{lines:#?}");
        assert!(lines[2].starts_with("\"visitor\",\"probe\",iterations of the class,1,1,400,"), "{lines:#?}");
        let columns = lines[0].split(',').count();
        assert!(lines.iter().all(|line| line.split(',').count() == columns), "{lines:#?}");
    }

    async fn a_run_without_results_says_so(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        Held::claim(&site.lab).await.fail().await;
        let problem = site.get(&format!("/api/v1/runs/{id}/summary")).await.problem(409, "run.no_summary");
        assert!(problem["message"].as_str().unwrap().contains("without results"), "{problem}");
    }

    async fn every_second_can_be_had_as_json_and_as_a_table(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        assert_eq!(site.get(&format!("/api/v1/runs/{id}/series")).await.with_status(200), json!([]));
        let mut held = Held::running(&site.lab).await;
        for _ in 0..3 {
            held.second(9_000).await;
        }
        let points = site.get(&format!("/api/v1/runs/{id}/series")).await.with_status(200);
        let seconds: Vec<_> = points.as_array().unwrap().iter().map(|point| point["second"].as_u64().unwrap()).collect();
        assert_eq!(seconds, [0, 1, 2]);
        let table = site.get(&format!("/api/v1/runs/{id}/series?format=csv")).await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(table.header("content-disposition"), "attachment; filename=\"run-1-series.csv\"");
        let lines: Vec<&str> = table.text().lines().collect();
        assert_eq!(lines.len(), 4);
        let columns = lines[0].split(',').count();
        assert!(lines.iter().all(|line| line.split(',').count() == columns), "{lines:#?}");
        site.get(&format!("/api/v1/runs/{id}/series?format=xml")).await.problem(400, "query.unreadable");
    }

    async fn a_trend_has_one_point_for_each_judged_run(database) {
        let site = Site::new(&database).await;
        let nothing = site.get("/api/v1/trends").await.with_status(200);
        assert_eq!(nothing["runs"], json!([]));
        for latency_us in [9_000, 12_000] {
            site.launched(json!({})).await;
            carry_out(&site.lab, latency_us).await;
        }
        let trend = site.get("/api/v1/trends?scenario=arrivals&measure=latency_p50").await.with_status(200);
        let chart = &trend["charts"][0];
        assert_eq!(chart["unit"], "ms");
        assert_eq!(trend["query"]["environment"], "local reference");
        let points = chart["series"][0]["points"].as_array().unwrap();
        let values: Vec<f64> = points.iter().map(|point| point["value"].as_f64().unwrap()).collect();
        assert_eq!(values.len(), 2);
        assert!(values[0] < values[1], "{values:?}");
        let (low, high) = (points[0]["interval"][0].as_f64().unwrap(), points[0]["interval"][1].as_f64().unwrap());
        assert!(low <= values[0] && values[0] <= high, "{points:?}");
    }

    async fn a_pattern_is_a_series_for_each_request_that_fits_and_a_second_measure_a_chart_of_its_own(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        carry_out(&site.lab, 9_000).await;
        let address = "/api/v1/trends?request=*&measure=latency_p50&second=throughput&axis=commit";
        let trend = site.get(address).await.with_status(200);
        let charts = trend["charts"].as_array().unwrap();
        assert_eq!(charts.iter().map(|chart| chart["measure"].as_str().unwrap()).collect::<Vec<_>>(),
            ["latency_p50", "throughput"]);
        assert!(charts.iter().all(|chart| chart["series"][0]["request"].is_string()), "{trend}");
        assert_eq!(trend["query"]["axis"], "commit");
        assert_eq!(trend["query"]["request"], "*");
        site.get("/api/v1/trends?axis=sideways").await.problem(400, "query.unreadable");
    }

    async fn a_lab_is_alive_and_ready_until_it_is_about_to_end(database) {
        let site = Site::new(&database).await;
        assert_eq!(site.get("/healthz").await.status, 200);
        assert_eq!(site.get("/readyz").await.status, 200);
        site.closing.cancel();
        assert_eq!(site.get("/healthz").await.status, 200);
        assert_eq!(site.get("/readyz").await.status, 503);
    }

    async fn a_lab_whose_worker_is_down_is_alive_but_not_ready(database) {
        let site = Site::new(&database).await;
        let (down, told) = watch::channel(vec!["worker"]);
        let site = site.told_what_is_down(told);
        assert_eq!(site.get("/healthz").await.status, 200);
        let reply = site.get("/readyz").await;
        assert_eq!((reply.status.as_u16(), reply.text()), (503, "down: worker\n"));
        down.send_replace(Vec::new());
        assert_eq!(site.get("/readyz").await.status, 200);
    }

    async fn a_lab_whose_database_is_gone_is_alive_but_not_ready(database) {
        let site = Site::new(&database).await;
        site.lab.db().close().await;
        assert_eq!(site.get("/healthz").await.status, 200);
        assert_eq!(site.get("/readyz").await.status, 503);
        let reply = site.get("/api/v1/runs").await;
        assert_eq!(reply.header("retry-after"), "2");
        let problem = reply.problem(503, "store.busy");
        assert!(!problem.to_string().contains("sqlite:"), "{problem}");
    }

    async fn many_who_wait_are_all_woken(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let held = Held::running(&site.lab).await;
        let waiting: Vec<_> = (0..30)
            .map(|_| {
                let (site, address) = (site.clone(), format!("/api/v1/runs/{id}?wait=4m"));
                tokio::spawn(async move { site.get(&address).await.with_status(200)["row"]["state"].clone() })
            })
            .collect();
        held.complete().await;
        for wait in waiting {
            let state = tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap().unwrap();
            assert_eq!(state, "finished");
        }
    }
}

//! Runs side by side: API, page, files.

use serde_json::json;

use crate::{place::on_both, site::Site, worker::carry_out};

on_both! {
    async fn two_runs_are_put_side_by_side_with_every_number_and_an_answer(database) {
        let site = Site::new(&database).await;
        for latency_us in [9_000, 14_000] {
            site.launched(json!({})).await;
            carry_out(&site.lab, latency_us).await;
        }
        let compare = site.get("/api/v1/compare?runs=1,2").await.with_status(200);
        assert_eq!(compare["query"]["runs"], "1,2");
        assert_eq!(compare["groups"][1]["letter"], "B");
        let series = compare["sides"][0]["series"].as_array().unwrap();
        let p50 = series.iter().find(|one| one["stat"] == "p50" && one["name"].is_null()).unwrap();
        let ratio = p50["ratio"].as_f64().unwrap();
        assert!((ratio - 14.0 / 9.0).abs() < 0.02, "{p50}");
        assert_eq!(p50["standing"], "worse");
        let told = compare["sentences"][0].as_str().unwrap();
        assert!(told.starts_with("B (#2) is ") && told.contains(" slower at "), "{told}");
        let load = compare["facts"].as_array().unwrap().iter().find(|fact| fact["what"] == "Load").unwrap();
        assert_eq!(load["differs"], false);

        let turned = site.get("/compare.json?runs=1,2&reference=2").await.with_status(200);
        assert_eq!((&turned["reference"], &turned["sides"][0]["group"]), (&json!(1), &json!(0)));
        assert!(turned["sentences"][0].as_str().unwrap().contains(" faster at "), "{turned}");
    }

    async fn a_page_shows_what_is_relevant_and_its_charts_are_files(database) {
        let site = Site::new(&database).await;
        for latency_us in [9_000, 14_000, 9_000] {
            site.launched(json!({})).await;
            carry_out(&site.lab, latency_us).await;
        }
        let page = site.get("/compare?runs=1+3,2").await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("slower at"), "{}", page.text());
        let raw = site.get("/compare?runs=1,2&show=raw").await;
        assert!(raw.text().contains("Table of stored results"));
        for file in ["latency.svg", "rate.csv", "errors.json"] {
            assert_eq!(site.get(&format!("/compare/charts/{file}?runs=1,2")).await.status, 200, "{file}");
        }
        site.get("/compare/charts/other.svg?runs=1,2").await.problem(404, "chart.not_found");
    }

    async fn a_run_finds_the_one_before_it(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        let first = carry_out(&site.lab, 9_000).await;
        site.get(&format!("/api/v1/compare?runs={first}&with=previous")).await.problem(404, "compare.nothing");
        site.launched(json!({})).await;
        let second = carry_out(&site.lab, 9_000).await;
        let compare = site.get(&format!("/api/v1/compare?runs={second}&with=previous")).await.with_status(200);
        assert_eq!(compare["query"]["runs"], "1,2", "the address names both from then on");
        assert!(compare["sentences"][0].as_str().unwrap().starts_with("No relevant change"), "{compare}");
    }

    async fn what_cannot_be_compared_says_how_to_ask(database) {
        let site = Site::new(&database).await;
        site.launched(json!({})).await;
        for query in ["", "runs=1", "runs=1,1,1,1,1,1", "runs=1,1&reference=3"] {
            site.get(&format!("/api/v1/compare?{query}")).await.problem(400, "compare.unreadable");
        }
        site.get("/api/v1/compare?runs=1,99").await.problem(404, "run.not_found");
        site.get("/api/v1/compare?runs=1,1&show=some").await.problem(400, "query.unreadable");
        assert_eq!(site.get("/compare?runs=1").await.status, 400);
    }
}

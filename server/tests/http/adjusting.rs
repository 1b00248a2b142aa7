//! More or less load on a run under way.

use std::collections::BTreeMap;

use axum::http::Request;
use perflab_lab::SuiteSource;
use perflab_model::suite::Suite;
use serde_json::{Value, json};

use crate::{
    forms::{form, hidden, sent},
    place::on_both,
    site::{Reply, Site, json_request, with},
    worker::Held,
};

/// Scenarios whose rate may be changed, and one that has none.
const SUITE: &str = r"
version: 1
suite: turnable
flows: {probe: {steps: [{get: /_probe, name: probe}]}}
classes: {visitor: {flows: {probe: 1}}}
defaults: {executor: constant_rate, rate: 20, duration: 30s, max_in_flight: 40, adjustable: true}
scenarios:
  level: {}
  end: {duration: 2s}
  fixed: {adjustable: false}
";

/// A lab with that suite too.
async fn site(database: &str) -> Site {
    let site = Site::new(database).await;
    let project = site.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
    let suite = Suite::parse(SUITE, &BTreeMap::new()).unwrap();
    site.lab.put_suite(project, &SuiteSource::new(&suite, SUITE.to_owned(), BTreeMap::new())).await.unwrap();
    site
}

/// A run of a scenario after its first second.
async fn running(site: &Site, scenario: &str) -> (String, Held) {
    let id = site.launched(json!({"suite": "turnable", "scenario": scenario})).await;
    let mut held = Held::running(&site.lab).await;
    held.second(9_000).await;
    (id, held)
}

async fn adjust(site: &Site, id: &str, by: impl Into<Value>) -> Reply {
    site.post(&format!("/api/v1/runs/{id}/adjust"), &json!({"rate_by": by.into()})).await
}

/// An order with a key.
fn keyed(id: &str, by: f64, key: &str) -> Request<axum::body::Body> {
    with(json_request(&format!("/api/v1/runs/{id}/adjust"), &json!({"rate_by": by})), "idempotency-key", key)
}

on_both! {
    async fn a_changed_rate_is_told_to_the_worker_and_is_part_of_the_runs_record(database) {
        let site = site(&database).await;
        let (id, mut held) = running(&site, "level").await;
        let answer = adjust(&site, &id, 10).await.with_status(200);
        assert_eq!((&answer["target"], &answer["change"]["number"]), (&json!(30.0), &json!(1)));
        assert_eq!(answer["change"]["from_second"], Value::Null);
        let page = site.get(&format!("/runs/{id}")).await;
        assert!(page.text().contains("30/s planned next, cap 20,000/s. +10/s is on its way to the runner."), "{}", page.text());

        let told = site.lab.db().beat(held.run, held.attempt).await.unwrap().rates;
        assert_eq!(told.iter().map(|change| (change.number, change.by)).collect::<Vec<_>>(), [(1, 10.0)]);
        held.obey(&told[0], 2).await;
        for _ in 0..4 {
            held.second(9_000).await;
        }
        assert_eq!(site.lab.db().beat(held.run, held.attempt).await.unwrap().rates, []);
        let chart = site.get(&format!("/runs/{id}/charts/rate.svg")).await;
        assert!(chart.text().contains("+10/s") && chart.text().contains("planned 30/s"), "{}", chart.text());
        let log = site.get(&format!("/runs/{id}?tab=logs")).await;
        assert!(log.text().contains("+10/s was ordered by a program over the API."), "{}", log.text());
        assert!(log.text().contains("+10/s counts from 0:02 on"), "{}", log.text());

        held.complete().await;
        let run = site.get(&format!("/api/v1/runs/{id}")).await.with_status(200);
        assert_eq!(run["row"]["adjusted"], true);
        let summary = site.get(&format!("/api/v1/runs/{id}/summary")).await.with_status(200);
        assert_eq!(summary["rate_changes"][0]["from_second"], 2);
        assert_eq!(summary["marks"][0]["code"], "rate_adjusted");
        let page = site.get(&format!("/runs/{id}")).await;
        assert!(page.text().contains("Rate adjusted by hand: no baseline."), "{}", page.text());
        let trend = site.get("/api/v1/trends?suite=turnable&scenario=level&measure=throughput").await.with_status(200);
        assert_eq!(trend["runs"][0]["id"], id.as_str());
        assert!(!trend["runs"][0]["apart"].is_null(), "it is compared with no other: {trend}");
    }

    async fn what_cannot_be_changed_is_refused_with_the_reason(database) {
        let site = site(&database).await;
        let waiting = site.launched(json!({"suite": "turnable", "scenario": "level"})).await;
        adjust(&site, &waiting, 10).await.problem(409, "adjust.not_begun");
        let mut held = Held::running(&site.lab).await;
        held.second(9_000).await;
        let room = adjust(&site, &waiting, 19_981).await.problem(422, "rate_by.invalid");
        assert!(room["hint"].as_str().unwrap().contains("19,980/s") || room["hint"].as_str().unwrap().contains("20,000/s"), "{room}");
        let below = adjust(&site, &waiting, -20.5).await.problem(422, "rate_by.invalid");
        assert!(below["hint"].as_str().unwrap().contains("20/s"), "{below}");
        adjust(&site, &waiting, 0).await.problem(422, "rate_by.invalid");
        adjust(&site, &waiting, "ten").await.problem(400, "body.json");
        adjust(&site, &waiting, -20).await.with_status(200);
        adjust(&site, &waiting, -1).await.problem(422, "rate_by.invalid");
        site.post(&format!("/api/v1/runs/{waiting}/stop"), &json!({})).await.with_status(200);
        adjust(&site, &waiting, 10).await.problem(409, "adjust.stopping");
        held.complete().await;
        adjust(&site, &waiting, 10).await.problem(409, "adjust.over");

        let (fixed, held) = running(&site, "fixed").await;
        adjust(&site, &fixed, 10).await.problem(422, "adjust.not_adjustable");
        held.complete().await;
        let (ending, held) = running(&site, "end").await;
        adjust(&site, &ending, 10).await.problem(409, "adjust.too_late");
        held.complete().await;
        let closed = site.launched(json!({"scenario": "visitors"})).await;
        let mut held = Held::running(&site.lab).await;
        held.second(9_000).await;
        adjust(&site, &closed, 10).await.problem(422, "adjust.closed");
        adjust(&site, "nobody", 10).await.problem(404, "run.not_found");
    }

    async fn a_repeated_order_is_one_change(database) {
        let site = site(&database).await;
        let (id, mut held) = running(&site, "level").await;
        let first = site.send(keyed(&id, 5.0, "turn")).await.with_status(200);
        assert_eq!(first["replayed"], false);
        let again = site.send(keyed(&id, 5.0, "turn")).await;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.with_status(200)["change"], first["change"]);
        site.send(keyed(&id, 6.0, "turn")).await.problem(422, "idempotency_key.reused");
        assert_eq!(site.lab.db().beat(held.run, held.attempt).await.unwrap().rates.len(), 1);
        held.second(9_000).await;
        held.complete().await;
        let late = site.send(keyed(&id, 5.0, "turn")).await.with_status(200);
        assert_eq!(late["replayed"], true, "what was accepted once stays accepted");
    }

    async fn twenty_orders_at_once_all_count_and_stay_below_the_cap(database) {
        let site = site(&database).await;
        let (id, held) = running(&site, "level").await;
        adjust(&site, &id, 19_970).await.with_status(200);
        let ordering: Vec<_> = (0..20)
            .map(|_| {
                let (site, id) = (site.clone(), id.clone());
                tokio::spawn(async move { adjust(&site, &id, 1).await.status.as_u16() })
            })
            .collect();
        let mut accepted = 0;
        for order in ordering {
            match order.await.unwrap() {
                200 => accepted += 1,
                409 | 422 => {}
                other => panic!("{other}"),
            }
        }
        assert!((1..=10).contains(&accepted), "{accepted} of 20 orders were accepted where 10 fit");
        let rates = site.lab.db().beat(held.run, held.attempt).await.unwrap().rates;
        assert_eq!(rates.len(), accepted + 1);
        assert!(rates.iter().map(|change| change.by).sum::<f64>() <= 19_980.0);
    }

    async fn the_form_changes_the_rate_without_scripts(database) {
        let site = site(&database).await;
        let (id, held) = running(&site, "level").await;
        let page = site.get(&format!("/runs/{id}")).await;
        assert!(page.text().contains("name=\"step\""), "{}", page.text());
        let fields = [("id", id.as_str()), ("key", &hidden(&page, "key")), ("step", "2.5"), ("way", "less")];
        for _ in 0..2 {
            // A double click carries the same key.
            assert_eq!(sent(&site, form("/action/adjust", &fields)).await, format!("/runs/{id}"));
        }
        let rates = site.lab.db().beat(held.run, held.attempt).await.unwrap().rates;
        assert_eq!(rates.iter().map(|change| change.by).collect::<Vec<_>>(), [-2.5]);
        assert_eq!(rates[0].asked_by, "a person in the browser");
        let refused = sent(&site, form("/action/adjust", &[("id", &id), ("step", "99"), ("way", "less")])).await;
        let page = site.get(&refused).await;
        assert!(page.text().contains("99/s less would lead below zero."), "{}", page.text());
        let fixed = running(&site, "fixed");
        held.complete().await;
        let (fixed, _held) = fixed.await;
        assert!(!site.get(&format!("/runs/{fixed}")).await.text().contains("name=\"step\""));
    }
}

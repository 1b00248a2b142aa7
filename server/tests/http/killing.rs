//! The kill switch: pulled, felt, told on every page, released.

use perflab_model::run::RunState;
use serde_json::{Value, json};

use crate::{
    forms::{form, sent},
    place::on_both,
    site::{Reply, Site, request},
    worker::Held,
};

async fn pull(site: &Site, body: Value) -> Reply {
    site.post("/api/v1/kill-switch", &body).await
}

async fn release(site: &Site, query: &str) -> Reply {
    site.send(request("DELETE", &format!("/api/v1/kill-switch?{query}"), axum::body::Body::empty())).await
}

on_both! {
    async fn a_pulled_switch_aborts_what_runs_and_refuses_what_would(database) {
        let site = Site::new(&database).await;
        let running = site.launched(json!({})).await;
        let mut held = Held::running(&site.lab).await;
        held.second(9_000).await;
        let waiting = site.launched(json!({})).await;
        let body = json!({"scope": "environment", "environment": "local reference", "reason": "orders fail", "name": "Ada"});
        let pulled = pull(&site, body).await.with_status(200);
        assert_eq!((&pulled["aborted"], &pulled["switch"]["pulled_by"]), (&json!(1), &json!("Ada over the API")));

        let told = site.lab.db().beat(held.run, held.attempt).await.unwrap();
        assert_eq!(told.killed.as_ref().map(|switch| switch.reason.as_str()), Some("orders fail"));
        let live = site.get(&format!("/runs/{running}")).await;
        assert!(live.text().contains("The kill switch ends it."), "{}", live.text());
        let refused = site.launch(json!({})).await.problem(403, "kill_switch.pulled");
        assert!(refused["message"].as_str().unwrap().contains("orders fail"), "{refused}");
        let preview = site.post("/api/v1/launch/preview", &crate::site::launch(json!({}))).await.with_status(200);
        assert_eq!(preview["problems"][0]["field"], "environment");
        let page = site.get(&format!("/runs/{waiting}")).await;
        assert!(page.text().contains("Waiting: the kill switch of environment local reference is pulled."), "{}", page.text());
        for path in ["/", "/launch", "/trends", "/docs", "/safety", "/nowhere"] {
            let page = site.get(path).await;
            assert!(page.text().contains("orders fail"), "{path} does not say that the switch is pulled");
        }
        held.complete().await;
        let over = site.get(&format!("/api/v1/runs/{running}")).await.with_status(200);
        assert_eq!(over["row"]["state"], RunState::Cancelled.code());
        assert_eq!(over["killed"]["pulled_by"], "Ada over the API");

        let shown = site.get("/api/v1/kill-switch").await.with_status(200);
        assert_eq!(shown["pulled"].as_array().map(Vec::len), Some(1));
        let released = release(&site, "scope=environment&environment=local%20reference").await.with_status(200);
        assert_eq!(released["switch"]["released_by"], "a program over the API");
        assert!(!site.get("/").await.text().contains("orders fail"));
        site.launch(json!({})).await.with_status(202);
        assert_eq!(Held::claim(&site.lab).await.run.to_string(), waiting, "what waited begins");
        let again = release(&site, "scope=environment&environment=local%20reference").await.with_status(200);
        assert_eq!(again["switch"], Value::Null);
    }

    async fn a_switch_needs_a_reason_and_a_place_that_is_there(database) {
        let site = Site::new(&database).await;
        pull(&site, json!({"scope": "lab", "reason": "  "})).await.problem(422, "reason.invalid");
        pull(&site, json!({"scope": "lab", "reason": "x".repeat(301)})).await.problem(422, "reason.invalid");
        pull(&site, json!({"scope": "lab", "environment": "local reference", "reason": "x"})).await
            .problem(422, "environment.invalid");
        pull(&site, json!({"scope": "environment", "reason": "x"})).await.problem(422, "environment.invalid");
        pull(&site, json!({"scope": "environment", "environment": "gone", "reason": "x"})).await
            .problem(404, "environment.not_found");
        pull(&site, json!({"scope": "galaxy", "reason": "x"})).await.problem(400, "body.json");
        release(&site, "").await.problem(400, "query.unreadable");
        assert_eq!(site.get("/safety.json").await.with_status(200)["pulled"], json!([]));
        site.launch(json!({})).await.with_status(202);
    }

    async fn pulled_twice_the_first_pull_stands(database) {
        let site = Site::new(&database).await;
        let first = pull(&site, json!({"scope": "lab", "reason": "first"})).await.with_status(200);
        let second = pull(&site, json!({"scope": "lab", "reason": "second"})).await.with_status(200);
        assert_eq!(second["switch"], first["switch"]);
        // An environment has a switch of its own, which holds when the lab's is released.
        pull(&site, json!({"scope": "environment", "environment": "local reference", "reason": "here"})).await
            .with_status(200);
        release(&site, "scope=lab").await.with_status(200);
        site.launch(json!({})).await.problem(403, "kill_switch.pulled");
    }

    async fn the_pages_pull_and_release_it_without_scripts(database) {
        let site = Site::new(&database).await;
        let overview = site.get("/safety").await;
        assert!(overview.text().contains("No kill switch is pulled"), "{}", overview.text());
        let question = site.get("/safety?ask=pull&scope=lab").await;
        assert!(question.text().contains("Stop all load on the whole lab?"), "{}", question.text());
        assert!(question.text().contains("action=\"/action/kill-switch/pull\""), "{}", question.text());
        let empty = sent(&site, form("/action/kill-switch/pull", &[("scope", "lab"), ("reason", ""), ("name", "Ada")])).await;
        let again = site.get(&empty).await;
        assert!(again.text().contains("A reason is missing."), "{}", again.text());
        assert!(again.text().contains("value=\"Ada\""), "what was typed is kept: {}", again.text());

        let fields = [("scope", "lab"), ("reason", "fire <b>"), ("name", "Ada")];
        assert_eq!(sent(&site, form("/action/kill-switch/pull", &fields)).await, "/safety");
        let pulled = site.get("/safety").await;
        assert!(pulled.text().contains("The kill switch of the whole lab is pulled: no load is sent."), "{}", pulled.text());
        assert!(pulled.text().contains("Ada in the browser") && pulled.text().contains("fire &lt;b"), "{}", pulled.text());
        let question = site.get("/safety?ask=release&scope=lab").await;
        assert!(question.text().contains("Release the kill switch of the whole lab?"), "{}", question.text());
        assert_eq!(sent(&site, form("/action/kill-switch/release", &[("scope", "lab"), ("name", "Grace")])).await, "/safety");
        let released = site.get("/safety").await;
        assert!(released.text().contains("Released by Grace in the browser."), "{}", released.text());
    }
}

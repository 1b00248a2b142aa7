//! Runs that end with their iterations, and runs of several loads: what a launch says of them before it starts.

use std::collections::BTreeMap;

use perflab_lab::SuiteSource;
use perflab_model::suite::Suite;
use serde_json::{Value, json};

use crate::{place::on_both, site::Site};

const SUITE: &str = r#"
version: 1
suite: loads
flows:
  probe: {steps: [{get: /_probe, name: probe}]}
classes:
  visitor: {think: 1s, flows: {probe: 1}}
scenarios:
  backlog: {executor: shared_iterations, users: 4, iterations: 100, max_duration: 5m}
  both:
    parts:
      browse: {executor: constant_vus, users: 3, duration: 40s}
      orders: {executor: constant_rate, rate: 20, max_in_flight: 40, duration: 20s, start_after: 10s}
  crowds:
    parts:
      first: {executor: constant_vus, users: 3, duration: 40s}
      second: {executor: constant_vus, users: 5, duration: 20s, start_after: 10s}
"#;

async fn site(database: &str) -> Site {
    let site = Site::new(database).await;
    let project = site.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
    let suite = Suite::parse(SUITE, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors}"));
    site.lab.put_suite(project, &SuiteSource::new(&suite, SUITE.to_owned(), BTreeMap::new())).await.unwrap();
    site
}

fn launch(scenario: &str, overrides: Value) -> Value {
    json!({"suite": "loads", "scenario": scenario, "environment": "local reference", "overrides": overrides})
}

fn address(scenario: &str) -> String {
    format!("/launch?suite=loads&scenario={scenario}&env=local%20reference")
}

on_both! {
    async fn a_run_of_iterations_says_before_its_start_how_many_and_how_long_at_most(database) {
        let site = site(&database).await;
        let body = launch("backlog", json!({"users": 5, "duration": "2m"}));
        let preview = site.post("/api/v1/launch/preview", &body).await.with_status(200);
        assert_eq!(preview["problems"], json!([]));
        let estimate = &preview["estimate"];
        assert_eq!([&estimate["iterations"], &estimate["peak_users"]], [&json!(100.0), &json!(5)]);
        assert_eq!([&estimate["duration"], &estimate["at_most"]], [&json!("2m"), &json!(true)]);
        let refused = launch("backlog", json!({"users": 101, "rate": 3}));
        let preview = site.post("/api/v1/launch/preview", &refused).await.with_status(200);
        let fields: Vec<&str> =
            preview["problems"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["overrides.rate", "overrides.users"]);
        let page = site.get(&address("backlog")).await;
        assert!(page.text().contains("at most 5m") && page.text().contains("at the latest"), "{}", page.text());
    }

    async fn a_run_of_several_loads_draws_its_rate_and_its_users_apart(database) {
        let site = site(&database).await;
        let preview = site.post("/api/v1/launch/preview", &launch("both", json!({}))).await.with_status(200);
        assert_eq!(preview["problems"], json!([]));
        assert_eq!(preview["load"]["model"], "combined");
        assert_eq!(preview["load"]["parts"][1]["start_after"], "10s");
        let estimate = &preview["estimate"];
        assert_eq!([&estimate["peak_users"], &estimate["peak_rate"]], [&json!(3), &json!(20.0)]);
        assert_eq!([&estimate["iterations"], &estimate["duration"]], [&json!(520.0), &json!("40s")]);
        let page = site.get(&address("both")).await;
        assert!(page.text().contains("Planned rate") && page.text().contains("Planned users"), "{}", page.text());
        let run = site.post("/api/v1/runs", &launch("both", json!({"rate": 10}))).await.with_status(202);
        let found = site.get(&format!("/api/v1/runs/{}", run["id"].as_str().unwrap())).await.with_status(200);
        assert_eq!(found["row"]["load"], "3 users + up to 10.0/s from 10s, 40s");
        assert_eq!(found["plan"]["load"]["parts"][1]["load"]["limits"]["max_in_flight"], 40);
    }

    async fn users_beside_a_rate_can_be_asked_for_on_the_page_where_one_part_has_them(database) {
        let site = site(&database).await;
        let page = site.get(&format!("{}&users=7&rate=10", address("both"))).await;
        let page = page.text();
        assert!(page.contains(r#"name="rate""#) && page.contains(r#"name="users""#), "{page}");
        assert!(page.contains("Of the one part that has users.") && !page.contains("Left out"), "{page}");
        let run = site.post("/api/v1/runs", &launch("both", json!({"rate": 10, "users": 7}))).await.with_status(202);
        let found = site.get(&format!("/api/v1/runs/{}", run["id"].as_str().unwrap())).await.with_status(200);
        assert_eq!(found["row"]["load"], "7 users + up to 10.0/s from 10s, 40s");
        // Of two parts with users nobody could say which is meant.
        let page = site.get(&format!("{}&users=7", address("crowds"))).await;
        let page = page.text();
        assert!(!page.contains(r#"name="users""#) && page.contains("Left out") && page.contains("users 7"), "{page}");
    }

    async fn a_run_of_chosen_classes_names_them_on_its_page(database) {
        let site = site(&database).await;
        let run = site.post("/api/v1/runs", &launch("backlog", json!({"classes": ["visitor"]}))).await.with_status(202);
        let id = run["id"].as_str().unwrap();
        let page = site.get(&format!("/runs/{id}")).await;
        assert!(page.text().contains("only visitor"), "{}", page.text());
        let run = site.post("/api/v1/runs", &launch("backlog", json!({}))).await.with_status(202);
        let page = site.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await;
        assert!(!page.text().contains("only visitor"), "{}", page.text());
    }
}

//! Launching benchmark suites: what can be chosen, what a launch says before it starts, and what is refused.

use std::collections::BTreeMap;

use perflab_lab::SuiteSource;
use perflab_model::suite::Suite;
use serde_json::{Value, json};

use crate::{place::on_both, site::Site};

const SUITE: &str = r#"
version: 1
suite: hashing
description: What a password costs
parameters: {ITERATIONS: 50}
defaults: {iterations: "${param.ITERATIONS}"}
cases:
  verify: {operation: {builtin: auth.verify}}
  hash:
    title: Hashing a password
    operation: {builtin: auth.hash}
    matrix: {cost: [10, 12]}
    concurrency: [1, 5]
    target: 100ms
    max: 0.2s
    rationale: a person waits for it
    critical: true
"#;

async fn site(database: &str) -> Site {
    let site = Site::new(database).await;
    let project = site.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
    let suite = Suite::parse(SUITE, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors}"));
    site.lab.put_suite(project, &SuiteSource::new(&suite, SUITE.to_owned(), BTreeMap::new())).await.unwrap();
    site
}

fn launch(overrides: Value) -> Value {
    json!({"suite": "hashing", "environment": "local reference", "overrides": overrides})
}

fn names(cases: &Value) -> Vec<&str> {
    cases.as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap()).collect()
}

on_both! {
    async fn the_cases_of_a_suite_are_there_to_choose_from_with_their_limits(database) {
        let site = site(&database).await;
        let options = site.get("/api/v1/launch/options").await.with_status(200);
        let suite = options["suites"].as_array().unwrap().iter().find(|suite| suite["name"] == "hashing").unwrap();
        assert_eq!(suite["kind"], "benchmark");
        assert_eq!([&suite["scenarios"][0]["name"], &suite["scenarios"][0]["load"]], ["cases", "5 cases"]);
        assert_eq!(
            names(&suite["cases"]),
            [
                "hash [cost=10, concurrency=1]", "hash [cost=10, concurrency=5]", "hash [cost=12, concurrency=1]",
                "hash [cost=12, concurrency=5]", "verify",
            ]
        );
        assert_eq!(
            suite["cases"][1],
            json!({
                "name": "hash [cost=10, concurrency=5]", "base": "hash", "title": "Hashing a password", "category": null,
                "critical": true, "amount": "50 iterations", "concurrency": 5, "target": 100.0, "max": 200.0,
                "rationale": "a person waits for it",
            })
        );
    }

    async fn a_preview_shows_the_cases_that_will_be_measured_and_how_long_they_may_take(database) {
        let site = site(&database).await;
        let body = launch(json!({"cases": ["verify", "hash [cost=12*"], "parameters": {"ITERATIONS": "7"}}));
        let preview = site.post("/api/v1/launch/preview", &body).await.with_status(200);
        assert_eq!(preview["problems"], json!([]));
        assert_eq!(
            names(&preview["cases"]),
            ["hash [cost=12, concurrency=1]", "hash [cost=12, concurrency=5]", "verify"]
        );
        assert_eq!(preview["cases"][2]["amount"], "7 iterations");
        let estimate = &preview["estimate"];
        assert_eq!([&estimate["duration"], &estimate["at_most"]], [&json!("30m"), &json!(true)]);
        assert_eq!([&estimate["iterations"], &preview["cap"]], [&Value::Null, &Value::Null]);
        let rules: Vec<&str> =
            preview["rules"].as_array().unwrap().iter().map(|rule| rule["threshold"].as_str().unwrap()).collect();
        assert_eq!(rules[0], "avg < 100ms, max 0.2s for hash [cost=12, concurrency=1]");
    }

    async fn a_benchmark_is_launched_without_a_scenario(database) {
        let site = site(&database).await;
        let run = site.post("/api/v1/runs", &launch(json!({"cases": ["verify"]}))).await.with_status(202);
        let found = site.get(&format!("/api/v1/runs/{}", run["id"].as_str().unwrap())).await.with_status(200);
        assert_eq!([&found["row"]["scenario"], &found["row"]["load"]], ["cases", "1 case, at most 10m"]);
        assert_eq!(found["plan"]["load"]["model"], "cases");
    }

    async fn what_belongs_to_load_is_refused_by_field(database) {
        let site = site(&database).await;
        let body = launch(json!({"users": 5, "cases": ["verfy"]}));
        let preview = site.post("/api/v1/launch/preview", &body).await.with_status(200);
        let told: Vec<(&str, &str)> = preview["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["field"].as_str().unwrap(), one["message"].as_str().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                ("overrides.users", "`users` belongs to suites with scenarios, and this one has cases"),
                ("overrides.cases", "the suite has no case `verfy`"),
            ]
        );
        let probe = json!({"suite": "probe", "environment": "local reference"});
        let problem = site.post("/api/v1/runs", &probe).await.problem(422, "launch.invalid");
        assert_eq!(problem["fields"][0]["message"], "the suite has scenarios, and none of them is named");
    }

    async fn a_capacity_search_of_a_benchmark_is_refused_in_a_sentence(database) {
        let site = site(&database).await;
        let body = json!({
            "suite": "hashing", "scenario": "cases", "environment": "local reference", "unit": "users", "from": 1, "to": 10,
        });
        let preview = site.post("/api/v1/capacity-searches/preview", &body).await.with_status(200);
        assert_eq!(
            preview["problems"][0]["message"],
            "the suite `hashing` has cases, and a capacity search needs users or a rate"
        );
        assert_eq!(preview["problems"].as_array().unwrap().len(), 1, "{preview}");
    }
}

//! The OpenAPI document and its viewer.

use axum::body::Body;
use serde_json::Value;

use crate::{
    conformity,
    place::on_both,
    site::{Site, request},
};

/// Every route of the API.
const ROUTES: [(&str, &str); 39] = [
    ("get", "/api/v1/runs"),
    ("post", "/api/v1/runs"),
    ("get", "/api/v1/runs/{run}"),
    ("post", "/api/v1/runs/{run}/stop"),
    ("post", "/api/v1/runs/{run}/abort"),
    ("post", "/api/v1/runs/{run}/adjust"),
    ("get", "/api/v1/runs/{run}/events"),
    ("get", "/api/v1/runs/{run}/summary"),
    ("get", "/api/v1/runs/{run}/series"),
    ("get", "/api/v1/runs/{run}/requests"),
    ("get", "/api/v1/runs/{run}/classes"),
    ("get", "/api/v1/launch/options"),
    ("post", "/api/v1/launch/preview"),
    ("get", "/api/v1/compare"),
    ("get", "/api/v1/trends"),
    ("get", "/api/v1/capacity-searches"),
    ("post", "/api/v1/capacity-searches"),
    ("post", "/api/v1/capacity-searches/preview"),
    ("get", "/api/v1/capacity-searches/{search}"),
    ("post", "/api/v1/capacity-searches/{search}/stop"),
    ("get", "/api/v1/kill-switch"),
    ("post", "/api/v1/kill-switch"),
    ("delete", "/api/v1/kill-switch"),
    ("delete", "/api/v1/runs/{run}/baseline"),
    ("delete", "/api/v1/runs/{run}/rejection"),
    ("get", "/api/v1/findings"),
    ("get", "/api/v1/findings/{finding}"),
    ("get", "/api/v1/runs/{run}/cases"),
    ("get", "/api/v1/runs/{run}/cases/{case}"),
    ("get", "/api/v1/runs/{run}/comparison"),
    ("get", "/api/v1/suites"),
    ("get", "/api/v1/suites/{name}"),
    ("post", "/api/v1/findings/{finding}"),
    ("post", "/api/v1/suite-check"),
    ("put", "/api/v1/runs/{run}/baseline"),
    ("put", "/api/v1/runs/{run}/rejection"),
    ("put", "/api/v1/suites/{name}"),
    ("get", "/healthz"),
    ("get", "/readyz"),
];

#[test]
fn the_document_lists_every_route_and_no_other() {
    let mut found = Vec::new();
    for (path, methods) in conformity::document()["paths"].as_object().unwrap() {
        found.extend(methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let mut known: Vec<_> = ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned())).to_vec();
    known.sort();
    found.sort();
    assert_eq!(found, known);
}

#[test]
fn every_operation_says_what_it_does_and_what_may_come_back() {
    for (method, path) in ROUTES {
        let operation = &conformity::document()["paths"][path][method];
        let text = operation["summary"].as_str().or(operation["description"].as_str());
        assert!(text.is_some_and(|text| !text.is_empty()), "{method} {path}");
        assert!(!operation["responses"].as_object().unwrap().is_empty(), "{method} {path}");
    }
}

#[test]
fn no_reference_of_the_document_leads_nowhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    found.push(target.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = conformity::document();
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(!found.is_empty());
    for target in found {
        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target} leads nowhere");
    }
}

on_both! {
    async fn the_document_is_served_as_it_is(database) {
        let site = Site::new(&database).await;
        let reply = site.get("/api/v1/openapi.json").await;
        assert_eq!(&reply.with_status(200), conformity::document());
    }

    async fn every_route_of_the_document_answers(database) {
        let site = Site::new(&database).await;
        site.launched(serde_json::json!({})).await;
        let asked = serde_json::json!({"suite": "probe", "scenario": "arrivals", "unit": "rate", "from": 1, "to": 2});
        let search = site.post("/api/v1/capacity-searches", &asked).await.with_status(202);
        for (method, path) in ROUTES {
            let path = path.replace("{run}", "1").replace("{name}", "probe").replace("{search}", search["id"].as_str().unwrap());
            let reply = site.open(request(&method.to_uppercase(), &path, Body::empty())).await;
            // There is no finding and no case here, nor was the run compared: not found is the answer then.
            let finds_nothing =
                path.contains("{finding}") || path.contains("{case}") || path.ends_with("/comparison");
            let is_answer = !matches!(reply.status().as_u16(), 404 | 405 | 500..)
                || finds_nothing && reply.status().as_u16() == 404;
            assert!(is_answer, "{method} {path}: {}", reply.status());
        }
    }
}

/// The viewer's page and files, as a browser loads them.
#[tokio::test]
async fn the_viewer_may_load_all_that_it_asks_for_and_nothing_from_elsewhere() {
    crate::place::in_sqlite(|database| async move {
        let site = Site::empty(&database).await;
        assert_eq!(site.get("/api/docs").await.header("location"), "/api/docs/");
        let page = site.get("/api/docs/").await;
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy").to_owned();
        for directive in ["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:"] {
            assert!(policy.contains(directive), "{directive} is not in {policy}");
        }
        assert!(!policy.contains("unsafe-eval"), "{policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
        let mut files = 0;
        for part in page.text().split(['"', '\'']) {
            assert!(!part.starts_with("http"), "{part} is elsewhere");
            if [".js", ".css", ".png"].iter().any(|ending| part.ends_with(ending)) {
                let file = site.get(&format!("/api/docs/{}", part.trim_start_matches("./"))).await;
                assert_eq!(file.status, 200, "{part}");
                files += 1;
            }
        }
        assert!(files >= 4, "{}", page.text());
        // No script stands in the page itself: the policy would not let it run.
        for script in page.text().split("<script").skip(1) {
            assert!(script.split('>').next().unwrap().contains("src="), "<script{script}");
        }
        assert!(site.get("/api/docs/swagger-initializer.js").await.text().contains("/api/v1/openapi.json"));
    })
    .await;
}

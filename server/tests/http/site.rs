//! A lab behind its router, with what tests ask of it.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode},
};
use http_body_util::BodyExt;
use indexmap::IndexMap;
use perflab_lab::{Lab, SuiteSource};
use perflab_model::{
    environment::{Caps, Environment},
    suite::Suite,
};
use perflab_store::Db;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::conformity;

/// The suite that tests launch.
const SUITE: &str = r#"
version: 1
suite: probe
title: Probing
parameters:
  LIMIT: {type: number, default: 200, range: [1, 1000]}
flows:
  probe: {steps: [{get: /_probe, name: probe, expect: [200]}]}
classes:
  visitor: {flows: {probe: 1}}
scenarios:
  arrivals:
    title: Arrivals
    executor: constant_rate
    rate: 20
    duration: 5s
    max_in_flight: 40
    thresholds: ["p95 < ${param.LIMIT}ms"]
  visitors: {executor: constant_vus, users: 3, duration: 5s, thresholds: ["error_rate < 1%"]}
"#;

/// Longest wait for anything: far beyond what a healthy server needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A lab with a project, an environment, a suite and no worker.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) lab: Lab,
    pub(crate) closing: CancellationToken,
    router: Router,
}

/// A complete reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The body, when the status is the expected one.
    #[track_caller]
    pub(crate) fn with_status(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }

    /// Checks that this is a problem with that status and code, and gives it.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let problem = self.with_status(status);
        assert_eq!(problem["code"], code, "{problem}");
        problem
    }
}

impl Site {
    pub(crate) async fn new(database: &str) -> Self {
        let site = Self::empty(database).await;
        let project = site.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
        site.lab.put_environment(project, &environment()).await.unwrap();
        let suite = Suite::parse(SUITE, &BTreeMap::new()).unwrap();
        site.lab.put_suite(project, &SuiteSource::new(&suite, SUITE.to_owned(), BTreeMap::new())).await.unwrap();
        site
    }

    /// A lab in which nothing was set up.
    pub(crate) async fn empty(database: &str) -> Self {
        let lab = Lab::new(Db::open(database).await.unwrap());
        let closing = CancellationToken::new();
        let router = perflab_server::web::router(lab.clone(), closing.clone());
        Self { lab, closing, router }
    }

    /// The same lab, served by a process whose supervisor says what of it is down.
    pub(crate) fn told_what_is_down(self, down: watch::Receiver<Vec<&'static str>>) -> Self {
        Self { router: self.router.layer(Extension(down)), ..self }
    }

    /// A newer version of the suite, in which one scenario is gone.
    pub(crate) async fn replace_suite_without_visitors(&self) {
        let project = self.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
        let text = SUITE.lines().filter(|line| !line.contains("visitors:")).collect::<Vec<_>>().join("\n");
        let suite = Suite::parse(&text, &BTreeMap::new()).unwrap();
        self.lab.put_suite(project, &SuiteSource::new(&suite, text, BTreeMap::new())).await.unwrap();
    }

    /// The same suite once more; it and its first scenario have another name.
    pub(crate) async fn add_suite_called(&self, name: &str) {
        let project = self.lab.ensure_project(&"MITA".parse().unwrap()).await.unwrap();
        let text = SUITE.replace("suite: probe", &format!("suite: {}", json!(name)));
        let text = text.replace("  arrivals:", &format!("  {}:", json!(name)));
        let suite = Suite::parse(&text, &BTreeMap::new()).unwrap();
        self.lab.put_suite(project, &SuiteSource::new(&suite, text, BTreeMap::new())).await.unwrap();
    }

    /// Sends a request; the reply's body may still be under way. Its headers have been checked.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        let what = format!("{} {}", request.method(), request.uri());
        let reply = tokio::time::timeout(PATIENCE, self.router.clone().oneshot(request))
            .await
            .unwrap_or_else(|_| panic!("{what} was not answered"))
            .unwrap();
        let headers = reply.headers();
        let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default().to_owned();
        assert!(value("content-security-policy").contains("default-src 'none'"), "{what}: {headers:?}");
        assert!(value("content-security-policy").contains("frame-ancestors 'none'"), "{what}: {headers:?}");
        assert_eq!(value("x-content-type-options"), "nosniff", "{what}");
        // A page is told by the nonce of its scripts; its forms must be able to name their origin.
        let is_page = value("content-security-policy").contains("'nonce-");
        let referrer = if is_page { "same-origin" } else { "no-referrer" };
        assert_eq!(value("referrer-policy"), referrer, "{what}");
        assert_eq!(value("cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(value("cross-origin-resource-policy"), "same-origin", "{what}");
        assert!(!value("permissions-policy").is_empty(), "{what}");
        assert!(!value("cache-control").is_empty(), "{what}");
        reply
    }

    /// Sends a request and reads the whole reply, which must be as documented.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let (head, body) = self.open(request).await.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.unwrap().unwrap().to_bytes();
        let reply = Reply { status: head.status, headers: head.headers, body };
        let is_document = path == "/api/v1/openapi.json";
        if !is_document && reply.header("content-type").starts_with("application/json") {
            conformity::check(&method, &path, reply.status.as_u16(), &reply.json());
        }
        reply
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request("GET", path, Body::empty())).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(json_request(path, body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(with(request("PUT", path, body.to_string()), "content-type", "application/json")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(request("DELETE", path, Body::empty())).await
    }

    /// Asks for a run with what differs from the usual one.
    pub(crate) async fn launch(&self, differs: Value) -> Reply {
        self.post("/api/v1/runs", &launch(differs)).await
    }

    /// Launches a run and gives its id.
    pub(crate) async fn launched(&self, differs: Value) -> String {
        let launched = self.launch(differs).await.with_status(202);
        launched["id"].as_str().unwrap().to_owned()
    }
}

/// A launch of `arrivals` with what differs.
pub(crate) fn launch(differs: Value) -> Value {
    let mut body = json!({"suite": "probe", "scenario": "arrivals"});
    body.as_object_mut().unwrap().extend(differs.as_object().unwrap().clone());
    body
}

/// A request as a program on this machine sends it.
pub(crate) fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(path).header("host", "127.0.0.1:7080").body(body.into()).unwrap()
}

/// The same with a JSON body.
pub(crate) fn json_request(path: &str, body: &Value) -> Request<Body> {
    with(request("POST", path, body.to_string()), "content-type", "application/json")
}

/// The same with another header.
pub(crate) fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

pub(crate) fn environment() -> Environment {
    Environment {
        name: "local reference".parse().unwrap(),
        base_url: "http://127.0.0.1:8000".parse().unwrap(),
        allow: vec!["127.0.0.1:8000".parse().expect("an entry")],
        caps: Caps::default(),
        variables: IndexMap::new(),
        labels: vec!["reference".to_owned()],
        vouched: None,
        unverified_tls: None,
        history: perflab_model::environment::History::default(),
    }
}

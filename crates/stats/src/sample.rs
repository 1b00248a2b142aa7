//! Ticks for tests: what an engine would have said.

use std::collections::BTreeMap;

use perflab_model::{
    environment::Environment,
    flow::{Body, Flow, Request, Step},
    load::{Arrivals, Load, OnSaturated, OpenLimits, RateStage, UserStage, Warmup},
    plan::{HttpPolicy, Plan, Rule},
    tick::{OutcomeTick, Phase, Point, RequestTick, Tick, Vitals},
    unit::Millis,
};

use crate::Histogram;

/// An outcome with times in microseconds.
pub(crate) fn outcome(status_class: u8, error: Option<&str>, times: &[u64]) -> OutcomeTick {
    let mut histogram = Histogram::new();
    for time in times {
        histogram.record(*time, 1);
    }
    OutcomeTick {
        status_class,
        error: error.map(str::to_owned),
        count: times.len() as u64,
        bytes_received: 0,
        response: histogram.encode(),
        service: histogram.encode(),
        lag: None,
        queued_lag: None,
        ttfb: None,
        checks_passed: 0,
        checks_failed: 0,
    }
}

/// A second of one request or several.
pub(crate) fn tick(second: u32, phase: Phase, requests: Vec<(&str, Vec<OutcomeTick>)>) -> Tick {
    let requests: Vec<RequestTick> =
        requests.into_iter().map(|(name, outcomes)| RequestTick { name: name.to_owned(), outcomes }).collect();
    let mut errors = BTreeMap::new();
    let (mut finished, mut failed) = (0, 0);
    for outcome in requests.iter().flat_map(|request| &request.outcomes) {
        finished += outcome.count;
        if let Some(code) = &outcome.error {
            *errors.entry(code.clone()).or_insert(0) += outcome.count;
            failed += outcome.count;
        }
    }
    let point = Point {
        second,
        seconds: 1,
        at_us: i64::from(second) * 1_000_000,
        phase,
        target: 10.0,
        planned: finished,
        started: finished,
        late: 0,
        late_own: 0,
        dropped: 0,
        finished,
        failed,
        aborted: 0,
        iterations: finished,
        iterations_aborted: 0,
        in_flight: 0,
        users: 10,
        bytes_sent: 0,
        bytes_received: 0,
        connections: 0,
        handshakes: 0,
        latency: None,
        recent: None,
        lag_p99_us: None,
        errors,
        generator: Vitals::default(),
        parts: Vec::new(),
    };
    Tick { point, requests, classes: Vec::new() }
}

/// A second in which request `home` was answered well, in these times.
pub(crate) fn good(second: u32, phase: Phase, times: &[u64]) -> Tick {
    tick(second, phase, vec![("home", vec![outcome(2, None, times)])])
}

/// A plan of 10 users with the flows `login` and `budget`, judged by these rules of its scenario.
pub(crate) fn plan(rules: &[&str]) -> Plan {
    let request = |name: &str, path: &str| Request {
        name: name.to_owned(),
        method: "GET".to_owned(),
        path: path.parse().expect("a plain path"),
        headers: Vec::new(),
        body: Body::None,
        checks: Vec::new(),
        extract: Vec::new(),
        timeout: None,
        tags: Vec::new(),
    };
    let flow = |name: &str, steps: Vec<Step>| Flow { name: name.to_owned(), tags: Vec::new(), steps };
    let step = |name: &str, path: &str| Step::Request(Box::new(request(name, path)));
    Plan {
        run: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
        project: None,
        whole: None,
        suite: "mita".parse().expect("a name"),
        suite_version: "9f31c2e0".to_owned(),
        scenario: "smoke".parse().expect("a name"),
        seed: 1,
        environment: Environment {
            name: "local".parse().expect("a name"),
            base_url: "http://127.0.0.1:8000".parse().expect("a URL"),
            allow: Vec::new(),
            caps: perflab_model::environment::Caps::default(),
            variables: Default::default(),
            labels: Vec::new(),
            vouched: None,
            unverified_tls: None,
            history: perflab_model::environment::History::default(),
        },
        load: Load::Closed {
            stages: vec![UserStage { from: 10, to: 10, over: Millis::from_secs(60) }],
            iterations: None,
        },
        warmup: Warmup::None,
        graceful_stop: Millis::from_secs(30),
        find_limit: false,
        http: HttpPolicy::default(),
        classes: Vec::new(),
        flows: vec![
            flow("start", vec![step("home", "/"), step("POST /login", "/login")]),
            flow(
                "money",
                vec![Step::Group {
                    name: "overview".to_owned(),
                    steps: vec![
                        step("budget_dashboard", "/api/budget"),
                        step("transactions_list", "/api/transactions"),
                    ],
                }],
            ),
        ],
        auth: Vec::new(),
        feeds: Vec::new(),
        overrides: perflab_model::launch::Overrides::default(),
        parameters: Default::default(),
        rules: rules
            .iter()
            .map(|text| Rule { threshold: text.parse().expect("a rule"), source: "scenario smoke".to_owned() })
            .collect(),
    }
}

/// The same as an open run of 10 starts a second.
pub(crate) fn open_plan(rules: &[&str]) -> Plan {
    let rate = perflab_model::unit::Rps::new(10.0).expect("a rate");
    let limits = OpenLimits {
        max_in_flight: 100,
        on_saturated: OnSaturated::Drop,
        max_late: Millis::from_secs(5),
        arrivals: Arrivals::Even,
        adjustable: false,
    };
    let stages = vec![RateStage { from: rate, to: rate, over: Millis::from_secs(60) }];
    Plan { load: Load::Open { stages, limits }, ..plan(rules) }
}

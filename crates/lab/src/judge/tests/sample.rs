//! Runs as an engine would have told them.

use std::collections::BTreeMap;

use perflab_model::{
    environment::{Caps, Environment},
    flow::{Body, Flow, Request, Step},
    load::{Load, UserStage, Warmup},
    plan::{HttpPolicy, Plan, Rule},
    run::{Revision, RunEnd, RunState},
    runner::{Done, Ending},
    tick::{OutcomeTick, Phase, Point, RequestTick, Tick, Vitals},
    unit::Millis,
};
use perflab_stats::Histogram;

use crate::judge::{Conclusion, JudgeInput, Outcome, judge};

/// A plan with one flow, judged by these rules.
pub(super) fn plan(rules: &[&str]) -> Plan {
    let request = Request {
        name: "login".to_owned(),
        method: "POST".to_owned(),
        path: "/login".parse().expect("a plain path"),
        headers: Vec::new(),
        body: Body::None,
        checks: Vec::new(),
        extract: Vec::new(),
        timeout: None,
        tags: Vec::new(),
    };
    Plan {
        run: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
        project: None,
        whole: None,
        suite: "mita".parse().expect("a name"),
        suite_version: "9f31c2e0aa".to_owned(),
        scenario: "smoke".parse().expect("a name"),
        seed: 1,
        environment: Environment {
            name: "local".parse().expect("a name"),
            base_url: "http://127.0.0.1:8000".parse().expect("a URL"),
            allow: Vec::new(),
            caps: Caps::default(),
            variables: indexmap::IndexMap::new(),
            labels: Vec::new(),
            vouched: None,
            unverified_tls: None,
            history: perflab_model::environment::History::default(),
        },
        load: Load::Closed {
            stages: vec![UserStage { from: 10, to: 10, over: Millis::from_secs(20) }],
            iterations: None,
        },
        warmup: Warmup::None,
        graceful_stop: Millis::from_secs(30),
        find_limit: false,
        http: HttpPolicy::default(),
        classes: Vec::new(),
        flows: vec![Flow { name: "start".to_owned(), tags: Vec::new(), steps: vec![Step::Request(Box::new(request))] }],
        auth: Vec::new(),
        feeds: Vec::new(),
        overrides: perflab_model::launch::Overrides::default(),
        parameters: indexmap::IndexMap::new(),
        rules: rules
            .iter()
            .map(|text| Rule { threshold: text.parse().expect("a rule"), source: "scenario smoke".to_owned() })
            .collect(),
    }
}

/// An outcome with times in microseconds.
pub(super) fn outcome(status_class: u8, error: Option<&str>, times: &[u64]) -> OutcomeTick {
    let mut histogram = Histogram::new();
    times.iter().for_each(|time| histogram.record(*time, 1));
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

/// A second of the request `login`.
pub(super) fn tick(second: u32, phase: Phase, outcomes: Vec<OutcomeTick>) -> Tick {
    let mut errors = BTreeMap::new();
    let (mut finished, mut failed) = (0, 0);
    for outcome in &outcomes {
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
    Tick { point, requests: vec![RequestTick { name: "login".to_owned(), outcomes }], classes: Vec::new() }
}

/// So many seconds of 20 requests that take so long, with a spread of 10 %.
pub(super) fn steady(seconds: u32, us: u64) -> Vec<Tick> {
    let times: Vec<u64> = (0..20).map(|i| us + us * i / 200).collect();
    (0..seconds).map(|second| tick(second, Phase::Measured, vec![outcome(2, None, &times)])).collect()
}

/// So many seconds of which all from `from` on fail.
pub(super) fn failing(seconds: u32, from: u32, status: u8, code: &str) -> Vec<Tick> {
    let well = |_| vec![outcome(2, None, &[10_000; 20])];
    let ill = |_| vec![outcome(status, Some(code), &[500; 20])];
    (0..seconds)
        .map(|second| tick(second, Phase::Measured, if second < from { well(second) } else { ill(second) }))
        .collect()
}

/// An end.
pub(super) fn ended(state: RunState, code: &str, message: &str) -> Conclusion {
    let ending = if state == RunState::Finished { Ending::Completed } else { Ending::Stopped };
    Conclusion {
        end: RunEnd { state, code: code.to_owned(), message: message.to_owned() },
        done: Some(Done { at_us: 20_000_000, ending, mismatches: Vec::new() }),
        started: None,
    }
}

/// Carried out as planned.
pub(super) fn completed() -> Conclusion {
    ended(RunState::Finished, "completed", "Carried out as planned.")
}

/// The outcome of a run.
pub(super) fn judged(plan: &Plan, ticks: &[Tick], conclusion: &Conclusion) -> Outcome {
    judge(&JudgeInput {
        plan,
        revision: &Revision::default(),
        ticks,
        cases: &[],
        examples: &[],
        against: None,
        conclusion,
    })
}

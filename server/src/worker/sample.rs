//! A small run, for the tests of this folder.

use std::collections::BTreeMap;

use perflab_lab::{Lab, judge::Live};
use perflab_model::{
    environment::{Caps, Environment},
    id::{RunId, WorkerId},
    launch::Overrides,
    plan::Plan,
    run::{Revision, RunEnd, Trigger},
    runner::Started,
    suite::{PlanRequest, Suite},
    tick::Tick,
};
use perflab_store::{Claimed, Db, NewRun};
use serde_json::json;

use super::drive::Driven;

/// Twenty seconds of ten requests each, a second of patience at the end.
const SUITE: &str = "version: 1
suite: probe
flows: {probe: {steps: [{get: /_probe, name: probe}]}}
classes: {visitor: {flows: {probe: 1}}}
defaults: {executor: constant_rate, rate: 10, max_in_flight: 10, warmup: 0s, graceful_stop: 1s}
thresholds: ['error_rate < 10%']
scenarios: {short: {duration: 20s}, brief: {duration: 20ms}}
";

pub(super) fn plan() -> Plan {
    plan_of("short")
}

/// The plan of a scenario: `brief` lasts for 20 ms.
pub(super) fn plan_of(scenario: &str) -> Plan {
    let suite = Suite::parse(SUITE, &BTreeMap::new()).expect("a suite");
    let environment = Environment {
        name: "here".parse().expect("a name"),
        base_url: "http://127.0.0.1:8000".parse().expect("an address"),
        allow: Vec::new(),
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: Vec::new(),
        vouched: None,
        unverified_tls: None,
        history: perflab_model::environment::History::default(),
    };
    let request = PlanRequest {
        run: RunId::new(uuid::Uuid::from_u128(7)),
        scenario: &scenario.parse().expect("a name"),
        environment,
        overrides: &Overrides::default(),
        seed: 1,
    };
    suite.plan(request).expect("a plan")
}

/// When it is.
pub(super) const NOW: i64 = 1_790_000_000_000_000;

/// A lab with a run that a worker has.
pub(super) async fn claimed() -> (Lab, Claimed) {
    let db = Db::open("sqlite::memory:").await.expect("a database");
    let plan = plan();
    let project = db.ensure_project(&"MITA".parse().expect("a name"), NOW).await.expect("a project");
    let suite = db.put_suite(project, &plan.suite, "", &BTreeMap::new(), "abc", NOW).await;
    let run = NewRun {
        id: plan.run,
        project,
        environment: db.put_environment(project, &plan.environment, NOW).await.expect("an environment"),
        suite_version: suite.expect("a suite"),
        plan,
        revision: Revision::default(),
        trigger: Trigger::Api,
        tags: Vec::new(),
        repeat_of: None,
        created_us: NOW,
    };
    db.create_run(&run, None).await.expect("a run");
    let claimed = db.claim(WorkerId::new(uuid::Uuid::now_v7()), "claim", NOW).await.expect("an answer");
    (Lab::new(db), claimed.expect("a run"))
}

/// How a run of so many seconds was driven.
pub(super) fn driven(end: RunEnd, seconds: u32) -> Driven {
    let mut live = live();
    (0..seconds).for_each(|second| live.tick(&tick(second)));
    Driven::new(end, true, live, Some(started()), None)
}

pub(super) fn live() -> Live {
    Live::new(&plan(), Revision::default())
}

pub(super) fn started() -> Started {
    Started {
        at_us: 1_790_000_000_000_000,
        version: "0.1.0".to_owned(),
        pid: 4711,
        host: "bench-1".to_owned(),
        cores: 2,
        addresses: vec!["127.0.0.1".to_owned()],
        shared_host: true,
    }
}

/// A second in which ten requests took a hundredth of a second each.
pub(super) fn tick(second: u32) -> Tick {
    let mut times = perflab_stats::Histogram::new();
    times.record(10_000, 10);
    let times = json!(times.encode());
    // As a runner says it, so that a new number of a second does not concern these tests.
    let said = json!({
        "point": {
            "second": second, "at_us": 1_790_000_000_000_000_i64 + i64::from(second + 1) * 1_000_000,
            "phase": "measured", "target": 10.0, "planned": 10, "started": 10, "late": 0, "dropped": 0,
            "finished": 10, "failed": 0, "aborted": 0, "iterations": 10, "in_flight": 0, "users": 0,
            "bytes_sent": 1_000, "bytes_received": 2_000, "connections": 0, "handshakes": 0, "latency": null,
            "lag_p99_us": 50, "errors": {}, "generator": {}
        },
        "requests": [{"name": "probe", "outcomes": [{
            "status_class": 2, "error": null, "count": 10, "bytes_received": 2_000, "response": times, "service": times,
            "lag": null, "ttfb": null, "checks_passed": 10, "checks_failed": 0
        }]}]
    });
    serde_json::from_value(said).expect("a second")
}

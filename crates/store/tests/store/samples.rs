//! Values to store.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use perflab_model::{
    environment::{Caps, Environment},
    event::EventKind,
    id::{EnvironmentId, ProjectId, RunId, SuiteVersionId, WorkerId},
    load::{Load, UserStage, Warmup},
    plan::{HttpPolicy, Plan},
    run::{Headline, Revision, RunEnd, RunState, Trigger},
    runner::{LogLevel, LogLine, Started},
    summary::{Distribution, Summary, SummaryRun, Totals},
    tick::{EncodedHistogram, OutcomeTick, Phase, Point, RequestTick, Tick, Vitals},
    unit::Millis,
    validity::Validity,
    verdict::{Judgement, Verdict},
};
use perflab_store::{Claimed, Created, Db, NewRun, Outcome, ResultRow};

/// An instant: tests have no clock.
pub(crate) const NOW: i64 = 1_790_000_000_000_000;

/// A lab with a project, an environment and a suite.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) db: Db,
    pub(crate) project: ProjectId,
    pub(crate) environment: EnvironmentId,
    pub(crate) suite: SuiteVersionId,
}

pub(crate) fn environment(name: &str) -> Environment {
    Environment {
        name: name.parse().unwrap(),
        base_url: "http://127.0.0.1:8000".parse().unwrap(),
        allow: vec!["127.0.0.1:8000".parse().expect("an entry")],
        caps: Caps::default(),
        variables: IndexMap::new(),
        labels: vec!["local".to_owned()],
        vouched: None,
        unverified_tls: None,
        history: perflab_model::environment::History::default(),
    }
}

pub(crate) fn run_id() -> RunId {
    RunId::new(uuid::Uuid::now_v7())
}

pub(crate) fn worker() -> WorkerId {
    WorkerId::new(uuid::Uuid::now_v7())
}

impl Ground {
    pub(crate) async fn new(db: &Db) -> Self {
        let project = db.ensure_project(&"MITA".parse().unwrap(), NOW).await.unwrap();
        let environment = db.put_environment(project, &environment("staging"), NOW).await.unwrap();
        let suite = db
            .put_suite(project, &"mita".parse().unwrap(), "kind: load\n", &BTreeMap::new(), "abc", NOW)
            .await
            .unwrap();
        Self { db: db.clone(), project, environment, suite }
    }

    pub(crate) async fn another_environment(&self, name: &str) -> Self {
        let environment = self.db.put_environment(self.project, &environment(name), NOW).await.unwrap();
        Self { environment, ..self.clone() }
    }

    pub(crate) fn new_run(&self) -> NewRun {
        let id = run_id();
        NewRun {
            id,
            project: self.project,
            environment: self.environment,
            suite_version: self.suite,
            plan: plan(id),
            revision: Revision {
                commit: Some("c93e5aa0".to_owned()),
                branch: Some("main".to_owned()),
                ..Revision::default()
            },
            trigger: Trigger::Api,
            tags: vec!["nightly".to_owned()],
            repeat_of: None,
            created_us: NOW,
        }
    }

    pub(crate) async fn launch(&self) -> Created {
        self.db.create_run(&self.new_run(), None).await.unwrap()
    }

    /// Launches a run and claims whatever waits longest.
    pub(crate) async fn claimed(&self) -> Claimed {
        self.launch().await;
        self.db.claim(worker(), &run_id().to_string(), NOW).await.unwrap().unwrap()
    }

    /// Launches, claims and starts a run.
    pub(crate) async fn running(&self) -> Claimed {
        let claimed = self.claimed().await;
        self.db.start(claimed.run.row.id, claimed.attempt, &started(), NOW).await.unwrap();
        claimed
    }

    /// Carries out a run from launch to verdict.
    pub(crate) async fn carried_out(&self, ended_us: i64, p95_s: f64) -> RunId {
        let claimed = self.running().await;
        let run = claimed.run.row.id;
        let outcome = outcome(run, p95_s);
        assert!(self.db.finish(run, claimed.attempt, &completed(), Some(&outcome), ended_us).await.unwrap());
        run
    }

    pub(crate) async fn state(&self, run: RunId) -> RunState {
        self.db.run_state(run).await.unwrap().unwrap().0
    }
}

pub(crate) fn plan(run: RunId) -> Plan {
    Plan {
        project: None,
        whole: None,
        run,
        suite: "mita".parse().unwrap(),
        suite_version: "abc".to_owned(),
        scenario: "smoke".parse().unwrap(),
        // Beyond what JavaScript and the databases' integers hold: documents keep it whole.
        seed: u64::MAX,
        environment: environment("staging"),
        load: Load::Closed {
            stages: vec![UserStage { from: 5, to: 5, over: Millis::from_secs(60) }],
            iterations: None,
        },
        warmup: Warmup::None,
        graceful_stop: Millis::from_secs(30),
        find_limit: false,
        http: HttpPolicy::default(),
        classes: Vec::new(),
        flows: Vec::new(),
        auth: Vec::new(),
        feeds: Vec::new(),
        overrides: perflab_model::launch::Overrides::default(),
        parameters: IndexMap::new(),
        rules: Vec::new(),
    }
}

pub(crate) fn started() -> Started {
    Started {
        at_us: NOW + 7,
        version: "0.1.0".to_owned(),
        pid: 42,
        host: "bench-1".to_owned(),
        cores: 2,
        addresses: vec!["127.0.0.1".to_owned()],
        shared_host: true,
    }
}

pub(crate) fn completed() -> RunEnd {
    RunEnd { state: RunState::Finished, code: "completed".to_owned(), message: "All planned load was sent".to_owned() }
}

pub(crate) fn failed() -> RunEnd {
    RunEnd { state: RunState::Failed, code: "timeout".to_owned(), message: "The runner hung".to_owned() }
}

pub(crate) fn log_line(message: &str) -> EventKind {
    EventKind::Log(LogLine { at_us: NOW, level: LogLevel::Info, message: message.to_owned() })
}

pub(crate) fn headline(finished: u64) -> Headline {
    Headline { finished, failed: 0, rate_per_s: Some(10.0), p95_ms: None, seconds: 1.0 }
}

pub(crate) fn point(second: u32) -> Point {
    Point {
        second,
        seconds: 1,
        at_us: NOW + i64::from(second) * 1_000_000,
        phase: Phase::Measured,
        target: 5.0,
        planned: 10,
        started: 10,
        late: 0,
        late_own: 0,
        dropped: 0,
        finished: 10,
        failed: 1,
        aborted: 0,
        iterations: 10,
        iterations_aborted: 0,
        in_flight: 2,
        users: 5,
        bytes_sent: 1_000,
        bytes_received: 9_000,
        connections: 5,
        handshakes: 0,
        latency: None,
        recent: None,
        lag_p99_us: None,
        errors: BTreeMap::from([("http.5xx".to_owned(), 1)]),
        generator: Vitals::default(),
        parts: Vec::new(),
    }
}

pub(crate) fn tick(second: u32) -> Tick {
    Tick {
        point: point(second),
        requests: vec![RequestTick {
            name: "GET /rates".to_owned(),
            outcomes: vec![OutcomeTick {
                status_class: 2,
                error: None,
                count: 10,
                bytes_received: 9_000,
                response: EncodedHistogram(vec![0, 1, 2, 255]),
                service: EncodedHistogram(vec![3; 400]),
                lag: None,
                queued_lag: None,
                ttfb: None,
                checks_passed: 10,
                checks_failed: 0,
            }],
        }],
        classes: Vec::new(),
    }
}

fn distribution() -> Distribution {
    Distribution {
        kind: None,
        unit: "ms".to_owned(),
        samples: 0,
        mean: None,
        min: None,
        p50: None,
        p90: None,
        p95: None,
        p99: None,
        p999: None,
        max: None,
    }
}

pub(crate) fn outcome(run: RunId, p95_s: f64) -> Outcome {
    let judgement =
        Judgement { verdict: Verdict::Critical, sentence: "P95 is over its limit".to_owned(), ledger: Vec::new() };
    let validity = Validity::default();
    let summary = Summary {
        schema: perflab_model::summary::SCHEMA.to_owned(),
        run: SummaryRun {
            id: run,
            suite: "mita".parse().unwrap(),
            suite_version: "abc".to_owned(),
            scenario: "smoke".parse().unwrap(),
            revision: None,
            seed: 1,
            started: None,
            seconds: 60.0,
        },
        marks: Vec::new(),
        rate_changes: Vec::new(),
        validity: validity.clone(),
        verdict: judgement.verdict,
        sentence: judgement.sentence.clone(),
        gate: judgement.verdict.gate(),
        ledger: Vec::new(),
        totals: Totals::default(),
        latency: distribution(),
        service: distribution(),
        requests: Vec::new(),
        classes: Vec::new(),
        errors: Vec::new(),
        cases: Vec::new(),
        budgets: Vec::new(),
    };
    let result = |request: Option<&str>, value: f64| ResultRow {
        request: request.map(str::to_owned),
        measure: "latency".to_owned(),
        stat: "p95".to_owned(),
        value,
        unit: "s".to_owned(),
        samples: 600,
        interval: (Some(value * 0.9), None),
    };
    Outcome {
        summary,
        validity,
        judgement,
        results: vec![result(None, p95_s), result(Some("GET /rates"), p95_s / 2.0)],
        blocks: perflab_model::blocks::Blocks::default(),
        comparison: None,
    }
}

//! What a fault of ours inside an iteration does to a run: it is counted as ours, and everybody else goes on.
//!
//! No plan that a parser lets through makes an iteration panic, as far as anybody knows. So the programs here are broken by
//! hand: one of their two flows names an operation that is not there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    time::{Duration, Instant},
};

use perflab_model::{
    breakdown::Part,
    load::{Iterations, Load, Share},
    plan::Plan,
    runner::{Ending, Job, Report},
    tick::Tick,
    unit::{Nanos, Rps},
};

use super::{Crew, Shelf, closed, open};
use crate::{
    clock::RunClock,
    flow::Op,
    http::{H2Pool, HttpContext, Resolver},
    preflight::{self, Ready},
    record::{Examples, Recorder, Ticker, TickerPlan},
    redact::Redactor,
    settings::Settings,
    stop::Stop,
    vitals::Probe,
};

/// Two flows, chosen equally often, that send nothing.
const JOB: &str = r#"{"feeds": {}, "plan": {
  "run": "00000000-0000-0000-0000-000000000000", "project": null, "suite": "faults", "suite_version": "", "scenario": "all",
  "seed": 7, "environment": {"name": "loopback", "base_url": "http://127.0.0.1:9/", "allow": ["127.0.0.1:9"],
    "caps": {"users": 100, "rate": 1000.0, "in_flight": 100, "duration": "1h"}, "variables": {}, "labels": []},
  "load": LOAD, "warmup": "none", "graceful_stop": "5s", "find_limit": false,
  "http": {"version": "http1", "reuse": true, "connect_timeout": "5s", "read_timeout": "30s", "total_timeout": "1m",
    "max_redirects": 5, "dns": "once", "min_tls": "tls1.2", "tls_verify": null, "ca": null, "client_certificate": null,
    "max_body_bytes": 1000, "max_kept_bytes": 1000},
  "classes": [{"name": "visitor", "weight": 1, "tags": [], "think": "none", "headers": [], "auth": null, "on_start": null,
    "on_stop": null, "iterations": null, "flows": {"good": 1, "broken": 1}}],
  "flows": [{"name": "good", "tags": [], "steps": []}, {"name": "broken", "tags": [], "steps": []}],
  "auth": [], "feeds": [], "parameters": {}, "rules": [],
  "overrides": {"users": null, "spawn_rate": null, "rate": null, "duration": null, "max_in_flight": null, "seed": null,
    "parameters": {}}}}"#;

const OPEN: &str = r#"{"model": "open", "stages": [{"from": 200.0, "to": 200.0, "over": "1s"}],
  "limits": {"max_in_flight": 4, "on_saturated": "queue", "max_late": "5s", "arrivals": "even", "adjustable": false}}"#;

const CLOSED: &str = r#"{"model": "closed", "stages": [{"from": 4, "to": 4, "over": "3s"}], "iterations": null}"#;

/// A run of a broken program.
struct Broken {
    plan: Plan,
    crew: Arc<Crew>,
    ticker: Ticker,
    told: Receiver<Report>,
}

/// What was counted.
#[derive(Debug, Default)]
struct Books {
    planned: u64,
    started: u64,
    iterations: u64,
    internal: u64,
    by_flow: BTreeMap<String, u64>,
    in_flight: u32,
}

fn broken(load: &str) -> Broken {
    let job: Job = serde_json::from_str(&JOB.replace("LOAD", load)).expect("a job");
    let Ready { mut program, names, guard, stray, .. } =
        preflight::check(&job, &Settings::default()).expect("a plan that could be run");
    Arc::get_mut(&mut program).expect("nobody else has it yet").flows[1] = vec![Op::Request(usize::MAX)];
    let plan = job.plan;
    let recorder = Arc::new(Recorder::new(names, program.groups.clone()));
    let clock = RunClock::starting_at(Instant::now());
    let (reports, told) = sync_channel(1000);
    let stop = Arc::new(Stop::default());
    let ticker_plan = TickerPlan { load: plan.load.clone(), warmup: Nanos::new(0), stop: Arc::clone(&stop) };
    let probe = Probe::new(1, Vec::new());
    let ticker =
        Ticker::start(ticker_plan, clock, Arc::clone(&recorder), probe, reports.clone()).expect("a thread for it");
    let context = HttpContext {
        policy: plan.http.clone(),
        guard,
        resolver: Arc::new(Resolver::default()),
        tls: None,
        recorder,
        clock,
        permission: None,
    };
    let crew = Crew {
        program,
        context: Arc::new(context),
        stop,
        shelf: Arc::new(Shelf::new(Vec::new(), reports.clone())),
        examples: Arc::new(Examples::new(Redactor::new(Vec::new()))),
        reports,
        h2: Arc::new(H2Pool::default()),
        graceful: Duration::from_secs(5),
        stray,
    };
    Broken { plan, crew: Arc::new(crew), ticker, told }
}

impl Broken {
    async fn run_open(self) -> Books {
        let Load::Open { stages, limits } = self.plan.load.clone() else { panic!("an open load") };
        let end = Nanos::from(self.plan.load.duration().duration());
        let plan = open::OpenPlan { stages, limits, begin: Nanos::new(0), end, cap: Rps::ZERO.get() };
        open::drive(plan, Arc::clone(&self.crew), Arc::default(), &self.ticker).await;
        self.books()
    }

    /// Where goose had a part in it, it has counted the same.
    async fn run_closed(self, iterations: Option<Iterations>) -> Books {
        let Load::Closed { stages, .. } = self.plan.load.clone() else { panic!("a closed load") };
        let (end, recorder) = (self.plan.load.duration().duration(), Arc::clone(&self.crew.context.recorder));
        let plan = closed::ClosedPlan { stages, iterations, end, peak: 4 };
        let goose = closed::drive(plan, Arc::clone(&self.crew), &self.ticker).await.expect("it can be carried out");
        let books = self.books();
        if let Some(goose) = goose {
            assert_eq!(closed::mismatches(&recorder.totals(), &goose), Vec::<String>::new());
        }
        books
    }

    fn books(self) -> Books {
        assert_eq!(self.crew.stop.ending(), Ending::Completed);
        self.ticker.finish();
        let ticks = self.told.try_iter().filter_map(|report| match report {
            Report::Tick(tick) => Some(*tick),
            _ => None,
        });
        let mut books = Books::default();
        ticks.for_each(|tick| books.add(&tick));
        books
    }
}

impl Books {
    fn add(&mut self, tick: &Tick) {
        self.planned += tick.point.planned;
        self.started += tick.point.started;
        self.iterations += tick.point.iterations;
        self.internal += tick.point.errors.get("internal").copied().unwrap_or(0);
        self.in_flight = tick.point.in_flight;
        for part in tick.classes.iter().flat_map(|class| &class.parts) {
            if let Part::Flow(flow) = &part.part {
                *self.by_flow.entry(flow.clone()).or_default() += part.counts.iterations;
            }
        }
    }

    /// Every iteration is in the books, the broken ones with an error of ours each, and the others were done.
    fn hold(&self) {
        let of = |flow: &str| self.by_flow.get(flow).copied().unwrap_or(0);
        assert_eq!((self.planned, self.started), (self.iterations, self.iterations), "{self:?}");
        assert_eq!(self.internal, of("broken"), "{self:?}");
        assert_eq!(self.iterations, of("good") + of("broken"), "{self:?}");
        assert!(of("good") > 0 && of("broken") > 0, "{self:?}");
        assert_eq!(self.in_flight, 0);
    }
}

#[tokio::test]
async fn a_start_whose_iteration_breaks_down_is_counted_and_its_lane_goes_on() {
    let books = broken(OPEN).run_open().await;
    books.hold();
    assert_eq!(books.planned, 200, "four lanes have done all of them");
}

#[tokio::test]
async fn users_who_share_iterations_do_all_of_them_though_some_break_down() {
    let books = broken(CLOSED).run_closed(Some(Iterations { count: 12, share: Share::All })).await;
    books.hold();
    assert_eq!(books.planned, 12);
}

#[tokio::test]
async fn a_user_whose_iteration_breaks_down_comes_back_after_a_pause_and_goose_counts_the_same() {
    let books = broken(CLOSED).run_closed(None).await;
    books.hold();
    assert!(books.by_flow["broken"] > 4, "four users who gave up would have broken down once each: {books:?}");
}

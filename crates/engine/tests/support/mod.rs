//! A runner as a process of its own, as the worker starts it, and plans for it.
//!
//! The runner is this test binary started once more: goose carries out one attack a process, and what a process says on
//! its pipes is part of what is tested.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use hdrhistogram::{Histogram, serialization::Deserializer};
use indexmap::IndexMap;
use perflab_model::{
    environment::{AllowedTarget, Caps, Environment},
    flow::{Body, Flow, Request, Step, Think, UserClass},
    id::RunId,
    load::{Arrivals, Load, OnSaturated, OpenLimits, RateStage, UserStage, Warmup},
    plan::{HttpPolicy, Plan},
    runner::{Done, Job, Order, Report, Started},
    tick::{EncodedHistogram, Tick},
    unit::{Millis, Rps},
};

/// Set in the process that is to be a runner.
const RUNNER: &str = "PERFLAB_TEST_RUNNER";

/// What the test `runner_process` of each binary does: nothing, or be a runner.
pub(crate) fn be_a_runner_if_asked() {
    if std::env::var_os(RUNNER).is_some() {
        let _ = perflab_engine::run_child();
        std::process::exit(0);
    }
}

/// A request by GET.
pub(crate) fn get(name: &str, path: &str) -> Request {
    Request {
        name: name.to_owned(),
        method: "GET".to_owned(),
        path: path.parse().expect("a template"),
        headers: Vec::new(),
        body: Body::None,
        checks: Vec::new(),
        extract: Vec::new(),
        timeout: None,
        tags: Vec::new(),
    }
}

/// An open load at one rate.
pub(crate) fn constant_rate(rate: f64, seconds: u64, max_in_flight: u32) -> Load {
    let rate = Rps::new(rate).expect("a rate");
    Load::Open {
        stages: vec![RateStage { from: rate, to: rate, over: Millis::from_secs(seconds) }],
        limits: OpenLimits {
            max_in_flight,
            on_saturated: OnSaturated::Drop,
            max_late: Millis::from_secs(5),
            arrivals: Arrivals::Even,
            adjustable: false,
        },
    }
}

/// A number of users who all come at once.
pub(crate) fn users(users: u32, seconds: u64) -> Load {
    Load::Closed {
        stages: vec![UserStage { from: users, to: users, over: Millis::from_secs(seconds) }],
        iterations: None,
    }
}

/// A plan of one class that does these steps, without think time.
pub(crate) fn plan(base_url: &str, load: Load, steps: Vec<Step>) -> Plan {
    let base_url = url::Url::parse(base_url).expect("a URL");
    let target = AllowedTarget::of_host(base_url.host_str().expect("a host"), base_url.port_or_known_default())
        .expect("an entry");
    Plan {
        run: RunId::new(uuid::Uuid::nil()),
        project: None,
        whole: None,
        suite: "test".parse().expect("a name"),
        suite_version: String::new(),
        scenario: "test".parse().expect("a name"),
        seed: 42,
        environment: Environment {
            name: "loopback".parse().expect("a name"),
            base_url,
            allow: vec![target],
            caps: Caps { rate: Rps::new(1e6).expect("a rate"), ..Caps::default() },
            variables: IndexMap::new(),
            labels: Vec::new(),
            vouched: None,
            unverified_tls: None,
            history: perflab_model::environment::History::default(),
        },
        load,
        warmup: Warmup::None,
        graceful_stop: Millis::from_secs(30),
        find_limit: false,
        http: HttpPolicy::default(),
        classes: vec![UserClass {
            name: "visitor".to_owned(),
            weight: 1,
            tags: Vec::new(),
            think: Think::None,
            headers: Vec::new(),
            auth: None,
            on_start: None,
            on_stop: None,
            iterations: None,
            flows: IndexMap::from([("main".to_owned(), 1)]),
            part: None,
        }],
        flows: vec![Flow { name: "main".to_owned(), tags: Vec::new(), steps }],
        auth: Vec::new(),
        feeds: Vec::new(),
        overrides: perflab_model::launch::Overrides::default(),
        parameters: IndexMap::new(),
        rules: Vec::new(),
    }
}

/// A step that sends a request.
pub(crate) fn request(request: Request) -> Step {
    Step::Request(Box::new(request))
}

fn own_program() -> PathBuf {
    std::env::current_exe().expect("this test has a path")
}

/// A runner process.
pub(crate) struct Runner {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Report>,
    _alive: Sender<()>,
}

impl Runner {
    /// Starts it with a job.
    pub(crate) fn start(plan: Plan) -> Self {
        Self::start_with(plan, &[], BTreeMap::new())
    }

    /// Starts it with a job, variables and feeds.
    pub(crate) fn start_with(plan: Plan, variables: &[(&str, &str)], feeds: BTreeMap<String, String>) -> Self {
        Self::start_as(Command::new(own_program()).envs(variables.iter().copied()), plan, feeds)
    }

    /// Starts it with a job, in a shell that has done something before.
    pub(crate) fn start_under(before: &str, plan: Plan) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(own_program());
        Self::start_as(&mut shell, plan, BTreeMap::new())
    }

    fn start_as(command: &mut Command, plan: Plan, feeds: BTreeMap<String, String>) -> Self {
        let mut child = command
            .args(["--exact", "runner_process", "--nocapture", "--include-ignored"])
            .env(RUNNER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test binary can be started again");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let (told, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The test harness says a word before the runner takes stdout for itself.
                let Some(begin) = line.find('{') else { continue };
                let report = serde_json::from_str(&line[begin..]).unwrap_or_else(|error| panic!("{error}: {line}"));
                if told.send(report).is_err() {
                    return;
                }
            }
        });
        let job = serde_json::to_string(&Job { plan, feeds }).expect("a job is JSON");
        writeln!(stdin, "{job}").expect("the runner reads its job");
        let (alive, _) = channel();
        Self { child, stdin: Some(stdin), lines, _alive: alive }
    }

    /// Gives an order.
    pub(crate) fn order(&mut self, order: Order) {
        let line = serde_json::to_string(&order).expect("an order is JSON");
        if let Some(stdin) = &mut self.stdin {
            // A runner that has just ended does not listen any more.
            let _ = writeln!(stdin, "{line}");
        }
    }

    /// Goes away, as a worker does that is killed.
    pub(crate) fn vanish(&mut self) {
        self.stdin = None;
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next report; orders `Alive` while it waits.
    pub(crate) fn next(&mut self) -> Option<Report> {
        loop {
            match self.lines.recv_timeout(Duration::from_secs(5)) {
                Ok(report) => return Some(report),
                Err(RecvTimeoutError::Timeout) => self.order(Order::Alive),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Everything it says until it has ended.
    pub(crate) fn finish(mut self) -> Outcome {
        let mut outcome = Outcome::default();
        let mut since_alive = 0;
        while let Some(report) = self.next() {
            since_alive += 1;
            if since_alive % 4 == 0 {
                self.order(Order::Alive);
            }
            outcome.take(report);
        }
        let _ = self.child.wait();
        outcome
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Everything a runner said.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) started: Option<Started>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) rest: Vec<Report>,
    pub(crate) done: Option<Done>,
}

/// Which of the histograms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Response,
    Service,
    Lag,
}

impl Outcome {
    /// Takes a report.
    pub(crate) fn take(&mut self, report: Report) {
        match report {
            Report::Started(started) => self.started = Some(started),
            Report::Tick(tick) => self.ticks.push(*tick),
            Report::Done(done) => self.done = Some(done),
            other => self.rest.push(other),
        }
    }

    /// The last word.
    pub(crate) fn done(&self) -> &Done {
        self.done.as_ref().unwrap_or_else(|| panic!("the runner ended without a last word: {:?}", self.rest))
    }

    /// A sum over all ticks.
    pub(crate) fn sum(&self, of: impl Fn(&Tick) -> u64) -> u64 {
        self.ticks.iter().map(of).sum()
    }

    /// All values of a measure of successful requests, from seconds that fit.
    pub(crate) fn values(&self, measure: Measure, fits: impl Fn(u32) -> bool) -> Histogram<u64> {
        let mut all = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds");
        for tick in self.ticks.iter().filter(|tick| fits(tick.point.second)) {
            for outcome in tick.requests.iter().flat_map(|request| &request.outcomes) {
                if outcome.error.is_none() {
                    let encoded = match measure {
                        Measure::Response => Some(&outcome.response),
                        Measure::Service => Some(&outcome.service),
                        Measure::Lag => outcome.lag.as_ref(),
                    };
                    if let Some(encoded) = encoded {
                        all.add(decode(encoded)).expect("same bounds");
                    }
                }
            }
        }
        all
    }
}

/// A histogram from its bytes.
pub(crate) fn decode(encoded: &EncodedHistogram) -> Histogram<u64> {
    Deserializer::new().deserialize(&mut encoded.0.as_slice()).expect("an HDR histogram")
}

/// Carries out a plan in this process (open runs only: goose allows one attack a process).
pub(crate) fn carry_out(plan: Plan, settings: perflab_engine::Settings) -> Outcome {
    let (alive, orders) = std::sync::mpsc::channel();
    let (reports, told) = std::sync::mpsc::sync_channel(1024);
    let run =
        thread::spawn(move || perflab_engine::execute(Job { plan, feeds: BTreeMap::new() }, settings, orders, reports));
    let mut outcome = Outcome::default();
    for report in told {
        // A run that has just ended hears nothing any more.
        let _ = alive.send(Order::Alive);
        outcome.take(report);
    }
    run.join().expect("the run does not panic");
    outcome
}

//! A worker that invents what its runner says, second by second, and writes it as the real one does.

use std::collections::BTreeMap;

use perflab_lab::{
    Lab,
    judge::{Conclusion, Live},
};
use perflab_model::{
    breakdown::{ClassTick, Part, PartCounts, PartTick},
    event::EventKind,
    id::{RunId, WorkerId},
    order::RateChange,
    plan::Plan,
    run::{Cancel, Revision, RunEnd, RunState},
    runner::{Done, Ending, ErrorExample, LogLevel, LogLine, Started},
    tick::{OutcomeTick, Phase, Point, Quantiles, RequestTick, Tick, Vitals},
};
use perflab_stats::Histogram;
use perflab_store::{Chunk, Conflict, NewWorker, StoreError};

/// When the invented runs begin.
const BEGIN_US: i64 = 1_790_000_000_000_000;

/// A run that this worker has.
pub(crate) struct Held {
    lab: Lab,
    pub(crate) run: RunId,
    pub(crate) attempt: u32,
    plan: Plan,
    live: Live,
    next_chunk: u64,
    next_second: u32,
    /// When it ends: runs of a history end one after the other.
    ended_us: i64,
}

impl Held {
    /// Claims what waits longest.
    pub(crate) async fn claim(lab: &Lab) -> Self {
        let id = || uuid::Uuid::now_v7();
        let claimed = lab.db().claim(WorkerId::new(id()), &id().to_string(), lab.now_us()).await.unwrap().unwrap();
        let plan = claimed.run.plan;
        Self {
            lab: lab.clone(),
            run: claimed.run.row.id,
            attempt: claimed.attempt,
            live: Live::new(&plan, Revision::default()),
            plan,
            next_chunk: 1,
            next_second: 0,
            ended_us: BEGIN_US + 10_000_000,
        }
    }

    /// Claims as a worker of that class, which compares the run at its end as a real one does.
    pub(crate) async fn of_class(lab: &Lab, class: &str) -> Self {
        let id = || uuid::Uuid::now_v7();
        let worker = NewWorker {
            id: WorkerId::new(id()),
            host: "bench-1".to_owned(),
            class: class.to_owned(),
            started_us: BEGIN_US,
        };
        lab.db().put_worker(&worker).await.unwrap();
        let claimed = lab.db().claim(worker.id, &id().to_string(), lab.now_us()).await.unwrap().unwrap();
        let against = lab.against(&claimed.run).await.unwrap();
        let ended_us = BEGIN_US + 10_000_000 + i64::try_from(claimed.run.row.number).unwrap();
        let plan = claimed.run.plan;
        Self {
            lab: lab.clone(),
            run: claimed.run.row.id,
            attempt: claimed.attempt,
            live: Live::new(&plan, claimed.run.row.revision).against(against),
            plan,
            next_chunk: 1,
            next_second: 0,
            ended_us,
        }
    }

    /// Claims and starts.
    pub(crate) async fn running(lab: &Lab) -> Self {
        let mut held = Self::claim(lab).await;
        held.start().await;
        held
    }

    pub(crate) async fn start(&mut self) {
        let started = Started {
            at_us: BEGIN_US,
            version: "0.1.0".to_owned(),
            pid: 4711,
            host: "bench-1".to_owned(),
            cores: 2,
            addresses: vec!["127.0.0.1".to_owned()],
            shared_host: true,
        };
        self.live.started(&started);
        self.lab.db().start(self.run, self.attempt, &started, BEGIN_US).await.unwrap();
    }

    /// Writes one second of twenty requests of about that time, with a line for the log.
    pub(crate) async fn second(&mut self, latency_us: u64) {
        let tick = tick(self.next_second, latency_us);
        let at_us = tick.point.at_us;
        self.next_second += 1;
        self.live.tick(&tick);
        let line = LogLine { at_us, level: LogLevel::Info, message: format!("second {} <b>&", tick.point.second) };
        self.write(vec![(at_us, EventKind::Tick(tick.point.clone())), (at_us, EventKind::Log(line))], vec![tick]).await;
    }

    /// Tells from when on a changed rate counts.
    pub(crate) async fn obey(&mut self, change: &RateChange, from_second: u32) {
        let obeyed = RateChange { from_second: Some(from_second), ..change.clone() };
        self.live.adjusted(&obeyed);
        self.write(vec![(BEGIN_US, EventKind::Rate(obeyed))], Vec::new()).await;
    }

    /// Writes so many such seconds, many at a time.
    pub(crate) async fn seconds(&mut self, count: u32, latency_us: u64) {
        let all: Vec<u32> = (0..count).collect();
        for some in all.chunks(200) {
            let ticks: Vec<Tick> = some.iter().map(|at| tick(self.next_second + at - some[0], latency_us)).collect();
            self.next_second += u32::try_from(some.len()).unwrap();
            ticks.iter().for_each(|tick| self.live.tick(tick));
            let events = ticks.iter().map(|tick| (tick.point.at_us, EventKind::Tick(tick.point.clone())));
            self.write(events.collect(), ticks).await;
        }
    }

    /// Writes an example of a failed request.
    pub(crate) async fn example(&mut self, message: &str) {
        let example = ErrorExample {
            code: "http.5xx".to_owned(),
            request: "probe".to_owned(),
            second: self.next_second,
            message: message.to_owned(),
        };
        self.live.example(&example);
        self.write(vec![(BEGIN_US, EventKind::Example(example))], Vec::new()).await;
    }

    async fn write(&mut self, events: Vec<(i64, EventKind)>, ticks: Vec<Tick>) {
        let chunk = Chunk { events, ticks, progress: Some(self.live.progress()), headline: Some(self.live.headline()) };
        self.lab.db().write_chunk(self.run, self.attempt, self.next_chunk, &chunk).await.unwrap();
        self.next_chunk += 1;
    }

    pub(crate) async fn finishing(&self) {
        self.lab.db().finishing(self.run, self.attempt, BEGIN_US + 9_000_000).await.unwrap();
    }

    /// Ends the run as carried out, with its verdict; or as what a person wanted, where one was quicker.
    pub(crate) async fn complete(self) {
        let finished = end(RunState::Finished, "completed", "Carried out as planned.");
        let ended = match self.conclude(&finished).await {
            Err(StoreError::Conflict(Conflict::Cancelled { how, .. })) => {
                let code = if how == Cancel::Stop { "stopped" } else { "aborted" };
                self.conclude(&end(RunState::Cancelled, code, "A person wanted it to end.")).await
            }
            other => other,
        };
        assert!(ended.unwrap());
    }

    async fn conclude(&self, end: &RunEnd) -> Result<bool, StoreError> {
        let done = Done { at_us: BEGIN_US + 9_000_000, ending: Ending::Completed, mismatches: Vec::new() };
        let conclusion = Conclusion { end: end.clone(), done: Some(done), started: None };
        let outcome = self.live.conclude(&conclusion);
        assert_eq!(outcome.summary.run.id, self.plan.run);
        self.lab.db().finish(self.run, self.attempt, end, Some(&outcome), self.ended_us).await
    }

    /// Ends the run without results.
    pub(crate) async fn fail(self) {
        let end = end(RunState::Failed, "runner", "The runner could not be started.");
        assert!(self.lab.db().finish(self.run, self.attempt, &end, None, BEGIN_US + 10_000_000).await.unwrap());
    }

    /// Lets the keeper find that its worker has vanished.
    pub(crate) async fn vanish(self) {
        let leases = self.lab.db().leases().await.unwrap();
        let lease = leases.into_iter().find(|lease| lease.run == self.run).unwrap();
        assert!(self.lab.db().lose(lease, "Its worker has been silent.", BEGIN_US + 10_000_000).await.unwrap());
    }
}

/// Carries out what waits longest: five seconds, then the verdict.
pub(crate) async fn carry_out(lab: &Lab, latency_us: u64) -> RunId {
    let mut held = Held::running(lab).await;
    let run = held.run;
    for _ in 0..20 {
        held.second(latency_us).await;
    }
    held.finishing().await;
    held.complete().await;
    run
}

fn end(state: RunState, code: &str, message: &str) -> RunEnd {
    RunEnd { state, code: code.to_owned(), message: message.to_owned() }
}

fn tick(second: u32, latency_us: u64) -> Tick {
    let mut times = Histogram::new();
    (0..20).for_each(|i| times.record(latency_us + latency_us * i / 200, 1));
    let point = Point {
        second,
        seconds: 1,
        at_us: BEGIN_US + i64::from(second + 1) * 1_000_000,
        phase: Phase::Measured,
        target: 20.0,
        planned: 20,
        started: 20,
        late: 0,
        late_own: 0,
        dropped: 0,
        finished: 20,
        failed: 0,
        aborted: 0,
        iterations: 20,
        iterations_aborted: 0,
        in_flight: 1,
        users: 0,
        bytes_sent: 2_000,
        bytes_received: 4_000,
        connections: u64::from(second == 0),
        handshakes: 0,
        latency: Some(Quantiles {
            samples: 20,
            mean_us: latency_us,
            p50_us: latency_us,
            p90_us: latency_us,
            p95_us: latency_us,
            p99_us: latency_us,
            max_us: latency_us,
        }),
        recent: None,
        lag_p99_us: Some(50),
        errors: BTreeMap::new(),
        generator: Vitals { cpu: Some(0.1), memory_bytes: Some(50_000_000), ..Vitals::default() },
        parts: Vec::new(),
    };
    let outcome = OutcomeTick {
        status_class: 2,
        error: None,
        count: 20,
        bytes_received: 4_000,
        response: times.encode(),
        service: times.encode(),
        lag: None,
        queued_lag: None,
        ttfb: None,
        checks_passed: 20,
        checks_failed: 0,
    };
    let counts = PartCounts { iterations_started: 20, iterations: 20, finished: 20, ..PartCounts::default() };
    let part = PartTick {
        part: Part::Flow("probe".to_owned()),
        counts,
        latency: Some(times.encode()),
        duration: Some(times.encode()),
    };
    let classes = vec![ClassTick { name: "visitor".to_owned(), user_seconds: 0, parts: vec![part] }];
    Tick { point, requests: vec![RequestTick { name: "probe".to_owned(), outcomes: vec![outcome] }], classes }
}

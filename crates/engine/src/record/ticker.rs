//! The ticker: a thread of its own that makes a tick of every second and hands it over.
//!
//! It looks a little after each full second, so that what ended just before has been noted. A reader that is slow
//! makes ticks late, never wrong: every sample carries its second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::SyncSender,
    },
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use perflab_model::{
    load::Load,
    runner::{Ending, LogLevel, LogLine, RateObeyed, Report},
    tick::{Phase, Point, Tick, Vitals},
    unit::Nanos,
};

use super::{
    Recorder,
    fold::{Folder, Headline},
};
use crate::{
    clock::{RunClock, wall_us},
    stop::Stop,
    vitals::Probe,
};

/// How long the last ticks may wait for their reader.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the ticker wakes to see whether it can: a process that was stopped, or got no CPU, notices it here.
const BEAT: Duration = Duration::from_millis(100);

/// How long after a full second its tick is made.
const SETTLE: Duration = Duration::from_millis(25);

/// What the ticker needs to know of the plan.
#[derive(Debug)]
pub(crate) struct TickerPlan {
    pub(crate) load: Load,
    pub(crate) warmup: Nanos,
    /// Told when nobody reads any more.
    pub(crate) stop: Arc<Stop>,
}

/// A running ticker.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: thread::JoinHandle<()>,
}

struct Shared {
    done: AtomicBool,
    /// When the last start was made or given up; `u64::MAX` until then.
    starts_ended: AtomicU64,
    /// Changes of the rate that the ticker has not told yet.
    adjusted: Mutex<Vec<Adjustment>>,
}

/// A change of the rate that the pacer has obeyed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Adjustment {
    pub(crate) number: u32,
    pub(crate) from_second: u32,
    pub(crate) by: f64,
    /// The highest rate that it may lead to.
    pub(crate) cap: f64,
}

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(
        plan: TickerPlan,
        clock: RunClock,
        recorder: Arc<Recorder>,
        probe: Probe,
        reports: SyncSender<Report>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            done: AtomicBool::new(false),
            starts_ended: AtomicU64::new(u64::MAX),
            adjusted: Mutex::default(),
        });
        let headline = if plan.load.has_rate() { Headline::Response } else { Headline::Service };
        let mut state = State {
            plan,
            clock,
            recorder,
            probe,
            reports,
            shared: Arc::clone(&shared),
            folder: Folder::new(headline),
            samples: Vec::new(),
            iterations: Vec::new(),
            beat: Instant::now(),
            longest_gap: Duration::ZERO,
        };
        // What the first second is compared with.
        state.probe.sample();
        let thread = thread::Builder::new().name("ticker".to_owned()).spawn(move || state.run())?;
        Ok(Self { shared, thread })
    }

    /// Seconds that end after this are no longer part of the measured window.
    pub(crate) fn starts_ended(&self, at: Nanos) {
        self.shared.starts_ended.fetch_min(at.get(), Ordering::Relaxed);
    }

    /// Takes note of a change of the planned rate. The ticker tells it, not the pacer, which must never wait for a reader.
    pub(crate) fn adjuster(&self) -> impl Fn(Adjustment) + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move |adjustment| shared.adjusted.lock().push(adjustment)
    }

    /// Makes the last ticks and waits for them.
    pub(crate) fn finish(self) {
        self.shared.done.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // A reader that neither reads nor goes away must not hold the process.
        let until = Instant::now() + PATIENCE;
        while !self.thread.is_finished() {
            if Instant::now() >= until {
                tracing::error!("nobody takes the last ticks: they are given up");
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        if self.thread.join().is_err() {
            tracing::error!("the ticker ended by a panic: the last seconds of the run are missing");
        }
    }
}

struct State {
    plan: TickerPlan,
    clock: RunClock,
    recorder: Arc<Recorder>,
    probe: Probe,
    reports: SyncSender<Report>,
    shared: Arc<Shared>,
    folder: Folder,
    samples: Vec<super::Sample>,
    iterations: Vec<super::Iteration>,
    /// When the ticker last woke.
    beat: Instant,
    /// The longest time since the last tick by which it woke too late.
    longest_gap: Duration,
}

impl State {
    fn run(mut self) {
        let mut second = 0_u32;
        let mut saturation_told = false;
        loop {
            let due = self.clock.instant(Nanos::new((u64::from(second) + 1) * 1_000_000_000)) + SETTLE;
            let done = self.wait_until(due);
            if !self.tell_adjustments() {
                return;
            }
            let (tick, saturated) = self.tick(second, done);
            if saturated > 0 && !saturation_told {
                saturation_told = true;
                self.warn(format!("{saturated} requests took longer than an hour and are counted as one hour"));
            }
            let starts = tick.point.planned + tick.point.started + tick.point.dropped;
            let is_empty = tick.requests.is_empty() && tick.classes.is_empty() && starts == 0;
            if (!done || !is_empty) && !self.say(Report::Tick(Box::new(tick))) {
                return;
            }
            if done && !self.recorder.has_pending() {
                return;
            }
            second += 1;
        }
    }

    /// Tells from when on changed rates count, before the ticks in which they show; `false` when nobody listens.
    fn tell_adjustments(&mut self) -> bool {
        let adjusted = std::mem::take(&mut *self.shared.adjusted.lock());
        adjusted.into_iter().all(|Adjustment { number, from_second, by, cap }| {
            self.plan.load = self.plan.load.adjusted(from_second, by, cap);
            self.say(Report::Adjusted(RateObeyed { number, from_second }))
        })
    }

    /// Says something; `false` when nobody listens. Load that nobody watches is load that nobody can stop.
    fn say(&self, report: Report) -> bool {
        let heard = self.reports.send(report).is_ok();
        if !heard {
            self.plan.stop.cut(Ending::Orphaned);
        }
        heard
    }

    /// Waits; `true` when the run has ended, and what is left shall be told at once.
    fn wait_until(&mut self, due: Instant) -> bool {
        loop {
            let now = Instant::now();
            self.longest_gap = self.longest_gap.max(now.duration_since(self.beat).saturating_sub(BEAT));
            self.beat = now;
            if self.shared.done.load(Ordering::Acquire) {
                // Seconds that are over are still told one by one; only the last, partial one is told early.
                return Instant::now() < due;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left.min(BEAT));
        }
    }

    fn tick(&mut self, second: u32, last: bool) -> (Tick, u64) {
        let due = if last { u32::MAX } else { second };
        self.recorder.collect(due, &mut self.samples, &mut self.iterations);
        let folded = self.folder.fold(&self.recorder.names, &mut self.samples);
        let (iterations, iterations_aborted) = self.folder.fold_iterations(&mut self.iterations);
        let (begun, users) = (self.recorder.take_begun(), self.recorder.users_by_class());
        let classes = self.folder.classes(&self.recorder.groups, &begun, &users);
        let starts = self.recorder.starts.take(second);
        let gap = std::mem::take(&mut self.longest_gap);
        let gap_ms = Some(u64::try_from(gap.as_millis()).unwrap_or(u64::MAX));
        let vitals = Vitals { gap_ms, ..self.probe.sample() };
        let count = &self.recorder;
        let point = Point {
            second,
            seconds: 1,
            at_us: wall_us(),
            phase: self.phase(second),
            target: self.target(second),
            planned: starts.planned,
            started: starts.started,
            late: starts.late,
            late_own: starts.late_own,
            dropped: starts.dropped,
            finished: folded.finished,
            failed: folded.failed,
            aborted: folded.aborted,
            iterations,
            iterations_aborted,
            in_flight: count.in_flight.load(Ordering::Relaxed),
            users: u32::try_from(users.iter().sum::<u64>()).unwrap_or(u32::MAX),
            bytes_sent: folded.bytes_sent,
            bytes_received: folded.bytes_received,
            connections: count.connections.swap(0, Ordering::Relaxed),
            handshakes: count.handshakes.swap(0, Ordering::Relaxed),
            latency: folded.latency,
            recent: folded.recent,
            lag_p99_us: folded.lag_p99_us,
            errors: folded.errors,
            generator: vitals,
            parts: Vec::new(),
        };
        (Tick { point, requests: folded.requests, classes }, folded.saturated)
    }

    /// A second belongs to the measured window only as a whole: a second in which the starts ended would count as a
    /// second of full load in rates, and would not be one.
    fn phase(&self, second: u32) -> Phase {
        let (begin, end) = (u64::from(second) * 1_000_000_000, (u64::from(second) + 1) * 1_000_000_000);
        let planned_end = Nanos::from(self.plan.load.duration().duration()).get();
        let starts_end = self.shared.starts_ended.load(Ordering::Relaxed).min(planned_end);
        if end > starts_end {
            Phase::Draining
        } else if begin < self.plan.warmup.get() {
            Phase::WarmUp
        } else {
            Phase::Measured
        }
    }

    /// What the plan wants at the end of the second, or just before, where the plan ends with it.
    fn target(&self, second: u32) -> f64 {
        let end = f64::from(second) + 1.0;
        if end < self.plan.load.duration().as_secs_f64() {
            self.plan.load.planned_at(end)
        } else {
            self.plan.load.planned_at(end - 1e-6)
        }
    }

    fn warn(&self, message: String) {
        let line = LogLine { at_us: wall_us(), level: LogLevel::Warn, message };
        // A reader that is gone has no use for the warning.
        let _ = self.reports.send(Report::Log(line));
    }
}

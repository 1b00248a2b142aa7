//! What goes on, told once a second: the case under way and how the runner and its host fare.
//!
//! In:  the case that is being carried out. Out: a tick and a progress a second. A reader that is slow makes them late,
//! never wrong.

use std::{
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use perflab_model::{
    runner::{Ending, Report},
    tick::{Phase, Point, Tick, Vitals},
};

use super::live::LiveCase;
use crate::{clock::wall_us, stop::Stop, vitals::Probe};

/// How often the teller wakes to see whether it can.
const BEAT: Duration = Duration::from_millis(100);

/// How long the last words may wait for their reader.
const PATIENCE: Duration = Duration::from_secs(5);

/// The case under way and what was done before it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    /// Told when the state changes.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    case: Option<Arc<LiveCase>>,
    /// Whether the case was told of.
    is_told: bool,
    /// Operations of cases that are over.
    done: u64,
    failed: u64,
    is_over: bool,
}

impl Board {
    /// A case begins.
    pub(super) fn begin(&self, case: Arc<LiveCase>) {
        let mut state = self.state.lock();
        (state.case, state.is_told) = (Some(case), false);
        self.changed.notify_all();
    }

    /// It is over.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        if let Some(case) = state.case.take() {
            let (done, failed) = case.counts();
            state.done += done;
            state.failed += failed;
        }
    }

    /// Operations done and failed, of all cases.
    fn counts(&self) -> (u64, u64) {
        let state = self.state.lock();
        let (done, failed) = state.case.as_ref().map_or((0, 0), |case| case.counts());
        (state.done + done, state.failed + failed)
    }
}

/// The thread that tells.
pub(crate) struct Teller {
    board: Arc<Board>,
    thread: thread::JoinHandle<()>,
}

impl Teller {
    /// Starts it; the seconds count from `begin`.
    pub(crate) fn start(
        board: Arc<Board>,
        begin: Instant,
        mut probe: Probe,
        stop: Arc<Stop>,
        reports: SyncSender<Report>,
    ) -> std::io::Result<Self> {
        probe.sample();
        let telling = Telling {
            board: Arc::clone(&board),
            begin,
            probe,
            stop,
            reports,
            told: (0, 0),
            beat: Instant::now(),
            longest_gap: Duration::ZERO,
        };
        let thread = thread::Builder::new().name("teller".to_owned()).spawn(move || telling.run())?;
        Ok(Self { board, thread })
    }

    /// Has the last second told and waits for it.
    pub(crate) fn finish(self) {
        self.board.state.lock().is_over = true;
        self.board.changed.notify_all();
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
            tracing::error!("the teller ended by a panic: the last seconds of the run are missing");
        }
    }
}

struct Telling {
    board: Arc<Board>,
    begin: Instant,
    probe: Probe,
    stop: Arc<Stop>,
    reports: SyncSender<Report>,
    /// Operations done and failed that ticks have told.
    told: (u64, u64),
    /// When the teller last woke.
    beat: Instant,
    /// The longest time since the last tick by which it woke too late.
    longest_gap: Duration,
}

impl Telling {
    fn run(mut self) {
        for second in 0.. {
            let due = self.begin + Duration::from_secs(u64::from(second) + 1);
            let Some(is_over) = self.wait_until(due) else { return };
            let tick = self.tick(second);
            let is_empty = tick.point.finished == 0;
            if (!is_over || !is_empty) && !self.say(Report::Tick(Box::new(tick))) {
                return;
            }
            if is_over || !self.tell_progress() {
                return;
            }
        }
    }

    /// Waits, and tells of each case that begins meanwhile. Whether the run is over; nothing when nobody listens.
    fn wait_until(&mut self, due: Instant) -> Option<bool> {
        loop {
            let now = Instant::now();
            self.longest_gap = self.longest_gap.max(now.duration_since(self.beat).saturating_sub(BEAT));
            self.beat = now;
            let left = due.saturating_duration_since(now);
            let is_new = {
                let mut state = self.board.state.lock();
                if state.is_over && !left.is_zero() {
                    return Some(true);
                }
                if left.is_zero() {
                    return Some(false);
                }
                let is_new = state.case.is_some() && !state.is_told;
                if !is_new {
                    self.board.changed.wait_for(&mut state, left.min(BEAT));
                }
                state.is_told |= is_new;
                is_new
            };
            if is_new && !self.tell_progress() {
                return None;
            }
        }
    }

    /// `false` when nobody listens.
    fn tell_progress(&self) -> bool {
        let case = self.board.state.lock().case.clone();
        case.is_none_or(|case| self.say(Report::CaseProgress(Box::new(case.progress()))))
    }

    /// Says something; `false` when nobody listens. What nobody watches nobody can stop.
    fn say(&self, report: Report) -> bool {
        let is_heard = self.reports.send(report).is_ok();
        if !is_heard {
            self.stop.cut(Ending::Orphaned);
        }
        is_heard
    }

    fn tick(&mut self, second: u32) -> Tick {
        let (done, failed) = self.board.counts();
        let (finished, failed_now) = (done - self.told.0, failed - self.told.1);
        self.told = (done, failed);
        let gap = std::mem::take(&mut self.longest_gap);
        let gap_ms = Some(u64::try_from(gap.as_millis()).unwrap_or(u64::MAX));
        let point = Point {
            second,
            seconds: 1,
            at_us: wall_us(),
            phase: Phase::Measured,
            target: 0.0,
            planned: finished,
            started: finished,
            late: 0,
            late_own: 0,
            dropped: 0,
            finished,
            failed: failed_now,
            aborted: 0,
            iterations: finished,
            iterations_aborted: 0,
            in_flight: 0,
            users: 0,
            bytes_sent: 0,
            bytes_received: 0,
            connections: 0,
            handshakes: 0,
            latency: None,
            recent: None,
            lag_p99_us: None,
            errors: std::collections::BTreeMap::new(),
            generator: Vitals { gap_ms, ..self.probe.sample() },
            parts: Vec::new(),
        };
        Tick { point, requests: Vec::new(), classes: Vec::new() }
    }
}

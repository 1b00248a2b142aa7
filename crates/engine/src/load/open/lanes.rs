//! Lanes: the slots of an open run. Each is a task that does one iteration at a time and keeps its connections.
//!
//! A start takes the lane that was freed last, so few lanes are busy when the target is fast, and they stay warm: their
//! connections are in use like those at the top of a shared pool. Without a free lane the start is dropped, or queued,
//! as the plan says.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use perflab_model::{load::OnSaturated, load::OpenLimits, unit::Nanos};
use tokio::sync::Notify;

use crate::record::{Recorder, StartEvent, second_of};

/// A planned start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// Counts the planned starts of the run, dropped ones included.
    pub(crate) index: u64,
    pub(crate) planned: Nanos,
    /// Whether it had to wait for a free lane: then being late is not the generator's fault.
    pub(crate) queued: bool,
}

/// Where a lane gets its starts from.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    handed: Mutex<Option<Start>>,
    waker: AtomicWaker,
}

/// All lanes of a run.
#[derive(Debug)]
pub(crate) struct Lanes {
    limits: OpenLimits,
    recorder: Arc<Recorder>,
    state: Mutex<State>,
    closed: AtomicBool,
    /// Told when the last busy lane is free.
    idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    lanes: Vec<Arc<Lane>>,
    free: Vec<usize>,
    queue: VecDeque<Start>,
    busy: usize,
}

/// What to do with a start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dispatch {
    /// It has been handed over, queued or dropped.
    Settled,
    /// A new lane is to be opened for it.
    OpenLane,
}

impl Lanes {
    pub(crate) fn new(limits: OpenLimits, recorder: Arc<Recorder>) -> Self {
        Self { limits, recorder, state: Mutex::default(), closed: AtomicBool::new(false), idle: Notify::new() }
    }

    /// Hands a start to a free lane, if there is one, and else does what the plan says. `now` decides which queued
    /// starts have waited too long.
    pub(crate) fn dispatch(&self, start: Start, now: Nanos) -> Dispatch {
        self.count(start, StartEvent::Planned);
        let mut state = self.state.lock();
        if let Some(index) = state.free.pop() {
            state.busy += 1;
            let lane = Arc::clone(&state.lanes[index]);
            drop(state);
            self.begin(start);
            *lane.handed.lock() = Some(start);
            lane.waker.wake();
            return Dispatch::Settled;
        }
        if state.lanes.len() < self.limits.max_in_flight as usize {
            return Dispatch::OpenLane;
        }
        match self.limits.on_saturated {
            OnSaturated::Drop => self.count(start, StartEvent::Dropped),
            OnSaturated::Queue => {
                // Those that have waited too long go first: the queue never holds more than `max_late` of starts.
                while let Some(oldest) = state.queue.front().copied().filter(|oldest| self.is_too_late(*oldest, now)) {
                    state.queue.pop_front();
                    self.count(oldest, StartEvent::Dropped);
                }
                state.queue.push_back(Start { queued: true, ..start });
            }
        }
        Dispatch::Settled
    }

    /// Opens a lane whose first start is `start`.
    pub(crate) fn open(&self, start: Start) -> (usize, Arc<Lane>) {
        let lane = Arc::new(Lane { handed: Mutex::new(Some(start)), waker: AtomicWaker::new() });
        let mut state = self.state.lock();
        state.lanes.push(Arc::clone(&lane));
        state.busy += 1;
        self.begin(start);
        (state.lanes.len() - 1, lane)
    }

    /// The lane's next start; nothing when the run is over.
    pub(crate) async fn next(&self, lane: &Lane) -> Option<Start> {
        poll_fn(|context| {
            lane.waker.register(context.waker());
            match lane.handed.lock().take() {
                Some(start) => Poll::Ready(Some(start)),
                None if self.closed.load(Ordering::Acquire) => Poll::Ready(None),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Frees a lane; gives it the next queued start at once, if one waits. Once `starts_are_over` those that wait are given
    /// up: they would be begun only to be cut off.
    pub(crate) fn release(&self, index: usize, now: Nanos, starts_are_over: bool) -> Option<Start> {
        let mut state = self.state.lock();
        while let Some(start) = state.queue.pop_front() {
            if starts_are_over || self.is_too_late(start, now) {
                self.count(start, StartEvent::Dropped);
                continue;
            }
            self.count(start, StartEvent::Started);
            return Some(start);
        }
        state.free.push(index);
        state.busy -= 1;
        self.recorder.in_flight.fetch_sub(1, Ordering::Relaxed);
        if state.busy == 0 {
            self.idle.notify_waiters();
        }
        None
    }

    /// When the start was planned that has waited longest for a lane, if any waits.
    pub(crate) fn oldest_waiting(&self) -> Option<Nanos> {
        self.state.lock().queue.front().map(|start| start.planned)
    }

    /// Gives up every start that still waits.
    pub(crate) fn drop_queue(&self) {
        for start in std::mem::take(&mut self.state.lock().queue) {
            self.count(start, StartEvent::Dropped);
        }
    }

    /// Waits until nothing is under way.
    pub(crate) async fn all_idle(&self) {
        loop {
            let told = self.idle.notified();
            if self.state.lock().busy == 0 {
                return;
            }
            told.await;
        }
    }

    /// Lets every idle lane end.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for lane in &self.state.lock().lanes {
            lane.waker.wake();
        }
    }

    fn is_too_late(&self, start: Start, now: Nanos) -> bool {
        now.since(start.planned).duration() > self.limits.max_late.duration()
    }

    fn begin(&self, start: Start) {
        self.recorder.in_flight.fetch_add(1, Ordering::Relaxed);
        self.count(start, StartEvent::Started);
    }

    /// Counts something by the second in which the start was planned.
    pub(crate) fn count(&self, start: Start, event: StartEvent) {
        self.recorder.starts.count(second_of(start.planned), event);
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{load::Arrivals, unit::Millis};

    use super::*;
    use crate::record::{Groups, Names, StartCounts};

    fn lanes(on_saturated: OnSaturated) -> Lanes {
        let limits = OpenLimits {
            max_in_flight: 1,
            on_saturated,
            max_late: Millis::new(1000),
            arrivals: Arrivals::Even,
            adjustable: false,
        };
        Lanes::new(limits, Arc::new(Recorder::new(Names::default(), Groups::default())))
    }

    fn start(index: u64, millis: u64) -> Start {
        Start { index, planned: Nanos::new(millis * 1_000_000), queued: false }
    }

    fn at(millis: u64) -> Nanos {
        Nanos::new(millis * 1_000_000)
    }

    #[test]
    fn a_start_without_a_free_lane_is_dropped_and_is_still_an_arrival() {
        let lanes = lanes(OnSaturated::Drop);
        assert_eq!(lanes.dispatch(start(0, 0), at(0)), Dispatch::OpenLane);
        let (index, _) = lanes.open(start(0, 0));
        assert_eq!(lanes.dispatch(start(1, 10), at(10)), Dispatch::Settled);
        assert_eq!(lanes.release(index, at(20), false), None);
        assert_eq!(lanes.dispatch(start(2, 30), at(30)), Dispatch::Settled);
        let counts = lanes.recorder.starts.take(0);
        assert_eq!(counts, StartCounts { planned: 3, started: 2, dropped: 1, ..StartCounts::default() });
    }

    #[test]
    fn a_queued_start_begins_late_and_is_given_up_when_it_is_too_late() {
        let lanes = lanes(OnSaturated::Queue);
        assert_eq!(lanes.dispatch(start(0, 0), at(0)), Dispatch::OpenLane);
        let (index, _) = lanes.open(start(0, 0));
        for (k, millis) in [(1, 100), (2, 200), (3, 900)] {
            assert_eq!(lanes.dispatch(start(k, millis), at(millis)), Dispatch::Settled);
        }
        let next = lanes.release(index, at(1150), false).expect("the second start is still young enough");
        assert_eq!((next.index, next.queued), (2, true), "the first has waited for more than a second");
        assert_eq!(lanes.oldest_waiting(), Some(at(900)));
        lanes.drop_queue();
        assert_eq!(
            lanes.recorder.starts.take(0),
            StartCounts { planned: 4, started: 2, dropped: 2, ..StartCounts::default() }
        );
    }

    #[test]
    fn a_start_that_waits_is_not_begun_once_the_run_is_being_ended() {
        let lanes = lanes(OnSaturated::Queue);
        assert_eq!(lanes.dispatch(start(0, 0), at(0)), Dispatch::OpenLane);
        let (index, _) = lanes.open(start(0, 0));
        assert_eq!(lanes.dispatch(start(1, 100), at(100)), Dispatch::Settled);
        assert_eq!(lanes.release(index, at(150), true), None);
        let counts = lanes.recorder.starts.take(0);
        assert_eq!(counts, StartCounts { planned: 2, started: 1, dropped: 1, ..StartCounts::default() });
    }
}

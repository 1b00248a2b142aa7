//! Lanes: the slots of an open run. Each is a task that does one iteration at a time and keeps its connections.
//!
//! In:  starts, from the pacer. Out: each of them to a lane, to the queue, or dropped, as the plan says.
//! Not here: what lanes do ([`super::iteration`]), the threads that they live on ([`super::threads`]).
//!
//! A start takes a slot, and a thread that is called comes for it. Handing a start to a lane on another thread costs that
//! thread a wake-up, which costs more than the request does; so what is due together is handed over by one call, and
//! nobody is called who has been called already. Whoever is called and does not come, because the system lets another
//! program work in its place, is passed over at the next call: what is due waits for no thread in particular.
//!
//! Lanes belong to one thread each. A start takes the lane that was freed last, so few lanes are busy when the target is
//! fast, and they stay warm: their connections are in use like those at the top of a shared pool.

#[cfg(test)]
mod tests;

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

/// By how many busy lanes a thread may be ahead of the one that has fewest. Few threads are called for little load, and
/// what one of them has to do before it comes to a start stays below what a start may be late.
const AHEAD: usize = 4;

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
    /// Counts the lanes of the run.
    pub(crate) index: usize,
    handed: Mutex<Option<Start>>,
    waker: AtomicWaker,
}

/// All lanes of a run.
#[derive(Debug)]
pub(crate) struct Lanes {
    limits: OpenLimits,
    recorder: Arc<Recorder>,
    state: Mutex<State>,
    calls: Vec<Call>,
    closed: AtomicBool,
    /// Told when the last slot is free.
    idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    threads: Vec<ThreadLanes>,
    /// Lanes of all threads.
    lanes: usize,
    /// Slots that are taken, by a busy lane or by a start in `due`.
    taken: usize,
    /// Starts that have a slot, and that no thread has come for yet.
    due: VecDeque<Start>,
    /// Starts that wait for a slot.
    queue: VecDeque<Start>,
}

/// The lanes of one thread.
#[derive(Debug, Default)]
struct ThreadLanes {
    free: Vec<Arc<Lane>>,
    busy: usize,
    /// Whether it has not come for so long that nothing is to be left to it.
    is_absent: bool,
}

/// How a thread is called.
#[derive(Debug, Default)]
struct Call {
    /// Whether it has been called and has not come yet.
    is_under_way: AtomicBool,
    waker: AtomicWaker,
}

/// Starts that wait for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// The planned instant of the one that has waited longest for a slot.
    pub(crate) for_a_slot: Option<Nanos>,
    /// Whether some have a slot and wait for a thread that has been called.
    pub(crate) for_a_thread: bool,
}

/// A start for a lane of the thread that has come for it.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) lane: Arc<Lane>,
    /// Whether the lane is a new one, for which there is no task yet.
    pub(crate) is_new: bool,
}

impl Lane {
    /// Its next start. Lanes end with their thread.
    pub(crate) async fn next(&self) -> Start {
        poll_fn(|context| {
            self.waker.register(context.waker());
            self.handed.lock().take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

impl Lanes {
    /// Without any lane; `threads` will have some.
    pub(crate) fn new(limits: OpenLimits, recorder: Arc<Recorder>, threads: usize) -> Self {
        let state = State { threads: (0..threads).map(|_| ThreadLanes::default()).collect(), ..State::default() };
        Self {
            limits,
            recorder,
            state: Mutex::new(state),
            calls: (0..threads).map(|_| Call::default()).collect(),
            closed: AtomicBool::new(false),
            idle: Notify::new(),
        }
    }

    /// Gives starts a slot each, as long as there is one, and else does with them what the plan says. `now` decides which
    /// queued starts have waited too long.
    pub(crate) fn dispatch(&self, starts: &[Start], now: Nanos) {
        self.plan(starts);
        let mut state = self.state.lock();
        for start in starts {
            if state.taken < self.slots() {
                state.taken += 1;
                state.due.push_back(*start);
                self.begin(*start);
                continue;
            }
            match self.limits.on_saturated {
                OnSaturated::Drop => self.count(*start, StartEvent::Dropped),
                OnSaturated::Queue => {
                    // Those that have waited too long go first: the queue never holds more than `max_late` of starts.
                    while let Some(oldest) = state.queue.front().filter(|oldest| self.is_too_late(**oldest, now)) {
                        self.count(*oldest, StartEvent::Dropped);
                        state.queue.pop_front();
                    }
                    state.queue.push_back(Start { queued: true, ..*start });
                }
            }
        }
        self.call(state);
    }

    /// Comes for a start that is due: one for a lane of this thread, as long as it has one and has not more to do than
    /// others. Others are called for what is left.
    pub(crate) fn come(&self, thread: usize) -> Option<Handed> {
        let mut state = self.state.lock();
        state.threads[thread].is_absent = false;
        if !state.may_take(thread, self.slots()) {
            self.call(state);
            return None;
        }
        let start = state.due.pop_front()?;
        let lane = state.threads[thread].free.pop();
        let is_new = lane.is_none();
        let lane = lane.unwrap_or_else(|| {
            state.lanes += 1;
            Arc::new(Lane { index: state.lanes - 1, ..Lane::default() })
        });
        state.threads[thread].busy += 1;
        drop(state);
        *lane.handed.lock() = Some(start);
        lane.waker.wake();
        Some(Handed { lane, is_new })
    }

    /// Waits until this thread is called; `false` when the run is over.
    pub(crate) async fn called(&self, thread: usize) -> bool {
        let call = &self.calls[thread];
        poll_fn(|context| {
            call.waker.register(context.waker());
            if self.closed.load(Ordering::Acquire) {
                return Poll::Ready(false);
            }
            // Whoever calls from now on finds it on its way no more, and calls again.
            if call.is_under_way.swap(false, Ordering::AcqRel) { Poll::Ready(true) } else { Poll::Pending }
        })
        .await
    }

    /// Frees the slot of a lane, and gives the lane the next start at once if one is due or waits for a slot. Once
    /// `starts_are_over` those that wait for one are given up: they would be begun only to be cut off.
    pub(crate) fn release(&self, thread: usize, lane: &Arc<Lane>, now: Nanos, starts_are_over: bool) -> Option<Start> {
        let mut state = self.state.lock();
        state.taken -= 1;
        self.recorder.in_flight.fetch_sub(1, Ordering::Relaxed);
        while let Some(start) = state.queue.pop_front() {
            if starts_are_over || self.is_too_late(start, now) {
                self.count(start, StartEvent::Dropped);
                continue;
            }
            state.taken += 1;
            state.due.push_back(start);
            self.begin(start);
            break;
        }
        let next = state.due.pop_front();
        if next.is_none() {
            state.threads[thread].busy -= 1;
            state.threads[thread].free.push(Arc::clone(lane));
        }
        if state.taken == 0 {
            self.idle.notify_waiters();
        }
        next
    }

    /// What waits now.
    pub(crate) fn waiting(&self) -> Waiting {
        let state = self.state.lock();
        let for_a_slot = state.queue.front().map(|start| start.planned);
        Waiting { for_a_slot, for_a_thread: !state.due.is_empty() }
    }

    /// Calls another thread where nobody has come yet for what is due.
    pub(crate) fn call_again(&self) {
        let mut state = self.state.lock();
        for (thread, call) in state.threads.iter_mut().zip(&self.calls) {
            thread.is_absent |= call.is_under_way.load(Ordering::Acquire);
        }
        self.call(state);
    }

    /// Gives up every start that still waits for a slot.
    pub(crate) fn drop_queue(&self) {
        for start in std::mem::take(&mut self.state.lock().queue) {
            self.count(start, StartEvent::Dropped);
        }
    }

    /// Waits until nothing is under way.
    pub(crate) async fn all_idle(&self) {
        loop {
            let told = self.idle.notified();
            if self.state.lock().taken == 0 {
                return;
            }
            told.await;
        }
    }

    /// Lets the threads end, with whatever their lanes are doing.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.calls.iter().for_each(|call| call.waker.wake());
    }

    /// Counts something by the second in which the start was planned.
    pub(crate) fn count(&self, start: Start, event: StartEvent) {
        self.recorder.starts.count(second_of(start.planned), event);
    }

    /// Counts starts as planned, those of one second at once.
    fn plan(&self, starts: &[Start]) {
        for together in starts.chunk_by(|a, b| second_of(a.planned) == second_of(b.planned)) {
            let second = together.first().map_or(0, |start| second_of(start.planned));
            self.recorder.starts.count_many(second, StartEvent::Planned, together.len() as u64);
        }
    }

    /// Calls the first thread that can take what is due and has not been called yet.
    fn call(&self, state: parking_lot::MutexGuard<'_, State>) {
        if state.due.is_empty() {
            return;
        }
        let slots = self.slots();
        let able = (0..self.calls.len()).filter(|thread| state.may_take(*thread, slots));
        let called = { able }.find(|thread| !self.calls[*thread].is_under_way.swap(true, Ordering::AcqRel));
        drop(state);
        if let Some(thread) = called {
            self.calls[thread].waker.wake();
        }
    }

    fn slots(&self) -> usize {
        self.limits.max_in_flight as usize
    }

    fn is_too_late(&self, start: Start, now: Nanos) -> bool {
        now.since(start.planned).duration() > self.limits.max_late.duration()
    }

    fn begin(&self, start: Start) {
        self.recorder.in_flight.fetch_add(1, Ordering::Relaxed);
        self.count(start, StartEvent::Started);
    }
}

impl State {
    /// Whether a thread has a lane for another start, and not more to do than it should have.
    fn may_take(&self, thread: usize, slots: usize) -> bool {
        let can_take = |one: &ThreadLanes| !one.free.is_empty() || self.lanes < slots;
        let present = self.threads.iter().filter(|one| can_take(one) && !one.is_absent);
        let fewest = present.map(|one| one.busy).min();
        let own = &self.threads[thread];
        can_take(own) && fewest.is_none_or(|fewest| own.busy < fewest + AHEAD)
    }
}

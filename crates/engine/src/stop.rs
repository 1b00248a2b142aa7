//! Stopping: who may still start, who may still send, and waits that heed both.
//!
//! Two steps lead to the end of a run: first nothing new is started (`Stop`, end of the plan), then what is still open
//! is cut off (`Abort`, end of the patience). Every wait of an iteration goes through a [`Watch`], so that no hung
//! request holds a run.
//!
//! A cancellation token of a library would be registered anew, under one lock, at every wait; at 100,000 requests a
//! second that lock is what one measures. Here each iteration slot owns one waker, registered once.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    thread::Thread,
    time::Instant,
};

use futures::task::AtomicWaker;
use parking_lot::Mutex;
use perflab_model::runner::Ending;
use tokio::time::Sleep;

/// The state of the end of a run, shared by everything that runs.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    starts_over: AtomicBool,
    cut: AtomicBool,
    seats: Mutex<Vec<Weak<AtomicWaker>>>,
    threads: Mutex<Vec<Thread>>,
    ending: Mutex<Option<Ending>>,
}

impl Stop {
    /// Nothing new is started from now on. The first reason is the one that is reported, except that a cut-off or a
    /// silent worker outranks a polite stop.
    pub(crate) fn end_starts(&self, why: Ending) {
        self.note(why);
        self.starts_over.store(true, Ordering::Release);
        self.wake();
    }

    /// Nothing more is sent from now on.
    pub(crate) fn cut(&self, why: Ending) {
        self.note(why);
        self.cut_off();
    }

    /// Cuts off what is still open without changing why the run ends: its patience is over.
    pub(crate) fn cut_off(&self) {
        self.starts_over.store(true, Ordering::Release);
        self.cut.store(true, Ordering::Release);
        self.wake();
    }

    /// Ends the starts because the plan has been carried out.
    pub(crate) fn complete(&self) {
        self.starts_over.store(true, Ordering::Release);
        self.wake();
    }

    /// Whether nothing new may start.
    pub(crate) fn starts_over(&self) -> bool {
        self.starts_over.load(Ordering::Acquire)
    }

    /// Whether nothing more may be sent.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Why the run ends; completed when nobody gave a reason.
    pub(crate) fn ending(&self) -> Ending {
        self.ending.lock().clone().unwrap_or(Ending::Completed)
    }

    /// Wakes this thread (by `unpark`) whenever the state changes.
    pub(crate) fn wake_thread(&self, thread: Thread) {
        self.threads.lock().push(thread);
    }

    fn note(&self, why: Ending) {
        let mut ending = self.ending.lock();
        let outranks = matches!(
            (&*ending, &why),
            (None, _) | (Some(Ending::Stopped), Ending::Aborted | Ending::Orphaned | Ending::TargetAsked)
        );
        if outranks {
            *ending = Some(why);
        }
    }

    fn wake(&self) {
        for seat in self.seats.lock().iter().filter_map(Weak::upgrade) {
            seat.wake();
        }
        for thread in self.threads.lock().iter() {
            thread.unpark();
        }
    }

    fn sit(&self) -> Arc<AtomicWaker> {
        let seat = Arc::new(AtomicWaker::new());
        let mut seats = self.seats.lock();
        if seats.len() == seats.capacity() {
            // Users come and go; without this the list would only grow.
            seats.retain(|seat| seat.strong_count() > 0);
        }
        seats.push(Arc::downgrade(&seat));
        seat
    }
}

/// Why a wait ended before what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// Its time was over.
    Deadline,
    /// The run is being stopped.
    Stopped,
}

/// Which step of stopping a wait gives way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heed {
    /// A request that has been sent: only the cut-off ends it.
    Cut,
    /// A think time: the end of starts ends it as well.
    Starts,
}

/// One place of waiting: a registered waker and a timer, used again and again.
pub(crate) struct Watch {
    stop: Arc<Stop>,
    seat: Arc<AtomicWaker>,
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes when it rings.
    rings_for: Option<Waker>,
}

impl Watch {
    /// Must be made inside the runtime whose timer it uses.
    pub(crate) fn new(stop: Arc<Stop>) -> Self {
        let seat = stop.sit();
        Self { stop, seat, timer: Box::pin(tokio::time::sleep_until(far_future())), rings_for: None }
    }

    /// The run's stopping state.
    pub(crate) const fn stop(&self) -> &Arc<Stop> {
        &self.stop
    }

    /// Waits for `work`, at most until `deadline`, and not longer than the run allows.
    pub(crate) async fn until<F: Future + Unpin>(
        &mut self,
        deadline: Instant,
        heed: Heed,
        mut work: F,
    ) -> Result<F::Output, Interrupt> {
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = Pin::new(&mut work).poll(context) {
                return Poll::Ready(Ok(done));
            }
            self.seat.register(context.waker());
            if self.stop.is_cut() || (heed == Heed::Starts && self.stop.starts_over()) {
                return Poll::Ready(Err(Interrupt::Stopped));
            }
            // The timer is moved only when it would ring too late or has rung too early: thousands of requests share
            // one registration, because most end long before their limit.
            let wanted = deadline.into();
            let has_rung = self.timer.is_elapsed();
            if self.timer.deadline() > wanted || (has_rung && Instant::now() < deadline) {
                self.timer.as_mut().reset(wanted);
            } else if !has_rung && self.rings_for.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                // It is set and knows whom to wake: there is nothing to tell it.
                return Poll::Pending;
            }
            while self.timer.as_mut().poll(context).is_ready() {
                if Instant::now() >= deadline {
                    return Poll::Ready(Err(Interrupt::Deadline));
                }
                self.timer.as_mut().reset(wanted);
            }
            self.rings_for = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// Sleeps; `false` when the run's stop came first.
    pub(crate) async fn sleep_until(&mut self, deadline: Instant, heed: Heed) -> bool {
        self.until(deadline, heed, std::future::pending::<()>()).await == Err(Interrupt::Deadline)
    }
}

fn far_future() -> tokio::time::Instant {
    tokio::time::Instant::now() + std::time::Duration::from_secs(86_400 * 30)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_wait_ends_at_once_when_the_run_is_cut_off() {
        let stop = Arc::new(Stop::default());
        let mut watch = Watch::new(stop.clone());
        let far = Instant::now() + Duration::from_secs(3600);
        let waiting = tokio::spawn(async move { watch.until(far, Heed::Cut, std::future::pending::<()>()).await });
        tokio::task::yield_now().await;
        stop.cut(Ending::Aborted);
        assert_eq!(waiting.await.expect("the wait does not panic"), Err(Interrupt::Stopped));
        assert_eq!(stop.ending(), Ending::Aborted);
    }

    #[tokio::test]
    async fn a_sent_request_is_still_waited_for_after_the_last_start() {
        let stop = Arc::new(Stop::default());
        let mut watch = Watch::new(stop.clone());
        stop.end_starts(Ending::Stopped);
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(watch.until(soon, Heed::Cut, std::future::ready(7)).await, Ok(7));
        assert!(!watch.sleep_until(Instant::now() + Duration::from_secs(3600), Heed::Starts).await);
        assert!(watch.sleep_until(soon, Heed::Cut).await);
    }

    #[tokio::test]
    async fn one_timer_serves_a_long_limit_and_then_a_short_one() {
        let mut watch = Watch::new(Arc::new(Stop::default()));
        let long = Instant::now() + Duration::from_secs(60);
        assert_eq!(watch.until(long, Heed::Cut, std::future::ready(())).await, Ok(()));
        assert!(watch.sleep_until(Instant::now() + Duration::from_millis(2), Heed::Cut).await);
        assert!(watch.sleep_until(Instant::now() + Duration::from_millis(2), Heed::Cut).await);
    }

    #[test]
    fn an_abort_outranks_an_earlier_stop_but_not_the_other_way_round() {
        let stop = Stop::default();
        stop.end_starts(Ending::Stopped);
        stop.cut(Ending::Aborted);
        stop.end_starts(Ending::Stopped);
        assert_eq!(stop.ending(), Ending::Aborted);
    }
}

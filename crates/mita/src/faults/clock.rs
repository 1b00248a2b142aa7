//! Holds requests until an absolute instant, to a fraction of a millisecond.
//!
//! In:  an instant per request. Out: the request goes on at that instant.
//!
//! A thread of its own sleeps to the deadlines, because the timers of the async runtime round up to a millisecond. Its
//! own lateness is recorded, so that a test of a load engine can tell the engine's errors from the target's.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// Releases held requests on time.
#[derive(Debug)]
pub(crate) struct HoldClock {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    lateness: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Queue {
    holds: BinaryHeap<Reverse<Hold>>,
    next_number: u64,
    stopped: bool,
}

#[derive(Debug)]
struct Hold {
    due: Instant,
    /// Holds that are due together are released in the order of arrival.
    number: u64,
    release: oneshot::Sender<()>,
}

impl PartialEq for Hold {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Hold {}
impl PartialOrd for Hold {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Hold {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

#[derive(Debug)]
struct Recorded {
    fired: Histogram<u64>,
    resumed: Histogram<u64>,
}

/// How late held requests went on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lateness {
    /// Holds that ended.
    pub holds: u64,
    /// Deadline to the moment the timer thread woke for it.
    pub fired: LatenessUs,
    /// Deadline to the moment the request's own task ran again.
    pub resumed: LatenessUs,
}

/// Quantiles of a lateness, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatenessUs {
    /// Half were at most so late.
    pub p50_us: f64,
    /// 99 % were at most so late.
    pub p99_us: f64,
    /// The latest.
    pub max_us: f64,
}

impl HoldClock {
    /// Starts the timer thread.
    pub(crate) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            lateness: Mutex::new(Recorded { fired: nanoseconds(), resumed: nanoseconds() }),
        });
        let thread = std::thread::Builder::new().name("mita-hold".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.run()
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Comes back at `due`, or at once when that has passed.
    pub(crate) async fn hold_until(&self, due: Instant) {
        if due <= Instant::now() {
            return;
        }
        let (release, released) = oneshot::channel();
        {
            let mut queue = self.shared.queue.lock();
            let number = queue.next_number;
            queue.next_number += 1;
            let earliest = queue.holds.peek().is_none_or(|Reverse(first)| due < first.due);
            queue.holds.push(Reverse(Hold { due, number, release }));
            if earliest {
                self.shared.changed.notify_one();
            }
        }
        // A clock that is being stopped drops its holds: the server is going away, nobody waits for the answer.
        if released.await.is_ok() {
            let late = due.elapsed();
            self.shared.lateness.lock().resumed.saturating_record(as_nanos(late));
        }
    }

    /// Requests held now.
    pub(crate) fn holding(&self) -> usize {
        self.shared.queue.lock().holds.iter().filter(|Reverse(hold)| !hold.release.is_closed()).count()
    }

    /// How late holds ended so far.
    pub(crate) fn lateness(&self) -> Lateness {
        let recorded = self.shared.lateness.lock();
        Lateness {
            holds: recorded.fired.len(),
            fired: quantiles(&recorded.fired),
            resumed: quantiles(&recorded.resumed),
        }
    }

    /// Forgets the lateness so far.
    pub(crate) fn reset_lateness(&self) {
        let mut recorded = self.shared.lateness.lock();
        recorded.fired.reset();
        recorded.resumed.reset();
    }
}

impl Drop for HoldClock {
    fn drop(&mut self) {
        self.shared.queue.lock().stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread only ever sleeps or sends, so it is back at once; should it have panicked, there is nobody to tell.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn run(&self) {
        sharpen_timer();
        let mut due = Vec::new();
        let mut queue = self.queue.lock();
        while !queue.stopped {
            let now = Instant::now();
            while queue.holds.peek().is_some_and(|Reverse(first)| first.due <= now) {
                due.extend(queue.holds.pop().map(|Reverse(hold)| hold));
            }
            if due.is_empty() {
                match queue.holds.peek().map(|Reverse(first)| first.due) {
                    Some(deadline) => drop(self.changed.wait_until(&mut queue, deadline)),
                    None => self.changed.wait(&mut queue),
                }
                continue;
            }
            parking_lot::MutexGuard::unlocked(&mut queue, || {
                let mut recorded = self.lateness.lock();
                for hold in &due {
                    recorded.fired.saturating_record(as_nanos(now.saturating_duration_since(hold.due)));
                }
                drop(recorded);
                for hold in due.drain(..) {
                    // A client that went away meanwhile does not want to be woken.
                    let _ = hold.release.send(());
                }
            });
        }
    }
}

/// Lets this thread wake within microseconds of its deadline: the kernel otherwise gathers wake-ups over 50 µs.
fn sharpen_timer() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_timerslack(1) {
        tracing::debug!(%error, "the kernel keeps its timer slack; holds end up to 50 µs later");
    }
}

fn nanoseconds() -> Histogram<u64> {
    // One second is later than any hold ends on a machine that works; worse saturates.
    Histogram::new_with_bounds(1, 1_000_000_000, 3).expect("1 ns to 1 s with 3 digits are valid bounds")
}

fn as_nanos(late: Duration) -> u64 {
    u64::try_from(late.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "at most 1e9")]
fn quantiles(recorded: &Histogram<u64>) -> LatenessUs {
    let us = |nanos: u64| nanos as f64 / 1000.0;
    LatenessUs {
        p50_us: us(recorded.value_at_quantile(0.5)),
        p99_us: us(recorded.value_at_quantile(0.99)),
        max_us: us(recorded.max()),
    }
}

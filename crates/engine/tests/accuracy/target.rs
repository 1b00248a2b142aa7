//! Targets whose answers are due at instants that follow from a closed form.
//!
//! In:  a [`Service`]. Out: an HTTP server on loopback that answers every request when it is due.
//!
//! An instrument has to be quicker than what it measures: after a freeze of a second 400 answers are due at the same
//! instant, and a web server that takes 10 µs for each would put 4 ms of its own work into the measurement. So the thread
//! that keeps the deadlines writes the answers itself, and nothing is parsed but the end of the head.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::io::AsyncReadExt as _;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// How a target answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Service {
    /// Every answer takes `sleep`; each period begins with a freeze. A request that arrives in a freeze waits for its end,
    /// then sleeps; requests that already sleep are unaffected.
    Stall { sleep: Duration, period: Duration, freeze: Duration },
    /// One request at a time, each for so long, in the order of their arrival.
    OneAtATime(Duration),
}

/// A running target. It answers until the process ends.
pub(crate) struct SlowTarget {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    service: Service,
    held: Mutex<Held>,
    changed: Condvar,
}

#[derive(Default)]
struct Held {
    /// When the first freeze begins; until it is known there is none.
    origin: Option<Instant>,
    /// When the last request is done, of a target that does one at a time.
    busy_until: Option<Instant>,
    /// Deadline, order of arrival, connection.
    due: BinaryHeap<Reverse<(Instant, usize, usize)>>,
    streams: Vec<TcpStream>,
    /// When each request arrived, in the order of arrival.
    arrived: Vec<Instant>,
    /// Which of them was answered when.
    answered: Vec<(usize, Instant)>,
    late_us: Vec<u32>,
}

impl Held {
    /// When a request that arrives now is answered.
    fn due_at(&mut self, service: Service, arrived: Instant) -> Instant {
        match service {
            Service::Stall { sleep, period, freeze } => {
                let since = self.origin.and_then(|origin| arrived.checked_duration_since(origin));
                let Some(since) = since else { return arrived + sleep };
                let into = Duration::from_nanos((since.as_nanos() % period.as_nanos()) as u64);
                arrived + freeze.saturating_sub(into) + sleep
            }
            Service::OneAtATime(takes) => {
                let due = self.busy_until.map_or(arrived, |until| until.max(arrived)) + takes;
                self.busy_until = Some(due);
                due
            }
        }
    }
}

impl SlowTarget {
    pub(crate) fn start(service: Service) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a listener can be made non-blocking");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared { service, held: Mutex::default(), changed: Condvar::new() });
        let (answering, reading) = (Arc::clone(&shared), Arc::clone(&shared));
        thread::spawn(move || answering.keep_deadlines());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime starts");
            runtime.block_on(reading.accept(listener));
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From when on it freezes.
    pub(crate) fn freeze_from(&self, origin: Instant) {
        self.shared.held().origin = Some(origin);
    }

    /// How long it took itself over what it answered in this time, from arrival to answer: the closed form, with what
    /// this machine's timers and bursts of work add to it.
    pub(crate) fn took(&self, from: Instant, to: Instant) -> Histogram<u64> {
        let held = self.shared.held();
        let within = held.answered.iter().filter(|(_, at)| (from..to).contains(at));
        gathered(within.map(|(number, at)| at.duration_since(held.arrived[*number])))
    }

    /// The same, counted from when each request should have been sent: the first at `begin`, then one every `every`.
    pub(crate) fn took_since_plan(&self, begin: Instant, every: Duration) -> Histogram<u64> {
        let held = self.shared.held();
        let planned = |number: usize| begin + every * u32::try_from(number).expect("a test sends less");
        gathered(held.answered.iter().map(|(number, at)| at.saturating_duration_since(planned(*number))))
    }

    /// How late answers were written at the median and at 99 %.
    pub(crate) fn late(&self) -> (Duration, Duration) {
        let mut late = self.shared.held().late_us.clone();
        late.sort_unstable();
        let at = |share: f64| Duration::from_micros(late[(late.len() as f64 * share) as usize].into());
        (at(0.5), at(0.99))
    }
}

fn gathered(times: impl Iterator<Item = Duration>) -> Histogram<u64> {
    let mut all = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds");
    for time in times {
        all.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1));
    }
    all
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn accept(self: Arc<Self>, listener: std::net::TcpListener) {
        let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime takes sockets");
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("loopback knows TCP_NODELAY");
            let stream = stream.into_std().expect("nothing else holds the socket");
            let writing = stream.try_clone().expect("a descriptor is left");
            let reading = tokio::net::TcpStream::from_std(stream).expect("the runtime takes sockets");
            let index = {
                let mut held = self.held();
                held.streams.push(writing);
                held.streams.len() - 1
            };
            tokio::spawn(Arc::clone(&self).read(reading, index));
        }
    }

    async fn read(self: Arc<Self>, mut stream: tokio::net::TcpStream, index: usize) {
        let (mut piece, mut tail) = ([0_u8; 2048], Vec::new());
        while let Ok(read) = stream.read(&mut piece).await {
            if read == 0 {
                break;
            }
            let arrived = Instant::now();
            tail.extend_from_slice(&piece[..read]);
            if !tail.ends_with(b"\r\n\r\n") {
                continue;
            }
            tail.clear();
            let mut held = self.held();
            let due = held.due_at(self.service, arrived);
            let number = held.arrived.len();
            held.arrived.push(arrived);
            let is_first = held.due.peek().is_none_or(|Reverse((first, ..))| due < *first);
            held.due.push(Reverse((due, number, index)));
            drop(held);
            if is_first {
                self.changed.notify_one();
            }
        }
    }

    fn keep_deadlines(&self) {
        // Wake-ups are not to be bundled with those of others.
        let _ = nix::sys::prctl::set_timerslack(1);
        let mut held = self.held();
        loop {
            let now = Instant::now();
            match held.due.peek() {
                None => held = self.changed.wait(held).unwrap_or_else(PoisonError::into_inner),
                Some(Reverse((due, ..))) if *due > now => {
                    let left = *due - now;
                    held = self.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                Some(_) => {
                    let Some(Reverse((due, number, index))) = held.due.pop() else { continue };
                    // A client that has hung up needs no answer.
                    let _ = (&held.streams[index]).write_all(ANSWER);
                    held.answered.push((number, Instant::now()));
                    held.late_us.push(u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX));
                }
            }
        }
    }
}

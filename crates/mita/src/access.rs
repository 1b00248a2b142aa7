//! Counts what the target answered, so that a load engine's books can be compared with the target's own.
//!
//! In:  one [`Visit`] per request. Out: [`AccessCounts`], and a line per answer in the access log when there is one.
//!
//! Invariant: arrived = answered + reset + abandoned + in progress.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http::Method;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

/// Lines that may wait for the disk; beyond that a request waits for the log rather than losing its line.
const LOG_QUEUE: usize = 65_536;

/// Books of one target.
#[derive(Debug)]
pub(crate) struct Access {
    arrived: AtomicU64,
    reset: AtomicU64,
    abandoned: AtomicU64,
    truncated: AtomicU64,
    connections: AtomicU64,
    answered: Mutex<BTreeMap<Key, u64>>,
    log: Option<Log>,
}

/// Method, path, status: ordered as they are listed.
type Key = (&'static str, &'static str, u16);

/// What a target answered so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct AccessCounts {
    /// Connections accepted.
    pub connections: u64,
    /// Requests whose head was read.
    pub arrived: u64,
    /// Requests whose connection was reset as ordered.
    pub reset: u64,
    /// Requests whose client went away before the answer.
    pub abandoned: u64,
    /// Answers whose body broke off as ordered (counted among the answered too).
    pub truncated: u64,
    /// Answers by method, path and status.
    pub answered: Vec<Answered>,
}

/// Answers of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Answered {
    /// Request method.
    pub method: String,
    /// Path of the service, or `(other)`.
    pub path: String,
    /// Status.
    pub status: u16,
    /// How many.
    pub count: u64,
}

impl AccessCounts {
    /// Answers to a path with a status.
    pub fn count(&self, method: &str, path: &str, status: u16) -> u64 {
        self.answered
            .iter()
            .filter(|answered| answered.method == method && answered.path == path && answered.status == status)
            .map(|answered| answered.count)
            .sum()
    }
}

impl Access {
    pub(crate) fn new(log: Option<&Path>) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            arrived: AtomicU64::new(0),
            reset: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            truncated: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            answered: Mutex::default(),
            log: log.map(Log::start).transpose()?,
        }))
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has arrived. `path` is one of the service's own.
    pub(crate) fn arrive(self: &Arc<Self>, method: &Method, path: &'static str) -> Visit {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        Visit { access: Arc::clone(self), method: method_name(method), path, arrived: Instant::now(), ended: false }
    }

    pub(crate) fn counts(&self) -> AccessCounts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        AccessCounts {
            connections: load(&self.connections),
            arrived: load(&self.arrived),
            reset: load(&self.reset),
            abandoned: load(&self.abandoned),
            truncated: load(&self.truncated),
            answered: self
                .answered
                .lock()
                .iter()
                .map(|((method, path, status), count)| Answered {
                    method: (*method).to_owned(),
                    path: (*path).to_owned(),
                    status: *status,
                    count: *count,
                })
                .collect(),
        }
    }
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "(other)",
    }
}

/// One request in progress. Dropped without an end it was abandoned by its client.
#[derive(Debug)]
pub(crate) struct Visit {
    access: Arc<Access>,
    method: &'static str,
    path: &'static str,
    arrived: Instant,
    ended: bool,
}

impl Visit {
    pub(crate) fn answered(mut self, status: u16, truncated: bool) {
        self.ended = true;
        if truncated {
            self.access.truncated.fetch_add(1, Ordering::Relaxed);
        }
        *self.access.answered.lock().entry((self.method, self.path, status)).or_insert(0) += 1;
        if let Some(log) = &self.access.log {
            let took = self.arrived.elapsed();
            log.write(Line { at: Timestamp::now(), method: self.method, path: self.path, status, took });
        }
    }

    pub(crate) fn reset(mut self) {
        self.ended = true;
        self.access.reset.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.ended {
            self.access.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The access log: lines are written by a thread of its own.
#[derive(Debug)]
struct Log {
    lines: Option<SyncSender<Line>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Line {
    at: Timestamp,
    method: &'static str,
    path: &'static str,
    status: u16,
    took: Duration,
}

impl Log {
    fn start(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        let (lines, received) = sync_channel(LOG_QUEUE);
        let thread = std::thread::Builder::new()
            .name("mita-log".to_owned())
            .spawn(move || write_lines(BufWriter::new(file), &received))?;
        Ok(Self { lines: Some(lines), thread: Some(thread) })
    }

    fn write(&self, line: Line) {
        if let Some(lines) = &self.lines {
            // Fails only when the thread gave up, which it has told.
            let _ = lines.send(line);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write_lines(mut file: BufWriter<File>, lines: &Receiver<Line>) {
    let mut write = || -> io::Result<()> {
        while let Ok(first) = lines.recv() {
            for line in std::iter::once(first).chain(lines.try_iter()) {
                let Line { at, method, path, status, took } = line;
                writeln!(file, "{at} {method} {path} {status} {}us", took.as_micros())?;
            }
            // Whoever reads the log while nothing happens sees all of it.
            file.flush()?;
        }
        file.flush()
    };
    if let Err(error) = write() {
        tracing::error!(%error, "the access log cannot be written any more");
    }
}

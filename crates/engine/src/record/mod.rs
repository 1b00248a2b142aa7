//! The recorder: takes samples from many threads and folds them into one tick a second.
//!
//! In:  a [`Sample`] for every request that ended, counts of starts, gauges. Out: [`Tick`]s with mergeable histograms.
//! Not here: judging (`stats`), storing (`store`).
//!
//! A request only appends a few words to the list of its thread; the histograms are made once a second by the ticker's
//! own thread. So recording costs the same for one name as for five hundred, and nothing waits for it.
//!
//! Invariant: nothing is lost or counted twice: the sum of all ticks equals the sum of all samples.

mod examples;
mod fold;
mod names;
mod opening;
mod sample;
mod starts;
mod ticker;

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
};

pub(crate) use examples::{Examples, Failed};
pub(crate) use names::{NameId, Names};
pub(crate) use opening::{Opening, Step};
use parking_lot::Mutex;
pub(crate) use sample::{Counts, Key, Planned, Sample, Stamps, second_of, service_time};
#[cfg(test)]
pub(crate) use starts::StartCounts;
pub(crate) use starts::{StartEvent, Starts};
pub(crate) use ticker::{Ticker, TickerPlan};

use crate::code::ErrorCode;

/// Lists that threads append to; more than threads that record would only waste memory.
const SHARDS: usize = 16;

/// Everything that is counted in a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) names: Names,
    pub(crate) starts: Starts,
    shards: Vec<Mutex<Vec<Sample>>>,
    /// Iterations (open) or requests (closed) under way.
    pub(crate) in_flight: AtomicU32,
    /// Users that are at work.
    pub(crate) users: AtomicU32,
    /// Iterations that came to their end since the last tick.
    pub(crate) iterations: AtomicU64,
    /// Iterations that we cut off since the last tick.
    pub(crate) iterations_aborted: AtomicU64,
    /// Connections opened since the last tick.
    pub(crate) connections: AtomicU64,
    /// TLS handshakes done since the last tick.
    pub(crate) handshakes: AtomicU64,
    /// How long new connections took, whole run.
    pub(crate) opening: Opening,
    /// Requests by name, whole run: what goose's totals are compared with.
    totals: Mutex<BTreeMap<NameId, Total>>,
}

/// Requests of one name in the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// Without an error code.
    pub(crate) good: u64,
    /// With one, aborted ones included.
    pub(crate) bad: u64,
}

static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: Cell<usize> = Cell::new(NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARDS);
}

impl Recorder {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names,
            starts: Starts::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            in_flight: AtomicU32::new(0),
            users: AtomicU32::new(0),
            iterations: AtomicU64::new(0),
            iterations_aborted: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            handshakes: AtomicU64::new(0),
            opening: Opening::default(),
            totals: Mutex::default(),
        }
    }

    /// Takes a sample.
    pub(crate) fn record(&self, sample: Sample) {
        self.shards[SHARD.get()].lock().push(sample);
    }

    /// Takes out every sample that ended up to and including `second`; later ones stay.
    fn collect(&self, second: u32, into: &mut Vec<Sample>) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            // Samples come nearly in order, and nearly always all of them are due.
            let from = into.len();
            into.append(&mut shard);
            let mut index = from;
            while index < into.len() {
                if into[index].second > second {
                    shard.push(into.swap_remove(index));
                } else {
                    index += 1;
                }
            }
        }
        let mut totals = self.totals.lock();
        // What was never sent, goose is not told of.
        for sample in into.iter().filter(|sample| !sample.key.code().is_some_and(ErrorCode::is_unsent)) {
            let total = totals.entry(sample.key.name()).or_default();
            match sample.key.code() {
                None => total.good += 1,
                Some(_) => total.bad += 1,
            }
        }
    }

    /// Whether anything waits to be folded.
    fn has_pending(&self) -> bool {
        self.shards.iter().any(|shard| !shard.lock().is_empty()) || !self.starts.is_empty()
    }

    /// Nobody is at work any more, whatever a task that was given up has left behind.
    pub(crate) fn settle(&self) {
        self.in_flight.store(0, Ordering::Relaxed);
        self.users.store(0, Ordering::Relaxed);
    }

    /// Requests by name over the whole run. Complete once the ticker has ended.
    pub(crate) fn totals(&self) -> BTreeMap<String, Total> {
        self.totals.lock().iter().map(|(id, total)| (self.names.name(*id).to_owned(), *total)).collect()
    }
}

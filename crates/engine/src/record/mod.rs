//! The recorder: takes samples from many threads and folds them into one tick a second.
//!
//! In:  a [`Sample`] for every request and an [`Iteration`] for every iteration that ended, counts of starts, gauges. Out: [`Tick`]s with mergeable histograms.
//! Not here: judging (`stats`), storing (`store`).
//!
//! A request only appends a few words to the list of its thread; the histograms are made once a second by the ticker's
//! own thread. So recording costs the same for one name as for five hundred, and nothing waits for it.
//!
//! Invariant: nothing is lost or counted twice: the sum of all ticks equals the sum of all samples.

mod breakdown;
mod examples;
mod fold;
mod groups;
mod names;
mod opening;
mod sample;
mod shards;
mod starts;
mod ticker;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

pub(crate) use breakdown::Iteration;
pub(crate) use examples::{Examples, Failed};
pub(crate) use groups::{ClassFlows, GroupId, Groups};
pub(crate) use names::{NameId, Names};
pub(crate) use opening::{Opening, Step};
use parking_lot::Mutex;
pub(crate) use sample::{Counts, Key, Micros, Planned, Sample, Stamps, second_of, service_time};
#[cfg(test)]
pub(crate) use starts::StartCounts;
pub(crate) use starts::{StartEvent, Starts};
pub(crate) use ticker::{Adjustment, Ticker, TickerPlan};

use crate::code::ErrorCode;

/// Everything that is counted in a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) names: Names,
    pub(crate) starts: Starts,
    /// Under what everything is counted by class and flow.
    pub(crate) groups: Groups,
    shards: Vec<Mutex<Shard>>,
    /// Iterations begun since the last tick, by group.
    begun: Vec<AtomicU64>,
    /// Users that are at work, by class.
    class_users: Vec<AtomicU32>,
    /// Iterations (open) or requests (closed) under way.
    pub(crate) in_flight: AtomicU32,
    /// Connections opened since the last tick.
    pub(crate) connections: AtomicU64,
    /// TLS handshakes done since the last tick.
    pub(crate) handshakes: AtomicU64,
    /// How long new connections took, whole run.
    pub(crate) opening: Opening,
    /// Requests by name, whole run: what goose's totals are compared with.
    totals: Mutex<BTreeMap<NameId, Total>>,
}

/// What one thread has noted.
#[derive(Debug, Default)]
struct Shard {
    samples: Vec<Sample>,
    iterations: Vec<Iteration>,
}

/// Requests of one name in the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// Without an error code.
    pub(crate) good: u64,
    /// With one, aborted ones included.
    pub(crate) bad: u64,
}

impl Recorder {
    pub(crate) fn new(names: Names, groups: Groups) -> Self {
        Self {
            names,
            starts: Starts::default(),
            begun: (0..groups.len()).map(|_| AtomicU64::new(0)).collect(),
            class_users: groups.class_names().iter().map(|_| AtomicU32::new(0)).collect(),
            groups,
            shards: shards::shards(),
            in_flight: AtomicU32::new(0),
            connections: AtomicU64::new(0),
            handshakes: AtomicU64::new(0),
            opening: Opening::default(),
            totals: Mutex::default(),
        }
    }

    /// Takes a sample.
    pub(crate) fn record(&self, sample: Sample) {
        self.shards[shards::of_this_thread()].lock().samples.push(sample);
    }

    /// An iteration begins.
    pub(crate) fn iteration_begins(&self, group: GroupId) {
        if let Some(begun) = self.begun.get(usize::from(group.0)) {
            begun.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An iteration is over.
    pub(crate) fn iteration_ends(&self, iteration: Iteration) {
        self.shards[shards::of_this_thread()].lock().iterations.push(iteration);
    }

    /// A user of a class comes.
    pub(crate) fn user_comes(&self, class: usize) {
        if let Some(users) = self.class_users.get(class) {
            users.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A user of a class does nothing any more.
    pub(crate) fn user_goes(&self, class: usize) {
        if let Some(users) = self.class_users.get(class) {
            users.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes the iterations begun since the last time, by group.
    fn take_begun(&self) -> Vec<u64> {
        self.begun.iter().map(|begun| begun.swap(0, Ordering::Relaxed)).collect()
    }

    /// Users at work, by class.
    fn users_by_class(&self) -> Vec<u64> {
        self.class_users.iter().map(|users| users.load(Ordering::Relaxed).into()).collect()
    }

    /// Takes out everything that ended up to and including `second`; what is later stays.
    fn collect(&self, second: u32, into: &mut Vec<Sample>, iterations: &mut Vec<Iteration>) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            let Shard { samples: noted, iterations: over } = &mut *shard;
            take_due(noted, into, |sample| sample.second > second);
            take_due(over, iterations, |iteration| iteration.second > second);
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

    /// Forgets what was noted: of benchmark cases, whose times are kept by the harness.
    pub(crate) fn forget(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.samples.clear();
            shard.iterations.clear();
        }
    }

    /// Whether anything waits to be folded.
    fn has_pending(&self) -> bool {
        let noted = self.shards.iter().any(|shard| {
            let shard = shard.lock();
            !shard.samples.is_empty() || !shard.iterations.is_empty()
        });
        noted || !self.starts.is_empty()
    }

    /// Nobody is at work any more, whatever a task that was given up has left behind.
    pub(crate) fn settle(&self) {
        self.in_flight.store(0, Ordering::Relaxed);
        self.class_users.iter().for_each(|users| users.store(0, Ordering::Relaxed));
    }

    /// Requests by name over the whole run. Complete once the ticker has ended.
    pub(crate) fn totals(&self) -> BTreeMap<String, Total> {
        self.totals.lock().iter().map(|(id, total)| (self.names.name(*id).to_owned(), *total)).collect()
    }
}

/// Moves what is due. It comes nearly in order, and nearly always all of it is due.
fn take_due<T>(noted: &mut Vec<T>, into: &mut Vec<T>, is_later: impl Fn(&T) -> bool) {
    let mut index = into.len();
    into.append(noted);
    while index < into.len() {
        if is_later(&into[index]) {
            noted.push(into.swap_remove(index));
        } else {
            index += 1;
        }
    }
}

//! Folds a second by class and flow: whose requests they were, and how iterations went.
//!
//! In:  each request of the second with its group and headline time, each iteration that ended in it. Out: a
//! [`ClassTick`] for each class that did anything or has users at work.
//!
//! Times are kept as plain numbers until the second is told: an empty histogram for each of some hundred groups would
//! be a hundred megabytes.

use hdrhistogram::{Histogram, serialization::V2Serializer};
use perflab_model::{
    breakdown::{ClassTick, PartCounts, PartTick},
    tick::{Counted, EncodedHistogram},
};

use super::{
    fold::{encode, histogram},
    groups::{GroupId, Groups},
    sample::Micros,
};
use crate::flow::IterationEnd;

/// One iteration that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Iteration {
    pub(crate) group: GroupId,
    /// The second of the run in which it ended.
    pub(crate) second: u32,
    pub(crate) end: IterationEnd,
    /// Whether a request in it failed by the target's fault.
    pub(crate) failed: bool,
    /// From its planned start (open) or its first step (closed) to its end.
    pub(crate) took: Micros,
}

/// Scratch space for the groups of a run.
pub(super) struct Breakdown {
    groups: Vec<Group>,
    times: Histogram<u64>,
    serializer: V2Serializer,
    /// Iterations of the second that came to their end, and those that were cut off.
    ended: (u64, u64),
}

#[derive(Default)]
struct Group {
    counts: PartCounts,
    latencies: Vec<u32>,
    durations: Vec<u32>,
}

impl Breakdown {
    pub(super) fn new() -> Self {
        Self { groups: Vec::new(), times: histogram(), serializer: V2Serializer::new(), ended: (0, 0) }
    }

    fn group(&mut self, group: GroupId) -> &mut Group {
        let index = usize::from(group.0);
        if index >= self.groups.len() {
            self.groups.resize_with(index + 1, Group::default);
        }
        &mut self.groups[index]
    }

    /// Counts a request with its headline time.
    pub(super) fn request(&mut self, group: GroupId, counted: Counted, headline_us: u64) {
        let group = self.group(group);
        group.counts.finished += u64::from(counted.is_finished());
        group.counts.failed += u64::from(counted.is_failed());
        if counted.is_latency() {
            // Times saturate at an hour, which fits.
            group.latencies.push(u32::try_from(headline_us).unwrap_or(u32::MAX));
        }
    }

    /// Counts an iteration.
    pub(super) fn iteration(&mut self, iteration: &Iteration) {
        if iteration.end == IterationEnd::Stopped {
            self.ended.1 += 1;
            self.group(iteration.group).counts.iterations_aborted += 1;
            return;
        }
        self.ended.0 += 1;
        let group = self.group(iteration.group);
        group.counts.iterations += 1;
        group.counts.iterations_failed += u64::from(iteration.failed);
        // What broke off early is no whole iteration: a refused first request must not better the median.
        if iteration.end == IterationEnd::Done {
            group.durations.extend(iteration.took.get().and_then(|us| u32::try_from(us).ok()));
        }
    }

    /// Iterations since the last tick that came to their end, and those that were cut off.
    pub(super) fn take_ended(&mut self) -> (u64, u64) {
        std::mem::take(&mut self.ended)
    }

    /// Takes what was counted. `started` are the iterations begun in each group, `users` those at work in each class.
    pub(super) fn take(&mut self, groups: &Groups, started: &[u64], users: &[u64]) -> Vec<ClassTick> {
        let named = groups.class_names().iter().enumerate();
        let mut classes: Vec<ClassTick> = named
            .map(|(class, name)| ClassTick {
                name: name.clone(),
                user_seconds: users.get(class).copied().unwrap_or(0),
                parts: Vec::new(),
            })
            .collect();
        for (index, (class, part)) in groups.rows().iter().enumerate() {
            let Self { groups, times, serializer, .. } = self;
            let mut nothing = Group::default();
            let group = groups.get_mut(index).unwrap_or(&mut nothing);
            group.counts.iterations_started = started.get(index).copied().unwrap_or(0);
            let mut told = |values: &mut Vec<u32>| packed(times, serializer, values);
            let (latency, duration) = (told(&mut group.latencies), told(&mut group.durations));
            let counts = std::mem::take(&mut group.counts);
            if !counts.is_empty() {
                classes[*class].parts.push(PartTick { part: part.clone(), counts, latency, duration });
            }
        }
        classes.retain(|class| class.user_seconds > 0 || !class.parts.is_empty());
        classes
    }
}

fn packed(
    times: &mut Histogram<u64>,
    serializer: &mut V2Serializer,
    values: &mut Vec<u32>,
) -> Option<EncodedHistogram> {
    if values.is_empty() {
        return None;
    }
    times.reset();
    for value in values.drain(..) {
        times.saturating_record(value.into());
    }
    Some(encode(serializer, times))
}

//! Ticks added up, one by one: the same while a run goes on and afterwards.
//!
//! In:  [`ReadTick`]s, in the order of their seconds.
//! Out: totals, the distribution of every request and of all together, errors, the last ten seconds.
//! Promise: what is judged holds no warm-up. Memory is bounded by the number of requests, not by the run's length.

mod classes;
mod read;
mod tally;

use std::collections::{BTreeMap, VecDeque};

use perflab_model::{
    breakdown::ClassSummary,
    plan::Plan,
    summary::{Distribution, ErrorSummary, LatencyKind, Recent, RequestSummary, Totals},
    tick::{Counted, Phase, Point},
};

use classes::Classes;
pub use read::{ReadClass, ReadOutcome, ReadPart, ReadTick};
pub(crate) use tally::{Tally, distribution};

use crate::phase::Phases;

/// Seconds that "recent" stands for.
const RECENT_SECONDS: u32 = 10;

/// One of the recent points.
#[derive(Clone, Debug)]
struct RecentSecond {
    seconds: u32,
    planned: u64,
    started: u64,
    finished: u64,
    failed: u64,
    latency: crate::Histogram,
}

/// Everything that a summary needs, added up.
#[derive(Clone, Debug)]
pub struct Accumulator {
    kind: LatencyKind,
    totals: Totals,
    /// Requests that ended in seconds that count into rates.
    in_window: u64,
    all: Tally,
    requests: Vec<(String, Tally)>,
    classes: Classes,
    errors: Vec<ErrorSummary>,
    recent: VecDeque<RecentSecond>,
    newest: Option<Point>,
    phases: Phases,
}

impl Accumulator {
    /// An empty one. `kind` says which time is the headline: response in open runs, service in closed ones.
    pub fn new(kind: LatencyKind) -> Self {
        Self {
            kind,
            totals: Totals::default(),
            in_window: 0,
            all: Tally::default(),
            requests: Vec::new(),
            classes: Classes::default(),
            errors: Vec::new(),
            recent: VecDeque::new(),
            newest: None,
            phases: Phases::default(),
        }
    }

    /// Adds a second.
    pub fn add(&mut self, tick: &ReadTick) {
        let point = &tick.point;
        let was_warming = !self.phases.is_judged();
        self.phases.next(point.phase);
        if was_warming && self.phases.is_judged() {
            self.forget_warm_up();
        }
        self.totals.planned += point.planned;
        self.totals.started += point.started;
        self.totals.dropped += point.dropped;
        self.totals.late += point.late;
        self.totals.connections += point.connections;
        self.totals.bytes_sent += point.bytes_sent;
        self.totals.bytes_received += point.bytes_received;
        let counts_into_rate = point.phase != Phase::Draining;
        if counts_into_rate {
            self.totals.measured_seconds += f64::from(point.seconds);
        }
        self.classes.add(&tick.classes, counts_into_rate);
        let mut second = RecentSecond {
            seconds: point.seconds,
            planned: point.planned,
            started: point.started,
            finished: 0,
            failed: 0,
            latency: crate::Histogram::new(),
        };
        for (name, outcomes) in &tick.requests {
            let at = self.position(name);
            for outcome in outcomes {
                self.all.add(outcome, counts_into_rate);
                self.requests[at].1.add(outcome, counts_into_rate);
                if outcome.counted == Counted::Aborted {
                    self.totals.aborted += outcome.count;
                }
                if outcome.counted.is_finished() {
                    self.totals.finished += outcome.count;
                    second.finished += outcome.count;
                    if counts_into_rate {
                        self.in_window += outcome.count;
                    }
                }
                if outcome.counted.is_failed() {
                    self.totals.failed += outcome.count;
                    second.failed += outcome.count;
                }
                if outcome.counted.is_latency() {
                    second.latency.merge(&outcome.latency);
                }
                self.note_error(name, outcome, point);
            }
        }
        self.recent.push_back(second);
        while self.recent.front().is_some_and(|oldest| self.recent_seconds() - oldest.seconds >= RECENT_SECONDS) {
            self.recent.pop_front();
        }
        self.newest = Some(point.clone());
    }

    /// Shown while it lasted, judged never.
    fn forget_warm_up(&mut self) {
        self.in_window = 0;
        self.all = Tally::default();
        for (_, tally) in &mut self.requests {
            *tally = Tally::default();
        }
        self.classes = Classes::default();
        self.totals.finished = 0;
        self.totals.failed = 0;
        self.totals.aborted = 0;
        self.totals.measured_seconds = 0.0;
    }

    fn position(&mut self, name: &str) -> usize {
        self.requests.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.requests.push((name.to_owned(), Tally::default()));
            self.requests.len() - 1
        })
    }

    fn recent_seconds(&self) -> u32 {
        self.recent.iter().map(|second| second.seconds).sum()
    }

    fn note_error(&mut self, request: &str, outcome: &ReadOutcome, point: &Point) {
        let Some(code) = &outcome.error else { return };
        match self.errors.iter_mut().find(|error| error.code == *code && error.request == request) {
            Some(error) => {
                error.count += outcome.count;
                error.last_second = point.end().saturating_sub(1);
            }
            None => self.errors.push(ErrorSummary {
                code: code.clone(),
                request: request.to_owned(),
                count: outcome.count,
                first_second: point.second,
                last_second: point.end().saturating_sub(1),
                examples: Vec::new(),
            }),
        }
    }

    /// The newest second, if there is one.
    pub fn newest(&self) -> Option<&Point> {
        self.newest.as_ref()
    }

    /// Whether the warm-up is over, so that what is here may be judged.
    pub fn is_judged(&self) -> bool {
        self.phases.is_judged()
    }

    /// Counts, so far.
    pub fn totals(&self) -> Totals {
        let mut totals = self.totals;
        totals.rate_per_s = per_second(self.in_window, totals.measured_seconds);
        totals
    }

    /// All requests together.
    pub fn latency(&self) -> Distribution {
        self.all.latency(Some(self.kind))
    }

    /// `end − sent` of all requests together.
    pub fn service(&self) -> Distribution {
        self.all.service()
    }

    /// Times of all requests together, for numbers beyond a [`Distribution`].
    pub fn latency_histogram(&self) -> &crate::Histogram {
        self.all.latency_histogram()
    }

    /// The 95 % interval of a quantile of a request's times (of all together without a name), microseconds, from its
    /// order statistics.
    pub fn quantile_interval_us(&self, request: Option<&str>, p: f64) -> crate::Interval {
        let times = match request {
            None => Some(self.all.latency_histogram()),
            Some(name) => {
                self.requests.iter().find(|(known, _)| *known == name).map(|(_, tally)| tally.latency_histogram())
            }
        };
        times.map_or(crate::Interval::OPEN, |times| {
            let (low, high) = crate::quantile_ranks(times.count(), p);
            let end = |rank: Option<u64>, open: f64| rank.and_then(|rank| times.at_rank_us(rank)).unwrap_or(open);
            crate::Interval { low: end(low, f64::NEG_INFINITY), high: end(high, f64::INFINITY) }
        })
    }

    /// Every request, in the order of first appearance.
    pub fn requests(&self) -> Vec<RequestSummary> {
        let seconds = self.totals.measured_seconds;
        // What only the warm-up sent (log-ins, mostly) has nothing to tell.
        let told = self.requests.iter().filter(|(_, tally)| !tally.is_empty());
        told.map(|(name, tally)| tally.summary(name, self.kind, seconds)).collect()
    }

    /// Classes of users and their flows, beside what the plan wanted of them.
    pub fn classes(&self, plan: &Plan) -> Vec<ClassSummary> {
        self.classes.summary(plan, self.kind)
    }

    /// Every kind of error, warm-up included, most frequent first. Examples are the caller's.
    pub fn errors(&self) -> Vec<ErrorSummary> {
        let mut errors = self.errors.clone();
        errors.sort_by_key(|error| std::cmp::Reverse(error.count));
        errors
    }

    /// Failed and aborted requests of the whole run by code.
    pub fn errors_by_code(&self) -> BTreeMap<&str, u64> {
        let mut codes = BTreeMap::new();
        for error in &self.errors {
            *codes.entry(error.code.as_str()).or_insert(0) += error.count;
        }
        codes
    }

    /// The last ten seconds, warm-up included.
    pub fn recent(&self) -> Recent {
        let mut latency = crate::Histogram::new();
        let (mut planned, mut started, mut finished, mut failed) = (0, 0, 0, 0);
        for second in &self.recent {
            planned += second.planned;
            started += second.started;
            finished += second.finished;
            failed += second.failed;
            latency.merge(&second.latency);
        }
        let rate = |count| per_second(count, f64::from(self.recent_seconds())).unwrap_or(0.0);
        Recent {
            planned_per_s: rate(planned),
            started_per_s: rate(started),
            rate_per_s: rate(finished),
            error_rate: perflab_model::unit::Ratio::of(failed, finished).map(perflab_model::unit::Ratio::get),
            latency: distribution(&latency, Some(self.kind)),
        }
    }
}

fn per_second(count: u64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| count as f64 / seconds)
}

#[cfg(test)]
mod tests;

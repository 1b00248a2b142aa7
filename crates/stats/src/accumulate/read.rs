//! A tick with its histograms unpacked, once for all who look at it.

use perflab_model::{
    breakdown::{ClassTick, Part, PartCounts},
    summary::LatencyKind,
    tick::{Counted, EncodedHistogram, OutcomeTick, Point, Tick},
};

use crate::Histogram;

/// One outcome of one request in one second.
#[derive(Clone, Debug)]
pub struct ReadOutcome {
    /// First digit of the status; 0 without an answer.
    pub status_class: u8,
    /// The error code; none for a success.
    pub error: Option<String>,
    /// How its requests count.
    pub counted: Counted,
    /// How many.
    pub count: u64,
    /// The headline time: response of open runs, service of closed ones.
    pub latency: Histogram,
    /// `end − planned`.
    pub response: Histogram,
    /// `end − sent`.
    pub service: Histogram,
    /// `sent − planned`.
    pub lag: Option<Histogram>,
    /// The part of `lag` whose starts waited for a slot.
    pub queued_lag: Option<Histogram>,
    /// First byte − sent.
    pub ttfb: Option<Histogram>,
    /// Checks that passed.
    pub checks_passed: u64,
    /// Checks that failed.
    pub checks_failed: u64,
}

/// A class of users in one second.
#[derive(Clone, Debug)]
pub struct ReadClass {
    /// Its name.
    pub name: String,
    /// Users of it at work at the end of the second, or of each second, added up.
    pub user_seconds: u64,
    /// What they did.
    pub parts: Vec<ReadPart>,
}

/// A part of what a class did in one second.
#[derive(Clone, Debug)]
pub struct ReadPart {
    /// Which.
    pub part: Part,
    /// Its numbers.
    pub counts: PartCounts,
    /// Headline time of its requests.
    pub latency: Histogram,
    /// Time of its iterations that did every step.
    pub duration: Histogram,
}

/// A tick, unpacked.
#[derive(Clone, Debug)]
pub struct ReadTick {
    /// Its numbers.
    pub point: Point,
    /// Outcomes by request.
    pub requests: Vec<(String, Vec<ReadOutcome>)>,
    /// The same by class of users and flow.
    pub classes: Vec<ReadClass>,
    /// Histograms that could not be read; what they counted has no times here.
    pub unreadable: u64,
}

impl ReadTick {
    /// Unpacks a tick.
    pub fn new(tick: &Tick, kind: LatencyKind) -> Self {
        let mut unreadable = 0;
        let requests = tick
            .requests
            .iter()
            .map(|request| {
                let outcomes = request.outcomes.iter().map(|outcome| read(outcome, kind, &mut unreadable)).collect();
                (request.name.clone(), outcomes)
            })
            .collect();
        let classes = tick.classes.iter().map(|class| read_class(class, &mut unreadable)).collect();
        Self { point: tick.point.clone(), requests, classes, unreadable }
    }
}

fn read_class(class: &ClassTick, unreadable: &mut u64) -> ReadClass {
    let mut unpack = |encoded: &Option<EncodedHistogram>| match encoded.as_ref().map(Histogram::decode) {
        None => Histogram::new(),
        Some(read) => read.unwrap_or_else(|_| {
            *unreadable += 1;
            Histogram::new()
        }),
    };
    let parts = class.parts.iter().map(|part| ReadPart {
        part: part.part.clone(),
        counts: part.counts,
        latency: unpack(&part.latency),
        duration: unpack(&part.duration),
    });
    ReadClass { name: class.name.clone(), user_seconds: class.user_seconds, parts: parts.collect() }
}

fn read(outcome: &OutcomeTick, kind: LatencyKind, unreadable: &mut u64) -> ReadOutcome {
    let mut unpack = |encoded: &EncodedHistogram| {
        Histogram::decode(encoded).unwrap_or_else(|_| {
            *unreadable += 1;
            Histogram::new()
        })
    };
    let response = unpack(&outcome.response);
    let service = if outcome.service == outcome.response { response.clone() } else { unpack(&outcome.service) };
    ReadOutcome {
        status_class: outcome.status_class,
        error: outcome.error.clone(),
        counted: outcome.counted(),
        count: outcome.count,
        latency: match kind {
            LatencyKind::Response => response.clone(),
            LatencyKind::Service => service.clone(),
        },
        response,
        service,
        lag: outcome.lag.as_ref().map(&mut unpack),
        queued_lag: outcome.queued_lag.as_ref().map(&mut unpack),
        ttfb: outcome.ttfb.as_ref().map(&mut unpack),
        checks_passed: outcome.checks_passed,
        checks_failed: outcome.checks_failed,
    }
}

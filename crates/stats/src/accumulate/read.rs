//! A tick with its histograms unpacked, once for all who look at it.

use perflab_model::{
    summary::LatencyKind,
    tick::{EncodedHistogram, OutcomeTick, Point, Tick},
};

use crate::Histogram;

/// One outcome of one request in one second.
#[derive(Clone, Debug)]
pub struct ReadOutcome {
    /// First digit of the status; 0 without an answer.
    pub status_class: u8,
    /// The error code; none for a success.
    pub error: Option<String>,
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
    /// First byte − sent.
    pub ttfb: Option<Histogram>,
    /// Checks that passed.
    pub checks_passed: u64,
    /// Checks that failed.
    pub checks_failed: u64,
}

impl ReadOutcome {
    /// Cut off by us at the end.
    pub fn is_aborted(&self) -> bool {
        self.error.as_deref() == Some("aborted")
    }

    /// Our own fault, not the target's.
    pub fn is_ours(&self) -> bool {
        self.is_aborted() || self.error.as_deref().is_some_and(|code| code.starts_with("generator."))
    }

    /// Ended, and says something about the target: what error rates and throughput count.
    pub fn is_finished(&self) -> bool {
        !self.is_ours()
    }

    /// Failed by the target's fault.
    pub fn is_failed(&self) -> bool {
        self.error.is_some() && !self.is_ours()
    }

    /// Whether its times are latency: successes, and timeouts, else the slowest would vanish. Other failures stand
    /// apart: a connection refused in 0.1 ms must not better P95.
    pub fn counts_as_latency(&self) -> bool {
        self.error.as_deref().is_none_or(|code| code == "timeout" || code.starts_with("timeout."))
    }
}

/// A tick, unpacked.
#[derive(Clone, Debug)]
pub struct ReadTick {
    /// Its numbers.
    pub point: Point,
    /// Outcomes by request.
    pub requests: Vec<(String, Vec<ReadOutcome>)>,
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
        Self { point: tick.point.clone(), requests, unreadable }
    }
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
        count: outcome.count,
        latency: match kind {
            LatencyKind::Response => response.clone(),
            LatencyKind::Service => service.clone(),
        },
        response,
        service,
        lag: outcome.lag.as_ref().map(&mut unpack),
        ttfb: outcome.ttfb.as_ref().map(&mut unpack),
        checks_passed: outcome.checks_passed,
        checks_failed: outcome.checks_failed,
    }
}

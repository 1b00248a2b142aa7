//! Ticks for tests: what an engine would have said.

use std::collections::BTreeMap;

use perflab_model::tick::{OutcomeTick, Phase, Point, RequestTick, Tick, Vitals};

use crate::Histogram;

/// An outcome with times in microseconds.
pub(crate) fn outcome(status_class: u8, error: Option<&str>, times: &[u64]) -> OutcomeTick {
    let mut histogram = Histogram::new();
    for time in times {
        histogram.record(*time, 1);
    }
    OutcomeTick {
        status_class,
        error: error.map(str::to_owned),
        count: times.len() as u64,
        bytes_received: 0,
        response: histogram.encode(),
        service: histogram.encode(),
        lag: None,
        ttfb: None,
        checks_passed: 0,
        checks_failed: 0,
    }
}

/// A second of one request or several.
pub(crate) fn tick(second: u32, phase: Phase, requests: Vec<(&str, Vec<OutcomeTick>)>) -> Tick {
    let requests: Vec<RequestTick> =
        requests.into_iter().map(|(name, outcomes)| RequestTick { name: name.to_owned(), outcomes }).collect();
    let mut errors = BTreeMap::new();
    let (mut finished, mut failed) = (0, 0);
    for outcome in requests.iter().flat_map(|request| &request.outcomes) {
        finished += outcome.count;
        if let Some(code) = &outcome.error {
            *errors.entry(code.clone()).or_insert(0) += outcome.count;
            failed += outcome.count;
        }
    }
    let point = Point {
        second,
        at_us: i64::from(second) * 1_000_000,
        phase,
        target: 10.0,
        planned: finished,
        started: finished,
        late: 0,
        dropped: 0,
        finished,
        failed,
        aborted: 0,
        iterations: finished,
        in_flight: 0,
        users: 10,
        bytes_sent: 0,
        bytes_received: 0,
        connections: 0,
        handshakes: 0,
        latency: None,
        lag_p99_us: None,
        errors,
        generator: Vitals::default(),
    };
    Tick { point, requests }
}

/// A second in which request `home` was answered well, in these times.
pub(crate) fn good(second: u32, phase: Phase, times: &[u64]) -> Tick {
    tick(second, phase, vec![("home", vec![outcome(2, None, times)])])
}

//! One second of a run: counts, errors and mergeable histograms per request, and how the generator fared.
//!
//! The engine makes ticks, the store keeps them, everything shown or judged is computed from them. Second `i` holds
//! requests that ended in it; starts and drops go by the second in which they were planned.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::breakdown::ClassTick;

/// An HDR histogram in its V2 encoding (microseconds, 1 µs to 1 h, 3 digits). Base64 in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedHistogram(pub Vec<u8>);

impl Serialize for EncodedHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for EncodedHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Where in a run a second lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Recorded and drawn, never judged.
    WarmUp,
    /// Judged.
    Measured,
    /// After the last planned start: open requests are waited for. What ends here is judged too, but the seconds do
    /// not count into rates.
    Draining,
}

/// One second, or several neighbours of a long run that were merged: then [`Point::seconds`] says how many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// The point that charts and the live page show.
    pub point: Point,
    /// Histograms for merging, per request and outcome.
    pub requests: Vec<RequestTick>,
    /// The same requests, and the iterations, by class of users and flow. Empty in what earlier versions wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassTick>,
}

/// The numbers of one second, without histograms. Times in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Point {
    /// Its first second, counted from the start of the run, from 0.
    pub second: u32,
    /// How many seconds it holds: 1, or more where neighbours of a long run were merged. Counts are of all of them
    /// together; a rate is a count divided by this.
    #[serde(default = "one")]
    pub seconds: u32,
    /// Wall clock (microseconds since the epoch, UTC) at its end. A label only.
    pub at_us: i64,
    /// Where in the run.
    pub phase: Phase,
    /// Starts a second, or users, that the plan wants at its end.
    pub target: f64,
    /// Planned starts of the second; in closed runs equal to `started`.
    pub planned: u64,
    /// Starts that were made. `planned = started + dropped` over a run.
    pub started: u64,
    /// Starts more than 5 ms after their plan, for whatever reason.
    pub late: u64,
    /// Those of `late` that had a free slot and so were late by the generator's fault; the others waited for one.
    #[serde(default)]
    pub late_own: u64,
    /// Starts that found no free slot and were given up.
    pub dropped: u64,
    /// Requests that ended and say something about the target, failed ones included: see [`Counted::is_finished`].
    pub finished: u64,
    /// Requests that failed, by the target's fault.
    pub failed: u64,
    /// Requests cut off by us at the end.
    pub aborted: u64,
    /// Iterations that came to their end, well or not.
    pub iterations: u64,
    /// Iterations that we cut off. `started = iterations + iterations_aborted` over a run.
    #[serde(default)]
    pub iterations_aborted: u64,
    /// Iterations under way at its end (closed: requests under way).
    pub in_flight: u32,
    /// Users active at its end.
    pub users: u32,
    /// Bytes of bodies and heads sent.
    pub bytes_sent: u64,
    /// Bytes of bodies and heads received.
    pub bytes_received: u64,
    /// Connections opened.
    pub connections: u64,
    /// TLS handshakes among them.
    pub handshakes: u64,
    /// Latency of what ended, all requests together; nothing when nothing ended well.
    pub latency: Option<Quantiles>,
    /// The same of the last seconds, this one included: of as many as hold [`Point::RECENT_SAMPLES`] values, at most
    /// [`Point::RECENT_SECONDS`]. What charts draw: the percentiles of a single second of a few requests say nothing.
    #[serde(default)]
    pub recent: Option<Quantiles>,
    /// P99 of `sent − planned` of all starts, those that waited for a slot included; microseconds.
    pub lag_p99_us: Option<u64>,
    /// Failed and aborted requests by error code.
    pub errors: BTreeMap<String, u64>,
    /// How the generator and its host fared.
    pub generator: Vitals,
    /// Its parts, in their order, of runs of several loads; else none. What stands above is of all of them together, but
    /// for the target: users and rates do not add up, so it is that of the parts with a rate where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartPoint>,
}

/// What one of several loads did in a second, as far as it is asked for apart. The words are those of [`Point`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartPoint {
    /// Whether its starts come at a planned rate; else it is of users.
    pub has_rate: bool,
    /// Starts a second, or users, that its plan wants at the end of the second.
    pub target: f64,
    /// Planned starts; of users equal to `started`.
    pub planned: u64,
    /// Starts that were made.
    pub started: u64,
    /// Starts late by the generator's fault.
    pub late_own: u64,
    /// Starts given up.
    pub dropped: u64,
    /// Users active at its end.
    pub users: u32,
    /// Iterations (of a rate) or requests (of users) under way at its end.
    pub in_flight: u32,
    /// Requests that ended and say something about the target.
    pub finished: u64,
    /// Requests that failed by the target's fault.
    pub failed: u64,
}

/// What a point held before any could be merged.
const fn one() -> u32 {
    1
}

impl Point {
    /// Its parts of one model: those with a rate, or those of users.
    pub fn parts_of(&self, has_rate: bool) -> impl Iterator<Item = &PartPoint> {
        self.parts.iter().filter(move |part| part.has_rate == has_rate)
    }

    /// The second after its last one.
    pub const fn end(&self) -> u32 {
        self.second.saturating_add(self.seconds)
    }

    /// A count of it as a rate.
    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 / f64::from(self.seconds.max(1))
    }

    /// Enough values for P99.
    pub const RECENT_SAMPLES: u64 = 1_000;
    /// Seconds that "recent" holds at most.
    pub const RECENT_SECONDS: usize = 10;
}

impl From<&Point> for PartPoint {
    fn from(point: &Point) -> Self {
        Self {
            has_rate: false,
            target: point.target,
            planned: point.planned,
            started: point.started,
            late_own: point.late_own,
            dropped: point.dropped,
            users: point.users,
            in_flight: point.in_flight,
            finished: point.finished,
            failed: point.failed,
        }
    }
}

impl PartPoint {
    /// Takes in the next second: counts add up, levels are those of its end.
    pub fn then(&mut self, next: &Self) {
        (self.target, self.users) = (next.target, next.users);
        self.in_flight = self.in_flight.max(next.in_flight);
        for (sum, count) in [
            (&mut self.planned, next.planned),
            (&mut self.started, next.started),
            (&mut self.late_own, next.late_own),
            (&mut self.dropped, next.dropped),
            (&mut self.finished, next.finished),
            (&mut self.failed, next.failed),
        ] {
            *sum += count;
        }
    }
}

/// Quantiles of one second, or of the last few, microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quantiles {
    /// How many values they come from.
    pub samples: u64,
    /// Mean, rounded.
    pub mean_us: u64,
    /// Median.
    pub p50_us: u64,
    /// 90 %.
    pub p90_us: u64,
    /// 95 %.
    pub p95_us: u64,
    /// 99 %.
    pub p99_us: u64,
    /// Largest.
    pub max_us: u64,
}

/// How the generator and its host fared in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Vitals {
    /// CPU time of the runner as a share of all cores it may use, 0.0 to 1.0.
    pub cpu: Option<f64>,
    /// Memory of the runner, bytes.
    pub memory_bytes: Option<u64>,
    /// CPU time stolen by the host of this machine, share of all cores.
    pub steal: Option<f64>,
    /// CPU time of everything that is neither the runner nor, where it runs here, the target, share of all cores.
    pub other: Option<f64>,
    /// How far the wall clock moved against the monotonic one, milliseconds.
    pub clock_step_ms: Option<i64>,
    /// The longest time in it for which the runner wanted to run and could not, milliseconds: it was stopped, or starved.
    pub gap_ms: Option<u64>,
}

/// One request in one second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestTick {
    /// The request's name.
    pub name: String,
    /// One entry for each outcome that occurred.
    pub outcomes: Vec<OutcomeTick>,
}

/// One outcome of one request in one second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeTick {
    /// First digit of the HTTP status; 0 where there was no answer.
    pub status_class: u8,
    /// The error code; none for a success.
    pub error: Option<String>,
    /// How many.
    pub count: u64,
    /// Bytes of bodies and heads received.
    pub bytes_received: u64,
    /// `end − planned` for the first request of an iteration of an open run, else `end − sent`.
    pub response: EncodedHistogram,
    /// `end − sent`.
    pub service: EncodedHistogram,
    /// `sent − planned`, of the first requests of iterations of open runs.
    pub lag: Option<EncodedHistogram>,
    /// The part of `lag` whose starts had to wait for a slot, which is no fault of the generator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_lag: Option<EncodedHistogram>,
    /// First byte of the answer − sent.
    pub ttfb: Option<EncodedHistogram>,
    /// Checks that passed.
    pub checks_passed: u64,
    /// Checks that failed.
    pub checks_failed: u64,
}

impl OutcomeTick {
    /// How its requests count.
    pub fn counted(&self) -> Counted {
        Counted::of(self.error.as_deref())
    }
}

/// How a request that ended counts, by its error code. Asked in this one place, so that ticks, verdicts, ledgers and
/// trends never count the same request in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Answered as wanted.
    Success,
    /// A limit of time ran out, the transport's or one that a check sets. Failed, and its time is latency all the same:
    /// else the slowest would vanish from it.
    Timeout,
    /// Failed otherwise by the target's fault. Its time is no latency: a connection refused in 0.1 ms must not better P95.
    Failure,
    /// Lost by the generator's or its host's fault.
    Ours,
    /// Never sent, because it could not be written: the suite's fault.
    Unsent,
    /// Cut off by us at the end of the run.
    Aborted,
}

impl Counted {
    /// How a request with this error code counts; without a code it is a success.
    pub fn of(error: Option<&str>) -> Self {
        let Some(code) = error else { return Self::Success };
        let family = code.split('.').next().unwrap_or_default();
        match (family, code) {
            ("timeout", _) | (_, "connect.timeout" | "check.time") => Self::Timeout,
            ("generator" | "internal", _) => Self::Ours,
            ("plan", _) => Self::Unsent,
            ("aborted", _) => Self::Aborted,
            _ => Self::Failure,
        }
    }

    /// Ended, and says something about the target: what throughput and error rates count.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Success | Self::Timeout | Self::Failure)
    }

    /// Failed by the target's fault.
    pub const fn is_failed(self) -> bool {
        matches!(self, Self::Timeout | Self::Failure)
    }

    /// Whether its time is latency.
    pub const fn is_latency(self) -> bool {
        matches!(self, Self::Success | Self::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::success(None, Counted::Success)]
    #[case::read(Some("timeout.read"), Counted::Timeout)]
    #[case::connecting_takes_time_too(Some("connect.timeout"), Counted::Timeout)]
    #[case::a_check_sets_a_limit_of_time_too(Some("check.time"), Counted::Timeout)]
    #[case::refused(Some("connect.refused"), Counted::Failure)]
    #[case::another_check(Some("check.json"), Counted::Failure)]
    #[case::server_error(Some("http.5xx"), Counted::Failure)]
    #[case::ports(Some("generator.ports"), Counted::Ours)]
    #[case::our_own_panic(Some("internal"), Counted::Ours)]
    #[case::never_written(Some("plan.bad_value"), Counted::Unsent)]
    #[case::cut_off(Some("aborted"), Counted::Aborted)]
    fn an_error_code_says_how_its_request_counts(#[case] error: Option<&str>, #[case] counted: Counted) {
        assert_eq!(Counted::of(error), counted);
        assert!(!counted.is_failed() || counted.is_finished(), "what failed has ended");
    }
}

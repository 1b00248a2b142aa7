//! Neighbouring seconds of a long run, merged into points of several seconds.
//!
//! In:  ticks in order, and how many seconds a point shall hold. Out: fewer ticks. Promise: counts add up, histograms
//! merge exactly, so whatever is a sum or a percentile of the whole is what it was before; of gauges the last or the
//! worst stays. Points never reach over the end of a phase or over missing seconds. Merged ones can be merged again.

mod beside;

pub use beside::Beside;

use std::collections::VecDeque;

use perflab_model::{
    breakdown::{ClassTick, PartCounts, PartTick},
    summary::LatencyKind,
    tick::{Counted, EncodedHistogram, OutcomeTick, Point, Quantiles, RequestTick, Tick, Vitals},
};

use crate::{Histogram, HistogramError};

/// Merges ticks as they come.
#[derive(Debug)]
pub struct Merger {
    /// Seconds of a point.
    width: u32,
    kind: LatencyKind,
    /// The seconds of the point under way, as they came.
    open: Vec<Tick>,
    /// Seconds and latencies of the points before, newest last: what recent percentiles look back on.
    before: VecDeque<(u32, Histogram)>,
}

impl Merger {
    /// One that makes points of so many seconds. `kind` says which time is the headline.
    pub fn new(width: u32, kind: LatencyKind) -> Self {
        Self { width: width.max(1), kind, open: Vec::new(), before: VecDeque::new() }
    }

    /// Takes the next tick; gives back the point before, once it is whole.
    ///
    /// # Errors
    /// When a histogram is damaged: merging would lose what it counts.
    pub fn add(&mut self, tick: Tick) -> Result<Option<Tick>, HistogramError> {
        let fits = self.open.last().is_some_and(|last| {
            last.point.phase == tick.point.phase
                && last.point.end() == tick.point.second
                && last.point.second / self.width == tick.point.second / self.width
        });
        let whole = if fits { None } else { self.finish()? };
        self.open.push(tick);
        Ok(whole)
    }

    /// Gives back the last point.
    ///
    /// # Errors
    /// As [`Merger::add`].
    pub fn finish(&mut self) -> Result<Option<Tick>, HistogramError> {
        let mut ticks = std::mem::take(&mut self.open);
        if ticks.len() == 1
            && let Some(tick) = ticks.pop()
        {
            let latency = latency_of(&tick.requests, self.kind)?;
            self.remember(tick.point.seconds, latency);
            return Ok(Some(tick));
        }
        let requests = requests(&ticks)?;
        let latency = latency_of(&requests, self.kind)?;
        let lag = lag_of(&requests)?;
        let classes = classes(&ticks)?;
        let Some(mut point) = gauges_and_counts(&ticks) else { return Ok(None) };
        point.latency = quantiles(&latency);
        point.lag_p99_us = lag.quantile_us(0.99).map(|us| us as u64);
        self.remember(point.seconds, latency);
        point.recent = self.recent();
        Ok(Some(Tick { point, requests, classes }))
    }

    fn remember(&mut self, seconds: u32, latency: Histogram) {
        self.before.push_back((seconds, latency));
        let all = |before: &VecDeque<(u32, Histogram)>| before.iter().map(|(seconds, _)| seconds).sum::<u32>();
        while self.before.len() > 1 && all(&self.before) > Point::RECENT_SECONDS as u32 {
            self.before.pop_front();
        }
    }

    /// Quantiles of the newest point and of as many before it as it takes to have enough values.
    fn recent(&self) -> Option<Quantiles> {
        let mut merged = Histogram::new();
        for (_, latency) in self.before.iter().rev() {
            merged.merge(latency);
            if merged.count() >= Point::RECENT_SAMPLES {
                break;
            }
        }
        quantiles(&merged)
    }
}

fn quantiles(histogram: &Histogram) -> Option<Quantiles> {
    let at = |p: f64| histogram.quantile_us(p).map(|us| us as u64);
    Some(Quantiles {
        samples: histogram.count(),
        mean_us: histogram.mean_us()?.round() as u64,
        p50_us: at(0.5)?,
        p90_us: at(0.9)?,
        p95_us: at(0.95)?,
        p99_us: at(0.99)?,
        max_us: histogram.max_us()? as u64,
    })
}

/// The point without what comes from histograms.
fn gauges_and_counts(ticks: &[Tick]) -> Option<Point> {
    let (first, rest) = ticks.split_first()?;
    let mut point = first.point.clone();
    for Tick { point: next, .. } in rest {
        point.seconds += next.seconds;
        // Labels and levels are those of its end.
        (point.at_us, point.target, point.users) = (next.at_us, next.target, next.users);
        point.in_flight = point.in_flight.max(next.in_flight);
        for (sum, count) in [
            (&mut point.planned, next.planned),
            (&mut point.started, next.started),
            (&mut point.late, next.late),
            (&mut point.late_own, next.late_own),
            (&mut point.dropped, next.dropped),
            (&mut point.finished, next.finished),
            (&mut point.failed, next.failed),
            (&mut point.aborted, next.aborted),
            (&mut point.iterations, next.iterations),
            (&mut point.iterations_aborted, next.iterations_aborted),
            (&mut point.bytes_sent, next.bytes_sent),
            (&mut point.bytes_received, next.bytes_received),
            (&mut point.connections, next.connections),
            (&mut point.handshakes, next.handshakes),
        ] {
            *sum += count;
        }
        for (code, count) in &next.errors {
            *point.errors.entry(code.clone()).or_default() += count;
        }
        for (part, next) in point.parts.iter_mut().zip(&next.parts) {
            part.then(next);
        }
        point.generator = worst(point.generator, next.generator);
    }
    Some(point)
}

/// A minute in which the generator was busy for a second must still show it.
fn worst(a: Vitals, b: Vitals) -> Vitals {
    let share = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).max_by(f64::total_cmp);
    Vitals {
        cpu: share(a.cpu, b.cpu),
        memory_bytes: a.memory_bytes.max(b.memory_bytes),
        steal: share(a.steal, b.steal),
        other: share(a.other, b.other),
        clock_step_ms: a.clock_step_ms.into_iter().chain(b.clock_step_ms).max_by_key(|step| step.unsigned_abs()),
        gap_ms: a.gap_ms.max(b.gap_ms),
    }
}

fn requests(ticks: &[Tick]) -> Result<Vec<RequestTick>, HistogramError> {
    let mut requests: Vec<(&str, Vec<Outcome>)> = Vec::new();
    for request in ticks.iter().flat_map(|tick| &tick.requests) {
        let at = requests.iter().position(|(name, _)| *name == request.name).unwrap_or_else(|| {
            requests.push((&request.name, Vec::new()));
            requests.len() - 1
        });
        for outcome in &request.outcomes {
            let alike = |known: &Outcome| known.status_class == outcome.status_class && known.error == outcome.error;
            let outcomes = &mut requests[at].1;
            let place = outcomes.iter().position(alike).unwrap_or_else(|| {
                outcomes.push(Outcome::like(outcome));
                outcomes.len() - 1
            });
            outcomes[place].add(outcome)?;
        }
    }
    let told = |(name, outcomes): (&str, Vec<Outcome>)| RequestTick {
        name: name.to_owned(),
        outcomes: outcomes.into_iter().map(Outcome::told).collect(),
    };
    Ok(requests.into_iter().map(told).collect())
}

/// An outcome being added up.
struct Outcome {
    status_class: u8,
    error: Option<String>,
    count: u64,
    bytes_received: u64,
    response: Histogram,
    service: Histogram,
    lag: Option<Histogram>,
    queued_lag: Option<Histogram>,
    ttfb: Option<Histogram>,
    checks_passed: u64,
    checks_failed: u64,
}

impl Outcome {
    fn like(outcome: &OutcomeTick) -> Self {
        Self {
            status_class: outcome.status_class,
            error: outcome.error.clone(),
            count: 0,
            bytes_received: 0,
            response: Histogram::new(),
            service: Histogram::new(),
            lag: None,
            queued_lag: None,
            ttfb: None,
            checks_passed: 0,
            checks_failed: 0,
        }
    }

    fn add(&mut self, outcome: &OutcomeTick) -> Result<(), HistogramError> {
        self.count += outcome.count;
        self.bytes_received += outcome.bytes_received;
        self.checks_passed += outcome.checks_passed;
        self.checks_failed += outcome.checks_failed;
        self.response.merge(&Histogram::decode(&outcome.response)?);
        self.service.merge(&Histogram::decode(&outcome.service)?);
        merge_into(&mut self.lag, outcome.lag.as_ref())?;
        merge_into(&mut self.queued_lag, outcome.queued_lag.as_ref())?;
        merge_into(&mut self.ttfb, outcome.ttfb.as_ref())
    }

    fn told(self) -> OutcomeTick {
        let encoded = |histogram: Option<Histogram>| histogram.map(|histogram| histogram.encode());
        OutcomeTick {
            status_class: self.status_class,
            error: self.error,
            count: self.count,
            bytes_received: self.bytes_received,
            response: self.response.encode(),
            service: self.service.encode(),
            lag: encoded(self.lag),
            queued_lag: encoded(self.queued_lag),
            ttfb: encoded(self.ttfb),
            checks_passed: self.checks_passed,
            checks_failed: self.checks_failed,
        }
    }
}

fn merge_into(sum: &mut Option<Histogram>, more: Option<&EncodedHistogram>) -> Result<(), HistogramError> {
    if let Some(more) = more {
        sum.get_or_insert_default().merge(&Histogram::decode(more)?);
    }
    Ok(())
}

fn classes(ticks: &[Tick]) -> Result<Vec<ClassTick>, HistogramError> {
    let mut classes: Vec<ClassTick> = Vec::new();
    let mut times: Vec<Vec<(Option<Histogram>, Option<Histogram>)>> = Vec::new();
    for class in ticks.iter().flat_map(|tick| &tick.classes) {
        let at = classes.iter().position(|known| known.name == class.name).unwrap_or_else(|| {
            classes.push(ClassTick { name: class.name.clone(), user_seconds: 0, parts: Vec::new() });
            times.push(Vec::new());
            classes.len() - 1
        });
        classes[at].user_seconds += class.user_seconds;
        for part in &class.parts {
            let parts = &mut classes[at].parts;
            let place = parts.iter().position(|known| known.part == part.part).unwrap_or_else(|| {
                let counts = PartCounts::default();
                parts.push(PartTick { part: part.part.clone(), counts, latency: None, duration: None });
                times[at].push((None, None));
                parts.len() - 1
            });
            parts[place].counts.add(&part.counts);
            merge_into(&mut times[at][place].0, part.latency.as_ref())?;
            merge_into(&mut times[at][place].1, part.duration.as_ref())?;
        }
    }
    for (class, times) in classes.iter_mut().zip(times) {
        for (part, (latency, duration)) in class.parts.iter_mut().zip(times) {
            part.latency = latency.map(|times| times.encode());
            part.duration = duration.map(|times| times.encode());
        }
    }
    Ok(classes)
}

/// Headline times of all requests together.
fn latency_of(requests: &[RequestTick], kind: LatencyKind) -> Result<Histogram, HistogramError> {
    let mut all = Histogram::new();
    for outcome in requests.iter().flat_map(|request| &request.outcomes) {
        if Counted::is_latency(outcome.counted()) {
            all.merge(&Histogram::decode(match kind {
                LatencyKind::Response => &outcome.response,
                LatencyKind::Service => &outcome.service,
            })?);
        }
    }
    Ok(all)
}

fn lag_of(requests: &[RequestTick]) -> Result<Histogram, HistogramError> {
    let mut all = Histogram::new();
    for lag in requests.iter().flat_map(|request| &request.outcomes).filter_map(|outcome| outcome.lag.as_ref()) {
        all.merge(&Histogram::decode(lag)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;

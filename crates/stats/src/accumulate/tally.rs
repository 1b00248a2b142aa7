//! What one request (or all together) added up to.

use std::collections::BTreeMap;

use perflab_model::summary::{Distribution, LatencyKind, RequestSummary};

use super::read::ReadOutcome;
use crate::{Histogram, missing_samples};

/// Counts and times of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    finished: u64,
    failed: u64,
    in_window: u64,
    errors: BTreeMap<String, u64>,
    latency: Histogram,
    service: Histogram,
    lag: Histogram,
}

impl Tally {
    pub(crate) fn add(&mut self, outcome: &ReadOutcome, counts_into_rate: bool) {
        if let Some(code) = &outcome.error {
            *self.errors.entry(code.clone()).or_insert(0) += outcome.count;
        }
        if outcome.counted.is_finished() {
            self.finished += outcome.count;
            if counts_into_rate {
                self.in_window += outcome.count;
            }
        }
        if outcome.counted.is_failed() {
            self.failed += outcome.count;
        }
        if outcome.counted.is_latency() {
            self.latency.merge(&outcome.latency);
            self.service.merge(&outcome.service);
        }
        if let Some(lag) = &outcome.lag {
            self.lag.merge(lag);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.finished == 0 && self.errors.is_empty()
    }

    pub(crate) fn latency(&self, kind: Option<LatencyKind>) -> Distribution {
        distribution(&self.latency, kind)
    }

    pub(crate) fn service(&self) -> Distribution {
        distribution(&self.service, None)
    }

    pub(crate) fn latency_histogram(&self) -> &Histogram {
        &self.latency
    }

    pub(crate) fn summary(&self, name: &str, kind: LatencyKind, seconds: f64) -> RequestSummary {
        RequestSummary {
            name: name.to_owned(),
            finished: self.finished,
            failed: self.failed,
            rate_per_s: super::per_second(self.in_window, seconds),
            errors: self.errors.clone(),
            latency: self.latency(Some(kind)),
            service: self.service(),
            lag: distribution(&self.lag, None),
        }
    }
}

/// A histogram as it is shown: milliseconds, and no quantile with too few samples beyond it.
pub(crate) fn distribution(histogram: &Histogram, kind: Option<LatencyKind>) -> Distribution {
    let samples = histogram.count();
    let ms = |us: Option<f64>| us.map(|us| us / 1000.0);
    let quantile = |p: f64| if missing_samples(samples, p) == 0 { ms(histogram.quantile_us(p)) } else { None };
    Distribution {
        kind,
        unit: "ms".to_owned(),
        samples,
        mean: ms(histogram.mean_us()),
        min: ms(histogram.min_us()),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: ms(histogram.max_us()),
    }
}

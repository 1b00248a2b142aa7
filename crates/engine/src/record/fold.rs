//! Folds the samples of a second into its tick.

use std::collections::{BTreeMap, VecDeque};

use hdrhistogram::{
    Histogram,
    serialization::{Serializer as _, V2Serializer},
};
use perflab_model::{
    breakdown::ClassTick,
    tick::{Counted, EncodedHistogram, OutcomeTick, Point, Quantiles, RequestTick},
};

use super::{
    breakdown::{Breakdown, Iteration},
    groups::Groups,
    names::Names,
    sample::{MAX_US, Sample},
};
use crate::code::ErrorCode;

/// Which measure is the headline of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Headline {
    /// Open runs: from the planned start, else a stalled target would hide its stall.
    Response,
    /// Closed runs.
    Service,
}

/// Reused scratch space: an empty histogram of this range has thousands of buckets.
pub(crate) struct Folder {
    headline: Headline,
    latency: Histogram<u64>,
    /// The latencies of the last seconds, newest last.
    last: VecDeque<Histogram<u64>>,
    lags: Histogram<u64>,
    breakdown: Breakdown,
    scratch: Scratch,
}

struct Scratch {
    response: Histogram<u64>,
    service: Histogram<u64>,
    lag: Histogram<u64>,
    queued_lag: Histogram<u64>,
    ttfb: Histogram<u64>,
    serializer: V2Serializer,
}

/// What a second's samples come to.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    pub(crate) requests: Vec<RequestTick>,
    pub(crate) finished: u64,
    pub(crate) failed: u64,
    pub(crate) aborted: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) latency: Option<Quantiles>,
    pub(crate) recent: Option<Quantiles>,
    pub(crate) lag_p99_us: Option<u64>,
    pub(crate) errors: BTreeMap<String, u64>,
    /// Values beyond the largest that a histogram holds.
    pub(crate) saturated: u64,
}

/// Microseconds, 1 µs to 1 h, 3 digits: 0.1 % at worst.
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_US, 3).expect("the bounds are constants that hdrhistogram accepts")
}

impl Folder {
    pub(crate) fn new(headline: Headline) -> Self {
        Self {
            headline,
            latency: histogram(),
            last: VecDeque::new(),
            lags: histogram(),
            breakdown: Breakdown::new(),
            scratch: Scratch {
                response: histogram(),
                service: histogram(),
                lag: histogram(),
                queued_lag: histogram(),
                ttfb: histogram(),
                serializer: V2Serializer::new(),
            },
        }
    }

    /// Folds and empties the samples.
    pub(crate) fn fold(&mut self, names: &Names, samples: &mut Vec<Sample>) -> Folded {
        self.latency.reset();
        self.lags.reset();
        samples.sort_unstable_by_key(|sample| sample.key);
        let mut folded = Folded::default();
        for group in samples.chunk_by(|a, b| a.key == b.key) {
            let outcome = self.outcome(group, &mut folded);
            let name = names.name(group[0].key.name());
            match folded.requests.last_mut() {
                Some(request) if request.name == name => request.outcomes.push(outcome),
                _ => folded.requests.push(RequestTick { name: name.to_owned(), outcomes: vec![outcome] }),
            }
        }
        samples.clear();
        folded.latency = quantiles(&self.latency);
        folded.recent = self.recent();
        folded.lag_p99_us = (!self.lags.is_empty()).then(|| self.lags.value_at_quantile(0.99));
        folded
    }

    /// Counts and empties the iterations that ended; gives back how many came to their end and how many were cut off.
    pub(crate) fn fold_iterations(&mut self, iterations: &mut Vec<Iteration>) -> (u64, u64) {
        for iteration in iterations.drain(..) {
            self.breakdown.iteration(&iteration);
        }
        self.breakdown.take_ended()
    }

    /// Takes what was folded since the last time by class and flow: after requests and iterations.
    pub(crate) fn classes(&mut self, groups: &Groups, started: &[u64], users: &[u64]) -> Vec<ClassTick> {
        self.breakdown.take(groups, started, users)
    }

    /// Quantiles of as many of the last seconds as it takes to have enough values, this one included.
    fn recent(&mut self) -> Option<Quantiles> {
        if self.last.len() == Point::RECENT_SECONDS {
            self.last.pop_front();
        }
        self.last.push_back(self.latency.clone());
        let mut merged = histogram();
        for second in self.last.iter().rev() {
            // All have the same bounds.
            let _ = merged.add(second);
            if merged.len() >= Point::RECENT_SAMPLES {
                break;
            }
        }
        quantiles(&merged)
    }

    fn outcome(&mut self, group: &[Sample], folded: &mut Folded) -> OutcomeTick {
        let code = group[0].key.code();
        let scratch = &mut self.scratch;
        let Scratch { response, service, lag, queued_lag, ttfb, .. } = scratch;
        for one in [response, service, lag, queued_lag, ttfb] {
            one.reset();
        }
        let counted = Counted::of(code.map(ErrorCode::as_str));
        let count = group.len() as u64;
        let (mut received, mut sent, mut passed, mut failed) = (0_u64, 0_u64, 0_u64, 0_u64);
        for sample in group {
            let (response, service) = (sample.response_us(), sample.service_us());
            scratch.response.saturating_record(response);
            scratch.service.saturating_record(service);
            if let Some(lag) = sample.lag_us() {
                scratch.lag.saturating_record(lag);
                if sample.is_queued() {
                    scratch.queued_lag.saturating_record(lag);
                }
                self.lags.saturating_record(lag);
            }
            if let Some(ttfb) = sample.ttfb_us() {
                scratch.ttfb.saturating_record(ttfb);
            }
            let headline = match self.headline {
                Headline::Response => response,
                Headline::Service => service,
            };
            if counted.is_latency() {
                self.latency.saturating_record(headline);
            }
            self.breakdown.request(sample.group, counted, headline);
            folded.saturated += u64::from(response >= MAX_US);
            received += sample.bytes_received;
            sent += u64::from(sample.bytes_sent);
            passed += u64::from(sample.checks_passed);
            failed += u64::from(sample.checks_failed);
        }
        folded.bytes_sent += sent;
        folded.bytes_received += received;
        if counted == Counted::Aborted {
            folded.aborted += count;
        } else if counted.is_finished() {
            folded.finished += count;
        }
        if let Some(code) = code {
            *folded.errors.entry(code.as_str().to_owned()).or_default() += count;
            if counted.is_failed() {
                folded.failed += count;
            }
        }
        OutcomeTick {
            status_class: group[0].key.status_class(),
            error: code.map(|code| code.as_str().to_owned()),
            count,
            bytes_received: received,
            response: encode(&mut scratch.serializer, &scratch.response),
            service: encode(&mut scratch.serializer, &scratch.service),
            lag: (!scratch.lag.is_empty()).then(|| encode(&mut scratch.serializer, &scratch.lag)),
            queued_lag: (!scratch.queued_lag.is_empty()).then(|| encode(&mut scratch.serializer, &scratch.queued_lag)),
            ttfb: (!scratch.ttfb.is_empty()).then(|| encode(&mut scratch.serializer, &scratch.ttfb)),
            checks_passed: passed,
            checks_failed: failed,
        }
    }
}

pub(super) fn encode(serializer: &mut V2Serializer, histogram: &Histogram<u64>) -> EncodedHistogram {
    let mut bytes = Vec::new();
    serializer.serialize(histogram, &mut bytes).expect("a vector takes every byte, and the counts fit the format");
    EncodedHistogram(bytes)
}

fn quantiles(histogram: &Histogram<u64>) -> Option<Quantiles> {
    (!histogram.is_empty()).then(|| Quantiles {
        samples: histogram.len(),
        mean_us: histogram.mean().round() as u64,
        p50_us: histogram.value_at_quantile(0.50),
        p90_us: histogram.value_at_quantile(0.90),
        p95_us: histogram.value_at_quantile(0.95),
        p99_us: histogram.value_at_quantile(0.99),
        max_us: histogram.max(),
    })
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use perflab_model::unit::Nanos;

    use super::*;
    use crate::record::{Counts, Key, Planned, Stamps};

    fn sample(key: Key, millis: u64) -> Sample {
        let stamps = Stamps {
            planned: Some(Planned { at: Nanos::new(0), queued: false }),
            sent: Nanos::new(1_000_000),
            first_byte: None,
            ended: Nanos::new(millis * 1_000_000),
        };
        Sample::new(key, stamps, Counts { bytes_received: 10, ..Counts::default() })
    }

    fn count_of(encoded: &EncodedHistogram) -> u64 {
        let histogram: Histogram<u64> =
            Deserializer::new().deserialize(&mut encoded.0.as_slice()).expect("our own bytes can be read");
        histogram.len()
    }

    #[test]
    fn a_fast_refusal_does_not_better_the_headline_but_a_timeout_worsens_it() {
        let mut names = Names::default();
        let name = names.intern("a");
        let mut samples = vec![
            sample(Key::new(name, 2, None), 100),
            sample(Key::new(name, 0, Some(ErrorCode::ConnectRefused)), 2),
            sample(Key::new(name, 0, Some(ErrorCode::TimeoutTotal)), 5_000),
            sample(Key::new(name, 0, Some(ErrorCode::Aborted)), 9_000),
        ];
        let folded = Folder::new(Headline::Response).fold(&names, &mut samples);
        let latency = folded.latency.expect("two requests are in the headline");
        assert_eq!(latency.samples, 2);
        assert_eq!(latency.max_us / 10_000, 500);
        assert_eq!((folded.finished, folded.failed, folded.aborted), (3, 2, 1));
        assert_eq!(folded.requests.len(), 1);
        assert_eq!(folded.requests[0].outcomes.len(), 4);
        assert_eq!(folded.bytes_received, 40);
    }

    #[test]
    fn recent_holds_as_many_seconds_as_have_enough_values_and_at_most_ten() {
        let mut names = Names::default();
        let key = Key::new(names.intern("a"), 2, None);
        let mut folder = Folder::new(Headline::Service);
        let mut second = |count: u64, millis| {
            let mut samples: Vec<Sample> = (0..count).map(|_| sample(key, millis)).collect();
            folder.fold(&names, &mut samples).recent.map(|recent| (recent.samples, recent.max_us / 1_000))
        };
        // Service is a millisecond less than the end of these samples.
        assert_eq!(second(300, 901), Some((300, 900)));
        assert_eq!(second(600, 11), Some((900, 900)));
        assert_eq!(second(1_000, 11), Some((1_000, 10)), "one second is enough");
        assert_eq!(second(600, 11), Some((1_600, 10)), "whole seconds, two of them");
        for _ in 0..9 {
            second(0, 11);
        }
        assert_eq!(second(0, 11), None, "nothing is older than ten seconds");
    }

    #[test]
    fn the_histograms_of_an_outcome_hold_as_many_values_as_it_counted() {
        let mut names = Names::default();
        let key = Key::new(names.intern("a"), 2, None);
        let mut samples: Vec<Sample> = (1..=500).map(|i| sample(key, i)).collect();
        let folded = Folder::new(Headline::Service).fold(&names, &mut samples);
        let outcome = &folded.requests[0].outcomes[0];
        assert_eq!(outcome.count, 500);
        assert_eq!(count_of(&outcome.response), 500);
        assert_eq!(count_of(&outcome.service), 500);
        assert_eq!(outcome.lag.as_ref().map(count_of), Some(500));
        assert_eq!(outcome.ttfb, None);
        assert!(samples.is_empty());
    }
}

//! The values that one rule is judged on, added up second by second, and what they say so far.

use std::collections::VecDeque;

use perflab_model::{
    threshold::{Measure, Stat},
    tick::EncodedHistogram,
};

use super::estimate::Estimate;
use crate::{Histogram, Interval, SecondSum, mean_of_blocks, share_interval};

/// Microseconds of histograms to seconds of results.
const SECONDS: f64 = 1e-6;

/// What one second gave a rule, or a point of several.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    /// How many it holds.
    pub(super) seconds: u32,
    /// Times of a time measure.
    pub(super) times: Histogram,
    /// Failed requests, passed checks, finished requests, starts …
    pub(super) part: u64,
    /// Finished requests, checks made; of counts nothing.
    pub(super) whole: u64,
    /// Users at its end.
    pub(super) users: u32,
}

/// Values added up, perhaps only those of the last seconds.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    measure: Measure,
    stat: Stat,
    times: Histogram,
    part: u64,
    whole: u64,
    users: u32,
    /// Sum and count of each second, in time order: where intervals of means come from.
    seconds: VecDeque<SecondSum>,
    /// What to take away again, of windows; times are kept packed.
    window: Option<Window>,
}

#[derive(Clone, Debug)]
struct Window {
    seconds: usize,
    kept: VecDeque<Kept>,
}

/// A second of a window, to be taken away again.
#[derive(Clone, Debug)]
struct Kept {
    seconds: usize,
    times: EncodedHistogram,
    part: u64,
    whole: u64,
}

impl Gathered {
    /// Everything from now on; with a window only its last seconds.
    pub(super) fn new(measure: Measure, stat: Stat, window_seconds: Option<usize>) -> Self {
        Self {
            measure,
            stat,
            times: Histogram::new(),
            part: 0,
            whole: 0,
            users: 0,
            seconds: VecDeque::new(),
            window: window_seconds.map(|seconds| Window { seconds: seconds.max(1), kept: VecDeque::new() }),
        }
    }

    /// As if `seconds` without any value had passed: for a request that appears late.
    pub(super) fn after_empty_seconds(mut self, seconds: usize) -> Self {
        for _ in 0..seconds {
            self.add(&Second { seconds: 1, ..Second::default() });
        }
        self
    }

    /// Adds a second.
    pub(super) fn add(&mut self, second: &Second) {
        self.merge(second);
        self.users = second.users;
        self.push_seconds(second);
        let Some(window) = &mut self.window else { return };
        let packed = if second.times.count() > 0 { second.times.encode() } else { EncodedHistogram::default() };
        let seconds = second.seconds.max(1) as usize;
        window.kept.push_back(Kept { seconds, times: packed, part: second.part, whole: second.whole });
        while window.kept.front().is_some_and(|oldest| self.seconds.len() - oldest.seconds >= window.seconds)
            && let Some(oldest) = window.kept.pop_front()
        {
            if let Ok(times) = Histogram::decode(&oldest.times) {
                self.times.take_away(&times);
            }
            self.part -= oldest.part;
            self.whole -= oldest.whole;
            self.seconds.drain(..oldest.seconds);
        }
    }

    /// Notes the sum of each second. Of a point of several seconds only their sum is known: counts are spread evenly, and
    /// a mean does not care in which of neighbouring seconds its values were.
    fn push_seconds(&mut self, second: &Second) {
        let (sum, count) = self.sum_of(second);
        let each = match self.measure {
            measure if is_time(measure) => (0.0, 0),
            Measure::Users => (sum, count),
            _ => (sum / f64::from(second.seconds.max(1)), count),
        };
        let first = if is_time(self.measure) { (sum, count) } else { each };
        self.seconds.push_back(first);
        self.seconds.extend(std::iter::repeat_n(each, (second.seconds as usize).saturating_sub(1)));
    }

    /// Adds what ended after the last second that counts into rates.
    pub(super) fn add_drained(&mut self, second: &Second) {
        self.merge(second);
        // A mean counts what ended late with the seconds before, a rate does not.
        if is_time(self.measure) {
            let (sum, count) = self.sum_of(second);
            if let Some(last) = self.seconds.back_mut() {
                last.0 += sum;
                last.1 += count;
            }
        }
    }

    fn merge(&mut self, second: &Second) {
        self.times.merge(&second.times);
        self.part += second.part;
        self.whole += second.whole;
    }

    fn sum_of(&self, second: &Second) -> SecondSum {
        match self.measure {
            Measure::Users => (f64::from(second.users), 1),
            measure if is_time(measure) => {
                let count = second.times.count();
                (second.times.mean_us().unwrap_or(0.0) * count as f64 * SECONDS, count)
            }
            _ => (second.part as f64, 1),
        }
    }

    /// Seconds that were added and not taken away.
    pub(super) fn seconds(&self) -> usize {
        self.seconds.len()
    }

    /// Values so far.
    pub(super) fn samples(&self) -> u64 {
        match self.measure {
            measure if is_time(measure) => self.times.count(),
            Measure::ErrorRate | Measure::Checks => self.whole,
            Measure::Throughput if self.stat == Stat::Count => self.part,
            _ => self.seconds.len() as u64,
        }
    }

    /// What the rule's number is so far; nothing without values.
    pub(super) fn estimate(&self) -> Option<Estimate> {
        let samples = self.samples();
        let exact = |value: f64| Estimate::exact(value, samples);
        match self.measure {
            measure if is_time(measure) => self.time(samples),
            Measure::ErrorRate | Measure::Checks => (self.whole > 0).then(|| Estimate {
                value: self.part as f64 / self.whole as f64,
                shown: true,
                interval: share_interval(self.part, self.whole),
                samples,
            }),
            _ if self.seconds.is_empty() && self.part == 0 => None,
            _ => Some(match self.stat {
                Stat::Count => exact(self.part as f64),
                Stat::Value => exact(f64::from(self.users)),
                Stat::Min => exact(self.each_second().fold(f64::INFINITY, f64::min)),
                Stat::Max => exact(self.each_second().fold(0.0, f64::max)),
                Stat::Stddev => exact(self.spread()),
                _ => {
                    let value = self.mean_of_seconds();
                    Estimate { value, shown: true, interval: Interval::around(value, self.half_width()), samples }
                }
            }),
        }
        .filter(|estimate| estimate.value.is_finite())
    }

    fn time(&self, samples: u64) -> Option<Estimate> {
        let exact = |us: f64| Estimate::exact(us * SECONDS, samples);
        match self.stat {
            Stat::Min => self.times.min_us().map(exact),
            Stat::Max => self.times.max_us().map(exact),
            Stat::Stddev => self.times.stddev_us().map(exact),
            Stat::Quantile(p) if p <= 0.0 => self.times.min_us().map(exact),
            Stat::Quantile(p) if p >= 1.0 => self.times.max_us().map(exact),
            Stat::Quantile(p) => {
                let value = self.times.quantile_us(p)? * SECONDS;
                Some(Estimate::quantile(value, p, samples, |rank| self.times.at_rank_us(rank).map(|us| us * SECONDS)))
            }
            _ => {
                let value = self.times.mean_us()? * SECONDS;
                Some(Estimate { value, shown: true, interval: Interval::around(value, self.half_width()), samples })
            }
        }
    }

    /// Share of times beyond a limit in seconds.
    pub(super) fn share_above(&self, limit: f64) -> Option<f64> {
        let all = self.times.count();
        let us = (limit / SECONDS).clamp(0.0, u32::MAX as f64 * 2.0).round() as u64;
        (all > 0).then(|| self.times.count_above(us) as f64 / all as f64)
    }

    fn half_width(&self) -> Option<f64> {
        let (front, back) = self.seconds.as_slices();
        if back.is_empty() { mean_of_blocks(front) } else { mean_of_blocks(&[front, back].concat()) }
    }

    fn each_second(&self) -> impl Iterator<Item = f64> {
        self.seconds.iter().map(|(value, _)| *value)
    }

    fn mean_of_seconds(&self) -> f64 {
        self.each_second().sum::<f64>() / self.seconds.len() as f64
    }

    fn spread(&self) -> f64 {
        let mean = self.mean_of_seconds();
        (self.each_second().map(|value| (value - mean).powi(2)).sum::<f64>() / self.seconds.len() as f64).sqrt()
    }
}

/// Whether the measure is a time, so that its values are in histograms.
pub(super) const fn is_time(measure: Measure) -> bool {
    matches!(measure, Measure::Latency | Measure::Response | Measure::Service | Measure::Lag | Measure::Ttfb)
}

//! How the times of a run are distributed after its warm-up. An open run has two of them: from the planned start of each
//! request, which is its headline, and from the actual start.

use perflab_charts::{Chart, Marker, MarkerKind, Size, Theme, histogram::Distribution, standalone_svg};
use perflab_model::{display, plan::Plan, summary::LatencyKind, tick::Tick};
use perflab_stats::{Accumulator, Histogram, ReadTick, missing_samples};

use super::{
    file::{CSV, ChartFile, JSON, SVG},
    run::{is_open, limit_ms},
};

/// The name in addresses and files.
pub const NAME: &str = "distribution";

/// Steps into which the range of values is cut before it is drawn: finer than any bar.
const STEPS: u32 = 1_024;

/// The distributions of one run.
#[derive(Clone, Debug)]
pub struct RunDistribution {
    /// Each time with its histogram, the headline first.
    pub times: Vec<(LatencyKind, Histogram)>,
    limits: Vec<(&'static str, f64)>,
}

/// Values between two times, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
    pub(super) count: u64,
}

impl RunDistribution {
    /// Merges the seconds of a run.
    pub fn of(plan: &Plan, ticks: &[Tick]) -> Self {
        let kinds: &[LatencyKind] = match is_open(plan) {
            true => &[LatencyKind::Response, LatencyKind::Service],
            false => &[LatencyKind::Service],
        };
        let limits = [("p95", 0.95), ("p99", 0.99)];
        Self {
            times: kinds.iter().map(|kind| (*kind, merged(ticks, *kind))).collect(),
            limits: limits.into_iter().filter_map(|(name, share)| Some((name, limit_ms(plan, share)?))).collect(),
        }
    }

    /// Whether nothing was answered after the warm-up.
    pub fn is_empty(&self) -> bool {
        self.times.iter().all(|(_, histogram)| histogram.count() == 0)
    }

    /// The headline as bars with its percentiles and limits, the other time as a line over them.
    pub fn chart(&self) -> Chart {
        let mut times = self.times.iter().map(|(_, histogram)| histogram);
        let headline = times.next();
        let mut distribution = Distribution::new(headline.into_iter().flat_map(counts), "ms");
        if let Some(beside) = times.next() {
            distribution = distribution.baseline(counts(beside));
        }
        let mut chart = distribution.chart("Distribution");
        for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            if let Some(ms) = headline.and_then(|headline| percentile_ms(headline, share)) {
                chart = chart.marker(Marker::new(MarkerKind::Note, ms, format!("{name} {}", display::number(ms))));
            }
        }
        for (name, ms) in &self.limits {
            let label = format!("limit of {name}, {}", display::number(*ms));
            chart = chart.marker(Marker::new(MarkerKind::Limit, *ms, label));
        }
        chart
    }

    /// What it shows, in one sentence, and from where the times count.
    pub fn finding(&self) -> String {
        let Some((kind, histogram)) = self.times.first() else { return String::new() };
        let half = percentile_ms(histogram, 0.5);
        let rare = [(0.999, "one in a thousand"), (0.99, "one in a hundred"), (0.95, "one in twenty")]
            .into_iter()
            .find_map(|(share, words)| percentile_ms(histogram, share).map(|ms| (words, ms)));
        let count = display::count(histogram.count());
        let from = match kind {
            LatencyKind::Response => {
                "Bars count from the planned start of each request, the grey line from its actual start; log scale."
            }
            LatencyKind::Service => "Counted from the actual start of each request; log scale.",
        };
        match (half, rare) {
            (Some(half), Some((words, ms))) => format!(
                "Half of {count} requests took less than {} ms, {words} more than {} ms. {from}",
                display::number(half),
                display::number(ms)
            ),
            (Some(half), None) => format!(
                "Half of {count} requests took less than {} ms; too few for rarer percentiles. {from}",
                display::number(half)
            ),
            (None, _) => format!("{count} requests: too few for percentiles. {from}"),
        }
    }

    /// The chart as a file: `svg`, `csv` or `json`.
    pub fn file(&self, ending: &str, theme: Theme) -> Option<ChartFile> {
        match ending {
            "svg" => Some(ChartFile { content_type: SVG, body: standalone_svg(&self.chart(), Size::L, theme) }),
            "csv" => Some(ChartFile { content_type: CSV, body: self.csv() }),
            "json" => Some(ChartFile { content_type: JSON, body: self.json() }),
            _ => None,
        }
    }

    fn csv(&self) -> String {
        let mut text = String::from("counted_from,from_ms,to_ms,requests\n");
        for (kind, histogram) in &self.times {
            for step in steps(histogram) {
                let (from, to) = (display::exact(step.from_ms), display::exact(step.to_ms));
                text += &format!("{},{from},{to},{}\n", counted_from(*kind), step.count);
            }
        }
        text
    }

    fn json(&self) -> String {
        let times: Vec<serde_json::Value> = self
            .times
            .iter()
            .map(|(kind, histogram)| {
                let steps: Vec<serde_json::Value> = steps(histogram)
                    .map(|step| serde_json::json!({ "from": step.from_ms, "to": step.to_ms, "requests": step.count }))
                    .collect();
                serde_json::json!({
                    "counted_from": counted_from(*kind),
                    "requests": histogram.count(),
                    "steps": steps,
                })
            })
            .collect();
        serde_json::json!({ "chart": NAME, "unit": "ms", "times": times }).to_string()
    }
}

/// A percentile, where enough samples lie beyond it.
pub fn percentile_ms(histogram: &Histogram, share: f64) -> Option<f64> {
    (missing_samples(histogram.count(), share) == 0)
        .then(|| histogram.quantile_us(share))
        .flatten()
        .map(|us| us / 1000.0)
}

const fn counted_from(kind: LatencyKind) -> &'static str {
    match kind {
        LatencyKind::Response => "planned start",
        LatencyKind::Service => "actual start",
    }
}

fn merged(ticks: &[Tick], kind: LatencyKind) -> Histogram {
    let mut all = Accumulator::new(kind);
    for tick in ticks {
        all.add(&ReadTick::new(tick, kind));
    }
    all.latency_histogram().clone()
}

/// How many values lie around each of many places, for drawing.
fn counts(histogram: &Histogram) -> impl Iterator<Item = (f64, u64)> {
    steps(histogram).map(|step| ((step.from_ms * step.to_ms).sqrt(), step.count))
}

/// Many small steps between the smallest and the largest value; those without a value are left out.
fn steps(histogram: &Histogram) -> impl Iterator<Item = Step> {
    steps_of(histogram, STEPS)
}

/// So many steps, or fewer: those without a value are left out.
pub(super) fn steps_of(histogram: &Histogram, most: u32) -> impl Iterator<Item = Step> {
    let range = histogram.min_us().zip(histogram.max_us());
    let mut above = histogram.count();
    range
        .into_iter()
        .flat_map(move |(min, max)| {
            let (min, max) = (min.max(1.0), max.max(1.0) + 1.0);
            let edge = move |step: u32| min * (max / min).powf(f64::from(step) / f64::from(most));
            (0..most).map(move |step| (step, edge(step), edge(step + 1)))
        })
        .filter_map(move |(step, from, to)| {
            let rest = if step + 1 == most { 0 } else { histogram.count_above(to as u64) };
            let count = above.saturating_sub(rest);
            above = rest;
            (count > 0).then_some(Step { from_ms: from / 1000.0, to_ms: to / 1000.0, count })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution() -> RunDistribution {
        let (mut response, mut service) = (Histogram::new(), Histogram::new());
        for us in [1, 250, 251, 9_999, 120_000, 3_600_000] {
            response.record(us, 300);
        }
        service.record(250, 1_800);
        let times = vec![(LatencyKind::Response, response), (LatencyKind::Service, service)];
        RunDistribution { times, limits: vec![("p95", 200.0)] }
    }

    #[test]
    fn no_value_is_lost_between_the_steps() {
        for (_, histogram) in distribution().times {
            assert_eq!(steps(&histogram).map(|step| step.count).sum::<u64>(), 1_800);
        }
    }

    #[test]
    fn its_files_hold_both_times_of_an_open_run() {
        let file = |ending| distribution().file(ending, Theme::Light).map(|file| file.body);
        let csv = file("csv").expect("there is a CSV");
        assert_eq!(csv.lines().next(), Some("counted_from,from_ms,to_ms,requests"));
        let sum = |from: &str| -> u64 {
            let of = csv.lines().filter(|line| line.starts_with(from));
            of.filter_map(|line| line.rsplit(',').next()?.parse::<u64>().ok()).sum()
        };
        assert_eq!((sum("planned start"), sum("actual start")), (1_800, 1_800));
        let json: serde_json::Value =
            serde_json::from_str(&file("json").expect("there is a JSON")).expect("it is JSON");
        assert_eq!(json["times"][0]["requests"], 1_800);
        let svg = file("svg").expect("there is an SVG");
        assert!(svg.contains("p95") && svg.contains("limit of p95, 200"), "{svg}");
        assert_eq!(file("pdf"), None);
    }
}

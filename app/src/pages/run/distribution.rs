//! The distribution of latency: a histogram, and percentiles to p99.99 as far as there are samples for them.

use leptos::prelude::*;
use perflab_charts::{Chart, Marker, MarkerKind, Size, histogram::Distribution};
use perflab_model::{display, load::Load, summary::LatencyKind, tick::Tick};
use perflab_stats::{Accumulator, Histogram, ReadTick, missing_samples};

use super::data::RunData;
use crate::{charts::run::limit_ms, components::quantity::Shown, pages::figure::ChartFigure};

/// Percentiles of the table.
const PERCENTILES: [(&str, f64); 9] = [
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.5", 0.995),
    ("p99.9", 0.999),
    ("p99.95", 0.9995),
    ("p99.99", 0.9999),
];

/// Steps into which the range of values is cut before it is drawn: finer than any bar.
const STEPS: u32 = 1_024;

/// The distribution of all requests after the warm-up.
#[component]
pub fn DistributionTab(
    /// The run.
    data: RunData,
) -> impl IntoView {
    let kind = match data.run.plan.load {
        Load::Open { .. } => LatencyKind::Response,
        Load::Closed { .. } => LatencyKind::Service,
    };
    let histogram = merged(&data.ticks, kind);
    if histogram.count() == 0 {
        return view! { <p class="muted pt1">"No request was answered after the warm-up."</p> }.into_any();
    }
    let limits = [("p95", 0.95), ("p99", 0.99)].map(|(name, share)| (name, limit_ms(&data.run.plan, share)));
    let chart = chart(&histogram, &limits);
    let finding = finding(&histogram);
    view! {
        <section class="section cols">
            <h2 class="sr c12">"Distribution of latency"</h2>
            <div class="c8"><ChartFigure chart=chart sizes=&Size::TWO_THIRDS finding=finding/></div>
            <div class="c4"><Percentiles histogram=rows(&histogram)/></div>
        </section>
    }
    .into_any()
}

fn merged(ticks: &[Tick], kind: LatencyKind) -> Histogram {
    let mut all = Accumulator::new(kind);
    for tick in ticks {
        all.add(&ReadTick::new(tick, kind));
    }
    all.latency_histogram().clone()
}

fn chart(histogram: &Histogram, limits: &[(&str, Option<f64>)]) -> Chart {
    let mut chart = Distribution::new(counts(histogram), "ms").chart("Distribution");
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        if let Some(ms) = percentile_ms(histogram, share) {
            chart = chart.marker(Marker::new(MarkerKind::Note, ms, format!("{name} {}", display::number(ms))));
        }
    }
    for (name, limit) in limits {
        if let Some(ms) = limit {
            chart =
                chart.marker(Marker::new(MarkerKind::Limit, *ms, format!("limit of {name}, {}", display::number(*ms))));
        }
    }
    chart
}

/// How many values lie in each of many small steps between the smallest and the largest, in milliseconds.
fn counts(histogram: &Histogram) -> Vec<(f64, u64)> {
    let (Some(min), Some(max)) = (histogram.min_us(), histogram.max_us()) else { return Vec::new() };
    let (min, max) = (min.max(1.0), max.max(1.0) + 1.0);
    let edge = |step: u32| min * (max / min).powf(f64::from(step) / f64::from(STEPS));
    let mut above = histogram.count();
    (0..STEPS)
        .filter_map(|step| {
            let rest = if step + 1 == STEPS { 0 } else { histogram.count_above(edge(step + 1) as u64) };
            let inside = above.saturating_sub(rest);
            above = rest;
            let middle = (edge(step) * edge(step + 1)).sqrt() / 1000.0;
            (inside > 0).then_some((middle, inside))
        })
        .collect()
}

/// A percentile, where enough samples lie beyond it.
fn percentile_ms(histogram: &Histogram, share: f64) -> Option<f64> {
    (missing_samples(histogram.count(), share) == 0)
        .then(|| histogram.quantile_us(share))
        .flatten()
        .map(|us| us / 1000.0)
}

fn finding(histogram: &Histogram) -> String {
    let half = percentile_ms(histogram, 0.5);
    let rare = [(0.999, "one in a thousand"), (0.99, "one in a hundred"), (0.95, "one in twenty")]
        .into_iter()
        .find_map(|(share, words)| percentile_ms(histogram, share).map(|ms| (words, ms)));
    let count = display::count(histogram.count());
    match (half, rare) {
        (Some(half), Some((words, ms))) => format!(
            "Half of {count} requests took less than {} ms, {words} more than {} ms; log scale.",
            display::number(half),
            display::number(ms)
        ),
        (Some(half), None) => format!(
            "Half of {count} requests took less than {} ms; too few for rarer percentiles; log scale.",
            display::number(half)
        ),
        (None, _) => format!("{count} requests: too few for percentiles; log scale."),
    }
}

/// A line of the table: name, value, or how many samples are missing.
type Line = (&'static str, Result<f64, u64>);

fn rows(histogram: &Histogram) -> Vec<Line> {
    let edge = |name, value: Option<f64>| value.map(|us| (name, Ok(us / 1000.0)));
    let percentiles = PERCENTILES.into_iter().map(|(name, share)| {
        (name, percentile_ms(histogram, share).ok_or_else(|| missing_samples(histogram.count(), share)))
    });
    edge("min", histogram.min_us())
        .into_iter()
        .chain(percentiles)
        .chain(edge("max", histogram.max_us()))
        .chain(edge("mean", histogram.mean_us()))
        .collect()
}

#[component]
fn Percentiles(histogram: Vec<Line>) -> impl IntoView {
    view! {
        <table class="data tight">
            <thead>
                <tr><th>"Percentile"</th><th class="num">"This run, ms"</th></tr>
            </thead>
            <tbody>
                {histogram
                    .into_iter()
                    .map(|(name, value)| {
                        let value = match value {
                            Ok(ms) => {
                                let shown = Shown::milliseconds(ms);
                                view! { <span title=shown.exact>{shown.value}</span> }.into_any()
                            }
                            Err(missing) => {
                                let why = format!("{} more samples are needed", display::count(missing));
                                view! { <span class="void" title=why>"too few samples"</span> }.into_any()
                            }
                        };
                        view! { <tr><td>{name}</td><td class="num">{value}</td></tr> }
                    })
                    .collect_view()}
            </tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_lost_between_the_steps() {
        let mut histogram = Histogram::new();
        for us in [1, 250, 251, 9_999, 120_000, 3_600_000] {
            histogram.record(us, 3);
        }
        assert_eq!(counts(&histogram).iter().map(|(_, count)| count).sum::<u64>(), 18);
    }
}

//! What trends are made of: a few numbers of every request and of all together, in base units.

use perflab_model::summary::{Distribution, Summary};
use perflab_stats::{Accumulator, Interval, share_interval};
use perflab_store::ResultRow;

/// The results of a run. `sums` has the histograms that the summary's numbers come from, for their intervals.
pub(super) fn rows(summary: &Summary, sums: &Accumulator) -> Vec<ResultRow> {
    let totals = &summary.totals;
    let mut rows = Vec::new();
    let all = Counted {
        latency: &summary.latency,
        rate: totals.rate_per_s,
        finished: totals.finished,
        failed: totals.failed,
    };
    add(&mut rows, None, &all, sums);
    for request in &summary.requests {
        let counted = Counted {
            latency: &request.latency,
            rate: request.rate_per_s,
            finished: request.finished,
            failed: request.failed,
        };
        add(&mut rows, Some(&request.name), &counted, sums);
    }
    rows
}

/// What is kept of a request, or of all together.
struct Counted<'a> {
    latency: &'a Distribution,
    rate: Option<f64>,
    finished: u64,
    failed: u64,
}

fn add(rows: &mut Vec<ResultRow>, request: Option<&str>, counted: &Counted<'_>, sums: &Accumulator) {
    let Counted { latency, rate, finished, failed } = *counted;
    let mut push = |measure: &str, stat: &str, value: Option<f64>, unit: &str, samples: u64, interval: Interval| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            rows.push(ResultRow {
                request: request.map(str::to_owned),
                measure: measure.to_owned(),
                stat: stat.to_owned(),
                value,
                unit: unit.to_owned(),
                samples,
                interval: interval.ends(),
            });
        }
    };
    let seconds = |ms: Option<f64>| ms.map(|ms| ms / 1000.0);
    push("latency", "mean", seconds(latency.mean), "s", latency.samples, Interval::OPEN);
    for (stat, p, value) in
        [("p50", 0.5, latency.p50), ("p90", 0.9, latency.p90), ("p95", 0.95, latency.p95), ("p99", 0.99, latency.p99)]
    {
        let Interval { low, high } = sums.quantile_interval_us(request, p);
        push("latency", stat, seconds(value), "s", latency.samples, Interval { low: low / 1e6, high: high / 1e6 });
    }
    if finished > 0 {
        push("throughput", "rate", rate, "1/s", finished, Interval::OPEN);
        let share = failed as f64 / finished as f64;
        push("error_rate", "rate", Some(share), "", finished, share_interval(failed, finished));
    }
}

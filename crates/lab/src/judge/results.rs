//! What trends are made of: a few numbers of every request and of all together, in base units.

use perflab_model::summary::{Distribution, Summary};
use perflab_store::ResultRow;

/// The results of a run.
pub(super) fn rows(summary: &Summary) -> Vec<ResultRow> {
    let totals = &summary.totals;
    let mut rows = Vec::new();
    add(&mut rows, None, &summary.latency, totals.rate_per_s, totals.finished, totals.failed);
    for request in &summary.requests {
        let name = Some(request.name.as_str());
        add(&mut rows, name, &request.latency, request.rate_per_s, request.finished, request.failed);
    }
    rows
}

fn add(
    rows: &mut Vec<ResultRow>,
    request: Option<&str>,
    latency: &Distribution,
    rate: Option<f64>,
    finished: u64,
    failed: u64,
) {
    let mut push = |measure: &str, stat: &str, value: Option<f64>, unit: &str, samples: u64| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            rows.push(ResultRow {
                request: request.map(str::to_owned),
                measure: measure.to_owned(),
                stat: stat.to_owned(),
                value,
                unit: unit.to_owned(),
                samples,
            });
        }
    };
    let seconds = |ms: Option<f64>| ms.map(|ms| ms / 1000.0);
    for (stat, value) in
        [("mean", latency.mean), ("p50", latency.p50), ("p90", latency.p90), ("p95", latency.p95), ("p99", latency.p99)]
    {
        push("latency", stat, seconds(value), "s", latency.samples);
    }
    if finished > 0 {
        push("throughput", "rate", rate, "1/s", finished);
        push("error_rate", "rate", Some(failed as f64 / finished as f64), "", finished);
    }
}

//! What trends and comparisons of benchmark runs are made of: a few numbers of every case, in base units.
//!
//! A case whose numbers cannot be trusted leaves none: nothing may follow from them, in no history either.

use perflab_model::{
    bench::{CaseSummary, OpenInterval},
    blocks::{Better, BlockSeries, Blocks},
};
use perflab_stats::{bench::ReadCase, share_interval};
use perflab_store::ResultRow;

/// The results of the cases.
pub(super) fn rows(reads: &[ReadCase]) -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for read in reads.iter().filter(|read| read.is_trusted()) {
        of_case(&mut rows, read, &read.summary(None, None));
    }
    rows
}

/// A value with what belongs to it.
struct Number {
    measure: &'static str,
    stat: &'static str,
    value: Option<f64>,
    unit: &'static str,
    samples: u64,
    interval: (Option<f64>, Option<f64>),
}

fn of_case(rows: &mut Vec<ResultRow>, read: &ReadCase, case: &CaseSummary) {
    const OPEN: (Option<f64>, Option<f64>) = (None, None);
    let mut push = |number: Number| {
        if let Some(value) = number.value.filter(|value| value.is_finite()) {
            rows.push(ResultRow {
                request: Some(case.name.clone()),
                measure: number.measure.to_owned(),
                stat: number.stat.to_owned(),
                value,
                unit: number.unit.to_owned(),
                samples: number.samples,
                interval: number.interval,
            });
        }
    };
    let seconds = |ms: Option<f64>| ms.map(|ms| ms / 1e3);
    let ends =
        |interval: Option<OpenInterval>| interval.map_or(OPEN, |OpenInterval(low, high)| (seconds(low), seconds(high)));
    let latency = &case.latency;
    for (stat, value, interval) in [
        ("mean", latency.mean, ends(latency.interval)),
        ("p50", latency.p50, ends(latency.p50_interval)),
        ("p95", latency.p95, OPEN),
        ("p99", latency.p99, OPEN),
    ] {
        let (value, samples) = (seconds(value), latency.samples);
        push(Number { measure: "latency", stat, value, unit: "s", samples, interval });
    }
    let samples = read.operations();
    let rate = case.throughput_per_s;
    push(Number { measure: "throughput", stat: "rate", value: rate, unit: "1/s", samples, interval: OPEN });
    if samples > 0 {
        let share = Some(case.failed as f64 / samples as f64);
        let interval = share_interval(case.failed, samples).ends();
        push(Number { measure: "error_rate", stat: "rate", value: share, unit: "", samples, interval });
    }
    if let Some(overhead) = case.overhead {
        let (value, interval) = (Some(overhead.ms / 1e3), ends(overhead.interval));
        push(Number { measure: "overhead", stat: "value", value, unit: "s", samples: overhead.pairs, interval });
    }
    if let Some(memory) = case.memory {
        let (value, interval) = (Some(memory.bytes_per_operation), (Some(memory.low), Some(memory.high)));
        push(Number { measure: "memory", stat: "slope", value, unit: "B", samples: memory.readings, interval });
    }
    if let Some(each) = case.allocations {
        for (stat, value, unit) in [("count", each.count, ""), ("bytes", each.bytes, "B")] {
            push(Number { measure: "allocations", stat, value: Some(value), unit, samples, interval: OPEN });
        }
    }
}

/// What the cases are compared with other runs by: the twenty stretches of each, medians and means; what has no stretches
/// stands alone.
pub(super) fn blocks(reads: &[ReadCase]) -> Blocks {
    let mut series = Vec::new();
    for read in reads.iter().filter(|read| read.is_trusted()) {
        let name = read.case().name.to_string();
        let mut push = |measure: &str, stat: &str, unit: &str, values: Vec<f64>, samples: u64| {
            if !values.is_empty() {
                series.push(BlockSeries {
                    name: Some(name.clone()),
                    measure: measure.to_owned(),
                    stat: stat.to_owned(),
                    unit: unit.to_owned(),
                    better: Better::Lower,
                    values,
                    samples,
                });
            }
        };
        let measured = read.measured();
        if let Some(side) = &measured.side {
            let each = |number: fn(&perflab_model::bench::SampleBlock) -> f64| {
                side.blocks.iter().map(|block| number(block) / 1e9).collect::<Vec<f64>>()
            };
            push("latency", "p50", "s", each(|block| block.median_ns), read.right());
            push("latency", "mean", "s", each(|block| block.mean_ns), read.right());
        }
        if let Some(counted) = measured.allocations.filter(|counted| counted.operations > 0) {
            let each = |all: u64| vec![all as f64 / counted.operations as f64];
            push("allocations", "count", "", each(counted.allocations), counted.operations);
            push("allocations", "bytes", "B", each(counted.bytes), counted.operations);
        }
    }
    Blocks { series }
}

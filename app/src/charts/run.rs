//! The charts of one run over its elapsed time.

use perflab_charts::{Band, Chart, Color, Label, Level, LevelKind, Marker, Series, YAxis};
use perflab_model::{
    display,
    load::Load,
    plan::Plan,
    threshold::{Limit, Measure, Stat},
    tick::Point,
};

use crate::{charts::series::RunChart, components::chosen};

/// CPU of the generator from which on a run is suspect, percent. The rule itself is `stats`'s; this is its line.
const CPU_SUSPECT_PERCENT: f64 = 80.0;

/// Once the slowest second is this many times the typical one, a linear axis would flatten everything else.
const LOG_RATIO: f64 = 12.0;

/// A chart of a run. `live` leaves room for what is still to come and marks the present.
pub fn run_chart(which: RunChart, plan: &Plan, points: &[Point], live: bool) -> Chart {
    let open = matches!(plan.load, Load::Open { .. });
    let planned = plan.load.duration().as_secs_f64();
    let warmup = plan.warmup_time().as_secs_f64();
    let last = points.last().map_or(0.0, |point| f64::from(point.second));
    let mut chart = Chart::elapsed(title(which, open), axis(which, points));
    if live {
        chart = chart.planned(0.0, planned.max(last));
    } else {
        chart = chart.planned(0.0, last.max(1.0));
    }
    if warmup > 0.0 {
        chart = chart.band(match which {
            RunChart::Latency => Band::warm_up(warmup),
            _ => Band::Span { from: 0.0, to: warmup, label: String::new() },
        });
    }
    chart = match which {
        RunChart::Latency => latency_limits(chart, plan, warmup),
        RunChart::Rate => match planned_rate(plan, if live { planned.max(last) } else { last }) {
            Some(series) => chart.series(series).labels_inside(),
            None => chart.labels_inside(),
        },
        RunChart::Errors => chart.labels_inside(),
        RunChart::Load => match cap(plan) {
            Some((value, label)) => chart.level(Level::new(LevelKind::Limit, value, label)).labels_inside(),
            None => chart.labels_inside(),
        },
        RunChart::Cpu => {
            let label = format!("suspect over {}", chosen(CPU_SUSPECT_PERCENT));
            chart.level(Level::new(LevelKind::Limit, CPU_SUSPECT_PERCENT, label)).labels_inside()
        }
    };
    for (index, name) in series_names(which, open).into_iter().enumerate() {
        chart = chart.series(series(which, name, index, open, points));
    }
    if live && !points.is_empty() { chart.marker(Marker::now(last)) } else { chart }
}

/// The title of a chart.
pub fn title(which: RunChart, open: bool) -> &'static str {
    match which {
        RunChart::Latency => "Latency",
        RunChart::Rate => "Rate",
        RunChart::Errors => "Errors and drops",
        RunChart::Load if open => "In flight",
        RunChart::Load => "Users",
        RunChart::Cpu => "Generator CPU",
    }
}

/// The unit of a chart's values.
pub fn unit(which: RunChart) -> &'static str {
    match which {
        RunChart::Latency => "ms",
        RunChart::Rate | RunChart::Errors => "/s",
        RunChart::Load => "",
        RunChart::Cpu => "%",
    }
}

/// The series of a chart, in drawing order.
pub fn series_names(which: RunChart, open: bool) -> Vec<&'static str> {
    match which {
        RunChart::Latency => vec!["p99", "p95", "p50"],
        RunChart::Rate => vec!["rate"],
        RunChart::Errors => vec!["errors", "drops"],
        RunChart::Load if open => vec!["in flight"],
        RunChart::Load => vec!["users"],
        RunChart::Cpu => vec!["cpu"],
    }
}

/// Whether the latency axis is logarithmic: one slow second must not flatten all others.
pub fn is_log(points: &[Point]) -> bool {
    let mut typical: Vec<u64> = points.iter().filter_map(|point| point.latency.map(|q| q.p50_us)).collect();
    typical.sort_unstable();
    let slowest = points.iter().filter_map(|point| point.latency.map(|q| q.p99_us)).max();
    match (typical.get(typical.len() / 2), slowest) {
        (Some(&median), Some(slowest)) if median > 0 => slowest as f64 / median as f64 > LOG_RATIO,
        _ => false,
    }
}

fn axis(which: RunChart, points: &[Point]) -> YAxis {
    match which {
        RunChart::Latency if is_log(points) => YAxis::log("ms"),
        RunChart::Latency => YAxis::zero("ms"),
        RunChart::Rate => YAxis::zero("/s"),
        RunChart::Errors => YAxis { whole: true, ..YAxis::zero("/s") },
        RunChart::Load => YAxis::count(),
        RunChart::Cpu => YAxis::percent(),
    }
}

fn series(which: RunChart, name: &'static str, index: usize, open: bool, points: &[Point]) -> Series {
    let values: Vec<(f64, Option<f64>)> = points
        .iter()
        .map(|point| {
            let value = which.values(open, point).into_iter().nth(index).and_then(|(_, value)| value);
            (f64::from(point.second), value)
        })
        .collect();
    let newest = values.iter().rev().find_map(|(_, value)| *value);
    let label = newest.and_then(|value| which.label(name, value));
    let series = match (which, name) {
        (RunChart::Latency, "p99") => Series::line(name, values).color(Color::Series(4)).thin(),
        (RunChart::Latency, "p50") => Series::line(name, values).color(Color::Series(3)),
        (RunChart::Latency, _) => Series::line(name, values),
        (RunChart::Rate, _) => Series::area(name, values),
        (RunChart::Errors, "drops") => Series::bars(name, values).color(Color::Series(2)),
        (RunChart::Errors, _) => Series::bars(name, values).color(Color::CriticalMark),
        (RunChart::Load, _) => Series::line(name, values),
        (RunChart::Cpu, _) => Series::line(name, values).color(Color::Series(7)),
    };
    match label {
        Some(label) => series.label(label),
        None => series,
    }
}

/// The planned rate up to a second; a run that ended early has no plan beyond its end.
fn planned_rate(plan: &Plan, until: f64) -> Option<Series> {
    let Load::Open { stages, .. } = &plan.load else { return None };
    let mut points = stage_points(&plan.load);
    if points.iter().any(|(second, _)| *second > until) {
        points.retain(|(second, _)| *second <= until);
        points.push((until, plan.load.planned_at(until)));
    }
    let last = stages.last()?.to;
    Some(Series::planned("planned", points).label(format!("planned {}/s", chosen(last.get()))))
}

/// The corners of the planned load: second and rate or users.
pub fn stage_points(load: &Load) -> Vec<(f64, f64)> {
    let stages: Vec<(f64, f64, f64)> = match load {
        Load::Open { stages, .. } => {
            stages.iter().map(|stage| (stage.from.get(), stage.to.get(), stage.over.as_secs_f64())).collect()
        }
        Load::Closed { stages } => {
            stages.iter().map(|stage| (f64::from(stage.from), f64::from(stage.to), stage.over.as_secs_f64())).collect()
        }
    };
    let mut second = 0.0;
    let mut points = Vec::new();
    for (from, to, over) in stages {
        points.push((second, from));
        second += over;
        points.push((second, to));
    }
    points
}

fn cap(plan: &Plan) -> Option<(f64, String)> {
    match &plan.load {
        Load::Open { limits, .. } => {
            let cap = f64::from(limits.max_in_flight);
            Some((cap, format!("cap {}", display::count(limits.max_in_flight.into()))))
        }
        Load::Closed { .. } => None,
    }
}

fn latency_limits(chart: Chart, plan: &Plan, warmup: f64) -> Chart {
    let mut chart = chart;
    for (name, quantile) in [("p99", 0.99), ("p95", 0.95)] {
        if let Some(ms) = limit_ms(plan, quantile) {
            let full = format!("{name} limit {}", chosen(ms));
            let label = Label::with_short(full, format!("{name} limit"));
            chart = chart.level(Level::new(LevelKind::Limit, ms, label).from(warmup));
        }
    }
    chart
}

/// The lowest limit that a rule sets on a quantile of all requests, milliseconds.
pub fn limit_ms(plan: &Plan, quantile: f64) -> Option<f64> {
    plan.rules
        .iter()
        .map(|rule| &rule.threshold)
        .filter(|rule| matches!(rule.measure, Measure::Latency | Measure::Response) && rule.scope.is_none())
        .filter(|rule| matches!(rule.stat, Stat::Quantile(share) if (share - quantile).abs() < 1e-9))
        .filter_map(|rule| match rule.limit {
            Limit::Number(seconds) => Some(seconds * 1000.0),
            Limit::Baseline(_) | Limit::Budget(_) => None,
        })
        .min_by(f64::total_cmp)
}

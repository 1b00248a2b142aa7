//! One sentence a chart: what it shows, with its number, for those who see it and for those who do not.

use perflab_model::{
    display,
    load::Load,
    plan::Plan,
    summary::Progress,
    tick::{Phase, Point},
};

use super::run::{is_log, limit_ms};
use crate::{charts::series::RunChart, components::chosen};

/// The finding of a chart of a run.
pub fn run_finding(which: RunChart, plan: &Plan, points: &[Point]) -> String {
    if points.is_empty() {
        return "Nothing has been measured yet.".to_owned();
    }
    match which {
        RunChart::Latency => latency(plan, points),
        RunChart::Rate => rate(plan, points),
        RunChart::Errors => errors(points),
        RunChart::Load => load(plan, points),
        RunChart::Cpu => cpu(points),
    }
}

/// What must be known to read a chart of a run.
pub fn run_note(which: RunChart, points: &[Point]) -> &'static str {
    if which == RunChart::Latency && is_log(points) { "Log scale." } else { "" }
}

/// The finding of a chart while its run goes on: how it stands, from the numbers of the header.
pub fn live_finding(which: RunChart, plan: &Plan, now: &Progress) -> String {
    let open = matches!(plan.load, Load::Open { .. });
    match which {
        RunChart::Latency => match (now.recent.latency.p95, now.recent.latency.p50) {
            (Some(p95), _) => format!("p95 of the last 10 s {} ms.", display::number(p95)),
            (None, Some(p50)) => format!("p50 of the last 10 s {} ms; too few requests for p95.", display::number(p50)),
            (None, None) => "Too few requests in the last 10 s.".to_owned(),
        },
        RunChart::Rate if open => {
            format!("{}/s in the last 10 s, planned {}/s.", display::number(now.recent.rate_per_s), chosen(now.target))
        }
        RunChart::Rate => format!("{}/s in the last 10 s.", display::number(now.recent.rate_per_s)),
        RunChart::Errors => format!(
            "{} of {} requests failed, {} starts were dropped.",
            display::count(now.totals.failed),
            display::count(now.totals.finished),
            display::count(now.totals.dropped)
        ),
        RunChart::Load => match &plan.load {
            Load::Open { limits, .. } => format!(
                "{} under way, of {} allowed.",
                display::count(now.in_flight.into()),
                display::count(limits.max_in_flight.into())
            ),
            Load::Closed { .. } => {
                format!("{} active, {} planned now.", display::count(now.users.into()), chosen(now.target.round()))
            }
        },
        RunChart::Cpu => now
            .validity
            .signals
            .iter()
            .find(|signal| signal.code == "cpu")
            .map(|signal| format!("{}: {}.", signal.label, signal.value))
            .unwrap_or_default(),
    }
}

fn latency(plan: &Plan, points: &[Point]) -> String {
    let p95: Vec<(u32, f64)> = points
        .iter()
        .filter(|point| point.phase != Phase::WarmUp)
        .filter_map(|point| point.latency.map(|q| (point.second, q.p95_us as f64 / 1000.0)))
        .collect();
    let Some((second, highest)) = p95.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return "No request has succeeded after the warm-up.".to_owned();
    };
    let from = if matches!(plan.load, Load::Open { .. }) { "planned" } else { "actual" };
    let measured = format!("from the {from} start of each request.");
    match limit_ms(plan, 0.95) {
        Some(limit) => {
            let over: Vec<u32> = p95.iter().filter(|(_, value)| *value >= limit).map(|(second, _)| *second).collect();
            match over.first() {
                None => format!("p95 stayed under {} ms in every second; {measured}", chosen(limit)),
                Some(first) => format!(
                    "Over the p95 limit for {} s, from {}; {measured}",
                    display::count(over.len() as u64),
                    display::elapsed((*first).into())
                ),
            }
        }
        None => format!(
            "Highest p95 of a second {} ms, at {}; {measured}",
            display::number(highest),
            display::elapsed(second.into())
        ),
    }
}

fn rate(plan: &Plan, points: &[Point]) -> String {
    let measured: Vec<&Point> = points.iter().filter(|point| point.phase == Phase::Measured).collect();
    if measured.is_empty() {
        return "Still warming up.".to_owned();
    }
    let finished: u64 = measured.iter().map(|point| point.finished).sum();
    let rate = finished as f64 / measured.len() as f64;
    match plan.load.peak_rate() {
        Some(planned) => {
            let started: u64 = measured.iter().map(|point| point.started).sum();
            format!(
                "{}/s answered, {}/s started of at most {planned} planned.",
                display::number(rate),
                display::number(started as f64 / measured.len() as f64)
            )
        }
        None => format!("{}/s after the warm-up.", display::number(rate)),
    }
}

fn errors(points: &[Point]) -> String {
    let sum = |value: fn(&Point) -> u64| points.iter().map(value).sum::<u64>();
    let (failed, dropped) = (sum(|point| point.failed), sum(|point| point.dropped));
    match (failed, dropped) {
        (0, 0) => "No request failed and no start was dropped.".to_owned(),
        (failed, 0) => format!("{} requests failed, no start was dropped.", display::count(failed)),
        (0, dropped) => format!("No request failed, {} starts were dropped.", display::count(dropped)),
        (failed, dropped) => {
            format!("{} requests failed, {} starts were dropped.", display::count(failed), display::count(dropped))
        }
    }
}

fn load(plan: &Plan, points: &[Point]) -> String {
    let newest = points.last();
    match &plan.load {
        Load::Open { limits, .. } => {
            let highest = points.iter().max_by_key(|point| point.in_flight);
            let now = newest.map_or(0, |point| point.in_flight);
            match highest {
                Some(point) if point.in_flight >= limits.max_in_flight => format!(
                    "{} at the end; reached its cap of {} at {}.",
                    display::count(now.into()),
                    display::count(limits.max_in_flight.into()),
                    display::elapsed(point.second.into())
                ),
                Some(point) => format!(
                    "At most {} at once, of {} allowed.",
                    display::count(point.in_flight.into()),
                    display::count(limits.max_in_flight.into())
                ),
                None => String::new(),
            }
        }
        Load::Closed { .. } => {
            let highest = points.iter().map(|point| point.users).max().unwrap_or(0);
            match points.iter().find(|point| point.users == highest) {
                Some(first) => {
                    format!("{} from {}.", display::count(highest.into()), display::elapsed(first.second.into()))
                }
                None => String::new(),
            }
        }
    }
}

fn cpu(points: &[Point]) -> String {
    let shares: Vec<f64> = points.iter().filter_map(|point| point.generator.cpu).collect();
    match shares.iter().copied().max_by(f64::total_cmp) {
        Some(highest) => {
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            format!("{} % on average, at most {} %.", display::number(mean * 100.0), display::number(highest * 100.0))
        }
        None => "Not measured on this machine.".to_owned(),
    }
}

//! The charts of one run over its elapsed time.

use perflab_charts::{Band, Chart, Color, Label, Level, LevelKind, Marker, Series, YAxis};
use perflab_model::{
    display,
    load::Load,
    plan::Plan,
    threshold::{Limit, Measure, Stat},
    tick::Point,
};

use crate::{
    charts::series::{RunChart, value_of},
    components::{chosen, count_of},
};

/// CPU of the generator from which on a run is suspect, percent. The rule itself is `stats`'s; this is its line.
const CPU_SUSPECT_PERCENT: f64 = 80.0;

/// Once the slowest second is this many times the typical one, a linear axis would flatten everything else.
const LOG_RATIO: f64 = 12.0;

/// How much further the axis of a run goes at a time that is past its planned end and waits for answers.
const OVERTIME_S: f64 = 10.0;

/// A chart of a run. `live` leaves room for what is still to come and marks the present.
pub fn run_chart(which: RunChart, plan: &Plan, points: &[Point], live: bool) -> Chart {
    let open = is_open(plan);
    let planned = plan.load.duration().as_secs_f64();
    let warmup = plan.warmup_time().as_secs_f64();
    let last = points.last().map_or(0.0, |point| f64::from(point.end().saturating_sub(1)));
    let end = match live {
        true if last > planned => last + OVERTIME_S,
        true => planned,
        false => last.max(1.0),
    };
    let mut chart = Chart::elapsed(title(which, open), axis(which, open, points)).planned(0.0, end);
    if warmup > 0.0 {
        chart = chart.band(match which {
            RunChart::Latency => Band::warm_up(warmup),
            _ => Band::Span { from: 0.0, to: warmup, label: String::new() },
        });
    }
    chart = match which {
        RunChart::Latency => latency_limits(chart, plan, warmup),
        // A run that ended early has no plan beyond its end.
        // Its two lines end side by side: their labels stand in the margin, where they make way for each other.
        RunChart::Rate if open => chart.series(planned_line(plan, end)),
        RunChart::Load if !open => chart.series(planned_line(plan, end)).labels_inside(),
        RunChart::Users => chart.series(plan_until(plan.load.users_line(), "", end)).labels_inside(),
        RunChart::Load => match cap(plan) {
            Some((value, label)) => chart.level(Level::new(LevelKind::Limit, value, label)).labels_inside(),
            None => chart.labels_inside(),
        },
        RunChart::Cpu => {
            let label = format!("suspect over {}", chosen(CPU_SUSPECT_PERCENT));
            chart.level(Level::new(LevelKind::Limit, CPU_SUSPECT_PERCENT, label)).labels_inside()
        }
        RunChart::Errors => match worst_second(points) {
            Some((second, value, text)) => chart.callout(second, value, text).labels_inside(),
            None => chart.labels_inside(),
        },
        RunChart::Rate | RunChart::Lag | RunChart::Connections | RunChart::Memory => chart.labels_inside(),
    };
    for name in drawn_names(which, open) {
        chart = chart.series(series(which, name, open, points, live));
    }
    if live && !points.is_empty() { chart.marker(Marker::now(last)) } else { chart }
}

/// Whether starts come at a planned rate.
pub fn is_open(plan: &Plan) -> bool {
    plan.load.has_rate()
}

/// The title of a chart.
pub fn title(which: RunChart, open: bool) -> &'static str {
    match which {
        RunChart::Latency => "Latency",
        RunChart::Rate => "Rate",
        RunChart::Errors if open => "Errors and drops",
        RunChart::Errors => "Errors",
        RunChart::Load if open => "In flight",
        RunChart::Load | RunChart::Users => "Users",
        RunChart::Lag => "Start lag",
        RunChart::Connections => "New connections",
        RunChart::Cpu => "Generator CPU",
        RunChart::Memory => "Generator memory",
    }
}

/// The unit of a chart's values.
pub fn unit(which: RunChart) -> &'static str {
    match which {
        RunChart::Latency | RunChart::Lag => "ms",
        RunChart::Rate | RunChart::Errors | RunChart::Connections => "/s",
        RunChart::Load | RunChart::Users => "",
        RunChart::Cpu => "%",
        RunChart::Memory => "MB",
    }
}

/// The series of a chart, as its table and its files have them.
pub fn series_names(which: RunChart, open: bool) -> Vec<&'static str> {
    match which {
        RunChart::Latency => vec!["p99", "p95", "p50", "mean"],
        RunChart::Rate if open => vec!["planned", "starts", "requests"],
        RunChart::Rate => vec!["requests"],
        RunChart::Errors if open => vec!["errors", "drops"],
        RunChart::Errors => vec!["errors"],
        RunChart::Load if open => vec!["in flight"],
        RunChart::Load | RunChart::Users => vec!["planned", "users"],
        RunChart::Lag => vec!["p99"],
        RunChart::Connections => vec!["new"],
        RunChart::Cpu => vec!["cpu"],
        RunChart::Memory => vec!["memory"],
    }
}

/// The series of a chart as they are drawn, one over the other.
fn drawn_names(which: RunChart, open: bool) -> Vec<&'static str> {
    match which {
        RunChart::Rate if open => vec!["starts", "requests"],
        RunChart::Errors if open => vec!["drops", "errors"],
        RunChart::Load if !open => vec!["users"],
        RunChart::Users => vec!["users"],
        _ => series_names(which, open),
    }
}

/// The colours of series that have no label at the end of their line: class of the mark, and its word.
pub fn keys(which: RunChart, open: bool, points: &[Point], live: bool) -> Vec<(&'static str, &'static str)> {
    let mean_is_drawn = || points.iter().any(|point| value_of(&which.drawn(open, point), "mean").is_some());
    match which {
        RunChart::Errors if open => vec![("k-err", "errors,"), ("k-2", "drops on top of them.")],
        // A live chart may come to need it at any second.
        RunChart::Latency if live || mean_is_drawn() => {
            vec![("k-base", "mean, where a second has too few requests for percentiles.")]
        }
        _ => Vec::new(),
    }
}

/// Whether the latency axis is logarithmic: one slow second must not flatten all others.
pub fn is_log(open: bool, points: &[Point]) -> bool {
    let (mut typical, mut slowest) = (Vec::new(), 0.0_f64);
    for values in points.iter().map(|point| RunChart::Latency.drawn(open, point)) {
        typical.extend(value_of(&values, "p50").or(value_of(&values, "mean")));
        slowest = values.into_iter().filter_map(|(_, value)| value).fold(slowest, f64::max);
    }
    typical.sort_by(f64::total_cmp);
    typical.get(typical.len() / 2).is_some_and(|median| *median > 0.0 && slowest / median > LOG_RATIO)
}

fn axis(which: RunChart, open: bool, points: &[Point]) -> YAxis {
    match which {
        RunChart::Latency if is_log(open, points) => YAxis::log("ms"),
        // Of several seconds a rate may be less than one.
        RunChart::Errors | RunChart::Connections => YAxis { whole: width(points) == 1, ..YAxis::zero("/s") },
        RunChart::Load | RunChart::Users => YAxis::count(),
        RunChart::Cpu => YAxis::percent(),
        RunChart::Latency | RunChart::Rate | RunChart::Lag | RunChart::Memory => YAxis::zero(unit(which)),
    }
}

fn series(which: RunChart, name: &'static str, open: bool, points: &[Point], live: bool) -> Series {
    let values: Vec<(f64, Option<f64>)> =
        points.iter().map(|point| (f64::from(point.second), value_of(&which.drawn(open, point), name))).collect();
    let measured = values.iter().rev().find_map(|(_, value)| *value);
    // The label of a finished line names its last value, that of a growing one the present, even when that is a gap.
    let newest = if live { values.last().and_then(|(_, value)| *value) } else { measured };
    let label = match (which, live) {
        // The last second of a run is seldom a whole one: its rate is no result.
        (RunChart::Rate, false) => measured.map(|_| name.to_owned()),
        _ => measured.and_then(|_| which.label(name, newest)),
    };
    let series = match (which, name) {
        (RunChart::Latency, "p99") => Series::line(name, values).color(Color::Series(4)).thin(),
        (RunChart::Latency, "p50") => Series::line(name, values).color(Color::Series(3)),
        (RunChart::Latency, "mean") => Series::line(name, values).color(Color::ChartMuted),
        (RunChart::Rate, "requests") if open => Series::line(name, values).color(Color::Series(7)),
        (RunChart::Rate, _) => Series::area(name, values),
        (RunChart::Errors, "drops") => Series::bars(name, values).color(Color::Series(2)),
        (RunChart::Errors, _) => Series::bars(name, values).color(Color::CriticalMark),
        (RunChart::Lag, _) => Series::line(name, values).color(Color::Series(4)),
        (RunChart::Connections, _) => Series::bars(name, values).color(Color::Series(7)),
        (RunChart::Cpu | RunChart::Memory, _) => Series::line(name, values).color(Color::Series(7)),
        (RunChart::Latency | RunChart::Load | RunChart::Users, _) => Series::line(name, values),
    };
    match label {
        Some(label) => series.label(label),
        None => series,
    }
}

/// The second with most errors and drops, the top of its bar, and what is said there: colour alone does not tell the
/// two apart.
fn worst_second(points: &[Point]) -> Option<(f64, f64, String)> {
    let height = |point: &Point| point.per_second(point.failed + point.dropped);
    let worst = points.iter().max_by(|a, b| height(a).total_cmp(&height(b)))?;
    let at = match (display::elapsed(worst.second.into()), worst.seconds) {
        (at, 0 | 1) => format!("at {at}"),
        (from, seconds) => format!("in {seconds} s from {from}"),
    };
    let text = match (worst.failed, worst.dropped) {
        (0, 0) => return None,
        (failed, 0) => format!("{} {at}", counted(failed, "error")),
        (0, dropped) => format!("{} {at}", counted(dropped, "drop")),
        (failed, dropped) => format!("{} and {} {at}", counted(dropped, "drop"), counted(failed, "error")),
    };
    Some((f64::from(worst.second), height(worst), text))
}

/// How many seconds a point holds, where it holds most: one, or more of a long run.
pub(super) fn width(points: &[Point]) -> u32 {
    points.iter().map(|point| point.seconds).max().unwrap_or(1)
}

/// `1 error`, `31 drops`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    count_of(usize::try_from(count).unwrap_or(usize::MAX), thing)
}

/// The planned rate or number of users up to a second.
fn planned_line(plan: &Plan, until: f64) -> Series {
    plan_until(stage_points(&plan.load), if is_open(plan) { "/s" } else { "" }, until)
}

fn plan_until(mut points: Vec<(f64, f64)>, sign: &str, until: f64) -> Series {
    let after = points.iter().position(|(second, _)| *second > until);
    if let Some(after) = after {
        let cut = match (after.checked_sub(1).map(|before| points[before]), points[after]) {
            (Some((from, low)), (to, high)) => low + (high - low) * (until - from) / (to - from),
            (None, (_, value)) => value,
        };
        points.truncate(after);
        points.push((until, cut));
    }
    let label = points.last().map(|(_, last)| format!("planned {}{sign}", chosen(*last)));
    let line = Series::planned("planned", points);
    match label {
        Some(label) => line.label(label),
        None => line,
    }
}

/// The corners of the planned load: second and rate, or users where there is no rate.
pub fn stage_points(load: &Load) -> Vec<(f64, f64)> {
    if load.has_rate() { load.rate_line() } else { load.users_line() }
}

/// The slots of a run with a rate. Where there are users besides, what they have under way takes none of them.
fn cap(plan: &Plan) -> Option<(f64, String)> {
    let most = plan.load.max_in_flight().filter(|_| !plan.load.has_users())?;
    Some((f64::from(most), format!("cap {}", display::count(most.into()))))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::sample::{closed, open, second};

    fn seconds(count: u32) -> Vec<Point> {
        (0..count).map(|at| second(at, 257)).collect()
    }

    fn names(chart: &Chart) -> Vec<&str> {
        chart.series.iter().map(|series| series.name.as_str()).collect()
    }

    #[test]
    fn starts_are_drawn_against_their_plan_and_requests_apart_from_both() {
        let chart = run_chart(RunChart::Rate, &open(60), &seconds(20), true);
        assert_eq!(names(&chart), ["planned", "starts", "requests"]);
        let labels: Vec<String> =
            chart.series.iter().filter_map(|series| series.label.clone()).map(|label| label.full).collect();
        assert_eq!(labels, ["planned 100/s", "starts 100/s", "requests 257/s"]);
    }

    #[test]
    fn users_are_drawn_against_their_plan() {
        let chart = run_chart(RunChart::Load, &closed(20), &seconds(12), false);
        assert_eq!(names(&chart), ["planned", "users"]);
        let planned = chart.series[0].points.last().map(|point| (point.x, point.y));
        assert_eq!(planned, Some((11.0, Some(10.0))), "a run that ended early has no plan beyond its end");
    }

    #[test]
    fn every_series_of_a_chart_has_its_values_in_the_same_order() {
        let names = |values: Vec<(&'static str, Option<f64>)>| -> Vec<&'static str> {
            values.into_iter().map(|(name, _)| name).collect()
        };
        for open in [true, false] {
            for which in RunChart::ALL {
                let point = second(0, 257);
                assert_eq!(series_names(which, open), names(which.values(open, &point)), "{which:?}, open: {open}");
                assert_eq!(drawn_names(which, open), names(which.drawn(open, &point)), "{which:?}, open: {open}");
            }
        }
    }

    #[test]
    fn errors_and_drops_are_told_apart_in_words() {
        let mut points = seconds(20);
        points[7] = Point { failed: 12, dropped: 31, ..second(7, 257) };
        let chart = run_chart(RunChart::Errors, &open(20), &points, false);
        let callout = chart.callouts.first().map(|callout| (callout.x, callout.y, callout.label.full.as_str()));
        assert_eq!(callout, Some((7.0, 43.0, "31 drops and 12 errors at 0:07")));
        assert_eq!(keys(RunChart::Errors, true, &points, false).len(), 2);
    }

    #[test]
    fn a_bar_of_several_seconds_is_as_high_as_its_rate_and_says_how_many_they_are() {
        let point = |at: u32, failed: u64| Point { seconds: 4, failed, ..second(4 * at, 1_000) };
        let points = [point(0, 1), point(1, 10), point(2, 0)];
        let chart = run_chart(RunChart::Errors, &closed(20), &points, false);
        let callout = chart.callouts.first().map(|callout| (callout.x, callout.y, callout.label.full.as_str()));
        assert_eq!(callout, Some((4.0, 2.5, "10 errors in 4 s from 0:04")));
        assert_eq!(chart.x.planned, Some((0.0, 11.0)), "the last point goes on to the run's last second");
    }

    #[test]
    fn a_run_that_waits_for_answers_after_its_end_has_room_for_them() {
        let chart = run_chart(RunChart::Rate, &open(20), &seconds(25), true);
        assert_eq!(chart.x.planned, Some((0.0, 34.0)));
    }

    #[test]
    fn a_live_label_names_the_present_and_not_the_last_value_that_was_known() {
        let mut points = seconds(20);
        points.push(second(20, 3));
        let label = |live| {
            let chart = run_chart(RunChart::Latency, &open(60), &points, live);
            let series = chart.series.iter().find(|series| series.name == "p95");
            series.and_then(|series| series.label.clone()).map(|label| label.full)
        };
        assert_eq!(label(true).as_deref(), Some("p95 too few"));
        assert_eq!(label(false).as_deref(), Some("p95 110 ms"));
    }
}

//! One measure over runs: a line for each request, the level of a single one, where it moved, and what limits hold.

mod drawn;
mod file;
#[cfg(test)]
pub(crate) mod sample;
mod stops;

use perflab_charts::{
    Band, Chart, Color, Label, Level, LevelKind, Marker, MarkerKind, Point, Series, XKind, YAxis, YBase,
};
use perflab_model::{
    display,
    trend::{Axis, Scale, Trend, TrendChange, TrendChart, TrendSeries},
};

use crate::components::with_unit;
use drawn::{Drawn, Value, drawn, place};

pub use file::trend_chart_file;
pub use stops::trend_stops;

/// From this share of the largest value on, the axis does not begin at 0: else a change that matters is a pixel.
const NEAR: f64 = 0.5;

/// The chart of a measure. Runs that may be compared are joined by a line; the others are drawn hollow and alone, for a
/// line from one to the next would compare them. Where several requests are drawn only what is compared is.
pub fn trend_chart(trend: &Trend, chart: &TrendChart) -> Chart {
    let series: Vec<(&TrendSeries, Drawn)> = chart.series.iter().map(|series| (series, drawn(trend, series))).collect();
    let x = match trend.query.axis {
        Some(Axis::Commit) => XKind::Index(trend.runs.iter().map(drawn::commit).collect()),
        _ => XKind::WallTime,
    };
    let y = YAxis { base: base(trend, chart), ..YAxis::zero(drawn::unit(trend, chart)) };
    let mut drawing = Chart::new(chart_title(trend, chart), x, y);
    if let [(only, values)] = series.as_slice() {
        drawing = around(drawing, trend, chart, only, values);
    } else if trend.query.relative.is_none() {
        drawing = limits(drawing, chart, 1.0);
    }
    for (number, (series, values)) in (1_u8..).zip(&series) {
        drawing = drawing.series(joined(trend, chart, series, values, number));
    }
    for part in &trend.parts {
        drawing = drawing.marker(Marker::new(
            MarkerKind::Event,
            place(trend, part.at),
            Label::with_short(part.why.clone(), "another worker"),
        ));
    }
    drawing
}

/// Where the vertical axis of a chart begins.
pub fn base(trend: &Trend, chart: &TrendChart) -> YBase {
    if trend.query.scale == Some(Scale::Log) {
        return YBase::Log;
    }
    let values = chart.series.iter().flat_map(|series| drawn(trend, series).values);
    let limits = chart.limits.iter().filter(|_| trend.query.relative.is_none()).map(|limit| limit.value);
    let (mut low, mut high, mut count) = (f64::MAX, f64::MIN, 0);
    for y in values.map(|value| value.y).chain(limits) {
        (low, high, count) = (low.min(y), high.max(y), count + 1);
    }
    if count > 1 && low > high * NEAR { YBase::Data } else { YBase::Zero }
}

/// A series of what is compared, joined within each part.
fn joined(trend: &Trend, chart: &TrendChart, series: &TrendSeries, values: &Drawn, number: u8) -> Series {
    let starts = drawn::starts(trend);
    let mut points = Vec::new();
    let mut before: Option<u32> = None;
    for value in values.values.iter().filter(|value| value.compared) {
        let x = place(trend, value.at);
        if let Some(before) = before
            && starts.iter().any(|start| before < *start && *start <= value.at)
        {
            points.push(Point::gap(x));
        }
        points.push(point(x, value));
        before = Some(value.at);
    }
    let newest = values.values.iter().rev().find(|value| value.compared);
    let single = chart.series.len() == 1;
    let label = newest.and_then(|newest| {
        let shown = with_unit(&display::number(newest.y), &drawn::unit(trend, chart));
        match (single, &series.request) {
            (true, _) => Some(Label::from(format!("{shown}, #{}", trend.run(newest.at)?.number))),
            (false, request) => {
                let name = request.clone().unwrap_or_else(|| "all together".to_owned());
                Some(Label::with_short(format!("{name}  {shown}"), name))
            }
        }
    });
    let last = points.len().saturating_sub(1);
    let mut line = Series::points(series.request.clone().unwrap_or_else(|| "value".to_owned()), points)
        .color(Color::Series(number));
    if let Some(label) = label {
        line = line.label(label);
    }
    if single { line.selected(last) } else { line }
}

fn point(x: f64, value: &Value) -> Point {
    let point = Point::new(x, value.y);
    match value.interval {
        Some((low, high)) => point.interval(low, high),
        None => point,
    }
}

/// What stands around a single series: limits, the range that runs of its level are expected in, its levels, what stands
/// apart, where it moved.
fn around(drawing: Chart, trend: &Trend, chart: &TrendChart, series: &TrendSeries, values: &Drawn) -> Chart {
    let mut drawing = drawing;
    let at = |at: u32| place(trend, at);
    if let Some(times) = values.times {
        drawing = limits(drawing, chart, times);
        let newest = values.values.iter().rev().find(|value| value.compared);
        if let (Some(level), Some(newest)) = (&series.level, newest) {
            let ends = (level.low * times, level.high * times);
            drawing =
                drawing.band(Band::Range(vec![(at(level.since), ends.0, ends.1), (at(newest.at), ends.0, ends.1)]));
        }
        let levels = levels(trend, series).into_iter().flat_map(|(from, to, value)| {
            [Point::new(at(from), value * times), Point::new(at(to), value * times), Point::gap(at(to))]
        });
        drawing = drawing.series(Series::line("level", levels).color(Color::Ink));
    }
    let alone = values.values.iter().filter(|value| !value.compared);
    let alone = alone.flat_map(|value| [Point::new(at(value.at), value.y).hollow(), Point::gap(at(value.at))]);
    drawing = drawing.series(Series::points("apart", alone).color(Color::ChartMuted));
    for change in &series.changes {
        // A change whose first run is sure has no width.
        if change.from < change.to && values.times.is_some() {
            drawing = drawing.band(Band::Span { from: at(change.from), to: at(change.to), label: String::new() });
        }
        let kind = if change.worse { MarkerKind::Worse } else { MarkerKind::Better };
        let detail = trend.run(change.at).map(|run| run.revision.to_string()).unwrap_or_default();
        drawing = drawing.marker(Marker::new(kind, at(change.at), percent(change)).detail(detail));
    }
    drawing
}

fn limits(drawing: Chart, chart: &TrendChart, times: f64) -> Chart {
    chart.limits.iter().fold(drawing, |drawing, limit| {
        let shown = with_unit(&display::number(limit.value), &chart.unit);
        let label = Label::with_short(limit.rule.clone(), format!("limit {shown}"));
        drawing.level(Level::new(LevelKind::Limit, limit.value * times, label))
    })
}

/// `+17.6 %`.
pub fn percent(change: &TrendChange) -> String {
    format!("{} %", display::signed(change.shift * 100.0))
}

/// The levels that are known: of runs from one place to another.
fn levels(trend: &Trend, series: &TrendSeries) -> Vec<(u32, u32, f64)> {
    let steps: Vec<&TrendChange> = series.changes.iter().filter(|change| !change.drift).collect();
    let Some(last) = series.points.last().map(|point| point.at) else { return Vec::new() };
    let first = series.points.first().map_or(0, |point| point.at);
    let starts = || trend.parts.iter().map(|part| part.at);
    let begins = |at: u32| starts().filter(|start| *start <= at).max().unwrap_or(first).max(first);
    let ends = |at: u32| starts().filter(|start| *start > at).min().map_or(last, |start| start.saturating_sub(1));
    let mut levels = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let before = number.checked_sub(1).map(|before| steps[before].at).filter(|at| *at >= begins(step.at));
        levels.push((before.unwrap_or(begins(step.at)), step.at, step.before));
        let is_last = steps.get(number + 1).is_none_or(|next| next.at > ends(step.at));
        if is_last {
            levels.push((step.at, ends(step.at), step.after));
        }
    }
    if let Some(level) = series.level.filter(|level| steps.iter().all(|step| step.at < begins(level.since))) {
        levels.push((level.since, last, level.value));
    }
    levels
}

/// `Latency, p95 of login`.
pub fn chart_title(trend: &Trend, chart: &TrendChart) -> String {
    match &trend.query.request {
        Some(request) => format!("{} of {request}", chart.label),
        None => chart.label.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{series, trend_of};
    use super::*;
    use perflab_model::trend::{TrendLevel, TrendPart};

    fn change(at: u32, before: f64, after: f64) -> TrendChange {
        let shift = after / before - 1.0;
        TrendChange { at, from: at, to: at, drift: false, before, after, shift, worse: shift > 0.0 }
    }

    #[test]
    fn levels_end_where_the_level_moves_and_where_another_machine_measures() {
        let mut trend = trend_of(&[50.0; 30]);
        let series = &mut trend.charts[0].series[0];
        series.changes = vec![change(10, 50.0, 60.0), change(15, 60.0, 55.0)];
        series.level = Some(TrendLevel {
            since: 20,
            value: 40.0,
            low: 38.0,
            high: 42.0,
            suspected: false,
            smallest_visible: 0.01,
        });
        trend.parts = vec![TrendPart { at: 20, why: "worker class b instead of a".to_owned() }];
        let expected = [(0, 10, 50.0), (10, 15, 60.0), (15, 19, 55.0), (20, 29, 40.0)];
        assert_eq!(levels(&trend, &trend.charts[0].series[0]), expected);
    }

    #[test]
    fn no_line_leads_from_one_machine_to_another() {
        let mut trend = trend_of(&[50.0, 51.0, 20.0, 21.0]);
        trend.parts = vec![TrendPart { at: 2, why: "worker class b instead of a".to_owned() }];
        let chart = trend_chart(&trend, &trend.charts[0]);
        let line = chart.series.iter().find(|series| series.name == "value").expect("the series");
        assert_eq!(line.points.iter().filter(|point| point.y.is_none()).count(), 1);
        assert!(chart.markers.iter().any(|marker| marker.label.full.contains("class b")));
    }

    #[test]
    fn several_requests_are_lines_with_their_names() {
        let mut trend = trend_of(&[50.0, 51.0]);
        trend.charts[0].series = vec![series(Some("login"), &[5.0, 6.0]), series(Some("search"), &[7.0, 8.0])];
        let chart = trend_chart(&trend, &trend.charts[0]);
        let labels: Vec<_> =
            chart.series.iter().filter_map(|series| Some(series.label.as_ref()?.full.as_str())).collect();
        assert_eq!(labels, ["login  6.00/s", "search  8.00/s"]);
        assert_ne!(chart.series[0].color, chart.series[1].color);
    }

    #[test]
    fn an_axis_of_commits_has_a_place_for_each_run() {
        let mut trend = trend_of(&[50.0, 51.0]);
        trend.query.axis = Some(Axis::Commit);
        let chart = trend_chart(&trend, &trend.charts[0]);
        assert_eq!(chart.x.kind, XKind::Index(vec!["#1".to_owned(), "#2".to_owned()]));
    }

    #[test]
    fn the_axis_begins_at_0_unless_that_would_hide_what_matters() {
        let trend = trend_of(&[100.0, 110.0]);
        assert_eq!(base(&trend, &trend.charts[0]), YBase::Data);
        let trend = trend_of(&[10.0, 110.0]);
        assert_eq!(base(&trend, &trend.charts[0]), YBase::Zero);
    }
}

//! Which range each axis covers, and its vertical ticks.
//!
//! In:  the values of a chart. Out: ranges that hold them all, with round ends where the axis is vertical.

use crate::{
    chart::{Band, Chart, XKind, YBase},
    scale::{ScaleKind, Span},
    series::{Mark, Point},
    tick::{Headroom, Tick, log, log_bounds, vertical},
};

/// The most ticks of a vertical axis.
const MOST_TICKS: usize = 6;

/// Ticks nearer than this crowd a low plot.
const TICK_DISTANCE: f64 = 24.0;

/// A level further away than this many times the highest value would squash the data: it is named at the edge instead.
const FAR_LEVEL: f64 = 5.0;

/// The range of an axis without data: a minute.
const EMPTY_ELAPSED_S: f64 = 60.0;

/// Lowest and highest of what was added.
#[derive(Clone, Copy, Debug, Default)]
struct Extent(Option<(f64, f64)>);

impl Extent {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            let (low, high) = self.0.unwrap_or((value, value));
            self.0 = Some((low.min(value), high.max(value)));
        }
    }
}

/// The horizontal range.
pub(super) fn horizontal(chart: &Chart) -> Span {
    let kind = match &chart.x.kind {
        XKind::Value { scale, .. } => *scale,
        _ => ScaleKind::Linear,
    };
    let placed = |value: f64| kind == ScaleKind::Linear || value > 0.0;
    let mut extent = Extent::default();
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let places = points().flat_map(|point| [Some(point.x), point.until]).flatten();
    let planned = chart.x.planned.into_iter().flat_map(|(from, to)| [from, to]);
    let bands = chart.bands.iter().flat_map(|band| match band {
        Band::Span { from, to, .. } => vec![*from, *to],
        Band::Range(points) => points.iter().map(|(x, _, _)| *x).collect(),
    });
    let markers = chart.markers.iter().map(|marker| marker.x);
    places
        .chain(planned)
        .chain(bands)
        .chain(markers)
        .filter(|value| placed(*value))
        .for_each(|value| extent.add(value));

    match (&chart.x.kind, extent.0) {
        (XKind::Index(labels), _) => Span::new(-0.5, (labels.len().max(1) as f64) - 0.5, ScaleKind::Linear),
        (XKind::Elapsed, None) => Span::new(0.0, EMPTY_ELAPSED_S, kind),
        (XKind::Elapsed, Some((low, high))) => Span::new(low.min(0.0), if high > low { high } else { low + 1.0 }, kind),
        (_, None) => Span::new(1.0, 100.0, kind),
        (XKind::WallTime, Some((low, high))) => {
            let pad = if high > low { (high - low) * 0.01 } else { 3600.0 };
            Span::new(low - pad, high + pad, kind)
        }
        (XKind::Value { .. }, Some((low, high))) => Span::new(low, high, kind),
    }
}

/// The vertical range and its ticks, on a plot of about this height.
pub(super) fn vertical_axis(chart: &Chart, height: f64) -> (Span, Vec<Tick>) {
    let log_scale = chart.y.base == YBase::Log;
    let placed = |value: f64| value.is_finite() && (!log_scale || value > 0.0);
    let mut extent = Extent::default();
    for series in &chart.series {
        for point in &series.points {
            let interval = point.interval.filter(|_| series.mark == Mark::Points && point.value().is_some());
            let ends = interval.map(|(low, high)| [low, high]).into_iter().flatten();
            point.value().into_iter().chain(ends).filter(|value| placed(*value)).for_each(|value| extent.add(value));
        }
    }
    for band in &chart.bands {
        if let Band::Range(points) = band {
            let ends = points.iter().flat_map(|(_, low, high)| [*low, *high]);
            ends.filter(|value| placed(*value)).for_each(|value| extent.add(value));
        }
    }
    let planned = chart.y.at_least.into_iter().flat_map(|(low, high)| [low, high]);
    planned.filter(|value| placed(*value)).for_each(|value| extent.add(value));
    let data = extent.0;
    for level in chart.levels.iter().filter(|level| placed(level.value)) {
        if data.is_none_or(|(low, high)| is_near(level.value, low, high, chart.y.base)) {
            extent.add(level.value);
        }
    }

    if log_scale {
        let (low, high) = extent.0.unwrap_or((1.0, 100.0));
        let (from, to) = log_bounds(low, high);
        let span = Span::new(from, to, ScaleKind::Log);
        return (span, log(span.from(), span.to(), MOST_TICKS));
    }
    let (low, high) = extent.0.unwrap_or((0.0, 0.0));
    let (low, high) = match chart.y.base {
        YBase::Zero => (low.min(0.0), high.max(0.0)),
        // The lowest point must not lie on the axis.
        _ => (low - (high - low) * 0.04, high),
    };
    // Numbers whose difference is no number any more cannot be laid out; they are cut off at the edge.
    let (low, high) = (low.clamp(-1e300, 1e300), high.clamp(-1e300, 1e300));
    let intervals = (height / TICK_DISTANCE).floor();
    let room = Headroom { whole: chart.y.whole, ceiling: chart.y.ceiling, intervals };
    let ((from, to), ticks) = vertical(low, high, room);
    (Span::new(from, to, ScaleKind::Linear), ticks)
}

fn is_near(level: f64, low: f64, high: f64, base: YBase) -> bool {
    match base {
        YBase::Zero => level <= high.max(0.0) * FAR_LEVEL || high <= 0.0,
        YBase::Log => level <= high * 20.0 && level >= low / 20.0,
        YBase::Data => {
            let reach = (high - low).max(high.abs() * 0.05) * FAR_LEVEL;
            (low - reach..=high + reach).contains(&level)
        }
    }
}

/// The last measured value of a series.
pub(super) fn last_value(points: &[Point]) -> Option<(f64, f64)> {
    points.iter().rev().find_map(|point| point.value().map(|y| (point.x, y)))
}

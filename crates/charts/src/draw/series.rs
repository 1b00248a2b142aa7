//! Draws the series of a chart.

use super::{
    canvas::{Canvas, Pen, Plot},
    layout::Layout,
    names::{Names, Part},
};
use crate::{
    color::Color,
    reduce::reduce,
    scale::Scale,
    series::{Mark, Point, Series},
};

/// How much of an area shows.
const AREA_OPACITY: f64 = 0.14;
/// How much of an interval's bar shows.
const INTERVAL_OPACITY: f64 = 0.35;
/// The widest bar when the room is shared equally.
const WIDEST_BAR: f64 = 24.0;

pub(super) fn draw(canvas: &Canvas<'_>, series: &Series, index: usize, layout: &Layout, names: &Names) {
    let scale = &layout.scale;
    let inside: Vec<Point> = series.points.iter().filter(|point| scale.x.contains(point.x)).copied().collect();
    let column = |x: f64| (scale.x(x) - scale.plot.x).floor() as i64;
    let points = reduce(&inside, scale.plot.w.ceil() as usize, column);
    let pen = Pen::new(series.color);
    match series.mark {
        Mark::Bars => bars(canvas, series, &points, scale, pen.name(names.part(index, Part::Bars))),
        Mark::Line | Mark::Step | Mark::Points => {
            let plot = canvas.plot(scale);
            let runs = runs(&points, series.mark == Mark::Step);
            let ends_with_gap = points.last().is_some_and(|point| point.value().is_none());
            // Every piece has the name of its series; the last one says whether it may be drawn on.
            let name = |piece: usize, open: Part, ended: Part| {
                let last = piece + 1 == runs.len();
                names.part(index, if last && ends_with_gap { ended } else { open })
            };
            if series.area {
                let name = |piece| name(piece, Part::Area, Part::EndedArea);
                area(&plot, &runs, scale, pen.opacity(AREA_OPACITY), name);
            }
            if series.mark == Mark::Points {
                intervals(canvas, &inside, scale, pen.opacity(INTERVAL_OPACITY));
            }
            lines(canvas, &plot, series, &runs, scale, |piece| name(piece, Part::Line, Part::EndedLine));
            if series.mark == Mark::Points {
                dots(canvas, series, &inside, scale, layout.narrow);
            }
        }
    }
}

/// The values between gaps. A step keeps its value until the next point.
fn runs(points: &[Point], step: bool) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for point in points {
        let Some(y) = point.value() else {
            open = false;
            continue;
        };
        if !open {
            runs.push(Vec::new());
            open = true;
        }
        if let Some(run) = runs.last_mut() {
            if let Some(&(_, before)) = run.last().filter(|_| step) {
                run.push((point.x, before));
            }
            run.push((point.x, y));
        }
    }
    runs
}

fn area(plot: &Plot<'_>, runs: &[Vec<(f64, f64)>], scale: &Scale, pen: Pen, name: impl Fn(usize) -> u8) {
    let base = 0f64.clamp(scale.y.from(), scale.y.to());
    for (piece, run) in runs.iter().enumerate() {
        let pen = pen.name(name(piece));
        if let (Some(&(first, _)), Some(&(last, _))) = (run.first(), run.last()) {
            plot.polygon([(first, base)].into_iter().chain(run.iter().copied()).chain([(last, base)]), pen);
        }
    }
}

fn lines(
    canvas: &Canvas<'_>,
    plot: &Plot<'_>,
    series: &Series,
    runs: &[Vec<(f64, f64)>],
    scale: &Scale,
    name: impl Fn(usize) -> u8,
) {
    let pen = Pen::new(series.color).width_tenths(series.width_tenths);
    let pen = if series.planned { pen.look(super::backend::Look::Planned) } else { pen };
    for (piece, run) in runs.iter().enumerate() {
        if let ([(x, y)], false) = (run.as_slice(), series.mark == Mark::Points) {
            // A line of one value has no length; a dot shows that something was measured between two gaps.
            let radius = f64::from(series.width_tenths) / 20.0 + 1.0;
            canvas.disc((scale.x(*x), scale.y(clamped(*y, scale))), radius, Pen::new(series.color));
        }
        plot.polyline(run.iter().copied(), pen.name(name(piece)));
    }
    if runs.is_empty() {
        // Nothing measured yet: a script finds the line that it lets grow.
        plot.polyline([], pen.name(name(1)));
    }
}

/// All bars in one polygon that returns to the base line between them: a tenth of the bytes of single rectangles.
fn bars(canvas: &Canvas<'_>, series: &Series, points: &[Point], scale: &Scale, pen: Pen) {
    let base = scale.y(0f64.clamp(scale.y.from(), scale.y.to()));
    let (left, right) = (scale.plot.x, scale.plot.x + scale.plot.w);
    let column = |point: &Point| scale.x(point.x).floor() as i64;
    let places: Vec<f64> = points.iter().map(|point| scale.x(point.x)).collect();
    let distance = places.windows(2).map(|pair| pair[1] - pair[0]).filter(|d| *d > 0.0).fold(f64::MAX, f64::min);
    let width = (distance * 0.8).clamp(0.8, WIDEST_BAR);
    let mut outline: Vec<(f64, f64)> = Vec::new();
    for bucket in points.chunk_by(|a, b| a.until.is_none() && column(a) == column(b)) {
        let highest = bucket.iter().filter_map(|point| point.value().map(|y| (point, y)));
        let Some((point, value)) = highest.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) else {
            continue;
        };
        if value == 0.0 {
            continue;
        }
        let (from, to) = match point.until {
            // One pixel of the surface parts neighbouring bars, where they have it to spare.
            Some(until) => {
                let (from, to) = (scale.x(point.x), scale.x(until));
                (from, if to - from > 3.0 { to - 1.0 } else { to })
            }
            None => (scale.x(point.x) - width / 2.0, scale.x(point.x) + width / 2.0),
        };
        let (from, to) = (from.clamp(left, right), to.clamp(left, right));
        let top = scale.y(clamped(value, scale));
        outline.extend([(from, base), (from, top), (to, top), (to, base)]);
    }
    let opacity = f64::from(series.opacity_percent) / 100.0;
    canvas.polygon(outline, pen.opacity(opacity));
}

fn intervals(canvas: &Canvas<'_>, points: &[Point], scale: &Scale, pen: Pen) {
    for point in points.iter().filter(|point| point.value().is_some()) {
        if let Some((low, high)) = point.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
            let x = scale.x(point.x);
            canvas.line((x, scale.y(clamped(low, scale))), (x, scale.y(clamped(high, scale))), pen);
        }
    }
}

fn dots(canvas: &Canvas<'_>, series: &Series, points: &[Point], scale: &Scale, narrow: bool) {
    let radius = if narrow { 1.8 } else { 2.6 };
    let pen = Pen::new(series.color);
    for point in points {
        let Some(y) = point.value() else { continue };
        let center = (scale.x(point.x), scale.y(clamped(y, scale)));
        if point.crossed {
            let (x, y) = center;
            let arm = radius + 1.2;
            canvas.disc(center, arm + 0.8, Pen::new(Color::Surface));
            canvas.line((x - arm, y - arm), (x + arm, y + arm), pen.width_tenths(18));
            canvas.line((x - arm, y + arm), (x + arm, y - arm), pen.width_tenths(18));
        } else if point.hollow {
            canvas.disc(center, radius, Pen::new(Color::Surface));
            canvas.ring(center, radius, pen.width_tenths(12));
        } else {
            canvas.disc(center, radius, pen);
        }
    }
    let selected = series.selected.and_then(|index| series.points.get(index));
    if let Some((point, y)) = selected.and_then(|point| point.value().map(|y| (point, y))) {
        let center = (scale.x(point.x), scale.y(clamped(y, scale)));
        canvas.ring(center, radius * 2.0, pen.width_tenths(15));
    }
}

fn clamped(value: f64, scale: &Scale) -> f64 {
    value.clamp(scale.y.from(), scale.y.to())
}

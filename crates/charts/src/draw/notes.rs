//! Draws the lines and texts around the series: levels, markers, callouts, labels.

use super::{
    backend::Look,
    canvas::{Anchor, Canvas, Pen},
    layout::{LabelOf, Layout},
    names::{Names, Part},
};
use crate::{
    chart::{Chart, LevelKind, Marker, MarkerKind},
    color::Color,
    label::{self, KEY, LINE_HEIGHT, TO_BASELINE},
    series::Mark,
};

/// What lies behind the series: notes and levels.
pub(super) fn behind(canvas: &Canvas<'_>, chart: &Chart, layout: &Layout) {
    let plot = layout.scale.plot;
    let (top, bottom) = (plot.y, plot.y + plot.h);
    for (index, marker) in visible(chart, layout) {
        let x = layout.scale.x(marker.x);
        let baseline = layout.markers.iter().find(|placed| placed.index == index).map(|placed| placed.baseline);
        match marker.kind {
            MarkerKind::Note | MarkerKind::Due => {
                canvas.vertical(x, (top, bottom), Pen::new(Color::ChartAxis).look(Look::Note));
            }
            MarkerKind::Limit => canvas.vertical(x, (top, bottom), Pen::new(Color::ChartLimit).look(Look::Limit)),
            MarkerKind::Event => {
                let from = baseline.map_or(top, |baseline| baseline - 3.5);
                canvas.vertical(x, (from, bottom), Pen::new(Color::ChartAxis).look(Look::Event));
                let x = x.floor();
                canvas.rectangle((x - 2.0, from - 2.5), (x + 3.0, from + 2.5), Pen::new(Color::ChartMuted));
            }
            MarkerKind::Now | MarkerKind::Better | MarkerKind::Worse => {}
        }
    }
    for level in chart.levels.iter().filter(|level| layout.scale.y.contains(level.value)) {
        let from =
            level.from.map_or(plot.x, |from| layout.scale.x(from.clamp(layout.scale.x.from(), layout.scale.x.to())));
        let look = match level.kind {
            LevelKind::Limit => Look::Limit,
            LevelKind::Goal => Look::Goal,
            LevelKind::Planned => Look::Planned,
            LevelKind::Reference => Look::Reference,
        };
        let pen = Pen::new(level.kind.line_color()).look(look);
        canvas.horizontal((from, plot.x + plot.w), layout.scale.y(level.value), pen);
    }
}

/// What lies over the series: the present, changes and every text.
pub(super) fn in_front(canvas: &Canvas<'_>, chart: &Chart, layout: &Layout, names: &Names) {
    let plot = layout.scale.plot;
    let mut taken = Vec::new();
    for (_, marker) in visible(chart, layout) {
        let x = layout.scale.x(marker.x);
        match marker.kind {
            MarkerKind::Now => {
                let pen = Pen::new(Color::ChartAxis).name(names.now());
                canvas.vertical(x, (plot.y, plot.y + plot.h), pen);
            }
            MarkerKind::Due => {
                let text = marker.label.text(layout.narrow);
                let fits_left = x - 4.0 - label::width(text) > plot.x;
                let (at, anchor) = if fits_left { (x - 4.0, Anchor::End) } else { (x + 4.0, Anchor::Start) };
                canvas.text(text, (at, plot.y + 12.0), anchor, halo(Color::ChartText));
            }
            MarkerKind::Better | MarkerKind::Worse => change(canvas, marker, x, layout, &mut taken),
            MarkerKind::Note | MarkerKind::Event | MarkerKind::Limit => {}
        }
    }
    for placed in &layout.markers {
        let marker = &chart.markers[placed.index];
        let color = match marker.kind {
            MarkerKind::Limit => Color::ChartLimit,
            _ => Color::ChartText,
        };
        // An event's square stands before its text.
        let shift = match (marker.kind, placed.anchor) {
            (MarkerKind::Event, Anchor::Start) => 3.0,
            (MarkerKind::Event, Anchor::End) => -2.0,
            _ => 0.0,
        };
        canvas.text(marker.label.text(layout.narrow), (placed.x + shift, placed.baseline), placed.anchor, halo(color));
    }
    callouts(canvas, chart, layout);
    labels(canvas, chart, layout, names);
}

/// A change point with its percentage and, where the other changes leave room, what changed.
fn change(canvas: &Canvas<'_>, marker: &Marker, x: f64, layout: &Layout, taken: &mut Vec<(f64, f64)>) {
    let plot = layout.scale.plot;
    let color = if marker.kind == MarkerKind::Better { Color::ExcellentMark } else { Color::IssuesMark };
    let pen = Pen::new(color);
    canvas.vertical(x, (plot.y, plot.y + plot.h), pen);
    let (x, y) = (super::canvas::crisp(x), plot.y + 12.5);
    canvas.polygon([(x, y - 5.0), (x + 5.0, y), (x, y + 5.0), (x - 5.0, y)], pen);

    let (percent, detail) = (marker.label.text(layout.narrow), marker.detail.text(layout.narrow));
    let detail = if layout.narrow { "" } else { detail };
    let needed = label::width(percent).max(label::width(detail)) + 10.0;
    let (room_left, room_right) = (x - plot.x, plot.x + plot.w - x);
    // After a rise the line runs on above: the text has peace on the side before it.
    let on_the_left = match marker.kind {
        MarkerKind::Worse => room_left >= needed || room_left > room_right,
        _ => room_right < needed && room_left > room_right,
    };
    let (at, anchor) = if on_the_left { (x - 10.0, Anchor::End) } else { (x + 10.0, Anchor::Start) };
    let mut free = |text: &str| {
        let width = label::width(text);
        let (from, to) = if on_the_left { (at - width, at) } else { (at, at + width) };
        let inside = from >= plot.x && to <= plot.x + plot.w;
        let free = inside && taken.iter().all(|(a, b)| to + 6.0 <= *a || from >= b + 6.0);
        if free {
            taken.push((from, to));
        }
        free
    };
    // The wider text first: with it the narrower one has its place as well.
    let (shows_detail, shows_percent) = match label::width(detail) > label::width(percent) {
        true if free(detail) => (true, true),
        true => (false, free(percent)),
        false => {
            let shows = free(percent);
            (shows, shows)
        }
    };
    if shows_percent {
        canvas.text(percent, (at, y + TO_BASELINE), anchor, Pen::new(Color::Ink).look(Look::StrongHalo));
    }
    if shows_detail {
        canvas.text(detail, (at, y + TO_BASELINE + LINE_HEIGHT + 1.0), anchor, halo(Color::ChartLabel));
    }
}

fn callouts(canvas: &Canvas<'_>, chart: &Chart, layout: &Layout) {
    let scale = &layout.scale;
    for callout in &chart.callouts {
        if !(scale.x.contains(callout.x) && callout.y.is_finite()) {
            continue;
        }
        let text = callout.label.text(layout.narrow);
        let x = scale.x(callout.x);
        let y = scale.y(callout.y.clamp(scale.y.from(), scale.y.to()));
        let needed = label::width(text) + 8.0;
        let fits_right = x + needed <= scale.plot.x + scale.plot.w;
        let fits_left = x - needed >= scale.plot.x;
        let crossed = visible(chart, layout).any(|(_, marker)| {
            let line = scale.x(marker.x);
            line > x + 1.0 && line < x + needed
        });
        let (at, anchor) = match () {
            () if fits_right && !(crossed && fits_left) => (x + 8.0, Anchor::Start),
            () if fits_left => (x - 8.0, Anchor::End),
            // A text that is wider than the plot would be cut at both ends.
            () => continue,
        };
        canvas.text(text, (at, (y - 6.0).max(scale.plot.y + 9.0)), anchor, halo(Color::ChartLabel));
    }
}

fn labels(canvas: &Canvas<'_>, chart: &Chart, layout: &Layout, names: &Names) {
    for label in &layout.labels {
        let (color, name, key) = match label.of {
            LabelOf::Level(index) => (chart.levels[index].kind.text_color(), 0, None),
            LabelOf::Series(index) => {
                let series = &chart.series[index];
                let key = (label.anchor == Anchor::Start && series.mark != Mark::Points)
                    .then(|| Pen::new(series.color).width_tenths(30).name(names.part(index, Part::Key)));
                let color = if series.planned { Color::ChartText } else { Color::ChartLabel };
                (color, names.part(index, Part::Label), key)
            }
        };
        let mut x = label.x;
        if let Some(key) = key {
            canvas.line((x, label.y), (x + 8.0, label.y), key);
            x += KEY;
        }
        canvas.text(&label.text, (x, label.y + TO_BASELINE), label.anchor, halo(color).name(name));
    }
}

fn visible<'a>(chart: &'a Chart, layout: &'a Layout) -> impl Iterator<Item = (usize, &'a Marker)> {
    chart.markers.iter().enumerate().filter(|(_, marker)| layout.scale.x.contains(marker.x))
}

fn halo(color: Color) -> Pen {
    Pen::new(color).look(Look::Halo)
}

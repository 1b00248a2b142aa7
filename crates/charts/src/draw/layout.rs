//! Where everything of a chart goes at one size.
//!
//! In:  a chart and a size. Out: the scale, the ticks, and the place of every text outside of the series.
//! Promise: in a column no two texts are nearer than 13 px, in a row none covers another; what does not fit is left out.

use crate::{
    chart::{Chart, Level, MarkerKind, Side, XKind},
    label::{self, KEY, LABEL_GAP, LINE_HEIGHT},
    scale::{PlotBox, Scale, ScaleKind, Span},
    series::Mark,
    size::Size,
    tick::{self, Tick},
};

use super::{canvas::Anchor, domain};

/// A text beside or in the plot that belongs to a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlacedLabel {
    /// Left edge of the key, or the text's anchor when there is no key.
    pub(super) x: f64,
    /// The middle of the text's height.
    pub(super) y: f64,
    pub(super) anchor: Anchor,
    pub(super) text: String,
    pub(super) of: LabelOf,
}

/// What a label belongs to, by its index in the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelOf {
    Level(usize),
    Series(usize),
}

/// The text of a marker above the plot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlacedMarker {
    pub(super) index: usize,
    pub(super) x: f64,
    pub(super) baseline: f64,
    pub(super) anchor: Anchor,
}

/// Where everything goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) scale: Scale,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) labels: Vec<PlacedLabel>,
    pub(super) markers: Vec<PlacedMarker>,
    pub(super) narrow: bool,
}

/// Room under the plot for the ticks of the horizontal axis.
const BOTTOM: f64 = 24.0;
/// From a point with a ring to its label.
const POINT_GAP: f64 = 10.0;
/// Most rows of texts above the plot.
const MOST_ROWS: usize = 3;

impl Layout {
    pub(super) fn new(chart: &Chart, size: Size) -> Self {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let narrow = size.is_narrow();
        let x = domain::horizontal(chart);
        let (y, y_ticks) = domain::vertical_axis(chart, height - 28.0 - BOTTOM);

        let widest_tick = y_ticks.iter().map(|tick| label::width(&tick.label)).fold(0.0, f64::max);
        let least_left: f64 = if size.multiple { 36.0 } else { 44.0 };
        let left = least_left.max((widest_tick + 12.0).ceil()).min(width * 0.4);
        let right = right_margin(chart, size, x);
        let plot_width = (width - left - right).max(10.0);

        // Rows of text above the plot depend on horizontal places only, the upper edge on their number.
        let mut scale = Scale { plot: PlotBox { x: left, y: 0.0, w: plot_width, h: 1.0 }, x, y };
        let (mut markers, rows) = place_markers(chart, &scale, width, narrow);
        let top = if size.multiple { 24.0 } else { 28.0 } + rows.saturating_sub(1) as f64 * LINE_HEIGHT;
        scale.plot.y = top;
        scale.plot.h = (height - top - BOTTOM).max(10.0);
        for marker in &mut markers {
            marker.baseline += top;
        }

        let labels = place_labels(chart, &scale, size);
        let x_ticks = horizontal_ticks(chart, x, plot_width);
        Self { scale, x_ticks, y_ticks, labels, markers, narrow }
    }
}

fn right_margin(chart: &Chart, size: Size, x: Span) -> f64 {
    let plain = if size.multiple { 14.0 } else { 12.0 };
    if chart.labels == Side::Inside || size.multiple {
        return plain;
    }
    let narrow = size.is_narrow();
    let levels = chart.levels.iter().map(|level| label::width(level_text(level, narrow)));
    let ends = chart.series.iter().filter_map(|series| {
        let (last, _) = domain::last_value(&series.points)?;
        let text = series.label.as_ref()?.text(narrow);
        // Lines that end well before the edge carry their label inside of the plot.
        (x.share(last) > 0.9).then(|| label::width(text) + KEY)
    });
    let needed = levels.chain(ends).filter(|width| *width > 0.0).fold(0.0, f64::max);
    match (needed > 0.0, narrow) {
        (false, _) => plain,
        (true, true) => (needed + LABEL_GAP + 4.0).min(f64::from(size.width) * 0.34),
        (true, false) => (needed + LABEL_GAP + 4.0).clamp(96.0, f64::from(size.width) * 0.3),
    }
}

fn level_text(level: &Level, narrow: bool) -> &str {
    level.label.text(narrow)
}

fn horizontal_ticks(chart: &Chart, x: Span, width: f64) -> Vec<Tick> {
    let intervals = tick::intervals(width);
    match &chart.x.kind {
        XKind::Elapsed => tick::elapsed(x.from(), x.to(), intervals),
        XKind::WallTime if chart.series.iter().all(|s| s.points.is_empty()) && chart.x.planned.is_none() => Vec::new(),
        XKind::WallTime => tick::wall_time(x.from(), x.to(), intervals),
        XKind::Index(labels) => {
            let widest = labels.iter().map(|text| label::width(text)).fold(0.0, f64::max);
            let room = (widest + 16.0).max(90.0);
            let stride = (room * labels.len() as f64 / width).ceil().max(1.0) as usize;
            // Counted from the newest, which is the one that people look for.
            let newest_first = labels.iter().enumerate().rev().step_by(stride);
            let mut ticks: Vec<Tick> =
                newest_first.map(|(index, text)| Tick { at: index as f64, label: text.clone() }).collect();
            ticks.reverse();
            ticks
        }
        XKind::Value { unit, scale } => {
            let mut ticks = match scale {
                ScaleKind::Linear => tick::linear(x.from(), x.to(), intervals),
                ScaleKind::Log => tick::log(x.from(), x.to(), intervals as usize),
            };
            if let Some(last) = ticks.last_mut() {
                last.label = format!("{} {unit}", last.label).trim_end().to_owned();
            }
            ticks
        }
    }
}

/// Texts of markers go into rows above the plot, each into the lowest where it covers no other. Answers the places, with
/// base lines relative to the plot's upper edge, and how many rows were needed.
fn place_markers(chart: &Chart, scale: &Scale, width: f64, narrow: bool) -> (Vec<PlacedMarker>, usize) {
    let has_text = |kind: MarkerKind| matches!(kind, MarkerKind::Note | MarkerKind::Event | MarkerKind::Limit);
    let mut order: Vec<usize> = (0..chart.markers.len())
        .filter(|&index| has_text(chart.markers[index].kind) && scale.x.contains(chart.markers[index].x))
        .collect();
    // Limits of a distribution stand above its percentiles.
    let is_limit = |index: usize| chart.markers[index].kind == MarkerKind::Limit;
    order.sort_by(|&a, &b| is_limit(a).cmp(&is_limit(b)).then(chart.markers[a].x.total_cmp(&chart.markers[b].x)));
    let any_note = order.iter().any(|&index| !is_limit(index));

    let mut rows: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut placed = Vec::new();
    for index in order {
        let marker = &chart.markers[index];
        let text_width = label::width(marker.label.text(narrow));
        if text_width == 0.0 {
            continue;
        }
        let x = scale.x(marker.x);
        let places = [
            (Anchor::Start, x + 4.0, x + 4.0),
            (Anchor::End, x - 4.0, x - 4.0 - text_width),
            (Anchor::Middle, x, x - text_width / 2.0),
        ];
        let first_row = usize::from(is_limit(index) && any_note);
        let spot = (first_row..MOST_ROWS).find_map(|row| {
            places.into_iter().find_map(|(anchor, at, from)| {
                let to = from + text_width;
                let inside = from >= scale.plot.x - 2.0 && to <= width - 2.0;
                let free =
                    rows.get(row).is_none_or(|taken| taken.iter().all(|(a, b)| to + 8.0 <= *a || from >= b + 8.0));
                (inside && free).then_some((row, anchor, at, (from, to)))
            })
        });
        if let Some((row, anchor, at, taken)) = spot {
            if rows.len() <= row {
                rows.resize(row + 1, Vec::new());
            }
            rows[row].push(taken);
            let baseline = -6.0 - row as f64 * LINE_HEIGHT;
            placed.push(PlacedMarker { index, x: at, baseline, anchor });
        }
    }
    (placed, rows.len())
}

struct Wish {
    of: LabelOf,
    y: f64,
    x: f64,
    text: String,
}

fn place_labels(chart: &Chart, scale: &Scale, size: Size) -> Vec<PlacedLabel> {
    let narrow = size.is_narrow();
    let PlotBox { y: top, h, w, x: left } = scale.plot;
    let (right, bottom) = (left + w, top + h);
    let beside = chart.labels == Side::Margin && !size.multiple;
    let pixel = |value: f64| scale.y(value.clamp(scale.y.from(), scale.y.to()));
    let mut margin: Vec<Wish> = Vec::new();
    let mut in_plot: Vec<Wish> = Vec::new();
    let mut placed: Vec<PlacedLabel> = Vec::new();

    for (index, level) in chart.levels.iter().enumerate().filter(|(_, level)| level.value.is_finite()) {
        let of = LabelOf::Level(index);
        let text = level_text(level, narrow);
        let arrow = match () {
            () if level.value > scale.y.to() => " \u{2191}",
            () if level.value < scale.y.from() => " \u{2193}",
            () => "",
        };
        let (text, y) = (format!("{text}{arrow}"), pixel(level.value));
        if level.label.full.is_empty() {
            continue;
        }
        if beside {
            margin.push(Wish { of, y, x: right + LABEL_GAP, text });
        } else {
            // Above its line, or below it when the line is at the upper edge.
            let y = if y - 8.0 < top - 6.0 || arrow == " \u{2191}" { y + 9.0 } else { y - 7.5 };
            placed.push(PlacedLabel { x: right - 4.0, y, anchor: Anchor::End, text, of });
        }
    }
    for (index, series) in chart.series.iter().enumerate() {
        let (Some(series_label), Some((last_x, last_y))) = (&series.label, domain::last_value(&series.points)) else {
            continue;
        };
        let of = LabelOf::Series(index);
        let text = series_label.text(narrow).to_owned();
        let (x, y) = (scale.x(last_x), pixel(last_y));
        let needed = label::width(&text) + KEY + LABEL_GAP;
        if series.planned {
            if !size.multiple || series_label.short.is_some() {
                placed.push(PlacedLabel { x: right - 4.0, y: y - 7.5, anchor: Anchor::End, text, of });
            }
        } else if beside && scale.x.share(last_x) > 0.9 {
            margin.push(Wish { of, y, x: right + LABEL_GAP, text });
        } else if size.multiple {
            // The sentence above a small multiple says it.
        } else if x + needed <= right.max(f64::from(size.width) - 12.0) {
            let y = clear_of_lines(y, chart, scale);
            let gap = if series.mark == Mark::Points { POINT_GAP } else { LABEL_GAP };
            in_plot.push(Wish { of, y, x: x + gap, text });
        } else {
            placed.push(PlacedLabel { x: right - 4.0, y: (y - 10.0).max(top + 6.0), anchor: Anchor::End, text, of });
        }
    }
    for column in [margin, in_plot] {
        let wishes: Vec<f64> = column.iter().map(|wish| wish.y).collect();
        // Labels of one column stand under each other, behind the line that ends last.
        let x = column.iter().map(|wish| wish.x).fold(0.0, f64::max);
        for (wish, y) in column.into_iter().zip(label::spread(&wishes, top, bottom - 3.0)) {
            placed.extend(y.map(|y| PlacedLabel { x, y, anchor: Anchor::Start, text: wish.text, of: wish.of }));
        }
    }
    placed
}

/// A label right of a line's end must not sit on a horizontal line that goes on.
fn clear_of_lines(y: f64, chart: &Chart, scale: &Scale) -> f64 {
    let levels = chart.levels.iter().map(|level| level.value);
    let planned = chart.series.iter().filter(|series| series.planned);
    let plans = planned.filter_map(|series| domain::last_value(&series.points).map(|(_, y)| y));
    let nearest = levels
        .chain(plans)
        .filter(|value| scale.y.contains(*value))
        .map(|value| scale.y(value))
        .min_by(|a, b| (a - y).abs().total_cmp(&(b - y).abs()));
    match nearest {
        Some(line) if (line - y).abs() < 8.0 => line + if y < line - 2.0 { -8.0 } else { 11.0 },
        _ => y,
    }
}

//! Draws bands, grid and axes.

use super::{
    canvas::{Anchor, Canvas, Pen, crisp},
    layout::Layout,
};
use crate::{
    chart::{Band, Chart},
    color::Color,
    label,
};

/// Length of a tick's line.
const TICK: f64 = 4.0;

pub(super) fn bands(canvas: &Canvas<'_>, chart: &Chart, layout: &Layout) {
    let plot = layout.scale.plot;
    let pen = Pen::new(Color::ChartBand);
    for band in &chart.bands {
        match band {
            Band::Span { from, to, label } => {
                let (low, high) = (layout.scale.x.from(), layout.scale.x.to());
                let (left, right) = (layout.scale.x(from.clamp(low, high)), layout.scale.x(to.clamp(low, high)));
                if !(from.is_finite() && to.is_finite() && right > left) {
                    continue;
                }
                canvas.rectangle((left, plot.y), (right, plot.y + plot.h), pen);
                // A hair wider than its band is readable still; much wider would seem to name what follows.
                if label::width(label) <= right - left + 4.0 {
                    canvas.text(label, (left + 4.0, plot.y + 11.0), Anchor::Start, Pen::new(Color::ChartText));
                }
            }
            Band::Range(points) => {
                let known = points.iter().filter(|(x, low, high)| x.is_finite() && low.is_finite() && high.is_finite());
                let upper = known.clone().map(|(x, _, high)| (*x, *high));
                let lower = known.rev().map(|(x, low, _)| (*x, *low));
                canvas.plot(&layout.scale).polygon(upper.chain(lower), pen);
            }
        }
    }
}

pub(super) fn vertical(canvas: &Canvas<'_>, chart: &Chart, layout: &Layout) {
    let plot = layout.scale.plot;
    let (left, right, bottom) = (plot.x, plot.x + plot.w, plot.y + plot.h);
    let text = Pen::new(Color::ChartText);
    for tick in &layout.y_ticks {
        let y = layout.scale.y(tick.at);
        // Zero is an axis wherever it lies; the lowest line of the plot is drawn below.
        if y < bottom - 0.5 {
            let color = if tick.at == 0.0 { Color::ChartAxis } else { Color::ChartGrid };
            canvas.horizontal((left, right), y, Pen::new(color));
        }
        canvas.text(&tick.label, (left - 8.0, crisp(y) + 3.5), Anchor::End, text);
    }
    canvas.horizontal((left, right), bottom, Pen::new(Color::ChartAxis));
    canvas.text(&chart.y.unit, (left - 8.0, plot.y - 9.0), Anchor::End, text);
}

pub(super) fn horizontal(canvas: &Canvas<'_>, layout: &Layout, width: f64) {
    let plot = layout.scale.plot;
    let bottom = plot.y + plot.h;
    for tick in &layout.x_ticks {
        let x = layout.scale.x(tick.at);
        canvas.vertical(x, (bottom, bottom + TICK), Pen::new(Color::ChartAxis));
        let half = label::width(&tick.label) / 2.0;
        let (x, anchor) = match () {
            () if x + half > width - 1.0 => (width - 1.0, Anchor::End),
            () if x - half < 0.0 => (0.0, Anchor::Start),
            () => (crisp(x), Anchor::Middle),
        };
        canvas.text(&tick.label, (x, bottom + 16.0), anchor, Pen::new(Color::ChartText));
    }
}

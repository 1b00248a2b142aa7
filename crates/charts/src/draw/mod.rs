//! From a chart to SVG.
//!
//! In:  a [`Chart`] and the sizes it is wanted in. Out: SVG text.
//!
//! Read `domain` (which ranges), `layout` (where everything goes), then `axes`, `series` and `notes` (drawing), which
//! draw on a `canvas` over plotters; `backend` writes the SVG.

mod axes;
mod backend;
pub(crate) mod canvas;
mod domain;
mod layout;
mod names;
mod notes;
mod series;

use std::fmt::Write as _;

use self::{backend::escape, canvas::Canvas, layout::Layout, names::Names};
use crate::{
    chart::Chart,
    color::{Color, Theme},
    label::FONT_SIZE,
    scale::Scale,
    size::Size,
};

/// One drawing for a page: colours and fonts come from its style sheet. It is hidden from assistive technology: the
/// figure around it says the same in a sentence and a table.
#[must_use]
pub fn render(chart: &Chart, size: Size) -> String {
    let (layout, body) = draw(chart, size, None);
    let Size { width, height, class, .. } = size;
    let mut svg = format!(
        "<svg class=\"{}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" aria-hidden=\"true\"",
        class.name()
    );
    for (name, value) in Scale::ATTRIBUTES.iter().zip(layout.scale.attributes()) {
        let _ = write!(svg, " {name}=\"{value}\"");
    }
    svg.push('>');
    svg.push_str(&body);
    svg.push_str("</svg>");
    svg
}

/// The drawings of one figure side by side, the widest first; the style sheet shows the one nearest to the figure's
/// width. They belong into an element of class `plot`.
#[must_use]
pub fn render_set(chart: &Chart, sizes: &[Size]) -> String {
    sizes.iter().map(|size| render(chart, *size)).collect()
}

/// Room for the title above a standalone drawing.
const TITLE_ROOM: u32 = 32;

/// A drawing that leaves the page: a complete SVG document with its title, colours and fonts.
#[must_use]
pub fn standalone_svg(chart: &Chart, size: Size, theme: Theme) -> String {
    let (_, body) = draw(chart, size, Some(theme));
    let (width, height) = (size.width, size.height + TITLE_ROOM);
    let title = escape(&chart.title);
    let (surface, ink) = (Color::Surface.paint(Some(theme)), Color::Ink.paint(Some(theme)));
    // Attributes rather than a style element: what shows the file may forbid or ignore style sheets.
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" font-family=\"-apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif\" \
         font-size=\"{FONT_SIZE}\"><title>{title}</title><rect width=\"{width}\" height=\"{height}\" fill=\"{surface}\"/>\
         <text x=\"12\" y=\"22\" font-size=\"13\" font-weight=\"600\" fill=\"{ink}\">{title}</text>\
         <g transform=\"translate(0 {TITLE_ROOM})\">{body}</g></svg>\n"
    )
}

fn draw(chart: &Chart, size: Size, theme: Option<Theme>) -> (Layout, String) {
    let layout = Layout::new(chart, size);
    let names = Names::of(chart);
    let mut body = String::new();
    {
        let canvas = Canvas::new(&mut body, names.attributes(), theme, (size.width, size.height));
        axes::bands(&canvas, chart, &layout);
        axes::vertical(&canvas, chart, &layout);
        axes::horizontal(&canvas, &layout, f64::from(size.width));
        notes::behind(&canvas, chart, &layout);
        for (index, series) in chart.series.iter().enumerate() {
            series::draw(&canvas, series, index, &layout, &names);
        }
        notes::in_front(&canvas, chart, &layout, &names);
    }
    (layout, body)
}

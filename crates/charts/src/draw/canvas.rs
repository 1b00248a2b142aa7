//! A drawing in pixels: thin verbs over plotters' drawing area, so that the parts of a chart read as what they draw.

use plotters::{
    coord::{
        Shift,
        cartesian::Cartesian2d,
        ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged},
    },
    drawing::{DrawingArea, IntoDrawingArea},
    element::{Circle, PathElement, Polygon, Rectangle, Text},
    style::{
        FontDesc, FontFamily, FontStyle, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use std::ops::Range;

use super::backend::{Look, SvgWriter, TENTHS, ink};
use crate::{
    color::{Color, Theme},
    label::FONT_SIZE,
    scale::{Scale, Span},
};

/// How something is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    color: Color,
    look: Look,
    width_tenths: u32,
    opacity: f64,
    name: u8,
}

impl Pen {
    pub(crate) fn new(color: Color) -> Self {
        Self { color, look: Look::Plain, width_tenths: 10, opacity: 1.0, name: 0 }
    }

    pub(super) fn look(self, look: Look) -> Self {
        Self { look, ..self }
    }

    /// Dash 3 2, for the small drawings in tables.
    pub(crate) fn fine_dash(self) -> Self {
        self.look(Look::Fine)
    }

    pub(crate) fn width_tenths(self, width_tenths: u32) -> Self {
        Self { width_tenths, ..self }
    }

    pub(crate) fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// The number of an attribute in the names that the canvas was made with, counted from 1.
    pub(super) fn name(self, name: u8) -> Self {
        Self { name, ..self }
    }

    fn stroke(self) -> ShapeStyle {
        ShapeStyle {
            color: ink(self.color, self.look, self.name, self.opacity),
            filled: false,
            stroke_width: self.width_tenths,
        }
    }

    fn fill(self) -> ShapeStyle {
        self.stroke().filled()
    }
}

/// On which side of its place a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing, in pixels from its upper left.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SvgWriter<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(out: &'a mut String, names: &'a [String], theme: Option<Theme>, size: (u32, u32)) -> Self {
        Self { area: SvgWriter::new(out, names, theme, size).into_drawing_area() }
    }

    pub(crate) fn line(&self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        let style = pen.stroke();
        // plotters has no element for a single line: its path is a polyline, which cannot be told from a series.
        let _ = self.area.draw(&Segment { ends: [units(from), units(to)], style });
    }

    /// A line on the middle of a pixel, so that it is one pixel sharp.
    pub(super) fn horizontal(&self, (from, to): (f64, f64), y: f64, pen: Pen) {
        let y = crisp(y);
        self.line((from, y), (to, y), pen);
    }

    /// A line on the middle of a pixel.
    pub(super) fn vertical(&self, x: f64, (from, to): (f64, f64), pen: Pen) {
        let x = crisp(x);
        self.line((x, from), (x, to), pen);
    }

    pub(crate) fn polyline(&self, points: impl IntoIterator<Item = (f64, f64)>, pen: Pen) {
        let points: Vec<(i32, i32)> = points.into_iter().map(units).collect();
        let _ = self.area.draw(&PathElement::new(points, pen.stroke()));
    }

    pub(super) fn polygon(&self, points: impl IntoIterator<Item = (f64, f64)>, pen: Pen) {
        let points: Vec<(i32, i32)> = points.into_iter().map(units).collect();
        let _ = self.area.draw(&Polygon::new(points, pen.fill()));
    }

    pub(crate) fn rectangle(&self, upper_left: (f64, f64), lower_right: (f64, f64), pen: Pen) {
        let _ = self.area.draw(&Rectangle::new([units(upper_left), units(lower_right)], pen.fill()));
    }

    pub(crate) fn disc(&self, center: (f64, f64), radius: f64, pen: Pen) {
        let _ = self.area.draw(&Circle::new(units(center), unit(radius), pen.fill()));
    }

    pub(super) fn ring(&self, center: (f64, f64), radius: f64, pen: Pen) {
        let _ = self.area.draw(&Circle::new(units(center), unit(radius), pen.stroke()));
    }

    pub(super) fn text(&self, text: &str, at: (f64, f64), anchor: Anchor, pen: Pen) {
        if text.is_empty() {
            return;
        }
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = TextStyle {
            font: FontDesc::new(FontFamily::SansSerif, FONT_SIZE, FontStyle::Normal),
            color: plotters::style::Color::to_backend_color(&pen.stroke().color),
            pos: Pos::new(horizontal, VPos::Bottom),
        };
        let _ = self.area.draw(&Text::new(text, units(at), style));
    }

    /// The plot of a chart, where places are values.
    pub(super) fn plot(&self, scale: &Scale) -> Plot<'a> {
        let frame = scale.plot;
        let (left, right) = (unit(frame.x), unit(frame.x + frame.w));
        let (top, bottom) = (unit(frame.y), unit(frame.y + frame.h));
        let coordinates = Cartesian2d::new(Axis(scale.x), Axis(scale.y), (left..right, bottom..top));
        Plot { area: self.area.apply_coord_spec(coordinates), scale: *scale }
    }
}

/// The part of a drawing where places are values. Values outside of the axes are drawn at their edge.
pub(super) struct Plot<'a> {
    area: DrawingArea<SvgWriter<'a>, Cartesian2d<Axis, Axis>>,
    scale: Scale,
}

impl Plot<'_> {
    pub(super) fn polyline(&self, points: impl IntoIterator<Item = (f64, f64)>, pen: Pen) {
        let _ = self.area.draw(&PathElement::new(self.inside(points), pen.stroke()));
    }

    pub(super) fn polygon(&self, points: impl IntoIterator<Item = (f64, f64)>, pen: Pen) {
        let _ = self.area.draw(&Polygon::new(self.inside(points), pen.fill()));
    }

    fn inside(&self, points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
        let Scale { x, y, .. } = self.scale;
        points.into_iter().map(|(px, py)| (px.clamp(x.from(), x.to()), py.clamp(y.from(), y.to()))).collect()
    }
}

/// An axis of ours for plotters: both map values with the very same function, [`Span::share`].
#[derive(Clone)]
pub(super) struct Axis(Span);

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let (from, to) = (f64::from(limit.0), f64::from(limit.1));
        (from + (to - from) * self.0.share(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        // Ticks are chosen in `tick`, which knows time and minutes.
        Vec::new()
    }

    fn range(&self) -> Range<f64> {
        self.0.from()..self.0.to()
    }
}

/// A single straight line.
struct Segment {
    ends: [(i32, i32); 2],
    style: ShapeStyle,
}

impl<'a> plotters::element::PointCollection<'a, (i32, i32)> for &'a Segment {
    type Point = &'a (i32, i32);
    type IntoIter = &'a [(i32, i32)];

    fn point_iter(self) -> &'a [(i32, i32)] {
        &self.ends
    }
}

impl<DB: plotters_backend::DrawingBackend> plotters::element::Drawable<DB> for Segment {
    fn draw<I: Iterator<Item = plotters_backend::BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), plotters_backend::DrawingErrorKind<DB::ErrorType>> {
        match (points.next(), points.next()) {
            (Some(from), Some(to)) => backend.draw_line(from, to, &self.style),
            _ => Ok(()),
        }
    }
}

fn unit(pixels: f64) -> i32 {
    (pixels * TENTHS).round() as i32
}

fn units((x, y): (f64, f64)) -> (i32, i32) {
    (unit(x), unit(y))
}

/// The middle of the pixel that a place falls into.
pub(super) fn crisp(pixels: f64) -> f64 {
    pixels.floor() + 0.5
}

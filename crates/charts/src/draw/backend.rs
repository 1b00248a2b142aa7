//! Writes SVG for plotters.
//!
//! In:  plotters' drawing calls in tenths of a pixel, with what SVG needs beyond them carried in the colour: red is
//!      the [`Color`], green the [`Look`], blue the number of a name.
//! Out: SVG elements with `var()` colours, classes, dashes and `data-` names.
//!
//! Why not plotters' own SVG backend: it rounds to whole pixels, bakes colours, fonts and sizes into every element, has
//! no dashes and no place for classes or data attributes. Replacing all that in finished text would be a second parser.
//! Behind the same trait the elements come out as they should, at a third of the bytes.

use std::{convert::Infallible, fmt::Write as _};

use plotters::style::RGBAColor;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, text_anchor::HPos,
};

use crate::color::{Color, Theme};

/// Units of the backend in a pixel: plotters knows whole numbers only.
pub(super) const TENTHS: f64 = 10.0;

/// What a stroke or a text has besides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub(super) enum Look {
    #[default]
    Plain,
    /// Dash 5 3.
    Limit,
    /// Dash 8 3.
    Goal,
    /// Dash 4 3.
    Planned,
    /// Dash 2 3.
    Reference,
    /// Dash 2 2.
    Note,
    /// Dash 1 3.
    Event,
    /// Dash 3 2.
    Fine,
    /// A text with an edge in the surface's colour, readable on lines.
    Halo,
    /// The same, bold.
    StrongHalo,
}

impl Look {
    const ALL: [Self; 10] = [
        Self::Plain,
        Self::Limit,
        Self::Goal,
        Self::Planned,
        Self::Reference,
        Self::Note,
        Self::Event,
        Self::Fine,
        Self::Halo,
        Self::StrongHalo,
    ];

    fn dash(self) -> Option<&'static str> {
        match self {
            Self::Limit => Some("5 3"),
            Self::Goal => Some("8 3"),
            Self::Planned => Some("4 3"),
            Self::Reference => Some("2 3"),
            Self::Note => Some("2 2"),
            Self::Event => Some("1 3"),
            Self::Fine => Some("3 2"),
            Self::Plain | Self::Halo | Self::StrongHalo => None,
        }
    }
}

/// A colour for plotters that carries all the backend needs to know.
pub(super) fn ink(color: Color, look: Look, name: u8, opacity: f64) -> RGBAColor {
    RGBAColor(color.code(), look as u8, name, opacity)
}

/// The writer. Names are attributes such as `data-series="p95"`, already escaped; number 0 means none.
pub(super) struct SvgWriter<'a> {
    out: &'a mut String,
    names: &'a [String],
    theme: Option<Theme>,
    size: (u32, u32),
}

impl<'a> SvgWriter<'a> {
    /// A writer of elements with references to the style sheet, or with the values of a theme. The size is in pixels.
    pub(super) fn new(out: &'a mut String, names: &'a [String], theme: Option<Theme>, size: (u32, u32)) -> Self {
        Self { out, names, theme, size: (size.0 * TENTHS as u32, size.1 * TENTHS as u32) }
    }

    fn look(color: BackendColor) -> Look {
        Look::ALL.get(usize::from(color.rgb.1)).copied().unwrap_or_default()
    }

    fn paint(&self, color: BackendColor) -> String {
        Color::of_code(color.rgb.0).paint(self.theme)
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) -> Result<(), DrawingErrorKind<Infallible>> {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(arguments);
        Ok(())
    }

    fn name(&mut self, color: BackendColor) {
        if let Some(name) = usize::from(color.rgb.2).checked_sub(1).and_then(|index| self.names.get(index)) {
            self.out.push(' ');
            self.out.push_str(name);
        }
    }

    fn fill(&mut self, color: BackendColor) {
        let paint = self.paint(color);
        let _ = write!(self.out, " fill=\"{paint}\"");
        if color.alpha < 1.0 {
            let _ = write!(self.out, " fill-opacity=\"{}\"", (color.alpha * 100.0).round() / 100.0);
        }
    }

    fn stroke(&mut self, color: BackendColor, width: u32) {
        let paint = self.paint(color);
        let _ = write!(self.out, " stroke=\"{paint}\"");
        if width != 10 {
            let _ = write!(self.out, " stroke-width=\"{}\"", tenths(width as i32));
        }
        if let Some(dash) = Self::look(color).dash() {
            let _ = write!(self.out, " stroke-dasharray=\"{dash}\"");
        }
        if color.alpha < 1.0 {
            let _ = write!(self.out, " stroke-opacity=\"{}\"", (color.alpha * 100.0).round() / 100.0);
        }
    }

    fn points(&mut self, points: impl IntoIterator<Item = BackendCoord>) {
        for (index, (x, y)) in points.into_iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let _ = write!(self.out, "{space}{},{}", tenths(x), tenths(y));
        }
    }
}

/// A length in tenths as SVG writes it: `12` or `12.5`.
fn tenths(value: i32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    match (value.unsigned_abs() / 10, value.unsigned_abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenth) => format!("{sign}{whole}.{tenth}"),
    }
}

/// Text for an element or an attribute. Characters that XML does not know at all are replaced.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{0}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => escaped.push('\u{FFFD}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

impl DrawingBackend for SvgWriter<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<Infallible>> {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Result<(), DrawingErrorKind<Infallible>> {
        self.draw_circle(point, 5, &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write(format_args!(
            "<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"",
            tenths(from.0),
            tenths(to.0),
            tenths(from.1),
            tenths(to.1)
        ))?;
        self.stroke(style.color(), style.stroke_width());
        self.name(style.color());
        self.write(format_args!("/>"))
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            tenths(upper_left.0),
            tenths(upper_left.1),
            tenths(bottom_right.0 - upper_left.0),
            tenths(bottom_right.1 - upper_left.1)
        ))?;
        self.fill(style.color());
        self.name(style.color());
        self.write(format_args!("/>"))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write(format_args!("<polyline points=\""))?;
        self.points(path);
        self.write(format_args!("\" fill=\"none\""))?;
        self.stroke(style.color(), style.stroke_width());
        self.name(style.color());
        self.write(format_args!("/>"))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"",
            tenths(center.0),
            tenths(center.1),
            tenths(radius as i32)
        ))?;
        if fill {
            self.fill(style.color());
        } else {
            self.write(format_args!(" fill=\"none\""))?;
            self.stroke(style.color(), style.stroke_width());
        }
        self.name(style.color());
        self.write(format_args!("/>"))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write(format_args!("<polygon points=\""))?;
        self.points(vert);
        self.write(format_args!("\""))?;
        self.fill(style.color());
        self.name(style.color());
        self.write(format_args!("/>"))
    }

    fn draw_text<TStyle: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &TStyle,
        pos: BackendCoord,
    ) -> Result<(), DrawingErrorKind<Infallible>> {
        self.write(format_args!("<text x=\"{}\" y=\"{}\"", tenths(pos.0), tenths(pos.1)))?;
        match style.anchor().h_pos {
            HPos::Left => {}
            HPos::Right => self.write(format_args!(" text-anchor=\"end\""))?,
            HPos::Center => self.write(format_args!(" text-anchor=\"middle\""))?,
        }
        self.fill(style.color());
        let look = Self::look(style.color());
        match self.theme {
            None if look == Look::Halo => self.write(format_args!(" class=\"halo\""))?,
            None if look == Look::StrongHalo => self.write(format_args!(" class=\"strong halo\""))?,
            Some(theme) if matches!(look, Look::Halo | Look::StrongHalo) => {
                let surface = Color::Surface.paint(Some(theme));
                self.write(format_args!(
                    " paint-order=\"stroke\" stroke=\"{surface}\" stroke-width=\"3\" stroke-linejoin=\"round\""
                ))?;
                if look == Look::StrongHalo {
                    self.write(format_args!(" font-weight=\"600\""))?;
                }
            }
            _ => {}
        }
        self.name(style.color());
        self.write(format_args!(">{}</text>", escape(text)))
    }
}

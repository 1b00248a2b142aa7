//! One series of a chart.

use crate::{chart::Label, color::Color};

/// One value of a series, or a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Place on the horizontal axis. For bars with [`Point::until`] the left edge.
    pub x: f64,
    /// The value in the axis' unit; `None` where nothing was measured.
    pub y: Option<f64>,
    /// The right edge of a bar. `None`: bars share the room equally.
    pub until: Option<f64>,
    /// The interval around the value.
    pub interval: Option<(f64, f64)>,
    /// The interval covers the limit: the point is drawn hollow.
    pub hollow: bool,
    /// Drawn as a cross: what it stands for did not hold.
    pub crossed: bool,
}

impl Point {
    /// A measured value.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y: Some(y), until: None, interval: None, hollow: false, crossed: false }
    }

    /// A place where nothing was measured.
    #[must_use]
    pub fn gap(x: f64) -> Self {
        Self { y: None, ..Self::new(x, 0.0) }
    }

    /// The value with its interval.
    #[must_use]
    pub fn interval(self, low: f64, high: f64) -> Self {
        Self { interval: Some((low, high)), ..self }
    }

    /// Drawn hollow: the value cannot be told from its limit.
    #[must_use]
    pub fn hollow(self) -> Self {
        Self { hollow: true, ..self }
    }

    /// Drawn as a cross: what it stands for did not hold.
    #[must_use]
    pub fn crossed(self) -> Self {
        Self { crossed: true, ..self }
    }

    /// The right edge of a bar.
    #[must_use]
    pub fn until(self, x: f64) -> Self {
        Self { until: Some(x), ..self }
    }

    /// The value, when both coordinates are numbers.
    pub(crate) fn value(&self) -> Option<f64> {
        self.y.filter(|y| y.is_finite() && self.x.is_finite())
    }
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Self {
        Self::new(x, y)
    }
}

impl From<(f64, Option<f64>)> for Point {
    fn from((x, y): (f64, Option<f64>)) -> Self {
        Self { y, ..Self::new(x, 0.0) }
    }
}

/// How the values of a series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mark {
    /// Values joined by a line.
    #[default]
    Line,
    /// A line that keeps its value until the next point.
    Step,
    /// Bars from zero.
    Bars,
    /// Points, joined by a thin line, with their intervals.
    Points,
}

/// One series of a chart, made by a constructor named after its mark and changed by the builder methods.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name by which a script finds the series in the drawing (`data-series`): `p95`.
    pub name: String,
    /// The values in the order of their place.
    pub points: Vec<Point>,
    /// The colour.
    pub color: Color,
    /// How values are drawn.
    pub mark: Mark,
    /// Text at the end of the line: `p95  187 ms`.
    pub label: Option<Label>,
    /// Line width in tenths of a pixel.
    pub width_tenths: u32,
    /// The area down to zero is filled at 14 %.
    pub area: bool,
    /// Drawn dashed: what was planned, not measured.
    pub planned: bool,
    /// Opacity of bars in percent.
    pub opacity_percent: u8,
    /// The point with a ring around it.
    pub selected: Option<usize>,
}

impl Series {
    fn new<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>, mark: Mark) -> Self {
        Self {
            name: name.into(),
            points: points.into_iter().map(Into::into).collect(),
            color: Color::Series(1),
            mark,
            label: None,
            width_tenths: 15,
            area: false,
            planned: false,
            opacity_percent: 100,
            selected: None,
        }
    }

    /// Values joined by a line of 1.5 px.
    #[must_use]
    pub fn line<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>) -> Self {
        Self::new(name, points, Mark::Line)
    }

    /// A line that keeps its value until the next point.
    #[must_use]
    pub fn step<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>) -> Self {
        Self::new(name, points, Mark::Step)
    }

    /// A line with its area down to zero.
    #[must_use]
    pub fn area<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>) -> Self {
        Self { area: true, ..Self::new(name, points, Mark::Line) }
    }

    /// Bars from zero.
    #[must_use]
    pub fn bars<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>) -> Self {
        Self::new(name, points, Mark::Bars)
    }

    /// Points with their intervals, joined by a thin line.
    #[must_use]
    pub fn points<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>) -> Self {
        Self { width_tenths: 10, ..Self::new(name, points, Mark::Points) }
    }

    /// What was planned: a dashed muted line of 1 px.
    #[must_use]
    pub fn planned<P: Into<Point>>(name: impl Into<String>, points: impl IntoIterator<Item = P>) -> Self {
        let series = Self::new(name, points, Mark::Line);
        Self { planned: true, color: Color::ChartMuted, width_tenths: 10, ..series }
    }

    /// Another colour.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// Text at the end of the line.
    #[must_use]
    pub fn label(self, label: impl Into<Label>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    /// A line of 1 px.
    #[must_use]
    pub fn thin(self) -> Self {
        Self { width_tenths: 10, ..self }
    }

    /// Bars that let the grid through.
    #[must_use]
    pub fn opacity_percent(self, percent: u8) -> Self {
        Self { opacity_percent: percent.min(100), ..self }
    }

    /// A ring around one point: the cursor, or the newest.
    #[must_use]
    pub fn selected(self, index: usize) -> Self {
        Self { selected: Some(index), ..self }
    }
}

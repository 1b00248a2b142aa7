//! What a chart shows: axes, series, and the lines, bands and notes around them.

use crate::{color::Color, scale::ScaleKind, series::Series};

/// A chart, independent of the size it is drawn at.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What is shown, for the drawing that leaves the page: `Latency`.
    pub title: String,
    /// The horizontal axis.
    pub x: XAxis,
    /// The vertical axis.
    pub y: YAxis,
    /// The series, drawn in this order.
    pub series: Vec<Series>,
    /// Horizontal lines: limits, goals, caps.
    pub levels: Vec<Level>,
    /// Regions behind the series: warm-up, learnt limits.
    pub bands: Vec<Band>,
    /// Vertical lines: now, notes, changes.
    pub markers: Vec<Marker>,
    /// Texts at a point of the plot.
    pub callouts: Vec<Callout>,
    /// Where the labels of lines and levels stand.
    pub labels: Side,
}

/// The horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct XAxis {
    /// What the values are.
    pub kind: XKind,
    /// The axis covers at least this: the whole planned duration of a live run. Data beyond it widens the axis.
    pub planned: Option<(f64, f64)>,
}

/// What the values of the horizontal axis are.
#[derive(Clone, Debug, PartialEq)]
pub enum XKind {
    /// Seconds since the start, shown as `6:24`.
    Elapsed,
    /// Seconds since 1970, shown as times and days in UTC.
    WallTime,
    /// Whole numbers from 0, each with its label: commits.
    Index(Vec<String>),
    /// Values of a measure with their unit, for distributions.
    Value {
        /// The unit, written after the last tick.
        unit: String,
        /// Linear or logarithmic.
        scale: ScaleKind,
    },
}

/// Where the vertical axis begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum YBase {
    /// At zero; needed for areas and bars.
    #[default]
    Zero,
    /// Near the lowest value. The chart's sentence must say so.
    Data,
    /// Logarithmic. The chart's sentence must say so.
    Log,
}

/// The vertical axis.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct YAxis {
    /// The unit, written once above the axis.
    pub unit: String,
    /// Where it begins.
    pub base: YBase,
    /// Values are counted: no tick between whole numbers.
    pub whole: bool,
    /// The largest possible value, such as 100 %: the axis ends there unless data go beyond.
    pub ceiling: Option<f64>,
    /// The axis covers at least this: room for a live chart to grow.
    pub at_least: Option<(f64, f64)>,
}

impl YAxis {
    /// An axis from zero with a unit.
    #[must_use]
    pub fn zero(unit: impl Into<String>) -> Self {
        Self { unit: unit.into(), ..Self::default() }
    }

    /// A logarithmic axis with a unit.
    #[must_use]
    pub fn log(unit: impl Into<String>) -> Self {
        Self { unit: unit.into(), base: YBase::Log, ..Self::default() }
    }

    /// An axis with a unit that begins near the lowest value.
    #[must_use]
    pub fn data(unit: impl Into<String>) -> Self {
        Self { unit: unit.into(), base: YBase::Data, ..Self::default() }
    }

    /// An axis from 0 to 100 %.
    #[must_use]
    pub fn percent() -> Self {
        Self { unit: "%".to_owned(), ceiling: Some(100.0), at_least: Some((0.0, 100.0)), ..Self::default() }
    }

    /// An axis of counts: users, connections.
    #[must_use]
    pub fn count() -> Self {
        Self { whole: true, ..Self::default() }
    }
}

/// Where labels stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Side {
    /// In the right margin, in a column 13 px apart. Small multiples have no such margin.
    #[default]
    Margin,
    /// Inside of the plot, above their lines.
    Inside,
}

/// A text and what is said instead where room is short.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Label {
    /// `highest rate that was Excellent here, 182/s (#1204)`
    pub full: String,
    /// `last Excellent, 182/s`
    pub short: Option<String>,
}

impl Label {
    /// A text with its short form.
    #[must_use]
    pub fn with_short(full: impl Into<String>, short: impl Into<String>) -> Self {
        Self { full: full.into(), short: Some(short.into()) }
    }

    pub(crate) fn text(&self, narrow: bool) -> &str {
        self.short.as_deref().filter(|_| narrow).unwrap_or(&self.full)
    }
}

impl From<&str> for Label {
    fn from(full: &str) -> Self {
        Self { full: full.to_owned(), short: None }
    }
}

impl From<String> for Label {
    fn from(full: String) -> Self {
        Self { full, short: None }
    }
}

/// What a horizontal line means, and so how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelKind {
    /// A threshold's limit or a cap.
    Limit,
    /// A release's goal.
    Goal,
    /// What was planned, or the size of a pool.
    Planned,
    /// Something to compare with: an earlier result.
    Reference,
}

/// A horizontal line with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its value.
    pub value: f64,
    /// What it means.
    pub kind: LevelKind,
    /// Its label: `p95 limit 200`.
    pub label: Label,
    /// Where it begins: a limit does not hold during warm-up.
    pub from: Option<f64>,
}

impl Level {
    /// A line over the whole width.
    #[must_use]
    pub fn new(kind: LevelKind, value: f64, label: impl Into<Label>) -> Self {
        Self { value, kind, label: label.into(), from: None }
    }

    /// Begins at a place of the horizontal axis.
    #[must_use]
    pub fn from(self, x: f64) -> Self {
        Self { from: Some(x), ..self }
    }
}

/// A region behind the series.
#[derive(Clone, Debug, PartialEq)]
pub enum Band {
    /// From one place to another over the whole height: warm-up.
    Span {
        /// Where it begins.
        from: f64,
        /// Where it ends.
        to: f64,
        /// Text at its upper left, left out where it does not fit.
        label: String,
    },
    /// Between two values that change along the axis: learnt limits, forecast. Each is place, low, high.
    Range(Vec<(f64, f64, f64)>),
}

impl Band {
    /// The warm-up, from the start to an elapsed second.
    #[must_use]
    pub fn warm_up(to: f64) -> Self {
        Self::Span { from: 0.0, to, label: "warm-up".to_owned() }
    }
}

/// What a vertical line means, and so how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerKind {
    /// The present of a live run.
    Now,
    /// A note, a stop, a percentile of a distribution.
    Note,
    /// Something around the runs: a release, new infrastructure, an incident.
    Event,
    /// A limit on a horizontal axis of values.
    Limit,
    /// A due date; its text stands inside of the plot.
    Due,
    /// A change point for the better.
    Better,
    /// A change point for the worse.
    Worse,
}

/// A vertical line with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Its place.
    pub x: f64,
    /// What it means.
    pub kind: MarkerKind,
    /// Its text; of a change point the strong first line: `+17.6 %`.
    pub label: Label,
    /// The second line of a change point: commit and subject. Left out on narrow drawings.
    pub detail: Label,
}

impl Marker {
    /// The present of a live run.
    #[must_use]
    pub fn now(x: f64) -> Self {
        Self::new(MarkerKind::Now, x, "")
    }

    /// A line with a text.
    #[must_use]
    pub fn new(kind: MarkerKind, x: f64, label: impl Into<Label>) -> Self {
        Self { x, kind, label: label.into(), detail: Label::default() }
    }

    /// The second line of a change point.
    #[must_use]
    pub fn detail(self, detail: impl Into<Label>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// A text at a point of the plot: `31 drops and 12 × 503 at 4:05`.
#[derive(Clone, Debug, PartialEq)]
pub struct Callout {
    /// Place of the point.
    pub x: f64,
    /// Value of the point.
    pub y: f64,
    /// The text.
    pub label: Label,
}

impl Chart {
    /// An empty chart of something over the elapsed time of a run.
    #[must_use]
    pub fn elapsed(title: impl Into<String>, y: YAxis) -> Self {
        Self::new(title, XKind::Elapsed, y)
    }

    /// An empty chart of something over time in UTC.
    #[must_use]
    pub fn wall_time(title: impl Into<String>, y: YAxis) -> Self {
        Self::new(title, XKind::WallTime, y)
    }

    /// An empty chart.
    #[must_use]
    pub fn new(title: impl Into<String>, x: XKind, y: YAxis) -> Self {
        Self {
            title: title.into(),
            x: XAxis { kind: x, planned: None },
            y,
            series: Vec::new(),
            levels: Vec::new(),
            bands: Vec::new(),
            markers: Vec::new(),
            callouts: Vec::new(),
            labels: Side::Margin,
        }
    }

    /// The horizontal axis covers at least this range.
    #[must_use]
    pub fn planned(mut self, from: f64, to: f64) -> Self {
        self.x.planned = Some((from, to));
        self
    }

    /// One more series.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// One more horizontal line.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.levels.push(level);
        self
    }

    /// One more region behind the series.
    #[must_use]
    pub fn band(mut self, band: Band) -> Self {
        self.bands.push(band);
        self
    }

    /// One more vertical line.
    #[must_use]
    pub fn marker(mut self, marker: Marker) -> Self {
        self.markers.push(marker);
        self
    }

    /// One more text in the plot.
    #[must_use]
    pub fn callout(mut self, x: f64, y: f64, label: impl Into<Label>) -> Self {
        self.callouts.push(Callout { x, y, label: label.into() });
        self
    }

    /// Labels stand inside of the plot.
    #[must_use]
    pub fn labels_inside(mut self) -> Self {
        self.labels = Side::Inside;
        self
    }
}

impl LevelKind {
    pub(crate) fn line_color(self) -> Color {
        match self {
            Self::Limit => Color::ChartLimit,
            Self::Goal => Color::ChartGoal,
            Self::Planned | Self::Reference => Color::ChartMuted,
        }
    }

    pub(crate) fn text_color(self) -> Color {
        match self {
            Self::Limit => Color::ChartLimit,
            Self::Goal => Color::ChartGoal,
            Self::Planned | Self::Reference => Color::ChartText,
        }
    }
}

//! The mapping from values to pixels of one drawing.
//!
//! In:  the plot's box in the drawing and the range of each axis.
//! Out: pixel positions, and the way back for a cursor.
//! Not here: drawing; which range an axis should have.
//!
//! The drawing carries its scale in `data-` attributes, so that a script in the browser adds points exactly where the
//! server would have drawn them, and knows when a point has left the range and a new drawing is needed.

use std::fmt;

/// The part of a drawing that shows values, in pixels of its view box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotBox {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

/// Smaller numbers are taken for zero: their logarithms and quotients leave what numbers can hold.
const LEAST: f64 = 1e-290;

/// Equal distances for equal differences, or for equal ratios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ScaleKind {
    /// Equal distances for equal differences.
    #[default]
    Linear,
    /// Equal distances for equal ratios; only positive values have a place.
    Log,
}

impl fmt::Display for ScaleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linear => "linear",
            Self::Log => "log",
        })
    }
}

/// The range of one axis. Made by [`Span::new`], which never yields an empty or endless range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    from: f64,
    to: f64,
    kind: ScaleKind,
}

impl Span {
    /// A range from the lower to the upper value. What has no extent is widened, what is not finite replaced: an axis
    /// exists even when there is nothing to show on it.
    #[must_use]
    pub fn new(from: f64, to: f64, kind: ScaleKind) -> Self {
        // Half of the largest number, so that the difference of two ends is still a number.
        let finite = |value: f64| if value.is_finite() { value.clamp(-f64::MAX / 4.0, f64::MAX / 4.0) } else { 0.0 };
        let (a, b) = (finite(from), finite(to));
        let (mut from, mut to) = (a.min(b), a.max(b));
        match kind {
            ScaleKind::Linear => {
                if (to - from) <= from.abs().max(to.abs()) * 1e-12 {
                    let half = if from == 0.0 { 0.5 } else { (from.abs() * 0.05).max(LEAST) };
                    from -= half;
                    to += half;
                }
            }
            ScaleKind::Log => {
                if to <= LEAST {
                    (from, to) = (0.1, 10.0);
                } else if from <= LEAST / 1000.0 {
                    from = to / 1000.0;
                }
                if to / from < 1.0 + 1e-9 {
                    from /= 2.0;
                    to *= 2.0;
                }
            }
        }
        Self { from, to, kind }
    }

    /// The lower end.
    #[must_use]
    pub fn from(self) -> f64 {
        self.from
    }

    /// The upper end.
    #[must_use]
    pub fn to(self) -> f64 {
        self.to
    }

    /// Linear or logarithmic.
    #[must_use]
    pub fn kind(self) -> ScaleKind {
        self.kind
    }

    /// Whether the value has a place on the axis.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        value >= self.from && value <= self.to
    }

    /// The value's place as a share of the axis: 0 at the lower end, 1 at the upper. What has no place on a
    /// logarithmic axis (zero and less) lies at its lower end.
    #[must_use]
    pub fn share(self, value: f64) -> f64 {
        match self.kind {
            ScaleKind::Linear => (value - self.from) / (self.to - self.from),
            ScaleKind::Log if value <= 0.0 => 0.0,
            ScaleKind::Log => (value / self.from).ln() / (self.to / self.from).ln(),
        }
    }

    /// The value at a share of the axis.
    #[must_use]
    pub fn value(self, share: f64) -> f64 {
        match self.kind {
            ScaleKind::Linear => self.from + share * (self.to - self.from),
            ScaleKind::Log => self.from * (share * (self.to / self.from).ln()).exp(),
        }
    }
}

/// Where values lie in a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The plot in pixels.
    pub plot: PlotBox,
    /// The range from left to right.
    pub x: Span,
    /// The range from bottom to top.
    pub y: Span,
}

/// Why the attributes of a drawing did not give a scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{attribute}` of the drawing reads `{text}`, expected {expected}")]
pub struct ScaleError {
    /// The attribute's name.
    pub attribute: &'static str,
    /// What it holds.
    pub text: String,
    /// What it should hold.
    pub expected: &'static str,
}

impl Scale {
    /// The attributes of the root element, in the order that [`Scale::parse`] takes.
    pub const ATTRIBUTES: [&'static str; 5] = ["data-plot", "data-x", "data-y", "data-xscale", "data-yscale"];

    /// The horizontal pixel of a value.
    #[must_use]
    pub fn x(&self, value: f64) -> f64 {
        self.plot.x + self.plot.w * self.x.share(value)
    }

    /// The vertical pixel of a value. Pixels count downwards.
    #[must_use]
    pub fn y(&self, value: f64) -> f64 {
        self.plot.y + self.plot.h * (1.0 - self.y.share(value))
    }

    /// The value under a horizontal pixel: where the cursor stands.
    #[must_use]
    pub fn x_at(&self, pixel: f64) -> f64 {
        self.x.value((pixel - self.plot.x) / self.plot.w)
    }

    /// The value under a vertical pixel.
    #[must_use]
    pub fn y_at(&self, pixel: f64) -> f64 {
        self.y.value(1.0 - (pixel - self.plot.y) / self.plot.h)
    }

    /// Whether a point lies inside; if not, the axes must be chosen anew.
    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        self.x.contains(x) && (self.y.contains(y) || (self.y.kind == ScaleKind::Log && y <= 0.0))
    }

    /// One point as it stands in the `points` of a polyline, to a tenth of a pixel.
    #[must_use]
    pub fn point(&self, x: f64, y: f64) -> String {
        let tenth = |pixel: f64| (pixel * 10.0).round() / 10.0;
        format!("{},{}", tenth(self.x(x)), tenth(self.y(y)))
    }

    /// The values of [`Scale::ATTRIBUTES`].
    #[must_use]
    pub fn attributes(&self) -> [String; 5] {
        let PlotBox { x, y, w, h } = self.plot;
        [
            format!("{x},{y},{w},{h}"),
            format!("{},{}", self.x.from, self.x.to),
            format!("{},{}", self.y.from, self.y.to),
            self.x.kind.to_string(),
            self.y.kind.to_string(),
        ]
    }

    /// The scale of a drawing from its attributes `data-plot`, `data-x`, `data-y`, `data-xscale` and `data-yscale`.
    ///
    /// # Errors
    /// Names the attribute that is not as [`Scale::attributes`] writes it.
    pub fn parse(plot: &str, x: &str, y: &str, x_kind: &str, y_kind: &str) -> Result<Self, ScaleError> {
        let box_expected = "four numbers: left, top, width above 0, height above 0";
        let [left, top, w, h] = numbers("data-plot", plot, box_expected)?;
        if w <= 0.0 || h <= 0.0 {
            return Err(ScaleError { attribute: "data-plot", text: plot.to_owned(), expected: box_expected });
        }
        Ok(Self {
            plot: PlotBox { x: left, y: top, w, h },
            x: span("data-x", x, "data-xscale", x_kind)?,
            y: span("data-y", y, "data-yscale", y_kind)?,
        })
    }
}

fn span(range_name: &'static str, range: &str, kind_name: &'static str, kind: &str) -> Result<Span, ScaleError> {
    let kind = match kind {
        "linear" => ScaleKind::Linear,
        "log" => ScaleKind::Log,
        _ => {
            return Err(ScaleError { attribute: kind_name, text: kind.to_owned(), expected: "`linear` or `log`" });
        }
    };
    let expected = "two numbers, the lower first; above 0 on a logarithmic axis";
    let [from, to] = numbers(range_name, range, expected)?;
    if from >= to || (kind == ScaleKind::Log && from <= 0.0) {
        return Err(ScaleError { attribute: range_name, text: range.to_owned(), expected });
    }
    Ok(Span { from, to, kind })
}

fn numbers<const N: usize>(
    attribute: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<[f64; N], ScaleError> {
    let parsed: Option<Vec<f64>> =
        text.split(',').map(|part| part.trim().parse().ok().filter(|number: &f64| number.is_finite())).collect();
    parsed.and_then(|found| found.try_into().ok()).ok_or_else(|| ScaleError {
        attribute,
        text: text.to_owned(),
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn scale(x: Span, y: Span) -> Scale {
        Scale { plot: PlotBox { x: 44.0, y: 28.0, w: 1076.0, h: 204.0 }, x, y }
    }

    #[test]
    fn the_ends_of_the_axes_are_the_edges_of_the_plot() {
        let scale = scale(Span::new(0.0, 660.0, ScaleKind::Linear), Span::new(50.0, 5000.0, ScaleKind::Log));
        assert_eq!((scale.x(0.0), scale.x(660.0)), (44.0, 1120.0));
        assert_eq!((scale.y(50.0), scale.y(5000.0)), (232.0, 28.0));
        assert!((scale.y(500.0) - 130.0).abs() < 1e-9, "the geometric middle is the middle");
        assert_eq!(scale.point(330.0, 500.0), "582,130");
    }

    #[rstest]
    #[case::nothing(f64::NAN, f64::INFINITY)]
    #[case::constant(7.0, 7.0)]
    #[case::zero(0.0, 0.0)]
    #[case::below_zero(-3.0, -3.0)]
    #[case::huge(f64::MAX, f64::MIN)]
    #[case::tiny(5e-324, 5e-324)]
    fn every_range_has_an_extent(#[case] from: f64, #[case] to: f64) {
        for kind in [ScaleKind::Linear, ScaleKind::Log] {
            let span = Span::new(from, to, kind);
            assert!(span.from() < span.to(), "{span:?}");
            assert!(span.share(span.from()).is_finite() && span.share(span.to()).is_finite(), "{span:?}");
        }
    }

    #[rstest]
    #[case::no_box("", "0,1", "0,1", "linear", "data-plot")]
    #[case::flat_box("0,0,10,0", "0,1", "0,1", "linear", "data-plot")]
    #[case::text("0,0,10,10", "a,b", "0,1", "linear", "data-x")]
    #[case::reversed("0,0,10,10", "0,1", "5,1", "linear", "data-y")]
    #[case::zero_on_log("0,0,10,10", "0,1", "0,1", "log", "data-y")]
    #[case::unknown_kind("0,0,10,10", "0,1", "0,1", "cubic", "data-yscale")]
    fn a_wrong_attribute_is_named(
        #[case] plot: &str,
        #[case] x: &str,
        #[case] y: &str,
        #[case] y_kind: &str,
        #[case] at_fault: &str,
    ) {
        let error = Scale::parse(plot, x, y, "linear", y_kind).expect_err("one attribute is wrong");
        assert_eq!(error.attribute, at_fault);
    }

    fn spans() -> impl Strategy<Value = Span> {
        (-1e9..1e9f64, 1e-3..1e9f64, any::<bool>()).prop_map(|(from, width, log)| {
            let kind = if log { ScaleKind::Log } else { ScaleKind::Linear };
            Span::new(if log { from.abs() + 1e-3 } else { from }, from.abs() + width + 1e-3, kind)
        })
    }

    proptest! {
        #[test]
        fn pixel_and_value_are_each_others_way_back(x in spans(), y in spans(), at in 0.0..1.0f64) {
            let scale = scale(x, y);
            let (px, py) = (44.0 + at * 1076.0, 28.0 + at * 204.0);
            prop_assert!((scale.x(scale.x_at(px)) - px).abs() < 1e-3);
            prop_assert!((scale.y(scale.y_at(py)) - py).abs() < 1e-3);
        }

        #[test]
        fn what_is_written_is_read_back(x in spans(), y in spans()) {
            let scale = scale(x, y);
            let [plot, x, y, x_kind, y_kind] = scale.attributes();
            prop_assert_eq!(Scale::parse(&plot, &x, &y, &x_kind, &y_kind), Ok(scale));
        }
    }
}

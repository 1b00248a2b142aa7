//! Sparklines: the last runs of one measure in a table's cell.

use crate::{
    color::Color,
    draw::canvas::{Canvas, Pen},
    scale::{PlotBox, Scale, ScaleKind, Span},
};

/// How far from its level a sparkline reaches, as a share of it, unless the values go further. All sparklines share
/// this, so that noise looks like noise.
const REACH: f64 = 0.15;

/// The values of one measure over the last runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparkline {
    /// The values, oldest first; `None` where a run did not measure.
    pub values: Vec<Option<f64>>,
    /// The limit: drawn only when it lies in the range of the values.
    pub limit: Option<f64>,
    /// The colour.
    pub color: Color,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

impl Sparkline {
    /// A sparkline of the usual size, 96 by 20 px.
    #[must_use]
    pub fn new<V: Into<Option<f64>>>(values: impl IntoIterator<Item = V>) -> Self {
        Self {
            values: values.into_iter().map(Into::into).collect(),
            limit: None,
            color: Color::Series(1),
            size: (96, 20),
        }
    }

    /// With a limit.
    #[must_use]
    pub fn limit(self, limit: f64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// In another colour.
    #[must_use]
    pub fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// In another size.
    #[must_use]
    pub fn size(self, width: u32, height: u32) -> Self {
        Self { size: (width, height), ..self }
    }

    /// The drawing, of class `spark`. Without any value it is empty.
    #[must_use]
    pub fn svg(&self) -> String {
        let (width, height) = self.size;
        let mut body = String::new();
        {
            let canvas = Canvas::new(&mut body, &[], None, self.size);
            self.draw(&canvas);
        }
        format!(
            "<svg class=\"spark\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             aria-hidden=\"true\">{body}</svg>"
        )
    }

    fn draw(&self, canvas: &Canvas<'_>) {
        let values: Vec<Option<f64>> =
            self.values.iter().map(|value| value.filter(|value| value.is_finite())).collect();
        let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let (Some(&lowest), Some(&highest)) = (sorted.first(), sorted.last()) else {
            return;
        };
        let level = sorted[sorted.len() / 2];
        let reach = level.abs() * REACH;
        let y = Span::new(lowest.min(level - reach), highest.max(level + reach), ScaleKind::Linear);
        let x = Span::new(0.0, (values.len().max(2) - 1) as f64, ScaleKind::Linear);
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let scale = Scale { plot: PlotBox { x: 1.0, y: 2.0, w: width - 5.0, h: height - 4.0 }, x, y };

        if let Some(limit) = self.limit.filter(|limit| y.contains(*limit)) {
            let at = scale.y(limit).floor() + 0.5;
            canvas.line((0.0, at), (width, at), Pen::new(Color::ChartLimit).fine_dash());
        }
        let places: Vec<Option<(f64, f64)>> = values
            .iter()
            .enumerate()
            .map(|(index, value)| value.map(|value| (scale.x(index as f64), scale.y(value))))
            .collect();
        let pen = Pen::new(self.color).width_tenths(12);
        for run in places.split(Option::is_none).filter(|run| !run.is_empty()) {
            match run {
                [Some(alone)] => canvas.disc(*alone, 0.9, pen),
                _ => canvas.polyline(run.iter().flatten().copied(), pen),
            }
        }
        if let Some(last) = places.iter().flatten().next_back() {
            canvas.disc(*last, 2.0, Pen::new(self.color));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vertical places of the line.
    fn heights(spark: &Sparkline) -> Vec<f64> {
        let svg = spark.svg();
        let points = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("there is a line");
        points.split(' ').map(|point| point.split_once(',').expect("x,y").1.parse().expect("a number")).collect()
    }

    #[test]
    fn noise_looks_like_noise() {
        let heights = heights(&Sparkline::new([100.0, 101.0, 99.0, 100.0]));
        assert!(heights.iter().all(|y| (9.0..=11.0).contains(y)), "{heights:?}");
    }

    #[test]
    fn a_jump_beyond_the_shared_scale_still_fits() {
        let heights = heights(&Sparkline::new([100.0, 100.0, 100.0, 400.0]));
        assert_eq!(heights.last(), Some(&2.0));
        assert!(heights.iter().all(|y| (2.0..=18.0).contains(y)), "{heights:?}");
    }

    #[test]
    fn a_limit_out_of_range_is_not_drawn() {
        assert!(!Sparkline::new([100.0, 100.0]).limit(300.0).svg().contains("chart-limit"));
        assert!(Sparkline::new([100.0, 100.0]).limit(110.0).svg().contains("chart-limit"));
    }

    #[test]
    fn values_that_are_none_make_an_empty_drawing() {
        let none: [Option<f64>; 0] = [];
        for spark in [Sparkline::new(none), Sparkline::new([None, Some(f64::NAN)])] {
            assert!(spark.svg().ends_with("aria-hidden=\"true\"></svg>"));
        }
    }

    #[test]
    fn a_missing_run_is_a_gap() {
        let svg = Sparkline::new([Some(1.0), Some(1.0), None, Some(1.0), Some(1.0)]).svg();
        assert_eq!(svg.matches("<polyline").count(), 2);
    }
}

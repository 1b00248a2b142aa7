//! The preview of a load shape in the launch form.
//!
//! In:  what the stages plan (rate or users at each elapsed second) and the caps it must stay under.
//! Out: a chart. Not here: how stages become points; that is the plan's business.

use crate::{
    chart::{Band, Chart, Label, Level, LevelKind, YAxis},
    series::Series,
};

/// A planned load and what bounds it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StagePreview {
    /// Elapsed second and planned rate or users there; two points at one second are a jump.
    pub points: Vec<(f64, f64)>,
    /// `/s`, or nothing for users.
    pub unit: String,
    /// How long the warm-up takes; 0 for none.
    pub warm_up_s: f64,
    /// Caps of the environment and the worker.
    pub caps: Vec<(f64, Label)>,
    /// Earlier results to compare with: the highest rate that was Excellent.
    pub references: Vec<(f64, Label)>,
    /// What the longest stage does, written at its begin: second, value, text.
    pub note: Option<(f64, f64, Label)>,
    /// The end of the run with the time for replies in flight, when later than the last point.
    pub end_s: Option<f64>,
}

impl StagePreview {
    /// The chart.
    #[must_use]
    pub fn chart(&self, title: impl Into<String>) -> Chart {
        let y = YAxis { whole: self.unit.is_empty(), ..YAxis::zero(self.unit.clone()) };
        let mut chart = Chart::elapsed(title, y).labels_inside();
        if self.warm_up_s > 0.0 {
            chart = chart.band(Band::warm_up(self.warm_up_s));
        }
        if let Some(end) = self.end_s {
            chart = chart.planned(0.0, end);
        }
        chart = chart.series(Series::area("plan", self.points.iter().copied()));
        for (value, label) in &self.caps {
            chart = chart.level(Level::new(LevelKind::Limit, *value, label.clone()));
        }
        for (value, label) in &self.references {
            chart = chart.level(Level::new(LevelKind::Reference, *value, label.clone()));
        }
        match &self.note {
            Some((x, y, label)) => chart.callout(*x, *y, label.clone()),
            None => chart,
        }
    }
}

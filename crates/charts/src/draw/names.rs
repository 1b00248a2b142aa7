//! The `data-` attributes by which a script finds the parts of a series in a drawing.

use super::backend::escape;
use crate::{chart::Chart, series::Mark};

/// A part of a series that has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The line, one polyline between two gaps.
    Line,
    /// The area under it.
    Area,
    /// The bars, all in one polygon.
    Bars,
    /// The text at its end.
    Label,
    /// The colour key before that text.
    Key,
}

/// All attributes of a chart, numbered for the backend.
pub(super) struct Names {
    attributes: Vec<String>,
    series: usize,
}

impl Names {
    const PARTS: usize = 5;

    pub(super) fn of(chart: &Chart) -> Self {
        let attributes = chart.series.iter().flat_map(|series| {
            let name = escape(&series.name);
            let mark = if series.mark == Mark::Step { " data-mark=\"step\"" } else { "" };
            [
                format!("data-series=\"{name}\"{mark}"),
                format!("data-area=\"{name}\""),
                format!("data-bars=\"{name}\""),
                format!("data-label=\"{name}\""),
                format!("data-key=\"{name}\""),
            ]
        });
        Self { attributes: attributes.chain(["data-now=\"\"".to_owned()]).collect(), series: chart.series.len() }
    }

    pub(super) fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// The number of a part's attribute. The backend carries it in a byte: from the 51st series on, parts are nameless.
    pub(super) fn part(&self, series: usize, part: Part) -> u8 {
        u8::try_from(series * Self::PARTS + part as usize + 1).unwrap_or(0)
    }

    /// The line of the present.
    pub(super) fn now(&self) -> u8 {
        u8::try_from(self.series * Self::PARTS + 1).unwrap_or(0)
    }
}

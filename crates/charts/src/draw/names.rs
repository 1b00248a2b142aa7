//! The `data-` attributes by which a script finds the parts of a series in a drawing.

use super::backend::escape;
use crate::{
    chart::{Chart, MarkerKind},
    series::Mark,
};

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
    /// The last line of a series that ends with a gap: what comes next must not be joined to it.
    EndedLine,
    /// The area under that line.
    EndedArea,
}

/// All attributes of a chart, numbered for the backend.
pub(super) struct Names {
    attributes: Vec<String>,
    series: usize,
}

impl Names {
    const PARTS: usize = 7;

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
                format!("data-series=\"{name}\"{mark} data-ended=\"\""),
                format!("data-area=\"{name}\" data-ended=\"\""),
            ]
        });
        // The present as a number: pixels are too coarse to tell one second of a long run from the next.
        let now = chart.markers.iter().find(|marker| marker.kind == MarkerKind::Now).map_or(0.0, |marker| marker.x);
        let now = format!("data-now=\"{now}\"");
        Self { attributes: attributes.chain([now]).collect(), series: chart.series.len() }
    }

    pub(super) fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// The number of a part's attribute. The backend carries it in a byte: from the 37th series on, parts are nameless.
    pub(super) fn part(&self, series: usize, part: Part) -> u8 {
        u8::try_from(series * Self::PARTS + part as usize + 1).unwrap_or(0)
    }

    /// The line of the present.
    pub(super) fn now(&self) -> u8 {
        u8::try_from(self.series * Self::PARTS + 1).unwrap_or(0)
    }
}

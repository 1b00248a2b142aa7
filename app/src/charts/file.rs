//! Charts as files: `.svg`, `.csv` and `.json` under the address of their page.

use perflab_charts::{Size, Theme, standalone_svg};
use perflab_model::{plan::Plan, tick::Point, view::Trend};

use super::{
    run::{is_open, run_chart, unit},
    table::run_csv,
    trend::{trend_chart, trend_csv},
};
use crate::charts::series::RunChart;

/// A file made of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// The file.
    pub body: String,
}

pub(super) const SVG: &str = "image/svg+xml";
pub(super) const CSV: &str = "text/csv; charset=utf-8";
pub(super) const JSON: &str = "application/json";

/// A chart of a run by the last part of its address: `latency.svg`, `errors.csv`, `cpu.json`. `None` for a name or
/// ending that is not known.
pub fn run_chart_file(name: &str, plan: &Plan, points: &[Point], live: bool, theme: Theme) -> Option<ChartFile> {
    let (name, ending) = name.rsplit_once('.')?;
    let which = RunChart::from_name(name)?;
    match ending {
        "svg" => {
            let body = standalone_svg(&run_chart(which, plan, points, live), Size::L, theme);
            Some(ChartFile { content_type: SVG, body })
        }
        "csv" => Some(ChartFile { content_type: CSV, body: run_csv(which, plan, points) }),
        "json" => Some(ChartFile { content_type: JSON, body: run_json(which, plan, points) }),
        _ => None,
    }
}

fn run_json(which: RunChart, plan: &Plan, points: &[Point]) -> String {
    let open = is_open(plan);
    let rows: Vec<serde_json::Value> = points
        .iter()
        .map(|point| {
            let mut row = serde_json::Map::new();
            row.insert("second".to_owned(), point.second.into());
            for (name, value) in which.values(open, point) {
                row.insert(name.replace(' ', "_"), value.into());
            }
            row.into()
        })
        .collect();
    serde_json::json!({ "chart": which.name(), "unit": unit(which), "points": rows }).to_string()
}

/// The chart of a trend by its ending: `svg`, `csv` or `json`.
pub fn trend_chart_file(ending: &str, trend: &Trend, theme: Theme) -> Option<ChartFile> {
    match ending {
        "svg" => Some(ChartFile { content_type: SVG, body: standalone_svg(&trend_chart(trend), Size::L, theme) }),
        "csv" => Some(ChartFile { content_type: CSV, body: trend_csv(trend) }),
        "json" => serde_json::to_string(trend).ok().map(|body| ChartFile { content_type: JSON, body }),
        _ => None,
    }
}

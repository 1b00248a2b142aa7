//! Charts as files: `.svg`, `.csv` and `.json` under the address of their page.

use perflab_charts::{Size, Theme, standalone_svg};
use perflab_model::{order::RateChange, plan::Plan, tick::Point};

use super::{
    rate::{annotated, carried_out},
    run::{is_open, run_chart, unit},
    table::run_csv,
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

/// What a file of a run's chart is made from.
#[derive(Clone, Copy, Debug)]
pub struct FileCourse<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The seconds.
    pub points: &'a [Point],
    /// What a person changed of the rate.
    pub changes: &'a [RateChange],
    /// Whether the run goes on.
    pub live: bool,
}

pub(super) const SVG: &str = "image/svg+xml";
pub(super) const CSV: &str = "text/csv; charset=utf-8";
pub(super) const JSON: &str = "application/json";

/// A chart of a run by the last part of its address: `latency.svg`, `errors.csv`, `cpu.json`. `None` for a name or
/// ending that is not known.
pub fn run_chart_file(name: &str, course: &FileCourse<'_>, theme: Theme) -> Option<ChartFile> {
    let (name, ending) = name.rsplit_once('.')?;
    let which = RunChart::from_name(name)?;
    let (points, plan) = (course.points, &carried_out(course.plan, course.changes));
    match ending {
        "svg" => {
            let chart = annotated(run_chart(which, plan, points, course.live), which, course.changes);
            let body = standalone_svg(&chart, Size::L, theme);
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
            row.insert("seconds".to_owned(), point.seconds.into());
            for (name, value) in which.values(open, point) {
                row.insert(name.replace(' ', "_"), value.into());
            }
            row.into()
        })
        .collect();
    serde_json::json!({ "chart": which.name(), "unit": unit(which), "points": rows }).to_string()
}

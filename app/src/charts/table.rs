//! A chart as a table: every second for files, one row a stretch for pages.

use perflab_model::{display, plan::Plan, tick::Point};

use super::run::{is_open, series_names, unit};
use crate::charts::series::RunChart;

/// Rows of a table in a page: about this many.
const ROWS: u32 = 20;

/// A chart as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartTable {
    /// `Table, one row a minute`.
    pub summary: String,
    /// Heads of the columns.
    pub heads: Vec<String>,
    /// Cells as shown.
    pub rows: Vec<Vec<String>>,
}

/// The table of a chart in a page. A stretch shows its highest value: a table must not hide a spike.
pub fn run_table(which: RunChart, plan: &Plan, points: &[Point]) -> ChartTable {
    let open = is_open(plan);
    // Where points begin decides: those of several seconds need not fit into round stretches.
    let stretch = stretch_seconds(points.last().map_or(0, |point| point.end()));
    let names = series_names(which, open);
    let heads = std::iter::once("From".to_owned()).chain(names.iter().map(|name| head(name, unit(which)))).collect();
    let rows = points
        .chunk_by(|a, b| a.second / stretch == b.second / stretch)
        .map(|chunk| {
            let begin = chunk.first().map_or(0, |point| point.second);
            let highest = |index: usize| {
                chunk
                    .iter()
                    .filter_map(|point| which.values(open, point).into_iter().nth(index).and_then(|(_, value)| value))
                    .max_by(f64::total_cmp)
            };
            std::iter::once(display::elapsed(begin.into()))
                .chain((0..names.len()).map(|index| highest(index).map_or_else(|| "–".to_owned(), display::number)))
                .collect()
        })
        .collect();
    ChartTable { summary: format!("Table, highest value of every {stretch} s"), heads, rows }
}

fn head(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name}, {unit}") }
}

/// Round stretches so that the table keeps about [`ROWS`] rows.
fn stretch_seconds(seconds: u32) -> u32 {
    [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600].into_iter().find(|stretch| seconds / stretch <= ROWS).unwrap_or(3600)
}

/// Every point of a chart as CSV: its first second, the exact values, empty where nothing was measured or too little for
/// a percentile, and how many seconds it holds.
pub fn run_csv(which: RunChart, plan: &Plan, points: &[Point]) -> String {
    let open = is_open(plan);
    let mut text = String::from("second");
    for name in series_names(which, open) {
        let unit = match unit(which) {
            "" => "count",
            "/s" => "per_s",
            "%" => "percent",
            unit => unit,
        };
        text += &format!(",{}_{unit}", name.replace(' ', "_"));
    }
    text.push_str(",seconds\n");
    for point in points {
        text += &point.second.to_string();
        for (_, value) in which.values(open, point) {
            text.push(',');
            if let Some(value) = value {
                text += &display::exact(value);
            }
        }
        text += &format!(",{}\n", point.seconds);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_in_a_page_stays_short() {
        assert_eq!(stretch_seconds(15), 1);
        assert_eq!(stretch_seconds(900), 60);
        assert_eq!(stretch_seconds(14_400), 1800);
    }
}

//! A trend as files.

use perflab_charts::{Size, Theme, standalone_svg};
use perflab_model::{
    display,
    trend::{Apart, Trend},
};

use super::trend_chart;
use crate::charts::file::{CSV, ChartFile, JSON, SVG};

/// The file of a trend by its name: `chart.svg`, `chart.csv`, `chart.json`, and `second.svg` of the second measure. The CSV
/// and the JSON have both.
pub fn trend_chart_file(name: &str, trend: &Trend, theme: Theme) -> Option<ChartFile> {
    let svg = |at: usize| {
        let chart = trend.charts.get(at)?;
        Some(ChartFile { content_type: SVG, body: standalone_svg(&trend_chart(trend, chart), Size::L, theme) })
    };
    match name {
        "chart.svg" => svg(0),
        "second.svg" => svg(1),
        "chart.csv" => Some(ChartFile { content_type: CSV, body: csv(trend) }),
        "chart.json" => serde_json::to_string(trend).ok().map(|body| ChartFile { content_type: JSON, body }),
        _ => None,
    }
}

/// Exact values, oldest first, a row for each value.
fn csv(trend: &Trend) -> String {
    let mut text =
        String::from("ended_us,run,number,revision,measure,request,value,low,high,unit,samples,load,state,apart\n");
    let end = |end: Option<f64>| end.map(display::exact).unwrap_or_default();
    for chart in &trend.charts {
        for series in &chart.series {
            for point in &series.points {
                let Some(run) = trend.run(point.at) else { continue };
                text += &format!(
                    "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                    run.at_us,
                    run.id,
                    run.number,
                    cell(&run.revision.to_string()),
                    chart.measure,
                    cell(series.request.as_deref().unwrap_or_default()),
                    display::exact(point.value),
                    end(point.interval.0),
                    end(point.interval.1),
                    chart.unit,
                    point.samples,
                    cell(&run.load),
                    run.state.code(),
                    run.apart.map(Apart::word).unwrap_or_default()
                );
            }
        }
    }
    text
}

/// A cell of text: quoted, and never a formula to a spreadsheet.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{series, trend_of};
    use super::*;

    #[test]
    fn the_table_has_a_row_for_every_value_and_no_cell_is_a_formula() {
        let mut trend = trend_of(&[50.0, 66.0]);
        trend.charts[0].series.push(series(Some("=1+1"), &[7.0, 8.0]));
        let csv = trend_chart_file("chart.csv", &trend, Theme::Light).expect("a file").body;
        assert_eq!(csv.lines().count(), 5);
        assert!(csv.contains(",throughput,\"'=1+1\",7,6.3,"), "{csv}");
    }

    #[test]
    fn a_second_chart_is_there_only_with_a_second_measure() {
        let mut trend = trend_of(&[50.0, 66.0]);
        assert_eq!(trend_chart_file("second.svg", &trend, Theme::Light), None);
        let second = trend.charts[0].clone();
        trend.charts.push(second);
        assert!(trend_chart_file("second.svg", &trend, Theme::Light).is_some());
    }
}

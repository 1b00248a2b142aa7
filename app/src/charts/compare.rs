//! Runs over each other, aligned by the time since their start.
//!
//! In:  how each run went. Out: the chart of one number, its finding, its files. A group has one colour, the reference
//! the one of its place; runs of a group are told apart in the table.

use perflab_charts::{Chart, Color, Label, Series, Size, Theme, YAxis, standalone_svg};
use perflab_lab::Course;
use perflab_model::{compare::Compare, display, tick::Point};

use super::file::{CSV, ChartFile, JSON, SVG};
use crate::charts::series::RunChart;

/// A number that runs are laid over each other by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// p95 of the last seconds.
    Latency,
    /// Requests a second.
    Rate,
    /// Failed requests a second.
    Errors,
}

impl Overlay {
    /// All, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Latency, Self::Rate, Self::Errors];

    /// The name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Rate => "rate",
            Self::Errors => "errors",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Latency => "Latency, p95",
            Self::Rate => "Requests",
            Self::Errors => "Errors",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Latency => "ms",
            Self::Rate | Self::Errors => "/s",
        }
    }

    fn value(self, point: &Point) -> Option<f64> {
        let (chart, name) = match self {
            Self::Latency => (RunChart::Latency, "p95"),
            Self::Rate => (RunChart::Rate, "requests"),
            Self::Errors => (RunChart::Errors, "errors"),
        };
        chart.values(false, point).into_iter().find(|(known, _)| *known == name).and_then(|(_, value)| value)
    }
}

/// The chart of a number over all runs.
pub fn compare_chart(overlay: Overlay, compare: &Compare, courses: &[Course]) -> Chart {
    let mut chart = Chart::elapsed(overlay.title(), YAxis::zero(overlay.unit()));
    for course in courses {
        let group = compare.groups.get(course.group as usize);
        let letter = group.map(|group| group.letter.clone()).unwrap_or_default();
        let points = course.points.iter().map(|point| (f64::from(point.second), overlay.value(point)));
        let line = Series::line(format!("{letter} #{}", course.number), points)
            .color(Color::Series(u8::try_from(course.group + 1).unwrap_or(1)))
            .label(Label::with_short(format!("{letter}  #{}", course.number), letter));
        chart = chart.series(if group.is_some_and(|group| group.runs.len() > 1) { line.thin() } else { line });
    }
    chart
}

/// What the lines of a chart are, in one sentence.
pub fn compare_finding(overlay: Overlay, compare: &Compare, courses: &[Course]) -> String {
    let of_group = |place: u32| {
        let values: Vec<f64> = courses
            .iter()
            .filter(|course| course.group == place)
            .flat_map(|course| course.points.iter().filter_map(|point| overlay.value(point)))
            .collect();
        values.into_iter().reduce(f64::max)
    };
    let told: Vec<String> = (0_u32..)
        .zip(&compare.groups)
        .filter_map(|(place, group)| Some(format!("{} {}", group.letter, display::number(of_group(place)?))))
        .collect();
    if told.is_empty() {
        return "Too few requests a second to tell.".to_owned();
    }
    format!("Aligned by the time since the start. Highest, {}: {}.", overlay.unit(), told.join(", "))
}

/// A chart of a comparison by the last part of its address: `latency.svg`, `rate.csv`, `errors.json`.
pub fn compare_chart_file(file: &str, compare: &Compare, courses: &[Course], theme: Theme) -> Option<ChartFile> {
    let (name, ending) = file.rsplit_once('.')?;
    let overlay = Overlay::ALL.into_iter().find(|overlay| overlay.name() == name)?;
    match ending {
        "svg" => {
            let body = standalone_svg(&compare_chart(overlay, compare, courses), Size::L, theme);
            Some(ChartFile { content_type: SVG, body })
        }
        "csv" => {
            let mut body = format!("group,run,second,{}\n", overlay.name());
            for (letter, course, point) in rows(compare, courses) {
                let value = overlay.value(point).map(display::exact).unwrap_or_default();
                body += &format!("{letter},{},{},{value}\n", course.number, point.second);
            }
            Some(ChartFile { content_type: CSV, body })
        }
        "json" => {
            let points: Vec<serde_json::Value> = rows(compare, courses)
                .map(|(letter, course, point)| {
                    let (number, second, value) = (course.number, point.second, overlay.value(point));
                    serde_json::json!({ "group": letter, "run": number, "second": second, "value": value })
                })
                .collect();
            let body = serde_json::json!({ "chart": overlay.name(), "unit": overlay.unit(), "points": points });
            Some(ChartFile { content_type: JSON, body: body.to_string() })
        }
        _ => None,
    }
}

fn rows<'a>(
    compare: &'a Compare,
    courses: &'a [Course],
) -> impl Iterator<Item = (&'a str, &'a Course, &'a Point)> + 'a {
    courses.iter().flat_map(|course| {
        let letter = compare.groups.get(course.group as usize).map_or("", |group| group.letter.as_str());
        course.points.iter().map(move |point| (letter, course, point))
    })
}

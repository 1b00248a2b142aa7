//! One measure over runs.

use perflab_charts::{Chart, Color, Point, Series, YAxis};
use perflab_model::{
    display,
    view::{Apart, Trend, TrendPoint},
};

use crate::components::with_unit;

/// The chart of a trend by date. Runs that may be compared are joined by a line; the others are drawn hollow and alone,
/// for a line from one to the next would compare them.
pub fn trend_chart(trend: &Trend) -> Chart {
    let at = |point: &TrendPoint| point.at_us as f64 / 1e6;
    let (apart, compared): (Vec<&TrendPoint>, Vec<&TrendPoint>) =
        trend.points.iter().partition(|point| point.apart.is_some());
    let joined = compared.iter().map(|point| Point::new(at(point), point.value));
    let mut series = Series::points("value", joined);
    if let Some(newest) = compared.last() {
        let value = with_unit(&display::number(newest.value), &trend.unit);
        series = series.label(format!("{value}, #{}", newest.number)).selected(compared.len() - 1);
    }
    let alone = apart.iter().flat_map(|point| [Point::new(at(point), point.value).hollow(), Point::gap(at(point))]);
    let alone = Series::points("apart", alone).color(Color::ChartMuted);
    Chart::wall_time(trend_title(trend), YAxis::zero(trend.unit.clone())).series(alone).series(series)
}

/// `Latency, p95 of login`.
pub fn trend_title(trend: &Trend) -> String {
    let measure = trend
        .measures
        .iter()
        .find(|(code, _)| Some(code) == trend.query.measure.as_ref())
        .map_or("Trend", |(_, label)| label.as_str());
    match &trend.query.request {
        Some(request) => format!("{measure} of {request}"),
        None => measure.to_owned(),
    }
}

/// The trend as CSV, exact values, oldest first.
pub fn trend_csv(trend: &Trend) -> String {
    let mut text = String::from("ended_us,run,number,revision,value,unit,samples,load,state,apart\n");
    for point in &trend.points {
        text += &format!(
            "{},{},{},\"{}\",{},{},{},\"{}\",{},{}\n",
            point.at_us,
            point.id,
            point.number,
            point.revision.to_string().replace('"', "\"\""),
            display::exact(point.value),
            trend.unit,
            point.samples,
            point.load.replace('"', "\"\""),
            point.state.code(),
            point.apart.map(Apart::word).unwrap_or_default()
        );
    }
    text
}

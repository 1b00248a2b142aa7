//! One measure over runs.

use perflab_charts::{Chart, Point, Series, YAxis};
use perflab_model::{display, validity::ValidityState, view::Trend};

/// The chart of a trend by date. A run that cannot be trusted is drawn hollow.
pub fn trend_chart(trend: &Trend) -> Chart {
    let points = trend.points.iter().map(|point| {
        let drawn = Point::new(point.at_us as f64 / 1e6, point.value);
        let doubtful = point.validity.is_some_and(|state| state != ValidityState::Valid);
        if doubtful { drawn.hollow() } else { drawn }
    });
    let newest = trend.points.last();
    let mut series = Series::points("value", points);
    if let Some(point) = newest {
        series = series.label(format!("{} {}, #{}", display::number(point.value), trend.unit, point.number));
        series = series.selected(trend.points.len() - 1);
    }
    Chart::wall_time(trend_title(trend), YAxis::zero(trend.unit.clone())).series(series)
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

/// The answer of the trend page: the newest value, and how it stands to the run before and to the range of all.
pub fn trend_finding(trend: &Trend) -> String {
    let shown = |value: f64| format!("{} {}", display::number(value), trend.unit).trim_end().to_owned();
    match trend.points.as_slice() {
        [] => "No run has measured this yet.".to_owned(),
        [only] => format!("{} was {} in the only run, #{}.", trend_title(trend), shown(only.value), only.number),
        [.., before, newest] => {
            let change = newest.value - before.value;
            let percent = if before.value == 0.0 { None } else { Some(change / before.value * 100.0) };
            let (low, high) = trend
                .points
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.value), high.max(point.value)));
            let versus = match percent {
                Some(percent) => format!("{} % to the run before", display::signed(percent)),
                None => format!("{} to the run before", display::signed(change)),
            };
            format!(
                "{} is {} in run #{} ({versus}); {} runs lie between {} and {}.",
                trend_title(trend),
                shown(newest.value),
                newest.number,
                display::count(trend.points.len() as u64),
                shown(low),
                shown(high)
            )
        }
    }
}

/// The trend as CSV, exact values, oldest first.
pub fn trend_csv(trend: &Trend) -> String {
    let mut text = String::from("ended_us,run,number,revision,value,unit,samples\n");
    for point in &trend.points {
        text += &format!(
            "{},{},{},\"{}\",{},{},{}\n",
            point.at_us,
            point.id,
            point.number,
            point.revision.to_string().replace('"', "\"\""),
            display::exact(point.value),
            trend.unit,
            point.samples
        );
    }
    text
}

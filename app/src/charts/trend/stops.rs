//! Where the cursor of a trend stops: at every run that has a value, with all that is known of it.

use perflab_model::{
    display,
    trend::{Apart, Trend, TrendChart, TrendPoint},
};

use super::place;
use crate::{charts::stops::Stop, components::with_unit};

/// Every run of a chart, and the way to it.
pub fn trend_stops(trend: &Trend, chart: &TrendChart) -> Vec<Stop> {
    let mut of_runs: Vec<Vec<String>> = vec![Vec::new(); trend.runs.len()];
    let several = chart.series.len() > 1;
    for series in &chart.series {
        for point in &series.points {
            let Some(words) = of_runs.get_mut(point.at as usize) else { continue };
            let value = value(point, &chart.unit);
            words.push(match &series.request {
                Some(request) if several => format!("{request} {value}"),
                _ => value,
            });
        }
    }
    (0_u32..)
        .zip(trend.runs.iter().zip(of_runs))
        .filter(|(_, (_, values))| !values.is_empty())
        .map(|(at, (run, values))| {
            let mut words = vec![format!("#{}", run.number)];
            words.extend(values);
            words.push(display::clock(run.at_us, true));
            let revision = run.revision.to_string();
            words.extend((!revision.is_empty()).then_some(revision));
            words.push(run.load.clone());
            words.extend(run.apart.map(|apart: Apart| format!("not compared: {}", apart.word())));
            Stop { at: place(trend, at), text: words.join("  "), leads_to: Some(format!("/runs/{}", run.id)) }
        })
        .collect()
}

/// `231 ms (224 to 239)`.
pub(super) fn value(point: &TrendPoint, unit: &str) -> String {
    let value = with_unit(&display::number(point.value), unit);
    match point.interval {
        (Some(low), Some(high)) => format!("{value} ({} to {})", display::number(low), display::number(high)),
        (Some(low), None) => format!("{value} ({} or more)", display::number(low)),
        (None, Some(high)) => format!("{value} ({} or less)", display::number(high)),
        (None, None) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{series, trend_of};
    use super::*;

    #[test]
    fn a_run_is_told_with_its_interval_and_leads_to_its_page() {
        let trend = trend_of(&[50.0]);
        let stops = trend_stops(&trend, &trend.charts[0]);
        assert!(stops[0].text.starts_with("#1  50.0/s (45.0 to 55.0)  2 Jan 1970"), "{stops:?}");
        assert!(stops[0].leads_to.as_ref().is_some_and(|address| address.starts_with("/runs/")));
    }

    #[test]
    fn several_requests_are_told_at_one_run() {
        let mut trend = trend_of(&[50.0]);
        trend.charts[0].series = vec![series(Some("login"), &[5.0]), series(Some("search"), &[7.0])];
        let stops = trend_stops(&trend, &trend.charts[0]);
        assert_eq!(stops.len(), 1);
        assert!(stops[0].text.contains("login 5.00/s") && stops[0].text.contains("search 7.00/s"), "{stops:?}");
    }
}

//! The values of a trend as they are drawn: at their place on the axis, as a share of another where that is asked for.

use std::collections::HashSet;

use perflab_model::trend::{Axis, Relative, Trend, TrendChart, TrendPoint, TrendRun, TrendSeries};

/// Where a run stands on the horizontal axis.
pub(super) fn place(trend: &Trend, at: u32) -> f64 {
    match trend.query.axis {
        Some(Axis::Commit) => f64::from(at),
        _ => trend.run(at).map_or(0.0, |run| run.at_us as f64 / 1e6),
    }
}

/// What stands at a run on an axis of commits.
pub(super) fn commit(run: &TrendRun) -> String {
    match &run.revision.commit {
        Some(commit) => commit.chars().take(7).collect(),
        None => format!("#{}", run.number),
    }
}

/// One value as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) at: u32,
    pub(super) y: f64,
    pub(super) interval: Option<(f64, f64)>,
    /// Whether its run is compared with others.
    pub(super) compared: bool,
}

/// A series as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    pub(super) values: Vec<Value>,
    /// By what all values are multiplied; nothing where each has its own measure.
    pub(super) times: Option<f64>,
}

/// The values of a series. What has no share of another is left out.
pub(super) fn drawn(trend: &Trend, series: &TrendSeries) -> Drawn {
    let is_compared = |point: &TrendPoint| trend.run(point.at).is_some_and(|run| run.apart.is_none());
    let share = |of: f64| (of != 0.0).then(|| 100.0 / of);
    let first = series.points.iter().find(|point| is_compared(point)).and_then(|point| share(point.value));
    let mut before: Option<f64> = None;
    let mut values = Vec::with_capacity(series.points.len());
    for point in &series.points {
        let compared = is_compared(point);
        let times = match trend.query.relative {
            None => Some(1.0),
            Some(Relative::First) => first,
            Some(Relative::Previous) => before.and_then(share),
        };
        if compared {
            before = Some(point.value);
        }
        let Some(times) = times else { continue };
        let ends = point.interval.0.zip(point.interval.1);
        values.push(Value {
            at: point.at,
            y: point.value * times,
            interval: ends.map(|(low, high)| (low * times, high * times)),
            compared,
        });
    }
    let times = match trend.query.relative {
        None => Some(1.0),
        Some(Relative::First) => first,
        Some(Relative::Previous) => None,
    };
    Drawn { values, times }
}

/// The unit of the axis.
pub(super) fn unit(trend: &Trend, chart: &TrendChart) -> String {
    if trend.query.relative.is_some() { "%".to_owned() } else { chart.unit.clone() }
}

/// Runs with which a part begins: no line leads to them.
pub(super) fn starts(trend: &Trend) -> HashSet<u32> {
    trend.parts.iter().map(|part| part.at).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{run, trend_of};
    use super::*;
    use perflab_model::trend::Apart;

    #[test]
    fn shares_are_of_the_first_run_that_is_compared_or_of_the_one_before() {
        let mut trend = trend_of(&[9.0, 50.0, 60.0, 66.0]);
        trend.runs[0] = run(1, Some(Apart::Stopped));
        let ys = |trend: &Trend| -> Vec<f64> {
            drawn(trend, &trend.charts[0].series[0]).values.iter().map(|value| value.y).collect()
        };
        trend.query.relative = Some(Relative::First);
        assert_eq!(ys(&trend), [18.0, 100.0, 120.0, 132.0]);
        trend.query.relative = Some(Relative::Previous);
        let before = ys(&trend);
        assert_eq!(before.len(), 2, "the first has none before it");
        assert!((before[0] - 120.0).abs() < 1e-9 && (before[1] - 110.0).abs() < 1e-9, "{before:?}");
    }

    #[test]
    fn a_share_of_nothing_is_not_drawn() {
        let mut trend = trend_of(&[0.0, 1.0]);
        trend.query.relative = Some(Relative::First);
        assert!(drawn(&trend, &trend.charts[0].series[0]).values.is_empty());
    }
}

//! What a trend says, in a title and a sentence: scenario and environment, the newest value, and how it stands to the run
//! before. Runs that stand apart are counted and never compared.

use perflab_model::{
    display,
    view::{Apart, Trend, TrendPoint},
};

use crate::{charts::trend::trend_title, components::with_unit};

/// `Latency, p95 of login: load on staging`.
pub(super) fn title(trend: &Trend) -> String {
    match series(trend) {
        Some(series) => format!("{}: {series}", trend_title(trend)),
        None => trend_title(trend),
    }
}

/// `load on staging`.
fn series(trend: &Trend) -> Option<String> {
    let query = &trend.query;
    query.scenario.as_ref().zip(query.environment.as_ref()).map(|(scenario, place)| format!("{scenario} on {place}"))
}

/// Why a run is shown and not compared, in a word; nothing of one that may be compared.
pub(super) fn apart(point: &TrendPoint) -> Option<&'static str> {
    point.apart.map(Apart::word)
}

/// The load of the runs that are compared.
pub(super) fn load(points: &[TrendPoint]) -> Option<&str> {
    points.iter().rev().find(|point| point.apart.is_none()).map(|point| point.load.as_str())
}

/// By how many percent each run differs from the one before it that it may be compared with, oldest first.
pub(super) fn changes(points: &[TrendPoint]) -> Vec<Option<f64>> {
    let mut before: Option<f64> = None;
    points
        .iter()
        .map(|point| {
            if apart(point).is_some() {
                return None;
            }
            let change = before.filter(|value| *value != 0.0).map(|value| (point.value - value) / value * 100.0);
            before = Some(point.value);
            change
        })
        .collect()
}

/// The answer of the page.
pub(super) fn answer(trend: &Trend) -> String {
    if trend.points.is_empty() {
        return nothing(trend);
    }
    let compared: Vec<&TrendPoint> = trend.points.iter().filter(|point| apart(point).is_none()).collect();
    let name = title(trend);
    let shown = |value: f64| with_unit(&display::number(value), &trend.unit);
    let first = match compared.as_slice() {
        [] => format!("{name}: no run may be compared with another yet."),
        [only] => {
            format!("{name} was {} in run #{}, the only one that can be compared.", shown(only.value), only.number)
        }
        [.., before, newest] => {
            let change = newest.value - before.value;
            let versus = if before.value == 0.0 {
                display::signed(change)
            } else {
                format!("{} %", display::signed(change / before.value * 100.0))
            };
            let (low, high) = compared
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), point| (low.min(point.value), high.max(point.value)));
            format!(
                "{name} is {} in run #{} ({versus} to run #{}); {} runs lie between {} and {}.",
                shown(newest.value),
                newest.number,
                before.number,
                display::count(compared.len() as u64),
                shown(low),
                shown(high)
            )
        }
    };
    match standing_apart(&trend.points) {
        Some(others) => format!("{first} {others}"),
        None => first,
    }
}

/// `3 runs stand apart and are not compared: 2 stopped, 1 under another load.`
pub(super) fn standing_apart(points: &[TrendPoint]) -> Option<String> {
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for word in points.iter().filter_map(apart) {
        match reasons.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => reasons.push((word, 1)),
        }
    }
    let all: u64 = reasons.iter().map(|(_, count)| count).sum();
    let told: Vec<String> = reasons.iter().map(|(word, count)| format!("{} {word}", display::count(*count))).collect();
    match (all, reasons.as_slice()) {
        (0, _) => None,
        (1, [(word, _), ..]) => Some(format!("1 run stands apart and is not compared: {word}.")),
        _ => Some(format!("{} runs stand apart and are not compared: {}.", display::count(all), told.join(", "))),
    }
}

/// Why there is nothing to show.
fn nothing(trend: &Trend) -> String {
    let query = &trend.query;
    let Some(scenario) = &query.scenario else {
        return match &query.environment {
            Some(place) => format!("No run on `{place}` has been judged yet."),
            None => "No run has been judged yet.".to_owned(),
        };
    };
    match &query.environment {
        Some(place) if !trend.environments.contains(place) => {
            let known: Vec<&str> = trend.environments.iter().map(|name| name.as_str()).collect();
            if known.is_empty() {
                format!("No run of `{scenario}` has been judged yet.")
            } else {
                format!(
                    "No run of {scenario} on `{place}` has been judged yet; there are some on {}.",
                    known.join(", ")
                )
            }
        }
        Some(place) => format!("{}: no run of {scenario} on {place} has measured it yet.", trend_title(trend)),
        None => format!("No run of `{scenario}` has been judged yet."),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        id::RunId,
        run::{Revision, RunState},
        validity::ValidityState,
        view::TrendQuery,
    };

    use super::*;

    fn point(number: u64, value: f64, apart: Option<Apart>) -> TrendPoint {
        TrendPoint {
            id: RunId::new(uuid::Uuid::nil()),
            number,
            state: RunState::Finished,
            load: "200 users, 15m".to_owned(),
            at_us: 0,
            revision: Revision::default(),
            value,
            samples: 600,
            verdict: None,
            validity: Some(ValidityState::Valid),
            apart,
        }
    }

    fn trend(points: Vec<TrendPoint>) -> Trend {
        Trend {
            query: TrendQuery {
                suite: "mita".parse().ok(),
                scenario: "load".parse().ok(),
                environment: "staging".parse().ok(),
                measure: Some("throughput".to_owned()),
                ..TrendQuery::default()
            },
            scenarios: Vec::new(),
            environments: vec!["staging".parse().expect("a name")],
            requests: Vec::new(),
            measures: vec![("throughput".to_owned(), "Throughput".to_owned())],
            unit: "/s".to_owned(),
            points,
        }
    }

    #[test]
    fn the_answer_names_the_series_and_writes_rates_without_a_space() {
        let points = vec![point(1, 50.0, None), point(2, 66.0, None)];
        assert_eq!(
            answer(&trend(points)),
            "Throughput: load on staging is 66.0/s in run #2 (+32.0 % to run #1); 2 runs lie between 50.0/s and 66.0/s."
        );
    }

    #[test]
    fn a_run_that_stands_apart_is_counted_and_not_compared() {
        let points = vec![
            point(1, 50.0, None),
            point(2, 5.0, Some(Apart::Stopped)),
            point(3, 55.0, None),
            point(4, 900.0, Some(Apart::OtherLoad)),
        ];
        assert_eq!(changes(&points), [None, None, Some(10.0), None]);
        let answer = answer(&trend(points));
        assert!(answer.contains("55.0/s in run #3 (+10.0 % to run #1)"), "{answer}");
        assert!(
            answer.ends_with("2 runs stand apart and are not compared: 1 stopped, 1 under another load."),
            "{answer}"
        );
    }

    #[test]
    fn an_environment_without_runs_says_where_there_are_some() {
        let mut trend = trend(Vec::new());
        trend.query.environment = "gone".parse().ok();
        assert_eq!(answer(&trend), "No run of load on `gone` has been judged yet; there are some on staging.");
    }
}

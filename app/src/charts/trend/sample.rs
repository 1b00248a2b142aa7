//! Trends for tests.

use perflab_model::{
    id::RunId,
    run::{Revision, RunState},
    trend::{Apart, Trend, TrendChart, TrendPoint, TrendQuery, TrendRun, TrendSeries},
    validity::ValidityState,
};

/// A run of the sample.
pub(crate) fn run(number: u64, apart: Option<Apart>) -> TrendRun {
    TrendRun {
        id: RunId::new(uuid::Uuid::nil()),
        number,
        state: RunState::Finished,
        load: "200 users, 15m".to_owned(),
        at_us: number as i64 * 86_400_000_000,
        revision: Revision::default(),
        verdict: None,
        validity: Some(ValidityState::Valid),
        apart,
    }
}

/// A series of these values, one a run, numbered from 1.
pub(crate) fn series(request: Option<&str>, values: &[f64]) -> TrendSeries {
    let point = |(at, value): (usize, &f64)| TrendPoint {
        at: u32::try_from(at).unwrap_or(0),
        value: *value,
        interval: (Some(value * 0.9), Some(value * 1.1)),
        samples: 600,
    };
    TrendSeries {
        request: request.map(str::to_owned),
        points: values.iter().enumerate().map(point).collect(),
        changes: Vec::new(),
        level: None,
    }
}

/// Throughput of all requests together.
pub(crate) fn trend_of(values: &[f64]) -> Trend {
    Trend {
        query: TrendQuery {
            suite: "mita".parse().ok(),
            scenario: "load".parse().ok(),
            environment: "staging".parse().ok(),
            measure: Some("throughput".to_owned()),
            ..TrendQuery::default()
        },
        environments: vec!["staging".parse().expect("a name")],
        measures: vec![("throughput".to_owned(), "Throughput".to_owned())],
        runs: (1..=values.len() as u64).map(|number| run(number, None)).collect(),
        charts: vec![TrendChart {
            measure: "throughput".to_owned(),
            label: "Throughput".to_owned(),
            unit: "/s".to_owned(),
            higher_is_better: true,
            limits: Vec::new(),
            series: vec![series(None, values)],
        }],
        ..Trend::default()
    }
}

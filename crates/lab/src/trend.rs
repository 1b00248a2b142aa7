//! One measure of one scenario over its runs.
//!
//! In:  a choice, perhaps incomplete. Out: the choice completed, what else could be chosen, and the points.
//! Environments are never mixed: a series belongs to one.

use perflab_model::{
    problem::Problem,
    view::{Trend, TrendPoint, TrendQuery},
};

use crate::{Lab, trouble::Told as _};

/// Most points of a trend.
const MAX_POINTS: u32 = 1_000;

/// A measure that trends can show: code, label, measure and stat of the stored result.
const MEASURES: [(&str, &str, &str, &str); 6] = [
    ("latency_p95", "Latency, p95", "latency", "p95"),
    ("latency_p50", "Latency, p50", "latency", "p50"),
    ("latency_p99", "Latency, p99", "latency", "p99"),
    ("latency_mean", "Latency, mean", "latency", "mean"),
    ("throughput", "Throughput", "throughput", "rate"),
    ("error_rate", "Error rate", "error_rate", "rate"),
];

impl Lab {
    /// A trend. What is left open in the query is chosen: the scenario and environment that ran last, all requests
    /// together, P95 of latency.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer.
    pub async fn trend(&self, query: &TrendQuery) -> Result<Trend, Problem> {
        let (project, project_name) = self.project(query.project.as_ref()).await?;
        let choices = self.db.trend_choices(project).await.told()?;
        let fits = |suite: &_, scenario: &_| {
            query.suite.as_ref().is_none_or(|wanted| wanted == suite)
                && query.scenario.as_ref().is_none_or(|wanted| wanted == scenario)
        };
        let chosen = choices
            .iter()
            .filter(|choice| fits(&choice.suite, &choice.scenario))
            .find(|choice| query.environment.as_ref().is_none_or(|wanted| wanted == &choice.environment))
            .or_else(|| choices.iter().find(|choice| fits(&choice.suite, &choice.scenario)));
        let (code, _, measure, stat) =
            MEASURES.into_iter().find(|(code, ..)| Some(*code) == query.measure.as_deref()).unwrap_or(MEASURES[0]);
        let mut scenarios = Vec::new();
        for choice in &choices {
            let pair = (choice.suite.clone(), choice.scenario.clone());
            if !scenarios.contains(&pair) {
                scenarios.push(pair);
            }
        }
        let mut trend = Trend {
            query: TrendQuery {
                project: Some(project_name),
                suite: query.suite.clone(),
                scenario: query.scenario.clone(),
                environment: query.environment.clone(),
                request: query.request.clone().filter(|request| !request.is_empty()),
                measure: Some(code.to_owned()),
            },
            scenarios,
            environments: Vec::new(),
            requests: Vec::new(),
            measures: MEASURES.iter().map(|(code, label, ..)| ((*code).to_owned(), (*label).to_owned())).collect(),
            unit: match measure {
                "throughput" => "/s",
                "error_rate" => "%",
                _ => "ms",
            }
            .to_owned(),
            points: Vec::new(),
        };
        let Some(chosen) = chosen else { return Ok(trend) };
        trend.environments = choices
            .iter()
            .filter(|choice| choice.suite == chosen.suite && choice.scenario == chosen.scenario)
            .map(|choice| choice.environment.clone())
            .collect();
        trend.query.suite = Some(chosen.suite.clone());
        trend.query.scenario = Some(chosen.scenario.clone());
        trend.query.environment = Some(chosen.environment.clone());
        let series = perflab_store::ResultQuery {
            project,
            suite: chosen.suite.clone(),
            scenario: chosen.scenario.clone(),
            environment: chosen.environment.clone(),
            request: trend.query.request.clone(),
            measure: measure.to_owned(),
            stat: stat.to_owned(),
        };
        trend.requests = self.db.result_requests(&series).await.told()?;
        trend.points = self
            .db
            .results(&series, MAX_POINTS)
            .await
            .told()?
            .into_iter()
            .map(|point| TrendPoint {
                id: point.run,
                number: point.number,
                at_us: point.at_us,
                revision: point.revision,
                value: shown(point.value, measure),
                samples: point.samples,
                verdict: point.verdict,
                validity: point.validity,
            })
            .collect();
        Ok(trend)
    }
}

/// Results are kept in base units (s, share, 1/s); screens show ms and %.
fn shown(value: f64, measure: &str) -> f64 {
    match measure {
        "latency" => value * 1e3,
        "error_rate" => value * 100.0,
        _ => value,
    }
}

//! One measure of one scenario over its runs.
//!
//! In:  a choice, perhaps incomplete. Out: the choice completed, what else could be chosen, and the points.
//! Environments are never mixed: a series belongs to one. What was asked for and has no runs stays as it was asked for:
//! another series in its place would be taken for it.
//! Every result is shown; only those that measured the same are compared.

use perflab_model::{
    problem::Problem,
    run::RunState,
    validity::ValidityState,
    view::{Apart, Trend, TrendPoint, TrendQuery},
};
use perflab_store::{ResultPoint, TrendChoice};

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
        let (series, chosen) = choose(&choices, query);
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
        let Some(named) = series else { return Ok(trend) };
        trend.environments = choices
            .iter()
            .filter(|choice| choice.suite == named.suite && choice.scenario == named.scenario)
            .map(|choice| choice.environment.clone())
            .collect();
        trend.query.suite = Some(named.suite.clone());
        trend.query.scenario = Some(named.scenario.clone());
        let Some(chosen) = chosen else { return Ok(trend) };
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
        let points = self.db.results(&series, MAX_POINTS).await.told()?;
        let apart = apart(&points);
        trend.points = points
            .into_iter()
            .zip(apart)
            .map(|(point, apart)| TrendPoint {
                id: point.run,
                number: point.number,
                state: point.state,
                load: point.load,
                at_us: point.at_us,
                revision: point.revision,
                value: shown(point.value, measure),
                samples: point.samples,
                verdict: point.verdict,
                validity: point.validity,
                apart,
            })
            .collect();
        Ok(trend)
    }
}

/// The suite and scenario that a query means, and their series on its environment: of those that fit, what ran last.
/// There is no series on an environment that has no run of it.
fn choose<'a>(choices: &'a [TrendChoice], query: &TrendQuery) -> (Option<&'a TrendChoice>, Option<&'a TrendChoice>) {
    let mut fitting = choices.iter().filter(|choice| {
        query.suite.as_ref().is_none_or(|wanted| *wanted == choice.suite)
            && query.scenario.as_ref().is_none_or(|wanted| *wanted == choice.scenario)
    });
    let newest = fitting.clone().next();
    let chosen = fitting.find(|choice| query.environment.as_ref().is_none_or(|wanted| *wanted == choice.environment));
    (chosen.or(newest), chosen)
}

/// Why each run stands apart, oldest first: it did not do what it was asked to, its numbers are not fully trusted, a
/// person changed its load, or it was asked for something else than the newest of those that did.
fn apart(points: &[ResultPoint]) -> Vec<Option<Apart>> {
    let by_itself: Vec<Option<Apart>> = points.iter().map(unfit).collect();
    let fit = points.iter().zip(&by_itself).rev().find(|(_, unfit)| unfit.is_none());
    let load = fit.map(|(point, _)| point.load.as_str());
    points
        .iter()
        .zip(&by_itself)
        .map(|(point, unfit)| unfit.or_else(|| (Some(point.load.as_str()) != load).then_some(Apart::OtherLoad)))
        .collect()
}

/// Why a run may be compared with no other, if so.
fn unfit(point: &ResultPoint) -> Option<Apart> {
    match (point.state, point.validity) {
        (RunState::Cancelled, _) => Some(Apart::Stopped),
        (RunState::Finished, Some(ValidityState::Valid)) => point.adjusted.then_some(Apart::Adjusted),
        (RunState::Finished, Some(ValidityState::Invalid)) => Some(Apart::Invalid),
        // What nobody has looked at is not fully trusted either.
        (RunState::Finished, Some(ValidityState::Suspect) | None) => Some(Apart::Suspect),
        _ => Some(Apart::NotCarriedOut),
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn choice(scenario: &str, environment: &str) -> TrendChoice {
        TrendChoice {
            suite: "mita".parse().expect("a name"),
            scenario: scenario.parse().expect("a name"),
            environment: environment.parse().expect("a name"),
        }
    }

    fn point(state: RunState, validity: ValidityState, load: &str) -> ResultPoint {
        ResultPoint {
            run: perflab_model::id::RunId::new(uuid::Uuid::nil()),
            number: 1,
            state,
            load: load.to_owned(),
            at_us: 0,
            revision: perflab_model::run::Revision::default(),
            value: 0.125,
            samples: 600,
            verdict: None,
            validity: Some(validity),
            adjusted: false,
        }
    }

    #[test]
    fn only_runs_that_measured_the_same_are_compared() {
        use RunState::{Cancelled, Failed, Finished};
        use ValidityState::{Invalid, Suspect, Valid};
        let points = [
            point(Finished, Valid, "50 users, 2m"),
            point(Finished, Valid, "200 users, 15m"),
            point(Finished, Suspect, "200 users, 15m"),
            point(Finished, Invalid, "200 users, 15m"),
            point(Failed, Valid, "200 users, 15m"),
            point(Finished, Valid, "200 users, 15m"),
            ResultPoint { adjusted: true, ..point(Finished, Valid, "up to 100/s, 15m") },
            // Stopped by a person, and so not the measure of the others.
            point(Cancelled, Valid, "50 users, 2m"),
        ];
        let expected = [
            Some(Apart::OtherLoad),
            None,
            Some(Apart::Suspect),
            Some(Apart::Invalid),
            Some(Apart::NotCarriedOut),
            None,
            Some(Apart::Adjusted),
            Some(Apart::Stopped),
        ];
        assert_eq!(apart(&points), expected);
    }

    #[rstest]
    #[case::nothing_is_said(None, None, Some(("load", "staging")), true)]
    #[case::a_scenario(Some("smoke"), None, Some(("smoke", "production")), true)]
    #[case::an_environment(None, Some("production"), Some(("smoke", "production")), true)]
    #[case::an_environment_without_runs(Some("load"), Some("production"), Some(("load", "staging")), false)]
    #[case::an_unknown_environment(None, Some("gone"), Some(("load", "staging")), false)]
    #[case::an_unknown_scenario(Some("gone"), None, None, false)]
    fn another_environment_is_never_shown_in_place_of_the_one_that_was_asked_for(
        #[case] scenario: Option<&str>,
        #[case] environment: Option<&str>,
        #[case] named: Option<(&str, &str)>,
        #[case] shown: bool,
    ) {
        let choices = [choice("load", "staging"), choice("smoke", "production"), choice("smoke", "staging")];
        let query = TrendQuery {
            scenario: scenario.map(|name| name.parse().expect("a name")),
            environment: environment.map(|name| name.parse().expect("a name")),
            ..TrendQuery::default()
        };
        let (series, chosen) = choose(&choices, &query);
        assert_eq!(series, named.map(|(scenario, environment)| choice(scenario, environment)).as_ref());
        assert_eq!(chosen.is_some(), shown);
    }
}

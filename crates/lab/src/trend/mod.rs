//! Up to two measures of one scenario over its runs.
//!
//! In:  a choice, perhaps incomplete. Out: the choice completed, what else could be chosen, the runs, a series of values for
//! each request that is meant, and where its level moved.
//! Environments are never mixed: a series belongs to one. What was asked for and has no runs stays as it was asked for:
//! another series in its place would be taken for it.
//! Every result is shown; only those that measured the same are compared.

mod apart;
mod changes;
mod choose;
mod shown;

use std::collections::HashMap;

use perflab_model::{
    display,
    id::RunId,
    plan::Plan,
    problem::{Problem, ProblemKind},
    trend::{Apart, Trend, TrendChart, TrendPart, TrendPoint, TrendQuery, TrendRun, TrendSeries},
};
use perflab_store::{HistoryQuery, HistoryValue};

use crate::{Lab, trouble::Told as _};
use choose::Offer;

/// Most runs of a trend.
const MAX_RUNS: u32 = 1_000;

impl Lab {
    /// A trend. What is left open in the query is chosen: the scenario and environment that ran last, all requests
    /// together, P95 of latency where it was measured.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer.
    pub async fn trend(&self, query: &TrendQuery) -> Result<Trend, Problem> {
        let (project, project_name) = self.project(query.project.as_ref()).await?;
        let choices = self.db.trend_choices(project).await.told()?;
        let (series, chosen) = choose::choose(&choices, query);
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut trend = Trend {
            query: TrendQuery {
                project: Some(project_name),
                branch: text(&query.branch),
                request: text(&query.request),
                measure: text(&query.measure),
                second: text(&query.second),
                ..query.clone()
            },
            ..Trend::default()
        };
        for choice in &choices {
            let pair = (choice.suite.clone(), choice.scenario.clone());
            if !trend.scenarios.contains(&pair) {
                trend.scenarios.push(pair);
            }
        }
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
        let history = HistoryQuery {
            project,
            suite: chosen.suite.clone(),
            scenario: chosen.scenario.clone(),
            environment: chosen.environment.clone(),
            branch: trend.query.branch.clone(),
        };
        self.fill(&mut trend, &history).await?;
        Ok(trend)
    }

    /// Runs and values of a chosen history.
    async fn fill(&self, trend: &mut Trend, history: &HistoryQuery) -> Result<(), Problem> {
        trend.branches = self.db.history_branches(history).await.told()?;
        let numbers = self.db.history_numbers(history).await.told()?;
        for name in numbers.iter().filter_map(|number| number.request.as_ref()) {
            if !trend.requests.contains(name) {
                trend.requests.push(name.clone());
            }
        }
        let (requests, left_out) = choose::requests(trend.query.request.as_deref(), &trend.requests);
        trend.left_out = left_out;
        let offers = choose::offers(&numbers, &requests);
        trend.measures = offers.iter().map(|offer| (offer.code(), offer.label())).collect();
        let first = match &trend.query.measure {
            Some(code) => choose::named(&offers, code),
            None => offers.first().cloned(),
        };
        let Some(first) = first else { return Ok(()) };
        let second = trend.query.second.as_ref().and_then(|code| choose::named(&offers, code));
        let second = second.filter(|second| *second != first);
        trend.query.measure = Some(first.code());
        trend.query.second = second.as_ref().map(Offer::code);

        let runs = self.db.history_runs(history, MAX_RUNS).await.told()?;
        let apart = apart::apart(&runs);
        let families = self.db.history_families(history, MAX_RUNS, &requests).await.told()?;
        let families: HashMap<(RunId, Option<&str>), &str> =
            families.iter().map(|family| ((family.run, family.case.as_deref()), family.family.as_str())).collect();
        // Cases of a benchmark suite are histories of their own: another one may change without them.
        let of_request = |request: &Option<String>| -> Vec<TrendPart> {
            let of_run =
                |run: RunId| families.get(&(run, request.as_deref())).or_else(|| families.get(&(run, None))).copied();
            let families: Vec<Option<&str>> = runs.iter().map(|run| of_run(run.run)).collect();
            apart::parts(&runs, &apart, &families)
        };
        let parts: Vec<Vec<TrendPart>> = requests.iter().map(of_request).collect();
        trend.parts = parts.iter().flatten().cloned().collect();
        trend.parts.sort_by(|one, other| (one.at, &one.why).cmp(&(other.at, &other.why)));
        trend.parts.dedup();
        let places: HashMap<RunId, u32> = runs.iter().zip(0..).map(|(run, at)| (run.run, at)).collect();
        let newest = runs.iter().zip(&apart).rev().find(|(_, apart)| apart.is_none()).map(|(run, _)| run.run);
        let plan = match newest {
            Some(run) => self.db.plan(run).await.told()?,
            None => None,
        };
        let mut measured = Vec::new();
        for offer in std::iter::once(first).chain(second) {
            let number = (offer.measure.as_str(), offer.stat.as_str());
            let values = self.db.history_values(history, MAX_RUNS, &requests, number).await.told()?;
            measured.push((offer, values));
        }
        let looked_for = OfCharts { requests, places, plan, parts, apart: apart.clone() };
        // A thousand runs are some tens of milliseconds of reckoning for each series: not on a thread that answers others.
        let charts = tokio::task::spawn_blocking(move || {
            measured.into_iter().map(|(offer, values)| looked_for.chart(&offer, values)).collect::<Vec<_>>()
        });
        trend.charts = charts.await.map_err(|_| {
            Problem::new(ProblemKind::Internal, "trend.failed", "The lab has failed at this trend", None)
        })?;
        trend.runs = runs
            .into_iter()
            .zip(apart)
            .map(|(run, apart)| TrendRun {
                id: run.run,
                number: run.number,
                state: run.state,
                load: run.load,
                at_us: run.at_us,
                revision: run.revision,
                verdict: run.verdict,
                validity: run.validity,
                apart,
            })
            .collect();
        Ok(())
    }
}

/// What the charts of a trend have in common.
struct OfCharts {
    requests: Vec<Option<String>>,
    /// Places of the runs.
    places: HashMap<RunId, u32>,
    /// Of the newest run that is compared.
    plan: Option<Plan>,
    /// Parts of the history of each request.
    parts: Vec<Vec<TrendPart>>,
    apart: Vec<Option<Apart>>,
}

impl OfCharts {
    fn chart(&self, offer: &Offer, values: Vec<HistoryValue>) -> TrendChart {
        let unit = shown::unit(offer, values.iter().map(|value| value.value));
        let higher_is_better = display::is_better_higher(&offer.measure);
        let mut of_request: HashMap<Option<String>, Vec<TrendPoint>> = HashMap::new();
        for value in values {
            // A run that ended between the two reads has values and no place yet.
            let Some(at) = self.places.get(&value.run).copied() else { continue };
            let end = |end: Option<f64>| end.map(|end| end * unit.times);
            of_request.entry(value.request).or_default().push(TrendPoint {
                at,
                value: value.value * unit.times,
                interval: (end(value.interval.0), end(value.interval.1)),
                samples: value.samples,
            });
        }
        let series = self
            .requests
            .iter()
            .zip(&self.parts)
            .map(|(request, parts)| {
                let mut points = of_request.remove(request).unwrap_or_default();
                points.sort_by_key(|point| point.at);
                let found = changes::changes(&points, &self.apart, parts, higher_is_better);
                TrendSeries { request: request.clone(), points, changes: found.changes, level: found.level }
            })
            .collect();
        TrendChart {
            measure: offer.code(),
            label: offer.label(),
            limits: self.plan.as_ref().map(|plan| shown::limits(offer, &self.requests, plan, unit)).unwrap_or_default(),
            unit: unit.sign.to_owned(),
            higher_is_better,
            series,
        }
    }
}

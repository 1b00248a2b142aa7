//! A history to look at before there is one: a project of its own with a year of runs, and the truth beside it.
//!
//! In:  a seed. Out: runs that were judged like any other, from ticks like any other's, marked by their project and the
//! tag `demo`; what was planted in them, for whoever scores detectors.
//! Nothing was ever measured: they are never in another project's lists, trends or baselines.

mod history;

use std::collections::BTreeMap;

use perflab_model::{
    environment::{Caps, Environment, History},
    id::RunId,
    launch::Overrides,
    name::ScenarioName,
    plan::Plan,
    problem::{Problem, ProblemKind},
    run::{Headline, RunEnd, RunState, Trigger},
    runner::{Done, Ending, Started},
    suite::{PlanRequest, Suite},
    tick::{OutcomeTick, Phase, Point, RequestTick, Tick, Vitals},
};
use perflab_stats::Histogram;
use perflab_store::{FinishedRun, NewRun};
use serde::{Deserialize, Serialize};

use crate::{
    Lab, SuiteSource,
    judge::{Conclusion, JudgeInput, judge},
    trouble::Told as _,
};
use history::{DemoRun, Planted, REQUESTS};

const SUITE: &str = include_str!("suite.yaml");
/// The project of demo histories.
pub const PROJECT: &str = "demo history";
/// Runs written at once.
const AT_ONCE: usize = 20;
/// The number that truth is told of.
const TRUTH_OF: (&str, &str) = ("latency", "p50");

/// What is known of a demo history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemoTruth {
    /// What it was made of.
    pub seed: u64,
    /// How many runs were written.
    pub runs: u64,
    /// The series of the main branch.
    pub series: Vec<TrueSeries>,
}

/// A series with its truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrueSeries {
    /// The request.
    pub request: String,
    /// What was measured, run by run, in seconds.
    pub values: Vec<f64>,
    /// Runs with which another machine begins.
    pub starts: Vec<usize>,
    /// What was planted.
    pub changes: Vec<TrueChange>,
}

/// A planted change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueChange {
    /// The first run that it shows in.
    pub at: usize,
    /// The first run that it shows in wholly; later than `at` of drifts.
    pub until: usize,
    /// How many times as long requests take from there on.
    pub times: f64,
}

impl Lab {
    /// Writes a demo history that ends now.
    ///
    /// # Errors
    /// When there is one already, or the store does not answer.
    pub async fn fill_demo(&self, seed: u64) -> Result<DemoTruth, Problem> {
        let name = PROJECT.parse().map_err(|_| broken())?;
        if self.db.projects().await.told()?.iter().any(|(_, known)| *known == name) {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "demo.there",
                format!("This lab has a project `{PROJECT}` already"),
                Some("Choose an empty data directory".to_owned()),
            ));
        }
        let project = self.ensure_project(&name).await?;
        let suite = Suite::parse(SUITE, &BTreeMap::new()).map_err(|_| broken())?;
        let source = SuiteSource::new(&suite, SUITE.to_owned(), BTreeMap::new());
        let suite_version = self.put_suite(project, &source).await?;
        let place = place().ok_or_else(broken)?;
        let environment = self.put_environment(project, &place).await?;

        let mut truth = truth_of(seed);
        let mut waiting = Vec::with_capacity(AT_ONCE);
        for run in history::runs(seed, self.now_us()) {
            let id = RunId::new(uuid::Uuid::now_v7());
            let plan = plan(&suite, &place, id, seed).ok_or_else(broken)?;
            let finished = finished(&run, plan);
            if run.revision.branch.as_deref() == Some("main") {
                for series in &mut truth.series {
                    let value = finished.outcome.results.iter().find(|row| {
                        row.request.as_deref() == Some(&series.request)
                            && (row.measure.as_str(), row.stat.as_str()) == TRUTH_OF
                    });
                    series.values.extend(value.map(|row| row.value));
                }
            }
            waiting
                .push(FinishedRun { new: NewRun { project, environment, suite_version, ..finished.new }, ..finished });
            truth.runs += 1;
            if waiting.len() == AT_ONCE {
                self.db.put_finished(&waiting).await.told()?;
                waiting.clear();
            }
        }
        self.db.put_finished(&waiting).await.told()?;
        Ok(truth)
    }
}

fn broken() -> Problem {
    Problem::new(ProblemKind::Internal, "demo.broken", "The demo's own suite cannot be used", None)
}

/// Where nothing listens.
fn place() -> Option<Environment> {
    Some(Environment {
        name: "night lab".parse().ok()?,
        base_url: "http://127.0.0.1:9".parse().ok()?,
        allow: vec!["127.0.0.1:9".parse().ok()?],
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: vec!["demo".to_owned()],
        vouched: None,
        unverified_tls: None,
        history: History::default(),
    })
}

fn plan(suite: &Suite, place: &Environment, run: RunId, seed: u64) -> Option<Plan> {
    let scenario: ScenarioName = "nightly".parse().ok()?;
    let overrides = Overrides::default();
    suite.plan(PlanRequest { run, scenario: &scenario, environment: place.clone(), overrides: &overrides, seed }).ok()
}

/// What is planted, before anything is measured. Night and run are the same on the main branch.
fn truth_of(seed: u64) -> DemoTruth {
    let series = REQUESTS
        .iter()
        .map(|request| TrueSeries {
            request: request.name.to_owned(),
            values: Vec::new(),
            starts: vec![history::NEW_MACHINE as usize],
            changes: request
                .planted
                .iter()
                .map(|planted| match *planted {
                    Planted::Step { night, times } => TrueChange { at: night as usize, until: night as usize, times },
                    Planted::Drift { night, until, times } => {
                        TrueChange { at: night as usize, until: until as usize, times }
                    }
                })
                .collect(),
        })
        .collect();
    DemoTruth { seed, runs: 0, series }
}

/// A run as its worker would have told it, judged.
fn finished(run: &DemoRun, plan: Plan) -> FinishedRun {
    let ticks: Vec<Tick> = (0..history::SECONDS).map(|second| tick(run, second)).collect();
    let end = RunEnd {
        state: RunState::Finished,
        code: "completed".to_owned(),
        message: "All planned load was sent".to_owned(),
    };
    let started_us = run.at_us - i64::from(history::SECONDS) * 1_000_000;
    let started = Started {
        at_us: started_us,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: 1,
        host: run.worker_class.to_owned(),
        cores: 8,
        addresses: vec!["127.0.0.1".to_owned()],
        shared_host: false,
    };
    let done = Done { at_us: run.at_us, ending: Ending::Completed, mismatches: Vec::new() };
    let conclusion = Conclusion { end: end.clone(), done: Some(done), started: Some(started.clone()) };
    let outcome = judge(&JudgeInput {
        plan: &plan,
        revision: &run.revision,
        ticks: &ticks,
        cases: &[],
        examples: &[],
        against: None,
        conclusion: &conclusion,
    });
    let totals = &outcome.summary.totals;
    let headline = Headline {
        finished: totals.finished,
        failed: totals.failed,
        rate_per_s: totals.rate_per_s,
        p95_ms: outcome.summary.latency.p95,
        seconds: f64::from(history::SECONDS),
    };
    FinishedRun {
        new: NewRun {
            id: plan.run,
            project: perflab_model::id::ProjectId::new(uuid::Uuid::nil()),
            environment: perflab_model::id::EnvironmentId::new(uuid::Uuid::nil()),
            suite_version: perflab_model::id::SuiteVersionId::new(uuid::Uuid::nil()),
            plan,
            revision: run.revision.clone(),
            trigger: Trigger::Import,
            tags: vec!["demo".to_owned()],
            created_us: started_us,
            repeat_of: None,
        },
        started,
        worker_class: run.worker_class.to_owned(),
        headline,
        end,
        outcome,
        ended_us: run.at_us,
    }
}

fn tick(run: &DemoRun, second: u32) -> Tick {
    let mut finished = 0;
    let requests = REQUESTS
        .iter()
        .zip(&run.times)
        .filter_map(|(request, times)| Some((request, times.get(second as usize)?)))
        .map(|(request, times)| {
            let mut histogram = Histogram::new();
            for time in times {
                histogram.record(*time, 1);
            }
            finished += times.len() as u64;
            let outcome = OutcomeTick {
                status_class: 2,
                error: None,
                count: times.len() as u64,
                bytes_received: 0,
                response: histogram.encode(),
                service: histogram.encode(),
                lag: None,
                queued_lag: None,
                ttfb: None,
                checks_passed: 0,
                checks_failed: 0,
            };
            RequestTick { name: request.name.to_owned(), outcomes: vec![outcome] }
        })
        .collect();
    let point = Point {
        second,
        seconds: 1,
        at_us: run.at_us + i64::from(second) * 1_000_000,
        phase: Phase::Measured,
        target: 20.0,
        planned: finished,
        started: finished,
        late: 0,
        late_own: 0,
        dropped: 0,
        finished,
        failed: 0,
        aborted: 0,
        iterations: finished,
        iterations_aborted: 0,
        in_flight: 0,
        users: 20,
        bytes_sent: 0,
        bytes_received: 0,
        connections: 0,
        handshakes: 0,
        latency: None,
        recent: None,
        lag_p99_us: None,
        errors: BTreeMap::new(),
        generator: Vitals::default(),
        parts: Vec::new(),
    };
    Tick { point, requests, classes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use perflab_model::validity::ValidityState;

    use super::*;

    #[test]
    fn a_demo_run_is_judged_like_any_other() {
        let suite = Suite::parse(SUITE, &BTreeMap::new()).expect("the demo's suite");
        let place = place().expect("its environment");
        let plan = plan(&suite, &place, RunId::new(uuid::Uuid::nil()), 1).expect("its plan");
        let run = history::runs(1, 1_790_000_000_000_000).next().expect("a first night");
        let finished = finished(&run, plan);
        assert_eq!(finished.outcome.validity.state, ValidityState::Valid, "{:?}", finished.outcome.validity);
        assert_eq!(finished.outcome.judgement.ledger.len(), 1);
        let login = finished.outcome.results.iter().find(|row| {
            row.request.as_deref() == Some("login") && (row.measure.as_str(), row.stat.as_str()) == TRUTH_OF
        });
        let login = login.expect("a median");
        assert!((login.value / 0.12 - 1.0).abs() < 0.3, "{login:?}");
        assert!(finished.outcome.blocks.find(Some("login"), "latency", "p50").is_some_and(|it| it.values.len() == 20));
    }

    #[test]
    fn the_truth_names_the_night_on_which_the_machine_changes() {
        let truth = truth_of(1);
        assert!(truth.series.iter().all(|series| series.starts == [240]));
        assert_eq!(truth.series.iter().map(|series| series.changes.len()).collect::<Vec<_>>(), [3, 2, 3, 0]);
    }
}

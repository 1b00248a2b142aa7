//! The cases of a benchmark run for other programs: their numbers as JSON or CSV, and all that was measured of one.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use perflab_model::{
    bench::{CaseOutcome, CaseSummary, Measured, OpenInterval},
    problem::{Problem, ProblemKind},
};

use super::{
    ApiProblem, ApiState,
    address::RunAddress,
    export::{Format, FormatQuery, cell, csv, ended, number},
    runs::query,
};

/// The table of cases of a benchmark run that has ended, in one answer: no more entries than its suite has cases.
#[utoipa::path(get, path = "/api/v1/runs/{run}/cases", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, description = "One entry a case; none of load runs", body = Vec<CaseSummary>),
              (status = 409, description = "The run has not ended", body = Problem)))]
pub(super) async fn cases(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    asked: Result<Query<FormatQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiProblem> {
    let format = query(asked)?.format;
    let run = state.lab.run(&run).await?;
    let number = run.row.number;
    let summary = ended(run)?;
    Ok(match format {
        Format::Json => Json(summary.cases).into_response(),
        Format::Csv => csv(&format!("run-{number}-cases.csv"), cases_csv(&summary.cases)),
    })
}

/// All that was measured of a case of a benchmark run: histogram, blocks, pairs, curve, memory, what went wrong. It is
/// there as soon as the case is over, also while the run goes on.
#[utoipa::path(get, path = "/api/v1/runs/{run}/cases/{case}", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("case" = String, Path, description = "Name of the case, such as `hash [cost=12]`")),
    responses((status = 200, description = "What was measured; times in nanoseconds", body = Object),
              (status = 404, description = "The run has no such case, or it is not over", body = Problem)))]
pub(super) async fn case(
    State(state): State<ApiState>,
    named: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Measured>, ApiProblem> {
    let Path((run, case)) = named.map_err(|error| {
        ApiProblem(Problem::new(
            ProblemKind::Unreadable,
            "address.unreadable",
            format!("The address cannot be read: {}", error.body_text()),
            Some("Name a run by its id or its number, and a case by its name".to_owned()),
        ))
    })?;
    let run = state.lab.run(&run).await?;
    let measured = state.lab.measured(run.row.id, &case).await?;
    measured.map(Json).ok_or_else(|| {
        let shown: String = case.chars().take(60).collect();
        ApiProblem(Problem::new(
            ProblemKind::NotFound,
            "case.not_found",
            format!("Nothing was measured of a case `{shown}` in run {}", run.row.number),
            Some("Its table of cases has all names; of a run that goes on, wait until the case is over".to_owned()),
        ))
    })
}

fn cases_csv(cases: &[CaseSummary]) -> String {
    let mut text = String::from(
        "name,critical,concurrency,outcome,validity,gate,samples,failed,warmup,latency_mean_ms,latency_mean_low_ms,\
         latency_mean_high_ms,latency_p50_ms,latency_p95_ms,latency_p99_ms,latency_min_ms,latency_max_ms,target_ms,\
         max_ms,throughput_per_s,overhead_ms,overhead_low_ms,overhead_high_ms,overhead_share,pairs,\
         memory_bytes_per_operation,allocations,allocated_bytes\n",
    );
    for case in cases {
        let (low, high) = ends(case.latency.interval);
        let latency = &case.latency;
        let times =
            [latency.mean, low, high, latency.p50, latency.p95, latency.p99, latency.min, latency.max, case.target];
        let (more_low, more_high) = ends(case.overhead.and_then(|overhead| overhead.interval));
        let overhead = [
            case.overhead.map(|overhead| overhead.ms),
            more_low,
            more_high,
            case.overhead.and_then(|overhead| overhead.share),
        ];
        let each = [
            case.memory.map(|memory| memory.bytes_per_operation),
            case.allocations.map(|allocations| allocations.count),
            case.allocations.map(|allocations| allocations.bytes),
        ];
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
            cell(&case.name),
            case.critical,
            case.concurrency,
            outcome(&case.outcome),
            case.validity.state.word(),
            case.gate.map_or("", perflab_model::verdict::Gate::word),
            case.samples,
            case.failed,
            case.warmup,
            times.map(number).join(","),
            number(case.max),
            number(case.throughput_per_s),
            overhead.map(number).join(","),
            case.overhead.map(|overhead| overhead.pairs.to_string()).unwrap_or_default(),
            each.map(number).join(","),
        ));
    }
    text
}

fn ends(interval: Option<OpenInterval>) -> (Option<f64>, Option<f64>) {
    interval.map_or((None, None), |OpenInterval(low, high)| (low, high))
}

const fn outcome(outcome: &CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::Completed => "completed",
        CaseOutcome::TimeUp => "time_up",
        CaseOutcome::CutShort => "cut_short",
        CaseOutcome::Failed { .. } => "failed",
        CaseOutcome::Skipped { .. } => "skipped",
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        bench::{CaseTimes, OverheadSummary, Steadiness},
        validity::Validity,
        verdict::Gate,
    };

    use super::*;

    #[test]
    fn a_row_has_as_many_cells_as_the_head_and_leaves_open_what_was_not_measured() {
        let case = CaseSummary {
            name: "hash [cost=12]".to_owned(),
            base: "hash".to_owned(),
            title: None,
            category: None,
            critical: true,
            concurrency: 1,
            samples: 500,
            failed: 2,
            warmup: 40,
            latency: CaseTimes {
                mean: Some(231.0),
                interval: Some(OpenInterval(Some(224.1), None)),
                ..CaseTimes::default()
            },
            without: None,
            throughput_per_s: Some(4.3),
            overhead: Some(OverheadSummary {
                ms: 3.5,
                interval: Some(OpenInterval(Some(3.0), Some(4.0))),
                share: Some(0.05),
                share_interval: None,
                pairs: 30,
            }),
            memory: None,
            allocations: None,
            cpu_ms: None,
            sampling: None,
            steadiness: Steadiness::Steady,
            outcome: CaseOutcome::Completed,
            target: Some(200.0),
            max: Some(500.0),
            rationale: None,
            gate: Some(Gate::Warn),
            validity: Validity::default(),
            faults: Vec::new(),
            hints: Vec::new(),
        };
        let text = cases_csv(&[case]);
        let (head, row) = text.trim_end().split_once('\n').expect("two lines");
        assert_eq!(head.split(',').count(), row.split(',').count(), "{text}");
        let told: Vec<(&str, &str)> = head.split(',').zip(row.split(',')).collect();
        for known in [
            ("name", "\"hash [cost=12]\""),
            ("gate", "warn"),
            ("latency_mean_low_ms", "224.1"),
            ("latency_mean_high_ms", ""),
            ("target_ms", "200"),
            ("max_ms", "500"),
            ("overhead_high_ms", "4"),
            ("pairs", "30"),
            ("memory_bytes_per_operation", ""),
        ] {
            assert!(told.contains(&known), "{known:?} in {told:?}");
        }
    }
}

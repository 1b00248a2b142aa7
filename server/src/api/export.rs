//! A run's numbers for other programs: the summary document, and its points, requests and classes of users as JSON or CSV.

use axum::{
    Json,
    extract::{Query, State},
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use perflab_model::{
    breakdown::{ClassSummary, PartSums, ShareOf},
    problem::{Problem, ProblemKind},
    run::Run,
    summary::{RequestSummary, Summary},
    tick::Point,
};
use serde::Deserialize;

use super::{ApiProblem, ApiState, address::RunAddress, runs::query};

/// The summary document (`perflab.summary/1`) of a run that has ended.
#[utoipa::path(get, path = "/api/v1/runs/{run}/summary", tag = "runs",
    params(("run" = String, Path, description = "Id or number")),
    responses((status = 200, description = "The summary", body = Summary),
              (status = 409, description = "The run has not ended", body = Problem)))]
pub(super) async fn summary(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
) -> Result<Json<Summary>, ApiProblem> {
    let run = state.lab.run(&run).await?;
    ended(run).map(Json)
}

pub(super) fn ended(run: Run) -> Result<Summary, ApiProblem> {
    let state = run.row.state;
    run.summary.ok_or_else(|| {
        let (message, hint) = if state.is_terminal() {
            ("The run ended without results".to_owned(), "Its page says why")
        } else {
            (
                format!("The run is {}; its summary comes with its end", state.word().to_lowercase()),
                "Ask for the run with ?wait=60s first",
            )
        };
        ApiProblem(Problem::new(ProblemKind::Conflict, "run.no_summary", message, Some(hint.to_owned())))
    })
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Csv,
}

#[derive(Debug, Deserialize)]
pub(super) struct FormatQuery {
    #[serde(default)]
    pub(super) format: Format,
}

/// The points of a run, in one answer. While it goes on there is one a second, so no more than its environment's longest
/// run has (14,400 at 4 h); to read only what is new, follow its events. Once a long run is over its neighbouring seconds
/// are merged, to at most 1,800 points: `seconds` says how many a point holds. Counts are of all of them together.
#[utoipa::path(get, path = "/api/v1/runs/{run}/series", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, description = "The points", body = Vec<Point>)))]
pub(super) async fn series(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    asked: Result<Query<FormatQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiProblem> {
    let format = query(asked)?.format;
    let run = state.lab.run(&run).await?;
    let points = state.lab.points(run.row.id).await?;
    Ok(match format {
        Format::Json => Json(points).into_response(),
        Format::Csv => csv(&format!("run-{}-series.csv", run.row.number), series_csv(&points)),
    })
}

/// The table of requests of a run that has ended, in one answer: no more entries than its suite names requests.
#[utoipa::path(get, path = "/api/v1/runs/{run}/requests", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, description = "One entry a request", body = Vec<RequestSummary>),
              (status = 409, description = "The run has not ended", body = Problem)))]
pub(super) async fn requests(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    asked: Result<Query<FormatQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiProblem> {
    let format = query(asked)?.format;
    let run = state.lab.run(&run).await?;
    let number = run.row.number;
    let summary = ended(run)?;
    Ok(match format {
        Format::Json => Json(summary.requests).into_response(),
        Format::Csv => csv(&format!("run-{number}-requests.csv"), requests_csv(&summary)),
    })
}

/// Who did what in a run that has ended: its classes of users, each with its flows, in one answer.
#[utoipa::path(get, path = "/api/v1/runs/{run}/classes", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("format" = Option<String>, Query, description = "`json` or `csv`")),
    responses((status = 200, description = "One entry a class; in CSV a row for it and one for each of its parts", body = Vec<ClassSummary>),
              (status = 409, description = "The run has not ended", body = Problem)))]
pub(super) async fn classes(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    asked: Result<Query<FormatQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiProblem> {
    let format = query(asked)?.format;
    let run = state.lab.run(&run).await?;
    let number = run.row.number;
    let summary = ended(run)?;
    Ok(match format {
        Format::Json => Json(summary.classes).into_response(),
        Format::Csv => csv(&format!("run-{number}-classes.csv"), classes_csv(&summary.classes)),
    })
}

pub(super) fn csv(name: &str, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, text).into_response()
}

/// A cell of text: quoted, and never a formula to a spreadsheet.
pub(super) fn cell(text: &str) -> String {
    let safe = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", safe.replace('"', "\"\""))
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn series_csv(points: &[Point]) -> String {
    let mut text = String::from(
        "second,at_us,phase,target,planned,started,late,dropped,finished,failed,aborted,in_flight,users,bytes_sent,\
         bytes_received,connections,latency_samples,latency_mean_us,latency_p50_us,latency_p90_us,latency_p95_us,\
         latency_p99_us,latency_max_us,lag_p99_us,generator_cpu,seconds\n",
    );
    for point in points {
        let phase = match point.phase {
            perflab_model::tick::Phase::WarmUp => "warm_up",
            perflab_model::tick::Phase::Measured => "measured",
            perflab_model::tick::Phase::Draining => "draining",
        };
        let latency = point.latency.map_or_else(
            || ",,,,,,".to_owned(),
            |q| format!("{},{},{},{},{},{},{}", q.samples, q.mean_us, q.p50_us, q.p90_us, q.p95_us, q.p99_us, q.max_us),
        );
        text.push_str(&format!(
            "{},{},{phase},{},{},{},{},{},{},{},{},{},{},{},{},{},{latency},{},{},{}\n",
            point.second,
            point.at_us,
            point.target,
            point.planned,
            point.started,
            point.late,
            point.dropped,
            point.finished,
            point.failed,
            point.aborted,
            point.in_flight,
            point.users,
            point.bytes_sent,
            point.bytes_received,
            point.connections,
            point.lag_p99_us.map(|lag| lag.to_string()).unwrap_or_default(),
            number(point.generator.cpu),
            point.seconds,
        ));
    }
    text
}

fn classes_csv(classes: &[ClassSummary]) -> String {
    let mut text = String::from(
        "class,part,share_of,share_wanted,share,iterations_started,iterations,iterations_failed,iterations_aborted,\
         finished,failed,latency_samples,latency_p50_ms,latency_p95_ms,latency_p99_ms,duration_samples,duration_p50_ms,\
         duration_p95_ms\n",
    );
    let mut row = |class: &str, part: &str, of: &str, shares: [Option<f64>; 2], sums: &PartSums| {
        let (counts, latency, duration) = (sums.counts, &sums.latency, &sums.duration);
        let times = |values: [Option<f64>; 3]| values.map(number).join(",");
        text.push_str(&format!(
            "{},{},{of},{},{},{},{},{},{},{},{},{},{},{},{}\n",
            cell(class),
            cell(part),
            number(shares[0]),
            number(shares[1]),
            counts.iterations_started,
            counts.iterations,
            counts.iterations_failed,
            counts.iterations_aborted,
            counts.finished,
            counts.failed,
            latency.samples,
            times([latency.p50, latency.p95, latency.p99]),
            duration.samples,
            [duration.p50, duration.p95].map(number).join(","),
        ));
    };
    for class in classes {
        let of = match class.share_of {
            ShareOf::Users => "users",
            ShareOf::Iterations => "iterations",
        };
        // The sum of the class has no part.
        row(&class.name, "", of, [class.share_wanted, class.share], &class.sums);
        for part in &class.parts {
            let name = part.part.to_string();
            row(&class.name, &name, "iterations of the class", [part.share_wanted, part.share], &part.sums);
        }
    }
    text
}

fn requests_csv(summary: &Summary) -> String {
    let mut text = String::from(
        "name,finished,failed,rate_per_s,latency_samples,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p95_ms,\
         latency_p99_ms,latency_p999_ms,latency_max_ms\n",
    );
    for request in &summary.requests {
        let latency = &request.latency;
        let cells = [latency.mean, latency.p50, latency.p90, latency.p95, latency.p99, latency.p999, latency.max];
        text.push_str(&format!(
            "{},{},{},{},{},{}\n",
            cell(&request.name),
            request.finished,
            request.failed,
            number(request.rate_per_s),
            latency.samples,
            cells.map(number).join(","),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_name_is_never_a_formula_in_a_spreadsheet() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("GET /"), "\"GET /\"");
    }
}

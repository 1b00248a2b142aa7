//! Charts as files, under the address of their page: `/runs/12/charts/latency.svg`, `/trends/chart.csv`.
//!
//! In:  an address. Out: what the app draws for its pages, as SVG, CSV or JSON.

use axum::{
    Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use perflab_app::charts::{
    ChartFile, FileCourse, RunDistribution, capacity_chart_file, cases::CaseDrawing, compare_chart_file, distribution,
    run_chart_file, trend_chart_file,
};
use perflab_charts::Theme;
use perflab_lab::Lab;
use perflab_model::{
    compare::CompareQuery,
    problem::{Problem, ProblemKind},
    trend::TrendQuery,
};
use serde::Deserialize;

use crate::api::ApiProblem;

/// Routes of charts.
pub(crate) fn router(lab: Lab) -> Router {
    Router::new()
        .route("/runs/{run}/charts/{file}", get(of_run))
        .route("/runs/{run}/cases/{case}/charts/{file}", get(of_case))
        .route("/trends/{file}", get(of_trend))
        .route("/compare/charts/{file}", get(of_comparison))
        .route("/capacity/{search}/charts/{file}", get(of_search))
        .with_state(lab)
}

/// The colours of a file: a file has no page around it that could say.
#[derive(Debug, Default, Deserialize)]
struct Look {
    /// `light` (default) or `dark`.
    #[serde(default)]
    theme: Option<String>,
}

impl Look {
    fn theme(&self) -> Theme {
        if self.theme.as_deref() == Some("dark") { Theme::Dark } else { Theme::Light }
    }
}

async fn of_run(
    State(lab): State<Lab>,
    named: Result<Path<(String, String)>, PathRejection>,
    look: Result<Query<Look>, QueryRejection>,
) -> Result<Response, ApiProblem> {
    let Path((run, file)) = named.map_err(|error| unreadable(&error.body_text()))?;
    let look = look.map_err(|error| unreadable(&error.body_text()))?;
    let run = lab.run(&run).await?;
    let ending = file.strip_prefix(distribution::NAME).and_then(|rest| rest.strip_prefix('.'));
    let chart = if let Some(ending) = ending {
        RunDistribution::of(&run.plan, &lab.ticks(&run).await?).file(ending, look.theme())
    } else {
        let points = lab.points(run.row.id).await?;
        let changes = lab.rate_changes(&run).await?;
        let live = !run.row.state.is_terminal();
        run_chart_file(&file, &FileCourse { plan: &run.plan, points: &points, changes: &changes, live }, look.theme())
    };
    let chart = chart.ok_or_else(|| unknown(&file))?;
    Ok(reply(chart, &format!("run-{}-{file}", run.row.number)))
}

async fn of_case(
    State(lab): State<Lab>,
    named: Result<Path<(String, String, String)>, PathRejection>,
    look: Result<Query<Look>, QueryRejection>,
) -> Result<Response, ApiProblem> {
    let Path((run, name, file)) = named.map_err(|error| unreadable(&error.body_text()))?;
    let look = look.map_err(|error| unreadable(&error.body_text()))?;
    let run = lab.run(&run).await?;
    let cases = run.summary.as_ref().map(|summary| summary.cases.as_slice()).unwrap_or_default();
    let case = cases.iter().find(|case| case.name == name).ok_or_else(|| unknown(&file))?;
    let measured = lab.measured(run.row.id, &name).await?.ok_or_else(|| unknown(&file))?;
    let drawing = CaseDrawing { case, measured: &measured };
    let chart = drawing.file(&file, look.theme()).ok_or_else(|| unknown(&file))?;
    Ok(reply(chart, &format!("run-{}-{name}-{file}", run.row.number)))
}

async fn of_trend(
    State(lab): State<Lab>,
    named: Result<Path<String>, PathRejection>,
    look: Result<Query<Look>, QueryRejection>,
    asked: Result<Query<TrendQuery>, QueryRejection>,
) -> Result<Response, ApiProblem> {
    let Path(file) = named.map_err(|error| unreadable(&error.body_text()))?;
    let look = look.map_err(|error| unreadable(&error.body_text()))?;
    let asked = asked.map_err(|error| unreadable(&error.body_text()))?;
    let trend = lab.trend(&asked).await?;
    let chart = trend_chart_file(&file, &trend, look.theme()).ok_or_else(|| unknown(&file))?;
    Ok(reply(chart, &format!("trend-{file}")))
}

async fn of_comparison(
    State(lab): State<Lab>,
    named: Result<Path<String>, PathRejection>,
    look: Result<Query<Look>, QueryRejection>,
    asked: Result<Query<CompareQuery>, QueryRejection>,
) -> Result<Response, ApiProblem> {
    let Path(file) = named.map_err(|error| unreadable(&error.body_text()))?;
    let look = look.map_err(|error| unreadable(&error.body_text()))?;
    let asked = asked.map_err(|error| unreadable(&error.body_text()))?;
    let compare = lab.compare(&asked).await?;
    let courses = lab.courses(&compare).await?;
    let chart = compare_chart_file(&file, &compare, &courses, look.theme()).ok_or_else(|| unknown(&file))?;
    Ok(reply(chart, &format!("compare-{file}")))
}

async fn of_search(
    State(lab): State<Lab>,
    named: Result<Path<(String, String)>, PathRejection>,
    look: Result<Query<Look>, QueryRejection>,
) -> Result<Response, ApiProblem> {
    let Path((search, file)) = named.map_err(|error| unreadable(&error.body_text()))?;
    let look = look.map_err(|error| unreadable(&error.body_text()))?;
    let search = lab.search(&search).await?;
    let chart = capacity_chart_file(&file, &search, look.theme()).ok_or_else(|| unknown(&file))?;
    Ok(reply(chart, &format!("capacity-{file}")))
}

fn reply(chart: ChartFile, name: &str) -> Response {
    let mut response = ([(CONTENT_TYPE, chart.content_type)], chart.body).into_response();
    if chart.content_type.starts_with("text/csv") {
        // Only known endings reach this place, but the name is also made of what was asked for.
        let safe: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
        if let Ok(value) = format!("attachment; filename=\"{safe}\"").parse() {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
    }
    response
}

fn unknown(file: &str) -> ApiProblem {
    let shown: String = file.chars().take(40).collect();
    ApiProblem(Problem::new(
        ProblemKind::NotFound,
        "chart.not_found",
        format!("There is no chart `{shown}`"),
        Some("Follow the links beside the charts of a page".to_owned()),
    ))
}

fn unreadable(why: &str) -> ApiProblem {
    ApiProblem(Problem::new(
        ProblemKind::Unreadable,
        "address.unreadable",
        format!("The address cannot be read: {why}"),
        Some("Follow the links beside the charts of a page".to_owned()),
    ))
}

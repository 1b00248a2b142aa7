//! Suites over HTTP: the list, one suite with its versions, a check, a push.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::PathRejection},
};
use perflab_model::{
    name::{ProjectName, SuiteName},
    problem::{Problem, ProblemKind},
    suites::{Checked, Pushed, SuitePage, SuiteRow, SuiteText},
};
use serde::Deserialize;

use super::{ApiProblem, ApiState, body::JsonBody, runs::query};

/// Which suites are meant.
#[derive(Debug, Deserialize)]
pub(super) struct SuitesQuery {
    project: Option<ProjectName>,
    version: Option<String>,
}

/// The suite that an address names.
fn named(name: Result<Path<SuiteName>, PathRejection>) -> Result<SuiteName, ApiProblem> {
    name.map(|Path(name)| name).map_err(|error| {
        ApiProblem(Problem::new(
            ProblemKind::Unreadable,
            "address.unreadable",
            format!("The address names no suite: {}", error.body_text()),
            Some("Name it as its text does, after the line `suite:`".to_owned()),
        ))
    })
}

type Asked = Result<Query<SuitesQuery>, axum::extract::rejection::QueryRejection>;

/// The newest version of every suite of a project.
#[utoipa::path(get, path = "/api/v1/suites", tag = "suites",
    params(("project" = Option<String>, Query, description = "The project; the only one where nothing is said")),
    responses((status = 200, description = "Suites by name", body = Vec<SuiteRow>)))]
pub(super) async fn list(State(state): State<ApiState>, asked: Asked) -> Result<Json<Vec<SuiteRow>>, ApiProblem> {
    Ok(Json(state.lab.suites(query(asked)?.project.as_ref()).await?))
}

/// A suite with its versions, the text of one of them, and what that one changed.
#[utoipa::path(get, path = "/api/v1/suites/{name}", tag = "suites",
    params(("name" = String, Path, description = "The suite"),
           ("project" = Option<String>, Query, description = "The project; the only one where nothing is said"),
           ("version" = Option<String>, Query, description = "Hash of a version, or its first seven digits; the newest where nothing is said")),
    responses((status = 200, description = "The suite", body = SuitePage),
              (status = 404, description = "No such suite or version", body = Problem)))]
pub(super) async fn get(
    State(state): State<ApiState>,
    name: Result<Path<SuiteName>, PathRejection>,
    asked: Asked,
) -> Result<Json<SuitePage>, ApiProblem> {
    let (name, asked) = (named(name)?, query(asked)?);
    Ok(Json(state.lab.suite(asked.project.as_ref(), &name, asked.version.as_deref()).await?))
}

/// Keeps a text as the newest version of a suite. The same text once more changes nothing.
#[utoipa::path(put, path = "/api/v1/suites/{name}", tag = "suites", request_body = SuiteText,
    params(("name" = String, Path, description = "The suite, as the text names it")),
    responses((status = 200, description = "It is the newest version", body = Pushed),
              (status = 422, description = "The text cannot be used: every error with line, column and field", body = Problem)))]
pub(super) async fn push(
    State(state): State<ApiState>,
    name: Result<Path<SuiteName>, PathRejection>,
    JsonBody(text): JsonBody<SuiteText>,
) -> Result<Json<Pushed>, ApiProblem> {
    Ok(Json(state.lab.push_suite(Some(&named(name)?), &text).await?))
}

/// Says what a text would be as a suite, or everything that is wrong with it. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/suite-check", tag = "suites", request_body = SuiteText,
    responses((status = 200, description = "What it is, and what is wrong with it", body = Checked)))]
pub(super) async fn check(
    State(state): State<ApiState>,
    JsonBody(text): JsonBody<SuiteText>,
) -> Result<Json<Checked>, ApiProblem> {
    Ok(Json(state.lab.check_suite(&text)))
}

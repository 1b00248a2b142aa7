//! Files that a person brings from a browser: a suite with its data sets. They become a draft, whatever is wrong with them.
//!
//! In:  the parts of a form. Out: the way to the page of the draft, or the page's own way to say what went wrong.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Multipart, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use perflab_app::pages::suites::UPLOAD;
use perflab_lab::Lab;
use perflab_model::{
    id::DraftId,
    problem::{Problem, ProblemKind},
    suites::SuiteText,
};

use crate::api::ApiProblem;

/// The route that takes files.
pub(crate) fn router(lab: Lab) -> Router {
    Router::new().route(UPLOAD, post(receive)).with_state(lab)
}

/// What a form brought.
#[derive(Default)]
struct Brought {
    draft: Option<DraftId>,
    project: Option<String>,
    files: BTreeMap<String, String>,
}

async fn receive(State(lab): State<Lab>, form: Multipart) -> Result<Response, ApiProblem> {
    let brought = read(form).await?;
    let draft = keep(&lab, brought).await?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("/drafts/{draft}"))]).into_response())
}

async fn read(mut form: Multipart) -> Result<Brought, ApiProblem> {
    let mut brought = Brought::default();
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        // Only the last part: some browsers have sent whole paths, and no path of a user reaches a file system anyway.
        let file = field.file_name().map(|path| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned());
        let bytes = field.bytes().await.map_err(|error| unreadable(&error.body_text()))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
            unreadable(&format!("`{}` is no text in UTF-8", file.as_deref().unwrap_or(&name).escape_debug()))
        })?;
        match (name.as_str(), file) {
            ("draft", None) => brought.draft = text.parse().ok(),
            ("project", None) => brought.project = Some(text),
            ("file", Some(file)) if !file.is_empty() => {
                brought.files.insert(file, text);
            }
            _ => {}
        }
    }
    Ok(brought)
}

/// Keeps what was brought: of the files the YAML is the suite, all others are its data.
async fn keep(lab: &Lab, brought: Brought) -> Result<DraftId, ApiProblem> {
    let (suites, files): (BTreeMap<_, _>, BTreeMap<_, _>) =
        brought.files.into_iter().partition(|(name, _)| name.ends_with(".yaml") || name.ends_with(".yml"));
    let mut suites = suites.into_iter();
    let text = match (suites.next(), suites.next(), brought.draft) {
        (Some((_, text)), None, _) => text,
        // Data for a text that is a draft already.
        (None, _, Some(draft)) if !files.is_empty() => lab.draft(draft).await?.text,
        (None, ..) => return Err(unreadable("there is no YAML file among what was brought")),
        (Some((first, _)), Some((second, _)), _) => {
            return Err(unreadable(&format!(
                "two suites were brought, `{}` and `{}`",
                first.escape_debug(),
                second.escape_debug()
            )));
        }
    };
    let project = brought.project.filter(|name| !name.is_empty()).map(|name| name.parse()).transpose();
    let project = project.map_err(|error| unreadable(&format!("the project is no name: {error}")))?;
    Ok(lab.keep_draft(brought.draft, None, SuiteText { project, text, files }).await?)
}

fn unreadable(why: &str) -> ApiProblem {
    ApiProblem(Problem::new(
        ProblemKind::Unreadable,
        "upload.unreadable",
        format!("The files cannot be used: {why}"),
        Some("Bring one suite as a YAML file, with the data sets that it names, at most 1 MiB together".to_owned()),
    ))
}

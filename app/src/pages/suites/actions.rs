//! What the form of a draft does: keep it and say what is wrong, or make it a version.

use leptos::prelude::*;
use perflab_lab::Lab;
use perflab_model::{
    id::DraftId,
    problem::Problem,
    suites::{Pushed, SuiteText},
};

use crate::{
    components::encoded,
    pages::{actions::with_problem, source::lab},
    ui_error::UiError,
};

/// Where files are brought to. The server reads them: they come as the parts of a form.
pub const UPLOAD: &str = "/action/suites/upload";

/// What a person has typed: what they want done with it, and what it began from.
struct Typed {
    id: String,
    project: String,
    of: String,
    text: String,
}

/// Keeps a draft; then shows it with what is wrong, or makes it a version and shows that.
#[server(name = KeepDraft, prefix = "/action", endpoint = "suites/draft")]
pub async fn keep_draft(
    #[server(default)] id: String,
    #[server(default)] project: String,
    #[server(default)] of: String,
    #[server(default)] text: String,
    #[server(default)] then: String,
) -> Result<(), UiError> {
    let typed = Typed { id, project, of, text };
    leptos_axum::redirect(&keep(&lab()?, typed, then == "save").await);
    Ok(())
}

/// Where it leads.
async fn keep(lab: &Lab, typed: Typed, save: bool) -> String {
    // Browsers send line breaks of a form as CR LF; files have LF, and a version must not differ by that.
    let text = typed.text.replace("\r\n", "\n");
    let brought = SuiteText { project: typed.project.parse().ok(), text, files: Default::default() };
    let of = typed.of.parse().ok();
    let draft = match lab.keep_draft(typed.id.parse::<DraftId>().ok(), of.as_ref(), brought).await {
        Ok(draft) => draft,
        Err(problem) => return with_problem::<KeepDraft>("/suites", problem),
    };
    let page = format!("/drafts/{draft}");
    if !save {
        return page;
    }
    match lab.save_draft(draft).await {
        Ok(Pushed { name, .. }) => format!("/suites/{}", encoded(name.as_str())),
        // The draft's page finds out for itself what is wrong with the text, and says it line by line.
        Err(problem) if !problem.fields.is_empty() => page,
        Err(problem) => with_problem::<KeepDraft>(&page, problem),
    }
}

/// Why a form did not work, when it has just sent us back.
pub(super) fn refused() -> Option<Problem> {
    let result: Option<Result<(), UiError>> = ServerAction::<KeepDraft>::new().value().get_untracked();
    result.and_then(Result::err).map(|UiError(problem)| problem)
}

//! `/drafts/…`: the text of a suite as it is worked on, with everything that is wrong at its line.

use leptos::{prelude::*, server_fn::ServerFn as _};
use leptos_meta::Title;
use perflab_model::{
    name::SuiteName,
    problem::{Problem, ProblemKind},
    suites::{Checked, DraftPage as Page, TextError},
};

use super::{
    actions::{KeepDraft, UPLOAD, refused},
    page::DataSets,
};
use crate::{
    components::count_of,
    pages::{
        problem::ProblemLine,
        source::{Loaded, lab, parameter, query},
    },
};

/// The page of a draft, or of the text that one begins with.
#[component]
pub fn DraftPage() -> impl IntoView {
    let address = parameter("draft");
    let of = query("suite").and_then(|name| name.parse::<SuiteName>().ok());
    let project = query("project").and_then(|name| name.parse().ok());
    let lab = lab();
    let load = async move {
        if address == "new" {
            return lab?.begin_draft(project.as_ref(), of.as_ref()).await;
        }
        let id = address.parse().map_err(|_| {
            let shown: String = address.chars().take(60).collect();
            Problem::new(ProblemKind::NotFound, "draft.not_found", format!("There is no draft `{shown}`"), None)
        })?;
        lab?.draft(id).await
    };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(page: Page) -> impl IntoView {
    let title = page.of.as_ref().map_or_else(|| "Draft of a suite".to_owned(), |name| format!("Edit {name}"));
    let lines = page.text.lines().count().clamp(24, 60);
    let answer = answer(page.checked.as_ref());
    let errors = page.checked.as_ref().map(|checked| checked.errors.clone()).unwrap_or_default();
    let id = page.id.map(|id| id.to_string()).unwrap_or_default();
    let of = page.of.as_ref().map(ToString::to_string).unwrap_or_default();
    let (bring_id, bring_project) = (id.clone(), page.project.to_string());
    let wrong = !errors.is_empty();
    view! {
        <Title text=title.clone()/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/suites">"Suites"</a>
                    <span class="sep">"/"</span>
                    <h1>{title}</h1>
                </div>
            </div>
            <p class="answer">{answer}</p>
        </div>
        <div class="page-body snug">
            {refused().map(|problem| view! { <ProblemLine problem=problem/> })}
            {wrong.then(|| view! { <Errors errors=errors text=page.text.clone()/> })}
            <form method="post" action=KeepDraft::url() class="draft">
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="project" value=page.project.to_string()/>
                <input type="hidden" name="of" value=of/>
                <label class="field">
                    <span>"Text, YAML"</span>
                    <textarea
                        class="input mono"
                        name="text"
                        rows=lines.to_string()
                        spellcheck="false"
                        autocapitalize="off"
                        autocomplete="off"
                        wrap="off"
                        aria-describedby=wrong.then_some("draft-errors")
                        aria-invalid=wrong.then_some("true")
                    >
                        {page.text}
                    </textarea>
                </label>
                <div class="btn-group">
                    <button class="btn" name="then" value="check">"Check"</button>
                    <button class="btn primary" name="then" value="save">"Save as the newest version"</button>
                    <p class="note faint">"A text with errors stays a draft for two weeks. "<a href="/docs/suites">"What can stand in a suite"</a></p>
                </div>
            </form>
            <DataSets files=page.files/>
            <section class="section">
                <div class="section-head"><h2>"Bring data sets"</h2><p>"Files that the text names; one of the same name is replaced. Check the text first: what is typed above is not sent along."</p></div>
                <form class="bring" method="post" action=UPLOAD enctype="multipart/form-data">
                    <input type="hidden" name="draft" value=bring_id/>
                    <input type="hidden" name="project" value=bring_project/>
                    <label class="field">
                        <span>"Files"</span>
                        <input class="input" type="file" name="file" multiple=true required=true/>
                    </label>
                    <button class="btn">"Bring"</button>
                </form>
            </section>
        </div>
    }
    .into_any()
}

fn answer(checked: Option<&Checked>) -> String {
    match checked {
        None => "Nothing is kept until you check or save it.".to_owned(),
        Some(Checked { errors, .. }) if !errors.is_empty() => {
            format!("It cannot be used yet: {} to mend.", count_of(errors.len(), "thing"))
        }
        Some(Checked { suite: Some(suite), .. }) => format!(
            "It can be used: {} suite `{}` with {} and {}. It is a draft until you save it.",
            suite.kind.word(),
            suite.name,
            count_of(suite.parts.len(), suite.kind.part()),
            count_of(usize::try_from(suite.rules).unwrap_or(usize::MAX), "rule")
        ),
        Some(Checked { suite: None, .. }) => "It cannot be used yet.".to_owned(),
    }
}

#[component]
fn Errors(errors: Vec<TextError>, text: String) -> impl IntoView {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let items = errors
        .into_iter()
        .map(|error| {
            let place = match (error.line, error.field.is_empty()) {
                (0, _) => "Whole file".to_owned(),
                (line, true) => format!("Line {line}, column {}", error.column),
                (line, false) => format!("Line {line}, column {}, {}", error.column, error.field),
            };
            let excerpt = usize::try_from(error.line).ok().and_then(|line| lines.get(line.checked_sub(1)?)).cloned();
            let caret = excerpt.as_ref().map(|_| caret(error.column));
            view! {
                <li>
                    <p><b>{error.message}</b> {error.hint.map(|hint| format!("; {hint}"))}<span class="faint">" " {place}</span></p>
                    {excerpt.zip(caret).map(|(line, caret)| view! { <pre class="code">{line} "\n" {caret}</pre> })}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="stack draft-errors" id="draft-errors">{items}</ul> }.into_any()
}

/// A mark below the column.
fn caret(column: u64) -> String {
    let before = usize::try_from(column.saturating_sub(1)).unwrap_or(0).min(500);
    " ".repeat(before) + "^"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_below_the_column_however_far_it_is() {
        assert_eq!(caret(1), "^");
        assert_eq!(caret(5), "    ^");
        assert!(caret(u64::MAX).len() < 1_000);
    }
}

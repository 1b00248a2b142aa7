//! `/suites/{name}`: its newest version, all versions with what each changed, its data sets, its text.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{
    display,
    name::SuiteName,
    problem::{Problem, ProblemKind},
    suites::{DataSet, SuitePage as Page, SuiteVersion},
};

use super::difference::Changes;
use crate::{
    components::{Scroller, count_of, encoded},
    pages::source::{Loaded, lab, parameter, query},
};

/// The page.
#[component]
pub fn SuitePage() -> impl IntoView {
    let name = parameter("suite").parse::<SuiteName>().map_err(|error| {
        let message = format!("The address names no suite: {error}");
        Problem::new(ProblemKind::Unreadable, "address.unreadable", message, None)
    });
    let project = query("project").and_then(|name| name.parse().ok());
    let version = query("version");
    let lab = lab();
    let load = async move { lab?.suite(project.as_ref(), &name?, version.as_deref()).await };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(page: Page) -> impl IntoView {
    let name = page.suite.name.to_string();
    let here = format!("/suites/{}", encoded(&name));
    let newest = page.versions.first().is_some_and(|newest| newest.version == page.shown);
    let launch = format!("/launch?suite={}", encoded(&name));
    let edit = format!("/drafts/new?suite={}", encoded(&name));
    let head = page.suite.title.clone().unwrap_or_else(|| name.clone());
    let problem = page.suite.problem.clone();
    let usable = problem.is_none();
    let description = page.suite.description.clone();
    let sentence = format!(
        "{} with {} and {}, version {} since {}.",
        if usable { capitalised(page.suite.kind.word()) + " suite" } else { "A suite that cannot be used".to_owned() },
        count_of(page.suite.parts.len(), page.suite.kind.part()),
        count_of(usize::try_from(page.suite.rules).unwrap_or(usize::MAX), "rule"),
        short(&page.suite.version),
        display::clock(page.suite.since_us, true)
    );
    let shown = short(&page.shown);
    let (before, first) = (page.before.clone(), page.before.is_none());
    view! {
        <Title text=format!("Suite {name}")/>
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/suites">"Suites"</a>
                    <span class="sep">"/"</span>
                    <h1>{head}</h1>
                    <span class="faint mono">{name}</span>
                </div>
                <div class="btn-group">
                    <a class="btn" href=edit>"Edit"</a>
                    {usable.then(|| view! { <a class="btn primary" href=launch>"Launch"</a> })}
                </div>
            </div>
            <p class="answer">{sentence}</p>
            {description.map(|text| view! { <p class="muted">{text}</p> })}
        </div>
        <div class="page-body snug">
            {problem.map(|text| view! { <div class="note-line" data-v="critical"><p><b>"It cannot be used: "</b> {text}</p></div> })}
            {(!newest)
                .then(|| view! { <div class="note-line" data-v="issues"><p>"Shown is an earlier version. " <a href=here.clone()>"The newest"</a></p></div> })}
            <section class="section cols">
                <div class="c6">
                    <div class="section-head"><h2>"Versions"</h2></div>
                    <Versions versions=page.versions shown=page.shown here=here/>
                </div>
                <div class="c6">
                    <div class="section-head"><h2>{capitalised(page.suite.kind.part()) + "s"}</h2></div>
                    <p class="mono">{page.suite.parts.join(", ")}</p>
                    <DataSets files=page.files/>
                </div>
            </section>
            <section class="section">
                <div class="section-head">
                    <h2>{format!("What {shown} changed")}</h2>
                    <p>{before.as_ref().map(|before| format!("against {}", short(&before.version)))}</p>
                </div>
                {first.then(|| view! { <p class="muted pt1">"It is the first version that this lab knows."</p> })}
                {before.map(|difference| view! { <Changes difference=difference/> })}
            </section>
            <section class="section">
                <div class="section-head"><h2>{format!("Text of {shown}")}</h2></div>
                <pre class="code" tabindex="0" role="region" aria-label="Text of the suite">{page.text}</pre>
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Versions(versions: Vec<SuiteVersion>, shown: String, here: String) -> impl IntoView {
    let rows = versions
        .into_iter()
        .map(|row| {
            let address = format!("{here}?version={}", short(&row.version));
            let current = (row.version == shown).then_some("page");
            view! {
                <tr>
                    <th scope="row" class="mono"><a href=address aria-current=current>{short(&row.version)}</a></th>
                    <td>{display::clock(row.since_us, true)}</td>
                    <td class="num">{display::count(row.runs)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Scroller label="Versions">
            <table class="data tight">
                <thead><tr><th>"Version"</th><th>"Newest since"</th><th class="num">"Runs"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

/// The files beside a suite.
#[component]
pub(super) fn DataSets(
    /// The files.
    files: Vec<DataSet>,
) -> impl IntoView {
    if files.is_empty() {
        return ().into_any();
    }
    let rows = files
        .into_iter()
        .map(|file| {
            view! {
                <tr>
                    <th scope="row" class="mono">{file.name}</th>
                    <td class="num">{display::count(file.lines)}</td>
                    <td class="num">{display::bytes(file.bytes as f64)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <h3 class="ruled mt2">"Data sets"</h3>
        <Scroller label="Data sets">
            <table class="data tight">
                <thead><tr><th>"File"</th><th class="num">"Lines"</th><th class="num">"Size"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn short(version: &str) -> String {
    version.chars().take(7).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! `/suites`: what there is to run, in its newest version.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{display, suites::SuiteRow};

use super::actions::UPLOAD;
use crate::{
    components::{Scroller, count_of, encoded},
    pages::{
        problem::ProblemLine,
        source::{Loaded, lab, query},
        suites::actions::refused,
    },
};

/// The page.
#[component]
pub fn SuitesPage() -> impl IntoView {
    let project = query("project").and_then(|name| name.parse().ok());
    let lab = lab();
    let load = async move { lab?.suites(project.as_ref()).await };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(suites: Vec<SuiteRow>) -> impl IntoView {
    view! {
        <Title text="Suites"/>
        <div class="page-head">
            <div class="head-row">
                <div class="title"><h1>"Suites"</h1></div>
                <div class="btn-group"><a class="btn" href="/drafts/new">"New suite"</a></div>
            </div>
            <p class="answer">{answer(&suites)}</p>
        </div>
        <div class="page-body snug">
            {refused().map(|problem| view! { <ProblemLine problem=problem/> })}
            <Table suites=suites/>
            <section class="section">
                <div class="section-head">
                    <h2>"Bring a file"</h2>
                    <p>"A YAML file with the data sets that it names. It becomes a draft first, where everything that is wrong is shown."</p>
                </div>
                <form class="bring" method="post" action=UPLOAD enctype="multipart/form-data">
                    <label class="field">
                        <span>"Files"</span>
                        <input class="input" type="file" name="file" multiple=true required=true accept=".yaml,.yml,.csv,.json,.txt"/>
                    </label>
                    <button class="btn">"Bring"</button>
                </form>
            </section>
        </div>
    }
    .into_any()
}

fn answer(suites: &[SuiteRow]) -> String {
    let broken = suites.iter().filter(|suite| suite.problem.is_some()).count();
    match (suites.len(), broken) {
        (0, _) => "There is no suite yet: bring a file, or begin a new one.".to_owned(),
        (all, 0) => format!("{}; each run uses the newest version of its suite.", count_of(all, "suite")),
        (all, broken) => format!("{}, {broken} of them cannot be used by this version.", count_of(all, "suite")),
    }
}

#[component]
fn Table(suites: Vec<SuiteRow>) -> impl IntoView {
    if suites.is_empty() {
        return ().into_any();
    }
    let rows = suites.into_iter().map(row).collect_view();
    view! {
        <Scroller label="Table of suites">
            <table class="data">
                <thead>
                    <tr>
                        <th>"Suite"</th>
                        <th>"Kind"</th>
                        <th class="num">"Parts"</th>
                        <th class="num p2">"Rules"</th>
                        <th class="p2">"Version"</th>
                        <th class="p2">"Since"</th>
                        <th>"Run"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn row(suite: SuiteRow) -> impl IntoView {
    let name = suite.name.to_string();
    let address = format!("/suites/{}", encoded(&name));
    let launch = format!("/launch?suite={}", encoded(&name));
    let below = suite.problem.clone().or_else(|| suite.title.clone());
    let usable = suite.problem.is_none();
    let label = format!("Launch {name}");
    view! {
        <tr>
            <th scope="row">
                <a class="quiet" href=address>{name}</a>
                {below.map(|text| view! { <span class="sub">{text}</span> })}
            </th>
            <td>{if usable { suite.kind.word() } else { "unusable" }}</td>
            <td class="num" title=suite.parts.join(", ")>{display::count(suite.parts.len() as u64)}</td>
            <td class="num p2">{display::count(suite.rules)}</td>
            <td class="mono p2">{suite.version.chars().take(7).collect::<String>()}</td>
            <td class="p2">{display::clock(suite.since_us, true)}</td>
            <td>{usable.then(|| view! { <a href=launch aria-label=label>"Launch"</a> })}</td>
        </tr>
    }
}

//! The list of a lab that has measured nothing: the way to the first run in two clicks.

use leptos::prelude::*;
use perflab_model::view::{EnvironmentOption, LaunchOptions, ScenarioOption, SuiteOption};

use crate::{
    components::encoded,
    pages::{launch::copy::quoted, source::origin},
};

/// What to do first.
#[component]
pub fn NoRunsYet(
    /// What can be launched.
    options: LaunchOptions,
) -> impl IntoView {
    match first(&options) {
        Some((suite, scenario, environment)) => {
            let address = format!(
                "/launch?suite={}&scenario={}&env={}",
                encoded(suite.name.as_str()),
                encoded(scenario.name.as_str()),
                encoded(environment.name.as_str())
            );
            let command = format!(
                "perflab run {} --server={} --scenario={} --wait",
                quoted(suite.name.as_str()),
                origin(),
                quoted(scenario.name.as_str())
            );
            view! {
                <div class="empty pt1">
                    <h2>"Start with " <code>{scenario.name.to_string()}</code></h2>
                    <p>
                        {format!("{} against {}", scenario.load, environment.base_url)}
                        ". " {scenario.description.clone()}
                        " Nothing but this target is contacted."
                    </p>
                    <div class="btn-group">
                        <a class="btn primary" href=address>"Start the first run"</a>
                        <a class="btn" href="/launch">"Choose another scenario"</a>
                    </div>
                </div>
                <div class="cols mt3">
                    <section class="c6">
                        <h3><b>"Start from a CI job"</b></h3>
                        <p class="muted lead">"One command, one exit code: 0 pass, 3 inconclusive, 99 failed."</p>
                        <code class="code" tabindex="0" role="group" aria-label="Command">{command}</code>
                    </section>
                    <section class="c6">
                        <h3><b>"Start from a program"</b></h3>
                        <p class="muted lead">"Whatever a page can do, the API can."</p>
                        <code class="code">"POST /api/v1/runs"</code>
                    </section>
                </div>
            }
            .into_any()
        }
        None => view! { <NothingToLaunch/> }.into_any(),
    }
}

/// What to do where there is no suite or no environment.
#[component]
pub fn NothingToLaunch() -> impl IntoView {
    view! {
        <div class="empty pt1">
            <h2>"This lab has nothing to launch yet"</h2>
            <p>
                "A run needs a suite and an environment. Start the lab with the folder of the suites and the address "
                "of the target:"
            </p>
            <code class="code" tabindex="0" role="group" aria-label="Command">"perflab serve --suites DIR --target URL"</code>
        </div>
    }
    .into_any()
}

/// The smallest thing that can be launched: a scenario called smoke, else the first.
fn first(options: &LaunchOptions) -> Option<(&SuiteOption, &ScenarioOption, &EnvironmentOption)> {
    let environment = options.environments.first()?;
    let usable = || options.suites.iter().filter(|suite| suite.problem.is_none());
    let smoke = usable().find_map(|suite| {
        suite.scenarios.iter().find(|scenario| scenario.name.as_str() == "smoke").map(|scenario| (suite, scenario))
    });
    let (suite, scenario) =
        smoke.or_else(|| usable().find_map(|suite| suite.scenarios.first().map(|scenario| (suite, scenario))))?;
    Some((suite, scenario, environment))
}

//! Title, facts and actions of a run that waits or is over.

use leptos::prelude::*;
use perflab_model::{
    display,
    run::{Run, RunRow},
};

use crate::{components::encoded, pages::launch::fields::LaunchFields};

/// Scenario, environment, revision, load, suite, times, tags.
#[component]
pub fn Facts(
    /// The run.
    run: Run,
) -> impl IntoView {
    let row = run.row;
    let version: String = run.plan.suite_version.chars().take(7).collect();
    let revision = row.revision.to_string();
    view! {
        <div class="facts">
            <span>{row.environment.to_string()}</span>
            {(!revision.is_empty()).then(|| view! { <span class="mono">{revision}</span> })}
            <span>{row.load.clone()}</span>
            <span>"suite " {row.suite.to_string()} " " <span class="mono">{version}</span></span>
            <span>{times(&row)}</span>
            <span>"started by " {row.trigger.code()}</span>
            {row.tags.into_iter().map(|tag| view! { <span><span class="tag">{tag}</span></span> }).collect_view()}
        </div>
    }
    .into_any()
}

/// `12 Mar 2026, 14:02 UTC to 14:17 UTC`, as far as it has come.
fn times(row: &RunRow) -> String {
    match (row.started_us, row.ended_us) {
        (Some(started), Some(ended)) => {
            let same_day =
                display::clock(started, true).split(',').next() == display::clock(ended, true).split(',').next();
            let begin = display::clock(started, true);
            format!("{} to {}", begin.trim_end_matches(" UTC"), display::clock(ended, !same_day))
        }
        (Some(started), None) => format!("since {}", display::clock(started, true)),
        (None, Some(ended)) => format!("ended {}", display::clock(ended, true)),
        (None, None) => format!("asked for {}", display::clock(row.created_us, true)),
    }
}

/// The launch form filled as it was for this run.
pub fn launch_again(run: &Run) -> String {
    let row = &run.row;
    let fields = LaunchFields {
        project: row.project.to_string(),
        suite: row.suite.to_string(),
        scenario: row.scenario.to_string(),
        env: row.environment.to_string(),
        rev: row.revision.to_string(),
        seed: run.plan.seed.to_string(),
        tags: row.tags.join(" "),
        duration: run.plan.load.duration().to_string(),
        users: run.plan.load.peak_users().map(|users| users.to_string()).unwrap_or_default(),
        rate: run.plan.load.peak_rate().map(|rate| rate.get().to_string()).unwrap_or_default(),
        set: run.plan.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..LaunchFields::default()
    };
    format!("/launch?{}", fields.to_query())
}

/// The trend of an endpoint of this run; its name is appended.
pub fn trend_of_endpoint(row: &RunRow) -> String {
    format!(
        "/trends?suite={}&scenario={}&env={}&request=",
        encoded(row.suite.as_str()),
        encoded(row.scenario.as_str()),
        encoded(row.environment.as_str())
    )
}

/// Run again, trend, exports.
#[component]
pub fn Actions(
    /// The run.
    run: Run,
) -> impl IntoView {
    let api = format!("/api/v1/runs/{}", run.row.id);
    let trend = trend_of_endpoint(&run.row);
    view! {
        <div class="btn-group">
            <a class="btn" href=launch_again(&run)>"Run again"</a>
            <a class="btn p2" href=trend.trim_end_matches("&request=").to_owned()>"Trend"</a>
            <a class="btn p2" href=format!("{api}/summary") download=format!("run-{}.json", run.row.number)>"JSON"</a>
            <a class="btn p2" href=format!("{api}/series?format=csv") download=format!("run-{}.csv", run.row.number)>"CSV"</a>
        </div>
    }
    .into_any()
}

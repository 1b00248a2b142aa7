//! Title, facts and actions of a run that waits or is over.

use leptos::prelude::*;
use perflab_model::{
    display,
    plan::Plan,
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
    let only = only_classes(&run.plan);
    view! {
        <div class="facts">
            <span>{row.environment.to_string()}</span>
            {(!revision.is_empty()).then(|| view! { <span class="mono">{revision}</span> })}
            <span>{row.load.clone()} {row.adjusted.then_some(", rate adjusted by hand")}</span>
            {only.map(|only| view! { <span>{only}</span> })}
            <span>"suite " {row.suite.to_string()} " " <span class="mono">{version}</span></span>
            <span>{times(&row)}</span>
            <span>"started by " {row.trigger.code()}</span>
            {row.search.map(|search| view! { <span>"a level of " <a href=format!("/capacity/{search}")>"a capacity search"</a></span> })}
            {row.tags.into_iter().map(|tag| view! { <span><span class="tag">{tag}</span></span> }).collect_view()}
        </div>
    }
    .into_any()
}

/// Which classes of users somebody chose at the launch: without them a reader would take the run for one of its scenario.
pub fn only_classes(plan: &Plan) -> Option<String> {
    let classes = &plan.overrides.classes;
    (!classes.is_empty()).then(|| format!("only {}", classes.join(", ")))
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
    format!("/launch?{}", LaunchFields::of_run(&run.row, &run.plan.overrides).to_query())
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
    let ways = ways_on(&run.row, run.summary.is_some());
    let link = |way: &WayOn, class: Option<&'static str>| {
        let (word, address, file) = (way.word, way.address.clone(), way.file.clone());
        view! { <a class=class href=address download=file>{word}</a> }
    };
    view! {
        <div class="btn-group">
            <a class="btn" href=launch_again(&run)>"Run again"</a>
            {ways.iter().map(|way| link(way, Some("btn p2"))).collect_view()}
            // A phone has no room for them side by side.
            {(!ways.is_empty())
                .then(|| {
                    view! {
                        <details class="menu m-only">
                            <summary class="btn icon-only" aria-label="More actions">
                                <span class="icon i-more"></span>
                            </summary>
                            <ul>{ways.iter().map(|way| view! { <li>{link(way, None)}</li> }).collect_view()}</ul>
                        </details>
                    }
                })}
        </div>
    }
    .into_any()
}

/// Where the numbers of a run lead.
#[derive(Debug, PartialEq, Eq)]
struct WayOn {
    word: &'static str,
    address: String,
    /// The name of the file that it becomes.
    file: Option<String>,
}

/// What is offered of a run: only what is there. A run that never began has no summary, no seconds and no place in a
/// trend.
fn ways_on(row: &RunRow, has_summary: bool) -> Vec<WayOn> {
    let api = format!("/api/v1/runs/{}", row.id);
    let file = |kind: &str| Some(format!("run-{}.{kind}", row.number));
    let trend = trend_of_endpoint(row).trim_end_matches("&request=").to_owned();
    [
        row.verdict.map(|_| WayOn {
            word: "Compare with previous",
            address: format!("/compare?runs={}&with=previous", row.id),
            file: None,
        }),
        row.verdict.map(|_| WayOn {
            word: "Compare with baseline",
            address: format!("/compare?runs={}&with=baseline", row.id),
            file: None,
        }),
        row.verdict.map(|_| WayOn { word: "Trend", address: trend, file: None }),
        has_summary.then(|| WayOn { word: "JSON", address: format!("{api}/summary"), file: file("json") }),
        row.headline.map(|_| WayOn { word: "CSV", address: format!("{api}/series?format=csv"), file: file("csv") }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        id::RunId,
        run::{Headline, Revision, RunState, Trigger},
        verdict::Verdict,
    };

    use super::*;

    fn row() -> RunRow {
        RunRow {
            id: RunId::new(uuid::Uuid::nil()),
            number: 12,
            project: "mita".parse().expect("a name"),
            suite: "mita".parse().expect("a name"),
            scenario: "smoke".parse().expect("a name"),
            environment: "local reference".parse().expect("a name"),
            revision: Revision::default(),
            trigger: Trigger::Browser,
            tags: Vec::new(),
            state: RunState::Cancelled,
            end: None,
            created_us: 0,
            started_us: None,
            ended_us: Some(0),
            load: "5 users, 20s".to_owned(),
            planned_seconds: 20.0,
            headline: None,
            validity: None,
            verdict: None,
            adjusted: false,
            search: None,
            repeat_of: None,
            worker_class: None,
            rejected: None,
        }
    }

    #[test]
    fn a_run_that_never_began_offers_no_files_that_it_does_not_have() {
        assert_eq!(ways_on(&row(), false), []);
    }

    #[test]
    fn a_judged_run_offers_its_trend_and_its_numbers() {
        let headline = Headline { finished: 9, failed: 0, rate_per_s: None, p95_ms: None, seconds: 20.0 };
        let judged = RunRow { headline: Some(headline), verdict: Some(Verdict::Excellent), ..row() };
        let ways = ways_on(&judged, true);
        assert_eq!(
            ways.iter().map(|way| way.word).collect::<Vec<_>>(),
            ["Compare with previous", "Compare with baseline", "Trend", "JSON", "CSV"]
        );
        assert_eq!(ways[2].address, "/trends?suite=mita&scenario=smoke&env=local%20reference");
        assert_eq!(ways[3].file.as_deref(), Some("run-12.json"));
    }
}

//! What is chosen, as it stands in addresses and in the form.
//!
//! In:  the query of `/trends`. Out: a [`TrendQuery`], or the name in it that is none; and the way back.
//! Promise: an address that [`address`] makes is read as the choice that it was made of.

use std::str::FromStr;

use leptos::prelude::*;
use leptos_router::location::Url;
use perflab_model::{
    problem::{Problem, ProblemKind},
    view::{Trend, TrendQuery},
};

use crate::{components::encoded, pages::launch::field::ChoiceField};

/// Between suite and scenario in one choice; in their names it is escaped.
const PART: char = '/';

/// Reads the query of the page. One choice of the form names suite and scenario; links may name them apart.
pub(super) fn read(get: impl Fn(&str) -> Option<String>) -> Result<TrendQuery, Problem> {
    let series = get("series").and_then(|series| {
        series.split_once(PART).map(|(suite, scenario)| (Url::unescape(suite), Url::unescape(scenario)))
    });
    let (suite, scenario) = match series {
        Some((suite, scenario)) => (Some(suite), Some(scenario)),
        None => (get("suite"), get("scenario")),
    };
    Ok(TrendQuery {
        project: name(get("project"), "project")?,
        suite: name(suite, "suite")?,
        scenario: name(scenario, "scenario")?,
        environment: name(get("env"), "environment")?,
        request: get("request"),
        measure: get("measure"),
    })
}

fn name<T: FromStr<Err: std::fmt::Display>>(text: Option<String>, what: &str) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|error| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(
            ProblemKind::Unreadable,
            "query.unreadable",
            format!("`{shown}` cannot be the name of a {what}: {error}"),
            Some("Choose one from the list of the trend page".to_owned()),
        )
    })
}

/// The choice as the query of the page, or of its files, which call the environment by its full name as the API does.
pub(super) fn address(query: &TrendQuery, environment: &str) -> String {
    let text = |name: &str, value: Option<String>| value.map(|value| format!("{name}={}", encoded(&value)));
    [
        text("project", query.project.as_ref().map(ToString::to_string)),
        text("suite", query.suite.as_ref().map(ToString::to_string)),
        text("scenario", query.scenario.as_ref().map(ToString::to_string)),
        text(environment, query.environment.as_ref().map(ToString::to_string)),
        text("request", query.request.clone()),
        text("measure", query.measure.clone()),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("&")
}

/// The page's own name for the environment in an address.
pub(super) const ENV: &str = "env";

/// The form that changes the choice.
#[component]
pub(super) fn Pickers(
    /// What is chosen, and what else could be.
    trend: Trend,
) -> impl IntoView {
    let query = trend.query;
    let pair = |suite: &str, scenario: &str| format!("{}{PART}{}", encoded(suite), encoded(scenario));
    let chosen = match (&query.suite, &query.scenario) {
        (Some(suite), Some(scenario)) => pair(suite.as_str(), scenario.as_str()),
        _ => String::new(),
    };
    let unknown_scenario = query.scenario.as_ref().map(|scenario| format!("{scenario}, no runs")).unwrap_or_default();
    let scenarios = trend
        .scenarios
        .iter()
        .map(|(suite, scenario)| (pair(suite.as_str(), scenario.as_str()), format!("{scenario}, {suite}")))
        .collect();
    let environment = query.environment.as_ref().map(ToString::to_string).unwrap_or_default();
    let environments = trend.environments.iter().map(|name| (name.to_string(), name.to_string())).collect();
    let request = query.request.clone().unwrap_or_default();
    let requests = std::iter::once((String::new(), "all together".to_owned()))
        .chain(trend.requests.iter().map(|name| (name.clone(), name.clone())))
        .collect();
    view! {
        <form class="pickers five" method="get" action="/trends">
            {query.project.map(|project| view! { <input type="hidden" name="project" value=project.to_string()/> })}
            <ChoiceField
                field="series"
                name="series"
                label="Scenario"
                choices=with_chosen(scenarios, &chosen, &unknown_scenario)
                value=chosen.clone()
            />
            <ChoiceField
                field="env"
                name=ENV
                label="Environment"
                choices=with_chosen(environments, &environment, &format!("{environment}, no runs"))
                value=environment.clone()
            />
            <ChoiceField
                field="request"
                name="request"
                label="Endpoint"
                choices=with_chosen(requests, &request, &format!("{request}, no results"))
                value=request.clone()
            />
            <ChoiceField
                field="measure"
                name="measure"
                label="Measure"
                choices=trend.measures
                value=query.measure.unwrap_or_default()
            />
            <button class="btn">"Show"</button>
        </form>
    }
    .into_any()
}

/// The choices, the chosen one among them even when it has no runs: a list without it would show another as chosen.
fn with_chosen(mut choices: Vec<(String, String)>, chosen: &str, label: &str) -> Vec<(String, String)> {
    if !chosen.is_empty() && choices.iter().all(|(value, _)| value != chosen) {
        choices.insert(0, (chosen.to_owned(), label.to_owned()));
    }
    choices
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read_address(address: &str) -> Result<TrendQuery, Problem> {
        let pairs: HashMap<String, String> = address
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), Url::unescape(value)))
            .collect();
        read(|name| pairs.get(name).cloned())
    }

    fn query() -> TrendQuery {
        TrendQuery {
            project: None,
            suite: "mita/load".parse().ok(),
            scenario: "a & b".parse().ok(),
            environment: "local reference".parse().ok(),
            request: Some("GET /api/budget?month=1".to_owned()),
            measure: Some("latency_p95".to_owned()),
        }
    }

    #[test]
    fn an_address_brings_the_choice_back() {
        assert_eq!(read_address(&address(&query(), ENV)), Ok(query()));
    }

    #[test]
    fn the_forms_own_choice_of_suite_and_scenario_survives_a_slash() {
        let read = read(|name| (name == "series").then(|| "mita%2Fload/smoke".to_owned())).expect("names");
        assert_eq!(read.suite.map(String::from).as_deref(), Some("mita/load"));
        assert_eq!(read.scenario.map(String::from).as_deref(), Some("smoke"));
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_and_not_left_out() {
        let problem = read(|name| (name == ENV).then(|| "a\nb".to_owned())).expect_err("a line break");
        assert_eq!(problem.kind.status(), 400);
        assert!(problem.message.contains("environment"), "{problem}");
    }

    #[test]
    fn a_choice_without_runs_stays_chosen() {
        let known = vec![("staging".to_owned(), "staging".to_owned())];
        let choices = with_chosen(known.clone(), "gone", "gone, no runs");
        assert_eq!(choices.first().map(|(value, _)| value.as_str()), Some("gone"));
        assert_eq!(with_chosen(known.clone(), "staging", ""), known);
    }
}

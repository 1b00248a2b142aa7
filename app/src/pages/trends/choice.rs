//! What is chosen, as it stands in addresses and in the form.
//!
//! In:  the query of `/trends`. Out: a [`TrendQuery`], or the word in it that is none; and the way back.
//! Promise: an address that [`address`] makes is read as the choice that it was made of.

use std::str::FromStr;

use leptos::prelude::*;
use leptos_router::location::Url;
use perflab_model::{
    problem::{Problem, ProblemKind},
    trend::{Axis, Relative, Scale, Trend, TrendQuery},
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
        branch: get("branch"),
        request: get("request"),
        measure: get("measure"),
        second: get("second"),
        axis: word(get("axis"), "axis", Axis::from_code, || codes(Axis::ALL, Axis::code))?,
        scale: word(get("scale"), "scale", Scale::from_code, || codes(Scale::ALL, Scale::code))?,
        relative: word(get("relative"), "relative", Relative::from_code, || codes(Relative::ALL, Relative::code))?,
    })
}

fn name<T: FromStr<Err: std::fmt::Display>>(text: Option<String>, what: &str) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|error| {
        let shown: String = text.chars().take(40).collect();
        unreadable(
            format!("`{shown}` cannot be the name of a {what}: {error}"),
            "Choose one from the list of the trend page".to_owned(),
        )
    })
}

fn word<T>(
    text: Option<String>,
    what: &str,
    read: impl Fn(&str) -> Option<T>,
    known: impl Fn() -> String,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    read(&text).map(Some).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        unreadable(format!("`{what}` cannot be `{shown}`"), format!("It is one of {}", known()))
    })
}

fn codes<T: Copy>(all: &[T], code: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|choice| code(*choice)).collect::<Vec<_>>().join(", ")
}

fn unreadable(message: String, hint: String) -> Problem {
    Problem::new(ProblemKind::Unreadable, "query.unreadable", message, Some(hint))
}

/// The choice as the query of the page, or of its files, which call the environment by its full name as the API does.
pub(super) fn address(query: &TrendQuery, environment: &str) -> String {
    let text = |name: &str, value: Option<&str>| value.map(|value| format!("{name}={}", encoded(value)));
    [
        text("project", query.project.as_ref().map(|name| name.as_str())),
        text("suite", query.suite.as_ref().map(|name| name.as_str())),
        text("scenario", query.scenario.as_ref().map(|name| name.as_str())),
        text(environment, query.environment.as_ref().map(|name| name.as_str())),
        text("branch", query.branch.as_deref()),
        text("request", query.request.as_deref()),
        text("measure", query.measure.as_deref()),
        text("second", query.second.as_deref()),
        text("axis", query.axis.map(Axis::code)),
        text("scale", query.scale.map(Scale::code)),
        text("relative", query.relative.map(Relative::code)),
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
    let branch = query.branch.unwrap_or_default();
    let named = |names: &[String]| names.iter().map(|name| (name.clone(), name.clone())).collect::<Vec<_>>();
    let with_none = |label: &str, choices: Vec<(String, String)>| {
        std::iter::once((String::new(), label.to_owned())).chain(choices).collect::<Vec<_>>()
    };
    let measure = query.measure.unwrap_or_default();
    let seconds = trend.measures.iter().filter(|(code, _)| *code != measure).cloned().collect();
    let pairs = |choices: &[(&str, &str)]| {
        choices.iter().map(|(code, label)| ((*code).to_owned(), (*label).to_owned())).collect::<Vec<_>>()
    };
    view! {
        <form class="pickers wide" method="get" action="/trends">
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
                field="branch"
                name="branch"
                label="Branch"
                choices=with_chosen(
                    with_none("all, the usual one joined", named(&trend.branches)),
                    &branch,
                    &format!("{branch}, no runs"),
                )
                value=branch.clone()
            />
            <Endpoint names=trend.requests value=query.request.unwrap_or_default()/>
            <ChoiceField field="measure" name="measure" label="Measure" choices=trend.measures value=measure/>
            <ChoiceField
                field="second"
                name="second"
                label="Second measure"
                choices=with_none("none", seconds)
                value=query.second.unwrap_or_default()
            />
            <ChoiceField
                field="axis"
                name="axis"
                label="Axis"
                choices=pairs(&[("", "date"), ("commit", "run and commit")])
                value=query.axis.filter(|axis| *axis == Axis::Commit).map(Axis::code).unwrap_or_default().to_owned()
            />
            <ChoiceField
                field="scale"
                name="scale"
                label="Scale"
                choices=pairs(&[("", "linear"), ("log", "logarithmic")])
                value=query.scale.filter(|scale| *scale == Scale::Log).map(Scale::code).unwrap_or_default().to_owned()
            />
            <ChoiceField
                field="relative"
                name="relative"
                label="Relative to"
                choices=pairs(&[("", "nothing"), ("first", "the first run"), ("previous", "the run before")])
                value=query.relative.map(Relative::code).unwrap_or_default().to_owned()
            />
            <button class="btn">"Show"</button>
        </form>
    }
    .into_any()
}

/// A request or case by its name, or a pattern that means several.
#[component]
fn Endpoint(names: Vec<String>, value: String) -> impl IntoView {
    view! {
        <div class="field" data-key="f-request">
            <label for="f-request">"Endpoint or case"</label>
            <span class="input">
                <input
                    id="f-request"
                    name="request"
                    list="f-requests"
                    value=value
                    placeholder="all together; * for each"
                    title="A name, or a pattern: login* for each that begins so, * for each there is"
                    autocomplete="off"
                    spellcheck="false"
                />
            </span>
            <datalist id="f-requests">
                <option value="*"></option>
                {names.into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
            </datalist>
        </div>
    }
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
            branch: Some("feature/#7".to_owned()),
            request: Some("GET /api/budget?month=*".to_owned()),
            measure: Some("latency_p95".to_owned()),
            second: Some("throughput".to_owned()),
            axis: Some(Axis::Commit),
            scale: Some(Scale::Log),
            relative: Some(Relative::First),
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
        let problem = read(|name| (name == "axis").then(|| "sideways".to_owned())).expect_err("no axis");
        assert_eq!(problem.kind.status(), 400);
        assert!(problem.hint.is_some_and(|hint| hint.contains("date, commit")));
    }

    #[test]
    fn a_choice_without_runs_stays_chosen() {
        let known = vec![("staging".to_owned(), "staging".to_owned())];
        let choices = with_chosen(known.clone(), "gone", "gone, no runs");
        assert_eq!(choices.first().map(|(value, _)| value.as_str()), Some("gone"));
        assert_eq!(with_chosen(known.clone(), "staging", ""), known);
    }
}

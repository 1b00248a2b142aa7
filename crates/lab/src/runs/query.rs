//! The query line of the list: `env:staging branch:main verdict:critical mobile`.
//!
//! In:  what a person typed. Out: a filter for the store, and a warning for each word that names nothing known. A
//! misspelt word must not silently show everything.

use perflab_model::{
    run::{RunState, Trigger},
    verdict::Verdict,
};
use perflab_store::RunFilter;

/// Keys that the query line knows.
const KEYS: &str = "env, branch, verdict, scenario, suite, state, trigger, tag";

/// Reads a query line.
pub(super) fn read(line: &str) -> (RunFilter, Vec<String>) {
    let mut filter = RunFilter::default();
    let mut warnings = Vec::new();
    let mut text = Vec::new();
    for word in line.split_whitespace().take(30) {
        let Some((key, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            text.push(word);
            continue;
        };
        let value = value.to_owned();
        match key {
            "env" | "environment" => filter.environment = Some(value),
            "branch" => filter.branch = Some(value),
            "scenario" => filter.scenario = Some(value),
            "suite" => filter.suite = Some(value),
            "tag" => filter.tag = Some(value),
            "verdict" => match verdict(&value) {
                Some(verdict) => filter.verdict = Some(verdict),
                None => {
                    warnings.push(format!("`{value}` is no verdict: use excellent, issues, critical or inconclusive"));
                }
            },
            "state" => match states(&value) {
                states if states.is_empty() => warnings
                    .push(format!("`{value}` is no state: use waiting, running, finished, failed, stopped or lost")),
                states => filter.states = states,
            },
            "trigger" => match Trigger::from_code(&value) {
                Some(trigger) => filter.trigger = Some(trigger),
                None => warnings.push(format!("`{value}` is no trigger: use browser, api, cli or schedule")),
            },
            _ => warnings.push(format!("`{key}:` is no key of the list: use {KEYS}")),
        }
    }
    if !text.is_empty() {
        filter.text = Some(text.join(" "));
    }
    (filter, warnings)
}

fn verdict(word: &str) -> Option<Verdict> {
    // `fail` and `pass` are the gate's words for the same rungs.
    match word.to_ascii_lowercase().as_str() {
        "excellent" | "pass" => Some(Verdict::Excellent),
        "issues" | "warn" => Some(Verdict::Issues),
        "critical" | "fail" => Some(Verdict::Critical),
        "inconclusive" => Some(Verdict::Inconclusive),
        _ => None,
    }
}

fn states(word: &str) -> Vec<RunState> {
    let word = word.to_ascii_lowercase();
    RunState::ALL
        .into_iter()
        .filter(|state| state.code() == word || state.word().to_ascii_lowercase() == word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_free_text_stand_in_any_order() {
        let (filter, warnings) = read("mobile env:staging verdict:fail state:waiting");
        assert_eq!(filter.environment.as_deref(), Some("staging"));
        assert_eq!(filter.verdict, Some(Verdict::Critical));
        assert_eq!(filter.states, vec![RunState::Queued, RunState::Claimed]);
        assert_eq!(filter.text.as_deref(), Some("mobile"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_misspelt_word_is_told() {
        let (_, warnings) = read("verdict:great enviroment:x");
        assert_eq!(warnings.len(), 2);
        assert!(warnings[0].contains("great"), "{warnings:?}");
    }
}

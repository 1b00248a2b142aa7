//! What is to be known of compared runs beside their numbers: how they were configured, and why they may not be alike.

use std::collections::HashMap;

use perflab_model::{
    blocks::Blocks,
    compare::CompareFact,
    id::RunId,
    run::{Run, RunState},
    validity::ValidityState,
};

use super::Families;

/// Configuration and environment, those that differ first.
pub(super) fn facts(groups: &[Vec<Run>]) -> Vec<CompareFact> {
    let mut parameters: Vec<&String> = groups.iter().flatten().flat_map(|run| run.plan.parameters.keys()).collect();
    parameters.sort_unstable();
    parameters.dedup();
    let mut facts: Vec<CompareFact> = FACTS
        .iter()
        .map(|(what, of)| fact((*what).to_owned(), groups, of))
        .chain(parameters.iter().map(|name| {
            fact(format!("Parameter {name}"), groups, &|run: &Run| {
                run.plan.parameters.get(name.as_str()).cloned().unwrap_or_default()
            })
        }))
        .filter(|fact| fact.values.iter().any(|value| !value.is_empty()))
        .collect();
    facts.sort_by_key(|fact| !fact.differs);
    facts
}

type Of = fn(&Run) -> String;

const FACTS: [(&str, Of); 13] = [
    ("Revision", |run| run.row.revision.to_string()),
    ("Suite", |run| format!("{} {}", run.row.suite, short(&run.plan.suite_version))),
    ("Scenario", |run| run.row.scenario.to_string()),
    ("Load", |run| run.row.load.clone()),
    ("Rules", |run| match run.plan.rules.len() {
        1 => "1 rule".to_owned(),
        rules => format!("{rules} rules"),
    }),
    ("Environment", |run| run.row.environment.to_string()),
    ("Target", |run| run.plan.environment.base_url.to_string()),
    ("Worker class", |run| run.row.worker_class.clone().unwrap_or_default()),
    ("Host", |run| {
        run.started.as_ref().map(|started| format!("{}, {} cores", started.host, started.cores)).unwrap_or_default()
    }),
    ("perflab", |run| run.started.as_ref().map(|started| started.version.clone()).unwrap_or_default()),
    ("Addresses", |run| run.started.as_ref().map(|started| started.addresses.join(", ")).unwrap_or_default()),
    ("Validity", |run| run.row.validity.map(|validity| validity.word().to_owned()).unwrap_or_default()),
    ("Verdict", |run| run.row.verdict.map(|verdict| verdict.word().to_owned()).unwrap_or_default()),
];

fn short(version: &str) -> String {
    version.chars().take(7).collect()
}

fn fact(what: String, groups: &[Vec<Run>], of: &dyn Fn(&Run) -> String) -> CompareFact {
    let values: Vec<String> = groups
        .iter()
        .map(|group| {
            let mut values: Vec<String> = Vec::new();
            for value in group.iter().map(of).filter(|value| !value.is_empty()) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            values.join("; ")
        })
        .collect();
    let differs = values.iter().any(|value| Some(value) != values.first());
    CompareFact { what, values, differs }
}

/// Why the numbers may say less than they seem to.
pub(super) fn warnings(groups: &[Vec<Run>], families: &Families, blocks: &HashMap<RunId, Blocks>) -> Vec<String> {
    let runs = || groups.iter().flatten();
    let mut warnings = Vec::new();
    let differ = |of: &dyn Fn(&Run) -> Option<String>| {
        let mut values = runs().filter_map(of);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let family = |run: &Run| {
        let families: std::collections::BTreeMap<_, _> = families.get(&run.row.id)?.iter().collect();
        Some(format!("{families:?}"))
    };
    if differ(&|run| Some(format!("{} {}", run.row.suite, run.row.scenario))) {
        warnings.push("They are runs of different scenarios.".to_owned());
    } else if differ(&family) || differ(&|run| Some(run.row.load.clone())) {
        warnings.push("They did not do the same: their suite, parameters or load differ.".to_owned());
    }
    if differ(&|run| Some(run.row.environment.to_string())) {
        warnings.push("They ran on different environments.".to_owned());
    }
    if differ(&|run| run.row.worker_class.clone()) {
        warnings.push("Workers of different classes measured them.".to_owned());
    }
    for run in runs() {
        let number = run.row.number;
        let why = match (run.row.state, run.row.validity) {
            (state, _) if !state.is_terminal() => Some("is not over"),
            (RunState::Finished, Some(ValidityState::Invalid)) => Some("is invalid: its numbers cannot be trusted"),
            (RunState::Finished, Some(ValidityState::Suspect)) => Some("is suspect: its numbers are not fully trusted"),
            (RunState::Finished, _) if run.row.adjusted => Some("had its rate adjusted by hand"),
            (RunState::Finished, _) if blocks.get(&run.row.id).is_none_or(|blocks| blocks.series.is_empty()) => {
                Some("was not kept in stretches of time, so it has nothing to be compared by")
            }
            (RunState::Finished, _) => None,
            (RunState::Cancelled, _) => Some("was stopped by a person"),
            _ => Some("was not carried out to its end"),
        };
        warnings.extend(why.map(|why| format!("Run #{number} {why}.")));
    }
    warnings
}

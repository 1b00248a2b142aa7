//! Suites from their public door: those that ship, those that are wrong, and the plans that they become.

mod capacity;
mod cases;
mod errors;
mod family;
mod http;
mod iterations;
mod parts;
mod patterns;
mod planning;
mod rules;
mod shipped;
mod wrong_cases;

use std::collections::BTreeMap;

use perflab_model::{
    environment::{Caps, Environment},
    suite::Suite,
};

/// A suite that is right, without feeds.
fn parse(text: &str) -> Suite {
    match Suite::parse(text, &BTreeMap::new()) {
        Ok(suite) => suite,
        Err(errors) => panic!("{errors}"),
    }
}

/// The smallest suite with the given scenarios.
fn small(scenarios: &str) -> String {
    format!(
        "version: 1\nsuite: small\nflows:\n  home: {{steps: [{{get: /}}]}}\nclasses:\n  visitor: {{flows: {{home: 1}}}}\nscenarios:\n{scenarios}\n"
    )
}

fn environment() -> Environment {
    Environment {
        name: "local".parse().expect("a name"),
        base_url: "http://127.0.0.1:8000".parse().expect("an address"),
        allow: vec!["127.0.0.1:8000".parse().expect("an entry")],
        caps: Caps::default(),
        variables: indexmap::IndexMap::new(),
        labels: Vec::new(),
        vouched: None,
        unverified_tls: None,
        history: perflab_model::environment::History::default(),
    }
}

//! From the tree of a file to what is written in it: parameters filled in, the kind known, the structure checked.
//!
//! In:  a tree, its parameters and their values. Out: the raw suite of one kind, or everything that is wrong with it.

use indexmap::IndexMap;

use super::{
    error::{Path, Problems},
    matrix::{self, Combined},
    parameter::{self, Parameter},
    raw::{RawBenchmark, RawCase, RawSuite},
    schema, structure,
    tree::Node,
};

/// What is written in a suite whose structure is right.
pub(super) enum Written {
    Load(Box<RawSuite>),
    /// With each of its cases once for each combination of its matrix.
    Benchmark(Box<RawBenchmark>, Vec<(Combined, RawCase)>),
}

impl Written {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Load(raw) => &raw.suite,
            Self::Benchmark(raw, _) => &raw.suite,
        }
    }

    pub(super) fn title(&self) -> Option<&String> {
        match self {
            Self::Load(raw) => raw.title.as_ref(),
            Self::Benchmark(raw, _) => raw.title.as_ref(),
        }
    }

    pub(super) fn description(&self) -> Option<&String> {
        match self {
            Self::Load(raw) => raw.description.as_ref(),
            Self::Benchmark(raw, _) => raw.description.as_ref(),
        }
    }
}

/// Fills in parameters and checks the structure; nothing when there is something wrong with either.
pub(super) fn structured(
    tree: &Node,
    parameters: &[Parameter],
    values: &IndexMap<String, String>,
    problems: &mut Problems<'_>,
) -> Option<Written> {
    let filled = parameter::fill(tree, parameters, values, problems);
    let root = Path::default();
    match (filled.get("scenarios").is_some(), filled.get("cases").is_some()) {
        (true, true) => {
            let hint = Some("make it two suites, one with scenarios and one with cases".to_owned());
            problems.add_at_key(&root.key("cases"), "a suite has scenarios or cases, not both", hint);
            None
        }
        (false, true) => structured_cases(filled, problems),
        (scenarios, false) => {
            structure::check(&filled, &schema::STRUCTURE, schema::part::LOAD, &root, problems);
            if problems.is_empty() && !scenarios {
                let hint =
                    "add `scenarios` to measure a target under load, or `cases` to measure operations one by one";
                problems.add(&root, "the suite has neither scenarios nor cases", Some(hint.to_owned()));
            }
            Some(Written::Load(Box::new(read_as(&filled, &root, problems)?)))
        }
    }
}

fn structured_cases(mut filled: Node, problems: &mut Problems<'_>) -> Option<Written> {
    let root = Path::default();
    let written = matrix::combinations(&filled, problems);
    // The whole is looked at with the first combination of each case, every further one by itself.
    let mut others = Vec::new();
    for (i, case) in written.iter().enumerate() {
        if i > 0 && written[i - 1].name == case.name {
            others.push(case);
        } else if let Some(node) = filled.get_mut("cases").and_then(|cases| cases.get_mut(&case.name)) {
            *node = case.node.clone();
        }
    }
    structure::check(&filled, &schema::STRUCTURE, schema::part::BENCHMARK, &root, problems);
    for case in others {
        let path = root.key("cases").key(&case.name);
        structure::check(&case.node, &schema::STRUCTURE, schema::part::CASE, &path, problems);
    }
    let raw = read_as(&filled, &root, problems)?;
    let mut cases = Vec::new();
    for case in written {
        let path = root.key("cases").key(&case.name);
        let raw = read_as(&case.node, &path, problems)?;
        cases.push((case, raw));
    }
    Some(Written::Benchmark(Box::new(raw), cases))
}

/// A tree of the right structure as what it stands for; nothing when there is anything wrong.
fn read_as<T: serde::de::DeserializeOwned>(tree: &Node, path: &Path, problems: &mut Problems<'_>) -> Option<T> {
    if !problems.is_empty() {
        return None;
    }
    serde_json::from_value(tree.to_json()).map_err(|error| problems.add(path, error.to_string(), None)).ok()
}

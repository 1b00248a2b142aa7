//! The JSON Schema of suite files, made from the types that read them.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::raw::{RawBenchmark, RawSuite};

/// Every type of both kinds of suites, under `$defs`, by name.
pub(super) static STRUCTURE: LazyLock<Value> = LazyLock::new(|| {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let load = generator.subschema_for::<RawSuite>().to_value();
    let benchmark = generator.subschema_for::<RawBenchmark>().to_value();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "perflab suite",
        "description": "A suite: load scenarios, or the cases of a benchmark.",
        "anyOf": [load, benchmark],
        "$defs": generator.take_definitions(true),
    })
});

/// Names of types in [`STRUCTURE`].
pub(super) mod part {
    /// A suite of scenarios.
    pub(in crate::suite) const LOAD: &str = "Suite";
    /// A suite of cases.
    pub(in crate::suite) const BENCHMARK: &str = "BenchmarkSuite";
    /// A case.
    pub(in crate::suite) const CASE: &str = "Case";
}

/// The JSON Schema (2020-12) of suite files, for editors and other programs.
///
/// Wherever a number, a truth value or a text of a special form stands, `${param.NAME}` may stand too, and `${matrix.NAME}` in
/// cases: the schema says so.
pub fn schema() -> Value {
    let mut schema = STRUCTURE.clone();
    allow_parameters(&mut schema);
    schema
}

/// What stands for a value of any kind.
const PLACEHOLDER: &str = r"\$\{(param|matrix)\..+\}";

fn allow_parameters(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            // What stands inside `properties` are fields, whatever they are called; only their values are schemas.
            for (key, inner) in map.iter_mut() {
                match (key.as_str(), inner) {
                    ("properties" | "$defs", Value::Object(fields)) => fields.values_mut().for_each(allow_parameters),
                    ("items" | "additionalProperties" | "prefixItems" | "anyOf" | "oneOf", inner) => {
                        allow_parameters(inner);
                    }
                    _ => {}
                }
            }
            if takes_no_plain_text(map) {
                let mut original = serde_json::Map::new();
                let mut outer = serde_json::Map::new();
                for (key, value) in std::mem::take(map) {
                    let about = matches!(key.as_str(), "description" | "title" | "default");
                    if about {
                        outer.insert(key, value)
                    } else {
                        original.insert(key, value)
                    };
                }
                outer.insert("anyOf".into(), json!([original, {"type": "string", "pattern": PLACEHOLDER}]));
                *map = outer;
            }
        }
        Value::Array(all) => all.iter_mut().for_each(allow_parameters),
        _ => {}
    }
}

/// Whether a value must have a form that `${param.NAME}` does not have.
fn takes_no_plain_text(schema: &serde_json::Map<String, Value>) -> bool {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let special = kinds.iter().any(|kind| matches!(*kind, "integer" | "number" | "boolean"));
    (special && !kinds.contains(&"string")) || schema.contains_key("pattern")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::suite::{
        error::{Path, Problems},
        structure,
        tree::Node,
    };

    /// What editors check with must take what ships, placeholders of parameters included.
    #[rstest]
    #[case::mita(include_str!("../../../../suites/mita-load.yaml"))]
    #[case::stall(include_str!("../../../../suites/stall.yaml"))]
    fn the_published_schema_takes_the_suites_that_ship(#[case] text: &str) {
        let tree = Node::read(text).expect("YAML");
        let mut problems = Problems::new(&tree);
        structure::check(&tree, &schema(), part::LOAD, &Path::default(), &mut problems);
        assert_eq!(problems.into_list(), []);
    }

    #[test]
    fn what_the_parser_checks_with_is_part_of_the_schema() {
        for name in [part::LOAD, part::BENCHMARK, part::CASE] {
            assert!(schema()["$defs"][name]["properties"].is_object(), "{name}");
        }
    }

    #[test]
    fn the_published_schema_takes_a_parameter_for_a_number() {
        let users = &schema()["$defs"]["Scenario"]["properties"]["users"];
        assert_eq!(users["anyOf"][1]["pattern"], PLACEHOLDER);
        assert!(users["description"].is_string());
    }
}

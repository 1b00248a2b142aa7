//! Whether a tree has the structure that the schema describes: known keys, right types, nothing missing.
//!
//! In:  a tree and the JSON Schema made from the raw types. Out: everything that does not fit, each with its place.
//! It knows the part of JSON Schema that those types make use of, and so schema and parser cannot drift apart.

use serde_json::Value as Json;

use super::{
    error::{Path, Problems},
    tree::{Node, Value},
};
use crate::hint::nearest;

/// Collects what in the tree does not fit the type of that name in the schema (any that the schema allows, where it has no
/// such type). The tree stands at `path` of the document.
pub(super) fn check(tree: &Node, schema: &Json, part: &str, path: &Path, problems: &mut Problems<'_>) {
    let mut found = Vec::new();
    let part = schema.get("$defs").and_then(|defs| defs.get(part)).unwrap_or(schema);
    Checker { root: schema }.check(tree, part, path, &mut found);
    for mismatch in found {
        if mismatch.of_key {
            problems.add_at_key(&mismatch.path, mismatch.message, mismatch.hint);
        } else {
            problems.add(&mismatch.path, mismatch.message, mismatch.hint);
        }
    }
}

struct Mismatch {
    path: Path,
    message: String,
    hint: Option<String>,
    /// The key itself is wrong, not its value.
    of_key: bool,
}

struct Checker<'a> {
    root: &'a Json,
}

impl<'a> Checker<'a> {
    fn check(&self, node: &Node, schema: &'a Json, path: &Path, found: &mut Vec<Mismatch>) {
        let schema = self.resolved(schema);
        if let Some(branches) = alternatives(schema) {
            return self.check_alternatives(node, schema, branches, path, found);
        }
        if !fits_type(node, schema) {
            found.push(Mismatch {
                path: path.clone(),
                message: format!("expected {}, found {}", self.wanted(schema), described(node)),
                hint: explanation(schema),
                of_key: false,
            });
            return;
        }
        match &node.value {
            Value::Map(_) => self.check_map(node, schema, path, found),
            Value::List(items) => self.check_list(items, schema, path, found),
            Value::Text(text) => check_text(text, schema, path, found),
            Value::Number(number) => check_number(number, schema, path, found),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn resolved(&self, schema: &'a Json) -> &'a Json {
        let Some(name) = schema.get("$ref").and_then(Json::as_str).and_then(|r| r.strip_prefix("#/$defs/")) else {
            return schema;
        };
        self.root.get("$defs").and_then(|defs| defs.get(name)).map_or(schema, |found| self.resolved(found))
    }

    /// One branch must fit. What is wrong is told for the branch that the value was probably meant for.
    fn check_alternatives(
        &self,
        node: &Node,
        schema: &'a Json,
        branches: &'a [Json],
        path: &Path,
        found: &mut Vec<Mismatch>,
    ) {
        // Words that each have a description of their own are branches of one word each.
        let words: Option<Vec<Vec<&str>>> = branches.iter().map(|branch| choices(self.resolved(branch))).collect();
        if let (Value::Text(text), Some(words)) = (&node.value, words) {
            return check_choice(text, &words.concat(), path, found);
        }
        let mut best: Option<Vec<Mismatch>> = None;
        for branch in branches {
            let branch = self.resolved(branch);
            if alternatives(branch).is_none() && !fits_type(node, branch) {
                continue;
            }
            let mut mismatches = Vec::new();
            self.check(node, branch, path, &mut mismatches);
            if mismatches.is_empty() {
                return;
            }
            if best.as_ref().is_none_or(|best| mismatches.len() < best.len()) {
                best = Some(mismatches);
            }
        }
        match best {
            Some(mismatches) => found.extend(mismatches),
            None => found.push(Mismatch {
                path: path.clone(),
                message: format!("expected {}, found {}", self.wanted(schema), described(node)),
                hint: branches.iter().find_map(|branch| explanation(self.resolved(branch))),
                of_key: false,
            }),
        }
    }

    fn check_map(&self, node: &Node, schema: &'a Json, path: &Path, found: &mut Vec<Mismatch>) {
        let Value::Map(entries) = &node.value else { return };
        let properties = schema.get("properties").and_then(Json::as_object);
        let additional = schema.get("additionalProperties");
        for entry in entries {
            let inner = path.key(&entry.key);
            match properties.and_then(|known| known.get(&entry.key)).or(additional) {
                Some(Json::Bool(false)) => {
                    let known: Vec<&str> =
                        properties.map(|known| known.keys().map(String::as_str).collect()).unwrap_or_default();
                    let hint = nearest(&entry.key, known.iter().copied()).map_or_else(
                        || format!("known keys are {}", known.join(", ")),
                        |known| format!("did you mean `{known}`?"),
                    );
                    let message = format!("unknown key `{}`", entry.key);
                    found.push(Mismatch { path: inner, message, hint: Some(hint), of_key: true });
                }
                Some(schema) => self.check(&entry.node, schema, &inner, found),
                None => {}
            }
        }
        for required in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
            if let Some(key) = required.as_str()
                && node.get(key).is_none()
            {
                found.push(Mismatch {
                    path: path.clone(),
                    message: format!("the key `{key}` is missing"),
                    hint: None,
                    of_key: false,
                });
            }
        }
    }

    fn check_list(&self, items: &[Node], schema: &'a Json, path: &Path, found: &mut Vec<Mismatch>) {
        let bound = |name: &str| schema.get(name).and_then(Json::as_u64);
        let count = items.len() as u64;
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(u64::MAX));
        if !(least..=most).contains(&count) {
            let message = if least == most {
                format!("expected {least} items, found {count}")
            } else {
                format!("expected at least {least} items, found {count}")
            };
            found.push(Mismatch { path: path.clone(), message, hint: None, of_key: false });
            return;
        }
        let prefix = schema.get("prefixItems").and_then(Json::as_array);
        for (i, item) in items.iter().enumerate() {
            let inner = prefix.and_then(|schemas| schemas.get(i)).or_else(|| schema.get("items"));
            if let Some(inner) = inner {
                self.check(item, inner, &path.index(i), found);
            }
        }
    }

    /// What is expected, in words.
    fn wanted(&self, schema: &'a Json) -> String {
        let mut words: Vec<&str> = Vec::new();
        let mut add = |word: &'static str| {
            if !words.contains(&word) {
                words.push(word);
            }
        };
        let branches = alternatives(schema).unwrap_or(std::slice::from_ref(schema));
        for branch in branches {
            for kind in types(self.resolved(branch)) {
                match kind {
                    "string" => add("text"),
                    "integer" => add("a whole number"),
                    "number" => add("a number"),
                    "boolean" => add("true or false"),
                    "array" => add("a list"),
                    "object" => add("a map"),
                    _ => {}
                }
            }
        }
        match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            Some((last, _)) => (*last).to_owned(),
            None => "another value".to_owned(),
        }
    }
}

fn alternatives(schema: &Json) -> Option<&[Json]> {
    ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)).and_then(Json::as_array).map(Vec::as_slice)
}

fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(kind)) => vec![kind],
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
        _ if schema.get("const").is_some_and(Json::is_string) => vec!["string"],
        _ => Vec::new(),
    }
}

fn fits_type(node: &Node, schema: &Json) -> bool {
    let kinds = types(schema);
    let has = |kind: &str| kinds.contains(&kind);
    kinds.is_empty()
        || match &node.value {
            Value::Null => has("null"),
            Value::Bool(_) => has("boolean"),
            Value::Number(number) => has("number") || (has("integer") && (number.is_i64() || number.is_u64())),
            Value::Text(_) => has("string"),
            Value::List(_) => has("array"),
            Value::Map(_) => has("object"),
        }
}

fn described(node: &Node) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::Text(text) => format!("the text `{}`", shortened(text)),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 40 { text.chars().take(39).chain(['…']).collect() } else { text.to_owned() }
}

/// The description of a type with a form of its own is worth repeating; that of a field is not.
fn explanation(schema: &Json) -> Option<String> {
    schema.get("pattern")?;
    schema.get("description").and_then(Json::as_str).map(lower_first)
}

fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    text.chars().take(1).flat_map(char::to_lowercase).chain(text.chars().skip(1)).collect()
}

fn check_text(text: &str, schema: &Json, path: &Path, found: &mut Vec<Mismatch>) {
    if let Some(choices) = choices(schema) {
        return check_choice(text, &choices, path, found);
    }
    if let Some(pattern) = schema.get("pattern").and_then(Json::as_str)
        && regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        let message = format!("`{}` does not fit here", shortened(text));
        found.push(Mismatch { path: path.clone(), message, hint: explanation(schema), of_key: false });
    }
}

/// The words that may stand here, where only certain ones may.
fn choices(schema: &Json) -> Option<Vec<&str>> {
    match (schema.get("enum").and_then(Json::as_array), schema.get("const")) {
        (Some(choices), _) => Some(choices.iter().filter_map(Json::as_str).collect()),
        (None, Some(Json::String(only))) => Some(vec![only]),
        _ => None,
    }
}

fn check_choice(text: &str, choices: &[&str], path: &Path, found: &mut Vec<Mismatch>) {
    if choices.contains(&text) {
        return;
    }
    let hint = nearest(text, choices.iter().copied())
        .map_or_else(|| format!("choose one of {}", choices.join(", ")), |known| format!("did you mean `{known}`?"));
    let message = format!("`{}` is not known here", shortened(text));
    found.push(Mismatch { path: path.clone(), message, hint: Some(hint), of_key: false });
}

fn check_number(number: &serde_json::Number, schema: &Json, path: &Path, found: &mut Vec<Mismatch>) {
    let Some(value) = number.as_f64() else { return };
    let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
    let most_of_format = match schema.get("format").and_then(Json::as_str) {
        Some("uint8") => f64::from(u8::MAX),
        Some("uint16") => f64::from(u16::MAX),
        Some("uint32") => f64::from(u32::MAX),
        _ => f64::INFINITY,
    };
    let least = bound("minimum").unwrap_or(f64::NEG_INFINITY);
    let most = bound("maximum").unwrap_or(f64::INFINITY).min(most_of_format);
    if value < least || value > most || bound("exclusiveMinimum").is_some_and(|least| value <= least) {
        let message = if value < least {
            format!("{number} is below {least}, the smallest value here")
        } else if value > most {
            format!("{number} is above {most}, the largest value here")
        } else {
            format!("{number} must be above {}", bound("exclusiveMinimum").unwrap_or(0.0))
        };
        found.push(Mismatch { path: path.clone(), message, hint: None, of_key: false });
    }
}

//! What differs between two documents, path by path.
//!
//! In:  two JSON documents. Out: every place at which one says something else than the other, up to a bound.

use perflab_model::finding::Difference;
use serde_json::Value;

/// Most differences that are told.
const MOST: usize = 200;
/// Longest value that is told in full.
const MAX_CHARS: usize = 200;

/// What differs, in the order of the paths. `hidden` are first words of paths that are left out.
pub(super) fn differences(before: &Value, after: &Value, hidden: &[&str]) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", Some(before), Some(after), hidden, &mut found);
    found
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, hidden: &[&str], found: &mut Vec<Difference>) {
    if before == after || found.len() >= MOST || hidden.contains(&path) {
        return;
    }
    match (before, after) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                walk(&below(path, key), one.get(key), other.get(key), hidden, found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for at in 0..one.len().max(other.len()) {
                // Steps, cases and classes are named: their places may move.
                let name = [one.get(at), other.get(at)].into_iter().flatten().find_map(name).map(str::to_owned);
                let key = name.unwrap_or_else(|| at.to_string());
                walk(&below(path, &key), one.get(at), other.get(at), hidden, found);
            }
        }
        _ => found.push(Difference { what: path.to_owned(), before: before.map(told), after: after.map(told) }),
    }
}

fn name(value: &Value) -> Option<&str> {
    value.get("name")?.as_str()
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn told(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > MAX_CHARS { text.chars().take(MAX_CHARS).chain("…".chars()).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_place_that_differs_is_told_once_and_what_is_hidden_is_not() {
        let before =
            json!({"run": 1, "load": {"users": 10, "stages": [{"over": 60}]}, "flows": [{"name": "login", "x": 1}]});
        let after = json!({"run": 2, "load": {"users": 20, "stages": [{"over": 60}, {"over": 5}]}, "flows": [{"name": "login"}]});
        let found = differences(&before, &after, &["run"]);
        let told: Vec<_> =
            found.iter().map(|one| (one.what.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("flows.login.x", Some("1"), None),
                ("load.stages.1", None, Some("{\"over\":5}")),
                ("load.users", Some("10"), Some("20")),
            ]
        );
    }

    #[test]
    fn equal_documents_have_no_differences() {
        assert_eq!(differences(&json!({"a": [1, 2]}), &json!({"a": [1, 2]}), &[]), []);
    }
}

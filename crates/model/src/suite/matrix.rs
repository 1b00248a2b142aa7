//! The combinations of a case's matrix.
//!
//! In:  the tree of a suite, its parameters filled in. Out: each case as often as its matrix has combinations, with every
//! `${matrix.NAME}` replaced. A text that is nothing but one placeholder takes on the value's type.
//! Not here: whether the rest of a case is right (`structure`, `read`).

use indexmap::IndexMap;

use super::{
    error::{Path, Problems},
    raw::RawScalar,
    tree::{Node, Value},
};
use crate::hint::nearest;

/// Most cases of a run: each is a row of every table, and a matrix grows unseen.
pub(super) const MOST_CASES: usize = 200;

const OPEN: &str = "${matrix.";

/// A case with one combination of its matrix.
#[derive(Clone, Debug)]
pub(super) struct Combined {
    /// Its name in the suite.
    pub(super) name: String,
    /// Its combination; empty without a matrix.
    pub(super) values: Combination,
    /// Names of values that are written somewhere in the case. The others are parameters of a builtin operation.
    pub(super) placed: Vec<String>,
    /// What is written of it.
    pub(super) node: Node,
}

/// A value for each name of a matrix.
pub(super) type Combination = IndexMap<String, serde_json::Value>;

/// Each case of a suite with each of its combinations, in the order of the file.
pub(super) fn combinations(tree: &Node, problems: &mut Problems<'_>) -> Vec<Combined> {
    let mut all = Vec::new();
    for entry in tree.get("cases").map(Node::entries).unwrap_or_default() {
        let path = Path::default().key("cases").key(&entry.key);
        let names: Vec<&str> =
            entry.node.get("matrix").map(Node::entries).unwrap_or_default().iter().map(|e| e.key.as_str()).collect();
        for values in combined(&entry.node, &path, problems) {
            if all.len() == MOST_CASES {
                too_many(problems);
                return all;
            }
            let (mut node, mut placed) = (entry.node.clone(), Vec::new());
            if let Value::Map(fields) = &mut node.value {
                for field in fields.iter_mut().filter(|field| field.key != "matrix") {
                    let path = path.key(&field.key);
                    let mut filling = Filling { values: &values, names: &names, placed: &mut placed, problems };
                    filling.fill(&mut field.node, &path);
                }
            }
            all.push(Combined { name: entry.key.clone(), values, placed, node });
        }
    }
    all
}

/// A suite with too many cases, combinations counted.
pub(super) fn too_many(problems: &mut Problems<'_>) {
    let hint = Some("leave some out, or make several suites of it".to_owned());
    problems.add(&Path::default().key("cases"), format!("the suite has more than {MOST_CASES} cases"), hint);
}

/// Every combination, the last name changing fastest; one without values where there is no matrix that could be made out:
/// what is wrong with it is told by the check of the structure.
fn combined(case: &Node, path: &Path, problems: &mut Problems<'_>) -> Vec<Combination> {
    let path = path.key("matrix");
    let mut all = vec![Combination::new()];
    for entry in case.get("matrix").map(Node::entries).unwrap_or_default() {
        let place = path.key(&entry.key);
        let is_name = entry.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !is_name || entry.key.is_empty() || entry.key == "concurrency" {
            let hint = if entry.key == "concurrency" {
                "write the numbers at the case's own key: `concurrency: [1, 5]`"
            } else {
                "use letters, digits, _ and -"
            };
            let message = format!("`{}` cannot be a name in a matrix", entry.key);
            problems.add_at_key(&place, message, Some(hint.to_owned()));
            return vec![Combination::new()];
        }
        let Value::List(items) = &entry.node.value else { return vec![Combination::new()] };
        if all.len().saturating_mul(items.len()) > MOST_CASES {
            let hint = Some("leave some values out, or make several suites of it".to_owned());
            problems.add(&path, format!("the matrix has more than {MOST_CASES} combinations"), hint);
            return vec![Combination::new()];
        }
        let mut values: Vec<serde_json::Value> = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let value = item.to_json();
            if values.contains(&value) {
                problems.add(&place.index(i), format!("the value {value} stands there twice"), None);
            } else {
                values.push(value);
            }
        }
        all = all
            .iter()
            .flat_map(|one| {
                values.iter().map(|value| {
                    let mut one = one.clone();
                    one.insert(entry.key.clone(), value.clone());
                    one
                })
            })
            .collect();
    }
    if all.is_empty() { vec![Combination::new()] } else { all }
}

/// A value as it stands in a text and in the name of a case.
pub(super) fn shown(value: &serde_json::Value) -> String {
    serde_json::from_value(value.clone()).map_or_else(|_| value.to_string(), RawScalar::into_text)
}

struct Filling<'a, 'p> {
    values: &'a Combination,
    /// Names that the matrix has, values or not.
    names: &'a [&'a str],
    placed: &'a mut Vec<String>,
    problems: &'a mut Problems<'p>,
}

impl Filling<'_, '_> {
    fn fill(&mut self, node: &mut Node, path: &Path) {
        match &mut node.value {
            Value::Map(entries) => {
                for entry in entries {
                    let path = path.key(&entry.key);
                    self.fill(&mut entry.node, &path);
                }
            }
            Value::List(items) => {
                for (i, item) in items.iter_mut().enumerate() {
                    self.fill(item, &path.index(i));
                }
            }
            Value::Text(text) if text.contains(OPEN) => {
                if let Some(value) = self.filled(text, path) {
                    node.value = value;
                }
            }
            _ => {}
        }
    }

    fn filled(&mut self, text: &str, path: &Path) -> Option<Value> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(OPEN) {
            let inner = &rest[start + OPEN.len()..];
            let Some(end) = inner.find('}') else {
                self.problems.add(path, "`${matrix.` is not closed by `}`", None);
                return None;
            };
            let name = inner[..end].trim();
            let Some(value) = self.values.get(name) else {
                if !self.names.contains(&name) {
                    let hint = nearest(name, self.names.iter().copied()).map_or_else(
                        || format!("write it under `matrix` of the case: `matrix: {{{name}: [1, 2]}}`"),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.problems.add(path, format!("the matrix has no `{name}`"), Some(hint));
                }
                return None;
            };
            if !self.placed.iter().any(|placed| placed == name) {
                self.placed.push(name.to_owned());
            }
            if start == 0 && out.is_empty() && inner[end + 1..].is_empty() {
                return Some(typed(value));
            }
            out.push_str(&rest[..start]);
            out.push_str(&shown(value));
            rest = &inner[end + 1..];
        }
        out.push_str(rest);
        Some(Value::Text(out))
    }
}

/// Values of a matrix that are neither lists nor maps; those of another kind are told by the check of the structure.
fn typed(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Number(number.clone()),
        other => Value::Text(shown(other)),
    }
}

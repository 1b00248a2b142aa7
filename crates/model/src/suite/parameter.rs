//! Parameters of a suite: what they are, which values they take, and how they are filled into the tree.
//!
//! In:  the tree as it was written. Out: the same tree with every `${param.NAME}` replaced. A text that is nothing but
//! one placeholder takes on the parameter's type, so that numbers stay numbers.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    error::{Path, Problems},
    raw::{RawFullParameter, RawParameter, RawScalar},
    tree::{Node, Value},
};
use crate::{hint::nearest, unit::Millis};

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// A number.
    Number,
    /// A text.
    Text,
    /// true or false.
    Boolean,
    /// A duration such as 30s.
    Duration,
}

impl ParameterKind {
    /// As it is written in suites.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
        }
    }
}

/// A parameter of a suite.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name: `${param.NAME}`.
    pub name: String,
    /// What it is.
    pub kind: ParameterKind,
    /// What holds without an override.
    pub default: String,
    /// What it is for.
    pub description: Option<String>,
    /// Smallest value of a number.
    pub min: Option<f64>,
    /// Largest value of a number.
    pub max: Option<f64>,
}

impl Parameter {
    /// Whether the parameter may have this value; else what is wrong with it.
    ///
    /// # Errors
    /// A sentence that names value and limits.
    pub fn check(&self, value: &str) -> Result<(), String> {
        self.value(value).map(|_| ())
    }

    fn value(&self, text: &str) -> Result<Value, String> {
        // A value with placeholders of its own could ask for secrets that the suite never meant to send.
        if text.contains("${") {
            return Err(format!("the value of {} must not hold placeholders", self.name));
        }
        match self.kind {
            ParameterKind::Text => Ok(Value::Text(text.to_owned())),
            ParameterKind::Boolean => match text {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err(format!("`{text}` is neither true nor false")),
            },
            ParameterKind::Duration => {
                text.parse::<Millis>().map(|_| Value::Text(text.to_owned())).map_err(|error| error.to_string())
            }
            ParameterKind::Number => self.number(text),
        }
    }

    fn number(&self, text: &str) -> Result<Value, String> {
        let not_a_number = || format!("`{text}` is not a number");
        let value: f64 = text.trim().parse().map_err(|_| not_a_number())?;
        if let Some(min) = self.min.filter(|min| value < *min) {
            return Err(format!("{text} is below {min}, the smallest value of {}", self.name));
        }
        if let Some(max) = self.max.filter(|max| value > *max) {
            return Err(format!("{text} is above {max}, the largest value of {}", self.name));
        }
        if let Ok(whole) = text.trim().parse::<i64>() {
            return Ok(Value::Number(whole.into()));
        }
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(not_a_number)
    }
}

/// Reads the parameters of a suite. What is not even one is left to the check of the structure.
pub(super) fn read(tree: &Node, problems: &mut Problems<'_>) -> Vec<Parameter> {
    let mut all = Vec::new();
    let Some(Node { value: Value::Map(entries), .. }) = tree.get("parameters") else { return all };
    for entry in entries {
        let path = Path::default().key("parameters").key(&entry.key);
        let Ok(raw) = serde_json::from_value::<RawParameter>(entry.node.to_json()) else { continue };
        let is_name = entry.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !is_name || entry.key.is_empty() {
            problems.add(
                &path,
                format!("`{}` cannot be the name of a parameter", entry.key),
                Some("use letters, digits, _ and -".to_owned()),
            );
            continue;
        }
        let parameter = parameter(&entry.key, raw);
        if let (Some(min), Some(max)) = (parameter.min, parameter.max)
            && min > max
        {
            problems.add(&path.key("range"), "the range runs backwards", Some("write [smallest, largest]".to_owned()));
            continue;
        }
        if let Err(message) = parameter.check(&parameter.default) {
            problems.add(&path, message, Some("mend the default, its type or its range".to_owned()));
        }
        all.push(parameter);
    }
    all
}

fn parameter(name: &str, raw: RawParameter) -> Parameter {
    let full = match raw {
        RawParameter::Full(full) => full,
        RawParameter::Plain(default) => RawFullParameter { kind: None, default, range: None, description: None },
    };
    let kind = full.kind.unwrap_or(match &full.default {
        RawScalar::Whole(_) | RawScalar::Number(_) => ParameterKind::Number,
        RawScalar::Truth(_) => ParameterKind::Boolean,
        RawScalar::Text(text) if text.parse::<Millis>().is_ok() => ParameterKind::Duration,
        RawScalar::Text(_) => ParameterKind::Text,
    });
    Parameter {
        name: name.to_owned(),
        kind,
        default: full.default.into_text(),
        description: full.description,
        min: full.range.map(|(min, _)| min),
        max: full.range.map(|(_, max)| max),
    }
}

/// Replaces every `${param.NAME}` but those in the declarations themselves.
pub(super) fn fill(
    tree: &Node,
    parameters: &[Parameter],
    values: &IndexMap<String, String>,
    problems: &mut Problems<'_>,
) -> Node {
    let mut filled = tree.clone();
    if let Value::Map(entries) = &mut filled.value {
        for entry in entries.iter_mut().filter(|entry| entry.key != "parameters") {
            let path = Path::default().key(&entry.key);
            fill_node(&mut entry.node, parameters, values, &path, problems);
        }
    }
    filled
}

fn fill_node(
    node: &mut Node,
    parameters: &[Parameter],
    values: &IndexMap<String, String>,
    path: &Path,
    problems: &mut Problems<'_>,
) {
    match &mut node.value {
        Value::Map(entries) => {
            for entry in entries {
                let path = path.key(&entry.key);
                fill_node(&mut entry.node, parameters, values, &path, problems);
            }
        }
        Value::List(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                fill_node(item, parameters, values, &path.index(i), problems);
            }
        }
        Value::Text(text) if text.contains(OPEN) => match filled(text, parameters, values) {
            Ok(value) => node.value = value,
            Err((message, hint)) => problems.add(path, message, hint),
        },
        _ => {}
    }
}

const OPEN: &str = "${param.";

fn filled(
    text: &str,
    parameters: &[Parameter],
    values: &IndexMap<String, String>,
) -> Result<Value, (String, Option<String>)> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let inner = &rest[start + OPEN.len()..];
        let Some(end) = inner.find('}') else {
            return Err(("`${param.` is not closed by `}`".to_owned(), None));
        };
        let name = inner[..end].trim();
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            let hint = nearest(name, parameters.iter().map(|parameter| parameter.name.as_str()))
                .map_or_else(|| "declare it under `parameters`".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err((format!("there is no parameter `{name}`"), Some(hint)));
        };
        let value = values.get(name).map_or(parameter.default.as_str(), String::as_str);
        // What is wrong with a value is told where it was given.
        let Ok(typed) = parameter.value(value) else { return Ok(Value::Text(text.to_owned())) };
        if start == 0 && out.is_empty() && inner[end + 1..].is_empty() {
            return Ok(typed);
        }
        out.push_str(&rest[..start]);
        out.push_str(value);
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(Value::Text(out))
}

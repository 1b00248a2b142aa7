//! Reads the parameters of an operation, with what is wrong with them.
//!
//! A number may come as text: suites fill in `${param.NAME}`.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::catalogue::{Entry, nearest};
use super::{NotReady, switches};

/// The parameters of one operation.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    operation: &'static str,
    values: Map<String, Value>,
}

impl Parameters {
    /// Refuses parameters that the operation does not have.
    pub(super) fn new(entry: &Entry, values: &Map<String, Value>) -> Result<Self, NotReady> {
        let known: Vec<&str> = entry.parameters.iter().chain(&switches::PARAMETERS).copied().collect();
        match values.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(Self { operation: entry.name, values: values.clone() }),
            Some(unknown) => Err(NotReady::new(
                "builtin.parameter",
                format!(
                    "`{}` has no parameter `{unknown}`{}; it has {}",
                    entry.name,
                    nearest(unknown, known.iter().copied()),
                    known.join(", ")
                ),
            )),
        }
    }

    fn wrong(&self, name: &str, wanted: &str, value: &Value) -> NotReady {
        NotReady::new(
            "builtin.parameter",
            format!("parameter `{name}` of `{}` must be {wanted}, not {value}", self.operation),
        )
    }

    /// A number in a range.
    pub(super) fn number(&self, name: &str, default: f64, range: RangeInclusive<f64>) -> Result<f64, NotReady> {
        let Some(value) = self.values.get(name) else { return Ok(default) };
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.wrong(name, &format!("a number from {} to {}", range.start(), range.end()), value))
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, name: &str, default: u64, range: RangeInclusive<u64>) -> Result<u64, NotReady> {
        let Some(value) = self.values.get(name) else { return Ok(default) };
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole and not negative; what is too large saturates and is out of range"
            )]
            other => other.as_u64().or_else(|| {
                other.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|number| number as u64)
            }),
        };
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            self.wrong(name, &format!("a whole number from {} to {}", range.start(), range.end()), value)
        })
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, NotReady> {
        match self.values.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(value) => Err(self.wrong(name, "true or false", value)),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str, default: &str) -> Result<String, NotReady> {
        match self.values.get(name) {
            None => Ok(default.to_owned()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value) => Err(self.wrong(name, "a text", value)),
        }
    }

    /// One of several words.
    pub(super) fn one_of(&self, name: &str, words: &[&'static str]) -> Result<&'static str, NotReady> {
        let Some(value) = self.values.get(name) else { return Ok(words.first().copied().unwrap_or_default()) };
        words
            .iter()
            .find(|word| value.as_str() == Some(word))
            .copied()
            .ok_or_else(|| self.wrong(name, &format!("one of {}", words.join(", ")), value))
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, NotReady> {
        match self.values.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text.split(',').map(|part| part.trim().to_owned()).collect()),
            Some(value) => value
                .as_array()
                .and_then(|parts| parts.iter().map(|part| part.as_str().map(str::to_owned)).collect())
                .ok_or_else(|| self.wrong(name, "a list of texts", value)),
        }
    }
}

//! What an answer must be: fields by name, each a value, or a comparison with a number.
//!
//! In:  the `expect` of a case (`{tier: low, rows: ">= 1"}`), and an answer by field. Out: nothing, or what was expected
//! and what came.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use super::{Fault, PrepareError};

/// What is expected of a field.
#[derive(Clone, Debug)]
enum Expected {
    Same(Value),
    Compared(Comparison, f64),
}

/// How a number is compared.
#[derive(Clone, Copy, Debug)]
enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Not,
}

/// As they are written; longer ones first, since each begins like a shorter one.
const COMPARISONS: [(&str, Comparison); 5] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("!=", Comparison::Not),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

impl Expected {
    fn read(value: &Value) -> Self {
        let comparison = value.as_str().and_then(|text| {
            let (sign, comparison) = COMPARISONS.iter().find(|(sign, _)| text.trim_start().starts_with(sign))?;
            let number = text.trim_start().strip_prefix(sign)?.trim().parse().ok()?;
            Some(Self::Compared(*comparison, number))
        });
        comparison.unwrap_or_else(|| Self::Same(value.clone()))
    }

    fn holds(&self, came: &Value) -> bool {
        match self {
            // 12 and 12.0 are one number, and a value of `${param.NAME}` may come as text.
            Self::Same(value) => match (number(value), number(came)) {
                (Some(expected), Some(came)) => expected == came,
                _ => value == came || value.as_str().is_some_and(|text| text == plain(came)),
            },
            Self::Compared(comparison, limit) => came.as_f64().is_some_and(|came| match comparison {
                Comparison::Less => came < *limit,
                Comparison::AtMost => came <= *limit,
                Comparison::More => came > *limit,
                Comparison::AtLeast => came >= *limit,
                Comparison::Not => came != *limit,
            }),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same(value) => f.write_str(&plain(value)),
            Self::Compared(comparison, limit) => {
                let sign = match comparison {
                    Comparison::Less => "<",
                    Comparison::AtMost => "<=",
                    Comparison::More => ">",
                    Comparison::AtLeast => ">=",
                    Comparison::Not => "!=",
                };
                write!(f, "{sign} {limit}")
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        other => other.as_f64(),
    }
}

/// A text without its quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What an answer must be.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectation(Vec<(String, Expected)>);

impl Expectation {
    /// Reads what a case expects. `known` are the fields that such an answer can have, where that is known.
    pub(super) fn new(expect: &IndexMap<String, Value>, known: Option<(&str, &[&str])>) -> Result<Self, PrepareError> {
        if let Some((operation, fields)) = known
            && let Some(unknown) = expect.keys().find(|name| !fields.contains(&name.as_str()))
        {
            let near = perflab_model::hint::nearest(unknown, fields.iter().copied());
            let meant = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
            return Err(PrepareError {
                code: "expect.unknown".into(),
                message: format!("`{operation}` answers no `{unknown}`{meant}; it answers {}", fields.join(", ")),
            });
        }
        Ok(Self(expect.iter().map(|(name, value)| (name.clone(), Expected::read(value))).collect()))
    }

    /// Whether nothing is expected: then nobody need spell the answer out.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this field is expected to be something.
    pub(super) fn names(&self, field: &str) -> bool {
        self.0.iter().any(|(name, _)| name == field)
    }

    /// Compares an answer, asked for field by field.
    pub(super) fn check(&self, mut answer: impl FnMut(&str) -> Option<Value>) -> Result<(), Fault> {
        for (name, expected) in &self.0 {
            let came = answer(name);
            if came.as_ref().is_none_or(|came| !expected.holds(came)) {
                let came = came.as_ref().map_or_else(|| "nothing".to_owned(), plain);
                return Err(Fault::wrong(format!("{name} {expected}"), came));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("low"), json!("low"), true)]
    #[case(json!("low"), json!("high"), false)]
    #[case(json!(12), json!(12.0), true)]
    #[case(json!("12"), json!(12), true)]
    #[case(json!(260.18), json!(260.18), true)]
    #[case(json!(true), json!(false), false)]
    #[case(json!("true"), json!(true), true)]
    #[case(json!("<= 200"), json!(200), true)]
    #[case(json!("< 200"), json!(200), false)]
    #[case(json!(">=1"), json!(1), true)]
    #[case(json!("!= 0"), json!(0), false)]
    #[case(json!("< 200"), json!("many"), false)]
    #[case(json!(null), json!(null), true)]
    fn values_are_equal_or_within_a_limit(#[case] expected: Value, #[case] came: Value, #[case] holds: bool) {
        assert_eq!(Expected::read(&expected).holds(&came), holds);
    }

    #[test]
    fn a_wrong_answer_says_what_was_expected_and_what_came() {
        let expect = IndexMap::from([("rows".to_owned(), json!(">= 2"))]);
        let expectation = Expectation::new(&expect, None).expect("anything may be expected");
        let fault = expectation.check(|_| Some(json!(1))).expect_err("1 is less");
        assert_eq!((fault.code(), fault.message()), ("answer.wrong", "expected rows >= 2, got 1"));
        let fault = expectation.check(|_| None).expect_err("nothing");
        assert_eq!(fault.message(), "expected rows >= 2, got nothing");
    }

    #[test]
    fn a_field_that_the_answer_cannot_have_is_told_before_anything_runs() {
        let expect = IndexMap::from([("teir".to_owned(), json!("low"))]);
        let error = Expectation::new(&expect, Some(("income.classify", &["tier"]))).expect_err("no such field");
        assert_eq!(error.message, "`income.classify` answers no `teir` (did you mean `tier`?); it answers tier");
    }
}

//! The test vectors of `tests/vectors/statistics.json`, for tests of what is not public.

use serde_json::Value;

/// A vector by its name.
pub(crate) fn named(name: &str) -> Value {
    let mut all: Value =
        serde_json::from_str(include_str!("../tests/vectors/statistics.json")).expect("the file is JSON");
    all.get_mut(name).unwrap_or_else(|| panic!("there is no vector `{name}`")).take()
}

/// A number of it.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("`{value}` is no number"))
}

/// A list of numbers of it.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_else(|| panic!("`{value}` is no list")).iter().map(number).collect()
}

/// A list of numbers as a series.
pub(crate) fn series(value: &Value) -> crate::Series {
    crate::Series::new(numbers(value)).expect("JSON has finite numbers only")
}

/// Holds a number to that of a vector within a millionth.
#[track_caller]
pub(crate) fn assert_near(got: f64, expected: &Value) {
    let expected = number(expected);
    assert!((got - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{got}, expected {expected}");
}

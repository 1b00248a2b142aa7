//! Tags of a rule against an outcome: `status:5xx`, `error:timeout.total`, `expected_response:true`, `name:login`.

use crate::ReadOutcome;

/// Tags that values of a load run carry.
pub(super) const KNOWN: &str = "status, error, expected_response, name, method";

/// Whether a run's values can carry the tag at all.
pub(super) fn is_known(tag: &str) -> bool {
    matches!(tag, "status" | "error" | "error_code" | "expected_response" | "name" | "method")
}

/// Whether the tags choose outcomes themselves, so that the usual choice (successes and timeouts) gives way.
pub(super) fn chooses_outcomes(tags: &[(String, String)]) -> bool {
    tags.iter().any(|(tag, _)| matches!(tag.as_str(), "status" | "error" | "error_code" | "expected_response"))
}

/// Whether an outcome of a request has all of the tags.
pub(super) fn fits(tags: &[(String, String)], request: &str, outcome: &ReadOutcome) -> bool {
    tags.iter().all(|(tag, value)| match tag.as_str() {
        "status" => status_fits(value, outcome.status_class),
        "error" | "error_code" => outcome.error.as_deref().is_some_and(|code| {
            code == value || code.strip_prefix(value.as_str()).is_some_and(|rest| rest.starts_with('.'))
        }),
        "expected_response" => value == if outcome.error.is_none() { "true" } else { "false" },
        "name" => perflab_model::threshold::glob_matches(value, request),
        "method" => request.split_once(' ').is_some_and(|(method, _)| method.eq_ignore_ascii_case(value)),
        _ => false,
    })
}

/// Ticks know classes only: a status such as `503` means its class.
fn status_fits(value: &str, class: u8) -> bool {
    value.chars().next().and_then(|digit| digit.to_digit(10)) == Some(u32::from(class))
}

//! Checks of answers.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use perflab_model::flow::{Check, JsonTest, StatusMatch};
use regex::bytes::Regex;

use crate::code::ErrorCode;

/// A compiled check.
#[derive(Debug)]
pub(crate) enum CheckCode {
    Status(Vec<StatusMatch>),
    Header { name: HeaderName, equals: Option<String> },
    Json { pointer: String, test: JsonTest },
    BodyContains(String),
    BodyMatches(Regex),
    MaxTime(Duration),
}

impl CheckCode {
    pub(crate) const fn needs_body(&self) -> bool {
        matches!(self, Self::Json { .. } | Self::BodyContains(_) | Self::BodyMatches(_))
    }
}

/// What is checked.
pub(crate) struct Checked<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// Whether only the beginning of the body is there.
    pub(crate) is_cut: bool,
    /// The body as JSON, where it is some.
    pub(crate) json: Option<&'a serde_json::Value>,
    pub(crate) took: Duration,
}

/// How an answer fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckOutcome {
    pub(crate) passed: u16,
    pub(crate) failed: u16,
    /// The first reason to call the request failed.
    pub(crate) failure: Option<(ErrorCode, String)>,
}

/// Compiles checks; the text says what is wrong.
pub(crate) fn compile_checks(checks: &[Check]) -> Result<Vec<CheckCode>, String> {
    checks
        .iter()
        .map(|check| {
            Ok(match check {
                Check::Status(list) => CheckCode::Status(list.clone()),
                Check::Header { name, equals } => CheckCode::Header {
                    name: name.parse().map_err(|_| format!("`{name}` is no name of a header"))?,
                    equals: equals.clone(),
                },
                Check::Json { pointer, test } => {
                    CheckCode::Json { pointer: checked_pointer(pointer)?, test: test.clone() }
                }
                Check::BodyContains(text) => CheckCode::BodyContains(text.clone()),
                Check::BodyMatches(pattern) => CheckCode::BodyMatches(compiled_regex(pattern)?),
                Check::MaxTime(time) => CheckCode::MaxTime(time.duration()),
            })
        })
        .collect()
}

/// A pointer is empty or begins with a slash (RFC 6901).
pub(crate) fn checked_pointer(pointer: &str) -> Result<String, String> {
    if pointer.is_empty() || pointer.starts_with('/') {
        Ok(pointer.to_owned())
    } else {
        Err(format!("`{pointer}` is no JSON pointer: it must begin with a slash"))
    }
}

/// Compiles a regular expression with a bound on its size, which bounds its time as well.
pub(crate) fn compiled_regex(pattern: &str) -> Result<Regex, String> {
    regex::bytes::RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| error.to_string())
}

/// Applies the checks. An answer of 400 and above fails unless a check of the status allows it, and is then called by
/// its class: `http.5xx` says more than that a check failed.
pub(crate) fn apply(checks: &[CheckCode], checked: &Checked<'_>) -> CheckOutcome {
    let mut outcome = CheckOutcome { passed: 0, failed: 0, failure: None };
    let mut status_checked = false;
    for check in checks {
        status_checked |= matches!(check, CheckCode::Status(_));
        match one(check, checked) {
            None => outcome.passed = outcome.passed.saturating_add(1),
            Some(failure) => {
                outcome.failed = outcome.failed.saturating_add(1);
                outcome.failure.get_or_insert(failure);
            }
        }
    }
    if !status_checked && checked.status >= 400 {
        outcome.failure = Some((status_code(checked.status), format!("status {}", checked.status)));
    }
    outcome
}

fn status_code(status: u16) -> ErrorCode {
    match status {
        500.. => ErrorCode::Http5xx,
        400..500 => ErrorCode::Http4xx,
        _ => ErrorCode::CheckStatus,
    }
}

fn one(check: &CheckCode, checked: &Checked<'_>) -> Option<(ErrorCode, String)> {
    let failed = |code, message: String| Some((code, message));
    match check {
        CheckCode::Status(list) if list.iter().any(|one| one.fits(checked.status)) => None,
        CheckCode::Status(_) => failed(status_code(checked.status), format!("status {}", checked.status)),
        CheckCode::Header { name, equals } => match (checked.headers.get(name), equals) {
            (None, _) => failed(ErrorCode::CheckHeader, format!("header `{name}` is missing")),
            (Some(value), Some(wanted)) if value.as_bytes() != wanted.as_bytes() => {
                failed(ErrorCode::CheckHeader, format!("header `{name}` is not `{wanted}`"))
            }
            _ => None,
        },
        CheckCode::BodyContains(text) if contains(checked.body, text.as_bytes()) => None,
        check if check.needs_body() && checked.is_cut => failed(ErrorCode::CheckTooLarge, too_large(checked.body)),
        CheckCode::Json { pointer, test } => match checked.json {
            None => failed(ErrorCode::CheckJson, "the body is no JSON".to_owned()),
            Some(json) => json_test(json.pointer(pointer), test)
                .map(|why| (ErrorCode::CheckJson, format!("JSON at `{pointer}` {why}"))),
        },
        CheckCode::BodyContains(text) => failed(ErrorCode::CheckBody, format!("the body does not contain `{text}`")),
        CheckCode::BodyMatches(pattern) if pattern.is_match(checked.body) => None,
        CheckCode::BodyMatches(pattern) => {
            failed(ErrorCode::CheckBody, format!("the body does not match `{}`", pattern.as_str()))
        }
        CheckCode::MaxTime(most) if checked.took <= *most => None,
        CheckCode::MaxTime(most) => failed(
            ErrorCode::CheckTime,
            format!("took {} ms, at most {} are allowed", checked.took.as_millis(), most.as_millis()),
        ),
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

/// Says that not all of a body could be looked at.
pub(crate) fn too_large(kept: &[u8]) -> String {
    format!("the answer is larger than the {} bytes that checks and extractions read", kept.len())
}

/// What is wrong with a value.
fn json_test(value: Option<&serde_json::Value>, test: &JsonTest) -> Option<String> {
    use serde_json::Value;
    let Some(value) = value else { return Some("is missing".to_owned()) };
    match test {
        JsonTest::Exists => None,
        JsonTest::Equals(wanted) => {
            // 1 and 1.0 are the same number to whoever wrote the check.
            let same = match (value.as_f64(), wanted.as_f64()) {
                (Some(a), Some(b)) => a == b,
                _ => value == wanted,
            };
            if same { None } else { Some(format!("is not {wanted}")) }
        }
        JsonTest::Type(wanted) => {
            let name = match value {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            if name == wanted { None } else { Some(format!("is of type {name}, not {wanted}")) }
        }
        JsonTest::Length(wanted) => {
            let length = match value {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(fields) => fields.len(),
                _ => return Some("has no length".to_owned()),
            };
            if length as u64 == *wanted { None } else { Some(format!("has {length} parts, not {wanted}")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::unit::Millis;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn judged(checks: &[Check], status: u16, body: &str) -> CheckOutcome {
        let headers =
            HeaderMap::from_iter([(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"))]);
        let json = serde_json::from_str(body).ok();
        let compiled = compile_checks(checks).expect("a case compiles");
        apply(
            &compiled,
            &Checked {
                status,
                headers: &headers,
                body: body.as_bytes(),
                is_cut: false,
                json: json.as_ref(),
                took: Duration::from_millis(20),
            },
        )
    }

    fn json_check(pointer: &str, test: JsonTest) -> Check {
        Check::Json { pointer: pointer.to_owned(), test }
    }

    const BODY: &str = r#"{"a":{"b":[1,2.0,"x"]},"n":null,"s":"äö"}"#;

    #[rstest]
    #[case::nothing_asked(200, vec![], None)]
    #[case::redirects_are_fine(302, vec![], None)]
    #[case::not_found(404, vec![], Some(ErrorCode::Http4xx))]
    #[case::broken(500, vec![], Some(ErrorCode::Http5xx))]
    #[case::allowed(404, vec![Check::Status(vec![StatusMatch::Code(404)])], None)]
    #[case::class(204, vec![Check::Status(vec![StatusMatch::Class(2)])], None)]
    #[case::other(200, vec![Check::Status(vec![StatusMatch::Code(201)])], Some(ErrorCode::CheckStatus))]
    #[case::broken_though_checked(503, vec![Check::Status(vec![StatusMatch::Code(200)])], Some(ErrorCode::Http5xx))]
    #[case::broken_with_another_check(500, vec![Check::BodyContains("a".into())], Some(ErrorCode::Http5xx))]
    #[case::header(200, vec![Check::Header { name: "content-type".into(), equals: Some("application/json".into()) }], None)]
    #[case::no_header(200, vec![Check::Header { name: "etag".into(), equals: None }], Some(ErrorCode::CheckHeader))]
    #[case::exists(200, vec![json_check("/a/b/2", JsonTest::Exists)], None)]
    #[case::null_exists(200, vec![json_check("/n", JsonTest::Exists)], None)]
    #[case::missing(200, vec![json_check("/a/c", JsonTest::Exists)], Some(ErrorCode::CheckJson))]
    #[case::equal_number(200, vec![json_check("/a/b/1", JsonTest::Equals(json!(2)))], None)]
    #[case::unequal(200, vec![json_check("/s", JsonTest::Equals(json!("x")))], Some(ErrorCode::CheckJson))]
    #[case::length_in_characters(200, vec![json_check("/s", JsonTest::Length(2))], None)]
    #[case::length(200, vec![json_check("/a/b", JsonTest::Length(2))], Some(ErrorCode::CheckJson))]
    #[case::kind(200, vec![json_check("/a", JsonTest::Type("object".into()))], None)]
    #[case::contains(200, vec![Check::BodyContains("äö".into())], None)]
    #[case::matches(200, vec![Check::BodyMatches(r#""n":\s*null"#.into())], None)]
    #[case::matches_not(200, vec![Check::BodyMatches("^x".into())], Some(ErrorCode::CheckBody))]
    #[case::in_time(200, vec![Check::MaxTime(Millis::new(20))], None)]
    #[case::too_slow(200, vec![Check::MaxTime(Millis::new(19))], Some(ErrorCode::CheckTime))]
    fn an_answer_is_judged_by_its_checks(
        #[case] status: u16,
        #[case] checks: Vec<Check>,
        #[case] code: Option<ErrorCode>,
    ) {
        assert_eq!(judged(&checks, status, BODY).failure.map(|(code, _)| code), code);
    }

    #[test]
    fn every_check_is_counted_and_the_first_failure_names_the_request() {
        let checks = [
            Check::Status(vec![StatusMatch::Code(200)]),
            Check::BodyContains("nowhere".into()),
            json_check("/x", JsonTest::Exists),
        ];
        let outcome = judged(&checks, 200, BODY);
        assert_eq!((outcome.passed, outcome.failed), (1, 2));
        assert_eq!(outcome.failure.map(|(code, _)| code), Some(ErrorCode::CheckBody));
    }

    #[test]
    fn a_check_that_cannot_work_is_refused_before_the_run() {
        assert!(compile_checks(&[Check::BodyMatches("(".into())]).is_err());
        assert!(compile_checks(&[json_check("a/b", JsonTest::Exists)]).is_err());
    }
}

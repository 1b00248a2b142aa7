//! Tags of rules: which values of a load run have which.

use crate::hint::nearest;

/// Tags that values of a load run have.
pub const TAGS: [&str; 6] = ["status", "error", "error_code", "expected_response", "name", "method"];

/// Why no value could ever have the tag, and what to do; nothing when some may.
pub fn tag_problem(tag: &str, value: &str) -> Option<(String, String)> {
    match tag {
        "status" if !is_class(value) => Some((
            format!("times are kept by class of status, not for `{value}` alone"),
            match value.chars().next().filter(|digit| ('1'..='5').contains(digit)) {
                Some(digit) => format!("write status:{digit}xx"),
                None => "write status:2xx, or status:0 for requests without an answer".to_owned(),
            },
        )),
        "expected_response" if !matches!(value, "true" | "false") => Some((
            format!("`expected_response` is never `{value}`"),
            "write expected_response:true or expected_response:false".to_owned(),
        )),
        tag if TAGS.contains(&tag) => None,
        tag => Some((
            format!("no value of a load run has the tag `{tag}`"),
            nearest(tag, TAGS).map_or_else(
                || format!("tags are {}; for a request or flow write `for NAME` behind the limit", TAGS.join(", ")),
                |known| format!("did you mean `{known}`?"),
            ),
        )),
    }
}

/// `2xx`, or `0` for no answer.
fn is_class(value: &str) -> bool {
    let mut chars = value.chars();
    match (chars.next(), chars.as_str()) {
        (Some('0'), "") => true,
        (Some('1'..='5'), rest) => rest.eq_ignore_ascii_case("xx"),
        _ => false,
    }
}

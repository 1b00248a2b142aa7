//! Texts of other crates as parts of pages, and counts with their noun.

use perflab_model::{display, unit::Millis};

/// A text as a sentence: with a capital at its beginning and a full stop at its end.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let begun = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    };
    if begun.is_empty() || begun.ends_with(['.', '!', '?']) { begun } else { begun + "." }
}

/// `1 endpoint`, `7 endpoints`.
pub fn count_of(count: usize, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {thing}{s}", display::count(count as u64))
}

/// A planned time as people say it: `2m`; what is no whole number of seconds is rounded, `4.09 s`.
pub fn planned_time(time: Millis) -> String {
    if time.get().is_multiple_of(1000) {
        time.to_string()
    } else {
        format!("{} s", display::number(time.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_becomes_a_sentence_of_its_own() {
        assert_eq!(sentence("ask for 2,000 or fewer"), "Ask for 2,000 or fewer.");
        assert_eq!(sentence("`x` is wrong!"), "`x` is wrong!");
        assert_eq!(sentence(" "), "");
    }

    #[test]
    fn a_stretched_stage_is_not_said_to_the_millisecond() {
        assert_eq!(planned_time(Millis::new(4_091)), "4.09 s");
        assert_eq!(planned_time(Millis::from_secs(90)), "1m30s");
    }
}

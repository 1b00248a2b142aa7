//! Examples of failed requests: the first ones and the last of each kind, redacted.

use std::collections::HashMap;

use parking_lot::Mutex;
use perflab_model::runner::{ErrorExample, Report};

use super::sample::Key;
use crate::{code::ErrorCode, http::Failure, redact::Redactor};

/// How many examples of one kind are reported while the run goes on.
const FIRST: u32 = 2;

/// Longest text of an example, in characters.
const MAX_CHARS: usize = 500;

/// Characters of an answer's first line among them.
const EXCERPT: usize = 200;

/// The examples of a run: two of each kind as they occur, and at the end the last one.
#[derive(Debug)]
pub(crate) struct Examples {
    redactor: Redactor,
    kinds: Mutex<HashMap<Key, Kind>>,
}

#[derive(Debug, Default)]
struct Kind {
    seen: u32,
    last: Option<ErrorExample>,
}

/// What is known of a failure.
#[derive(Debug)]
pub(crate) struct Failed<'a> {
    pub(crate) key: Key,
    pub(crate) request: &'a str,
    pub(crate) second: u32,
    pub(crate) failure: &'a Failure,
}

impl Examples {
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self { redactor, kinds: Mutex::default() }
    }

    /// Takes note of a failure; gives back a report when it is one of the first of its kind. `private` are values of
    /// this user that no one else shall read: tokens, and what was taken from earlier answers.
    pub(crate) fn note<'s>(&self, failed: &Failed<'_>, private: impl IntoIterator<Item = &'s str>) -> Option<Report> {
        // Cutting off open requests is our own doing: there is nothing to learn from examples of it.
        let Failure { code, message, excerpt } = failed.failure;
        if *code == ErrorCode::Aborted {
            return None;
        }
        let mut kinds = self.kinds.lock();
        let kind = kinds.entry(failed.key).or_default();
        kind.seen = kind.seen.saturating_add(1);
        // Redaction reads the text once per secret; a failure storm must not pay that for every request.
        let worth_keeping = kind.seen <= FIRST || kind.seen.is_power_of_two();
        if !worth_keeping {
            return None;
        }
        let redactor = self.redactor.and(private.into_iter().map(str::to_owned));
        let mut message = redactor.redact(message);
        if !excerpt.is_empty() {
            message.push_str(": ");
            message.extend(redactor.redact_cut(excerpt).chars().take(EXCERPT));
        }
        let example = ErrorExample {
            code: code.as_str().to_owned(),
            request: failed.request.to_owned(),
            second: failed.second,
            message: message.chars().take(MAX_CHARS).collect(),
        };
        if kind.seen <= FIRST {
            return Some(Report::Example(example));
        }
        kind.last = Some(example);
        None
    }

    /// A text without the run's secrets and these values.
    pub(crate) fn redact<'s>(&self, text: &str, private: impl IntoIterator<Item = &'s str>) -> String {
        self.redactor.and(private.into_iter().map(str::to_owned)).redact(text)
    }

    /// The latest example of each kind beyond the first ones.
    pub(crate) fn last(&self) -> Vec<Report> {
        self.kinds.lock().values_mut().filter_map(|kind| kind.last.take()).map(Report::Example).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::NameId;

    #[test]
    fn at_most_three_examples_of_a_kind_are_told_and_secrets_are_not() {
        let examples = Examples::new(Redactor::new(["hunter22".to_owned()]));
        let mut told = Vec::new();
        for second in 0..100 {
            let failed = Failed {
                key: Key::new(NameId(0), 5, Some(ErrorCode::Http5xx)),
                request: "login",
                second,
                failure: &Failure::new(ErrorCode::Http5xx, "500: password hunter22 is wrong"),
            };
            told.extend(examples.note(&failed, []));
        }
        told.extend(examples.last());
        assert_eq!(told.len(), 3);
        let text = format!("{told:?}");
        assert!(!text.contains("hunter22"));
        assert!(text.contains("[secret]"));
    }
}

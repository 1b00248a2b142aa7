//! Whether the target went away during the load and stayed away.
//!
//! An error rate over the whole run can hide it: users pause after a refused connection, so the longer a target is gone
//! the fewer requests there are to fail.

use std::collections::BTreeMap;

use perflab_model::tick::{Phase, Point};

/// A target that answers nothing for so long at the end of the load has gone, seconds.
const GONE_SECONDS: u32 = 5;
/// Fewer failures than these, one after the other, may be a few slow requests of a quiet run.
const GONE_FAILURES: u64 = 10;

/// How a target went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The last second in which it answered.
    pub last_answer: u32,
    /// How long it was silent, to the end of the load, in seconds.
    pub seconds: u32,
    /// The silence from which on it counts as gone, in seconds.
    pub limit: u32,
    /// Requests that got no answer since.
    pub failures: u64,
    /// What most of them failed with.
    pub code: String,
}

/// What came after the last answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Silence {
    last_answer: Option<u32>,
    /// The last whole second under load.
    last_loaded: Option<u32>,
    /// Failures without an answer since the last answer, by code; those of the second of that answer left out.
    failures: BTreeMap<String, u64>,
    /// Whether the second under way had an answer.
    heard: bool,
}

impl Silence {
    pub(super) const fn last_answer(&self) -> Option<u32> {
        self.last_answer
    }

    /// A second begins.
    pub(super) fn begin(&mut self, point: &Point) {
        self.heard = false;
        if point.phase != Phase::Draining {
            self.last_loaded = Some(point.end().saturating_sub(1));
        }
    }

    pub(super) fn answered(&mut self, point: &Point) {
        self.heard = true;
        self.last_answer = Some(point.end().saturating_sub(1));
    }

    pub(super) fn unanswered(&mut self, code: &str, count: u64) {
        *self.failures.entry(code.to_owned()).or_insert(0) += count;
    }

    /// The second is over.
    pub(super) fn end(&mut self) {
        if self.heard {
            self.failures.clear();
        }
    }

    pub(super) fn gone(&self) -> Option<Gone> {
        let (last_answer, last_loaded) = (self.last_answer?, self.last_loaded?);
        let seconds = last_loaded.saturating_sub(last_answer);
        let failures = self.failures.values().sum();
        let (code, _) = self.failures.iter().max_by_key(|(_, count)| **count)?;
        (seconds >= GONE_SECONDS && failures >= GONE_FAILURES).then(|| Gone {
            last_answer,
            seconds,
            limit: GONE_SECONDS,
            failures,
            code: code.clone(),
        })
    }
}

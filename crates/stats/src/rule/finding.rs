//! What is found of one rule on one subject: the rung, the value that it rests on, and why where that needs words.

use super::{decide::Rung, estimate::Estimate};

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) rung: Rung,
    pub(super) estimate: Option<Estimate>,
    pub(super) why: Why,
}

/// What a finding rests on, where that needs words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The values speak for themselves.
    Plain,
    /// Nothing was measured.
    NoSamples,
    /// The window was never full.
    WindowNeverFull,
    /// Beyond the limit in a row, but not for so many seconds.
    RowTooShort(usize),
    /// Something that only this subject knows: the reason, and the next step where the rule is not met.
    Told { reason: String, next: Option<String> },
}

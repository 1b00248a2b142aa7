//! One ladder from validity and rules to a verdict: the first rung that holds.

use perflab_model::{
    run::{RunEnd, RunState},
    threshold::Level,
    validity::{Validity, ValidityState},
    verdict::Verdict,
};
use perflab_stats::{Gone, Judged, Rung};

use super::live::is_judgeable;

/// The rung on which a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A person ended it.
    Stopped,
    /// It could not be carried out, or its worker vanished.
    NotCarriedOut,
    /// The numbers cannot be trusted.
    Invalid,
    /// The target answered, then went away and stayed away.
    Gone,
    /// A `fail` rule or a maximum is broken.
    Failed,
    /// A `fail` rule or a maximum is undecided.
    Undecided,
    /// There was no rule, or none that could be judged.
    NothingAsked,
    /// A `warn` rule or a target is broken.
    Warned,
    /// A `warn` rule or a target is undecided.
    NotShown,
    /// All met, but the numbers are suspect.
    Suspect,
    /// All met.
    Met,
}

impl Standing {
    pub(super) const fn verdict(self) -> Verdict {
        match self {
            Self::Stopped | Self::NotCarriedOut | Self::Invalid | Self::Undecided | Self::NothingAsked => {
                Verdict::Inconclusive
            }
            Self::Gone | Self::Failed => Verdict::Critical,
            Self::Warned | Self::NotShown | Self::Suspect => Verdict::Issues,
            Self::Met => Verdict::Excellent,
        }
    }
}

/// Finds the rung. Without an end the run is taken as if it had ended by itself now.
pub(super) fn climb(end: Option<&RunEnd>, validity: &Validity, gone: Option<&Gone>, judged: &[Judged]) -> Standing {
    let any = |rung: Rung| judged.iter().any(|judged| judged.rung == rung);
    if let Some(end) = end.filter(|end| !is_judgeable(end)) {
        return if end.state == RunState::Cancelled { Standing::Stopped } else { Standing::NotCarriedOut };
    }
    if validity.state == ValidityState::Invalid {
        Standing::Invalid
    } else if gone.is_some() {
        Standing::Gone
    } else if any(Rung::Broken(Level::Fail)) {
        Standing::Failed
    } else if any(Rung::Undecided(Level::Fail)) {
        Standing::Undecided
    } else if judged.iter().all(|judged| judged.rung == Rung::NotJudged) {
        Standing::NothingAsked
    } else if any(Rung::Broken(Level::Warn)) {
        Standing::Warned
    } else if any(Rung::Undecided(Level::Warn)) {
        Standing::NotShown
    } else if validity.state == ValidityState::Suspect {
        Standing::Suspect
    } else {
        Standing::Met
    }
}

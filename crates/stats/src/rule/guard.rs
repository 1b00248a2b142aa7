//! A rule that may end the run while it warms up.
//!
//! Warm-up is never judged, but a target in trouble must not wait for the end of a long ramp: a rule that says both
//! `stop` and from when it looks (`after 30s`) watches the warm-up from then on. All that can follow is the end of the
//! run; whatever the warm-up held, no verdict comes from it.

use perflab_model::threshold::{Action, After, Threshold};

use super::{gathered::Second, names::Subject, watch::Watch};

/// Why such a rule is not judged when it has ended the run.
pub(super) const REASON: &str = "it ended the run in its warm-up, which is never judged";
/// What to do then.
pub(super) const NEXT: &str = "See the errors of this run; where the warm-up may be rough, let the rule look later";

/// Watches that see the warm-up only.
#[derive(Clone, Debug)]
pub(super) struct Guard(Vec<Watch>);

impl Guard {
    /// The guard that a rule asks for, on the same subjects as its judgement.
    pub(super) fn of(rule: &Threshold, limit: f64, judged: &[Watch]) -> Option<Self> {
        let wanted = rule.action == Action::Stop && matches!(rule.after, Some(After::Time(_))) && rule.at.is_none();
        let watch = |judged: &Watch| Watch::new(rule, limit, judged.subject.clone(), 0);
        wanted.then(|| Self(judged.iter().map(watch).collect()))
    }

    /// Adds a second of the warm-up.
    pub(super) fn add(&mut self, rule: &Threshold, second_of: impl Fn(&Subject) -> Second) {
        for watch in &mut self.0 {
            let second = second_of(&watch.subject);
            watch.add(rule, &second);
        }
    }

    pub(super) fn asks_to_stop(&self) -> bool {
        self.0.iter().any(Watch::asks_to_stop)
    }
}

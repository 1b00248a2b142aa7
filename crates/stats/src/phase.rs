//! Which seconds are judged.

use perflab_model::tick::Phase;

/// The phase of each second as verdicts see it: what drains straight after the warm-up belongs to the warm-up, because
/// it was started there and nothing was measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Phases {
    last: Option<Phase>,
}

impl Phases {
    /// Takes the phase that the engine gave the next second.
    pub(crate) fn next(&mut self, phase: Phase) -> Phase {
        let seen = match (self.last, phase) {
            (Some(Phase::WarmUp), Phase::Draining) => Phase::WarmUp,
            (_, phase) => phase,
        };
        self.last = Some(seen);
        seen
    }

    /// Whether the newest second is judged.
    pub(crate) fn is_judged(self) -> bool {
        self.last.is_some_and(|phase| phase != Phase::WarmUp)
    }
}

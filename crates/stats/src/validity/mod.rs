//! Can the numbers of a load run be trusted? Every signal with its value, its limit and what follows.
//!
//! In:  ticks one by one ([`Health`]), then what is known around them ([`Context`]).
//! Out: a [`Validity`]: the worst of its signals. Where a signal is not valid, cause and way on stand with it.
//! Signals about load look at judged seconds; those about the machine's clock, our own errors and whether the target
//! answered at all look at the whole run.

mod health;
mod host;
mod load;
mod silence;
mod target;

use perflab_model::{
    plan::Plan,
    runner::Done,
    validity::{Signal, Validity, ValidityState},
};

pub use health::Health;
pub(crate) use host::OTHERS;
pub(crate) use load::DROPPED;
pub use silence::Gone;

/// What is known around the ticks.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What was to be carried out.
    pub plan: &'a Plan,
    /// The runner's last word, if it had one.
    pub done: Option<&'a Done>,
    /// Whether the run is over: only then may what has not come yet be missed.
    pub over: bool,
    /// Whether it ended before it was carried out: stopped by a person, failed, lost.
    pub cut_short: bool,
    /// P50 of latency in microseconds, where there is one.
    pub p50_us: Option<f64>,
    /// Requests that ended and are judged.
    pub finished: u64,
}

impl Health {
    /// The validity that follows.
    pub fn validity(&self, context: &Context<'_>) -> Validity {
        let mut signals = target::signals(self, context);
        signals.extend(load::signals(self, context));
        signals.extend(host::signals(self, context));
        Validity::from_signals(signals)
    }
}

/// A signal, before its cause is known.
pub(crate) fn signal(code: &str, label: &str, value: String, limit: &str, state: ValidityState, cause: &str) -> Signal {
    Signal {
        code: code.to_owned(),
        label: label.to_owned(),
        value,
        limit: limit.to_owned(),
        state,
        cause: (state != ValidityState::Valid).then(|| cause.to_owned()),
    }
}

/// The state of a value that should be low.
pub(crate) fn above(value: f64, suspect: f64, invalid: f64) -> ValidityState {
    if value > invalid {
        ValidityState::Invalid
    } else if value > suspect {
        ValidityState::Suspect
    } else {
        ValidityState::Valid
    }
}

/// Invalid when it holds.
pub(crate) const fn invalid_if(holds: bool) -> ValidityState {
    if holds { ValidityState::Invalid } else { ValidityState::Valid }
}

pub(crate) fn percent(share: f64) -> String {
    format!("{} %", perflab_model::display::number(share * 100.0))
}

#[cfg(test)]
mod tests;

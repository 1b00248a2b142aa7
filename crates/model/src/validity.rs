//! Can the numbers be trusted?

use serde::{Deserialize, Serialize};

/// The answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ValidityState {
    /// Yes.
    #[default]
    Valid,
    /// Mostly: judged and marked, and the gate says at best `warn`.
    Suspect,
    /// No: no verdict is possible.
    Invalid,
}

impl ValidityState {
    /// The word as it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspect => "suspect",
            Self::Invalid => "invalid",
        }
    }
}

/// One signal that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signal {
    /// A stable word, e.g. `late`, `lag`, `cpu`, `achieved`, `dropped`, `generator`, `clock`, `steal`, `target_down`.
    pub code: String,
    /// What people read: `Lag of starts, P99`.
    pub label: String,
    /// What was measured, as shown: `0.02 %`.
    pub value: String,
    /// What it may be, as shown: `0.5 %`.
    pub limit: String,
    /// What follows from it.
    pub state: ValidityState,
    /// Where it is not valid: the cause and the way on, a sentence each.
    pub cause: Option<String>,
}

/// Whether a run's numbers can be trusted, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validity {
    /// The worst of all signals.
    pub state: ValidityState,
    /// The codes of the signals that are not valid, worst first: what a script looks at.
    pub causes: Vec<String>,
    /// All signals that exist for this run.
    pub signals: Vec<Signal>,
}

impl Validity {
    /// The validity that follows from the signals.
    pub fn from_signals(signals: Vec<Signal>) -> Self {
        let state = signals.iter().map(|signal| signal.state).max().unwrap_or_default();
        let causes = troubled(&signals).into_iter().map(|signal| signal.code.clone()).collect();
        Self { state, causes, signals }
    }

    /// The signals that are not valid, worst first.
    pub fn causes(&self) -> Vec<&Signal> {
        troubled(&self.signals)
    }
}

fn troubled(signals: &[Signal]) -> Vec<&Signal> {
    let mut troubled: Vec<&Signal> = signals.iter().filter(|signal| signal.state != ValidityState::Valid).collect();
    troubled.sort_by_key(|signal| std::cmp::Reverse(signal.state));
    troubled
}

//! What one run says, and the ledger it rests on.

use serde::{Deserialize, Serialize};

use crate::threshold::Level;

/// What one run says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All targets met, no regression.
    Excellent,
    /// Missed or not shown, but inside the limits.
    Issues,
    /// A major target failed.
    Critical,
    /// No verdict is possible, or more must be measured.
    Inconclusive,
}

impl Verdict {
    /// The word as screens show it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Excellent => "Excellent",
            Self::Issues => "Issues",
            Self::Critical => "Critical",
            Self::Inconclusive => "Inconclusive",
        }
    }

    /// The word as it is stored, and as `data-v` in pages.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Issues => "issues",
            Self::Critical => "critical",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// The gate's word for the same rung of the ladder, before waivers and goals.
    pub const fn gate(self) -> Gate {
        match self {
            Self::Excellent => Gate::Pass,
            Self::Issues => Gate::Warn,
            Self::Critical => Gate::Fail,
            Self::Inconclusive => Gate::Inconclusive,
        }
    }
}

/// One decision, and the outcome of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Go on.
    Pass,
    /// Go on, and look.
    Warn,
    /// Do not go on.
    Fail,
    /// Nobody knows yet.
    Inconclusive,
}

impl Gate {
    /// The word as it is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// The exit code of `perflab run` and `perflab gate`.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Pass | Self::Warn => 0,
            Self::Inconclusive => 3,
            Self::Fail => 99,
        }
    }
}

/// No second was: then there is nothing to tell.
const fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// One rule of a ledger: what was asked, what was measured, what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerRow {
    /// The rule in its own grammar.
    pub rule: String,
    /// Where it was written.
    pub source: String,
    /// What it means if it is broken.
    pub level: Level,
    /// The request it was judged on; nothing when all were taken together.
    pub scope: Option<String>,
    /// What was measured, in `unit`; nothing where there were no samples.
    pub value: Option<f64>,
    /// `ms`, `s`, `%`, `/s`, or empty for counts. Value, interval and limits share it.
    pub unit: String,
    /// 95 % interval of the value; an end that too few samples leave open is `null`.
    pub interval: Option<(Option<f64>, Option<f64>)>,
    /// The limit, or the target of a two-level rule.
    pub limit: f64,
    /// The maximum of a two-level rule.
    pub max: Option<f64>,
    /// `<`, `<=`, `>`, `>=`, `==`, `!=`.
    pub op: String,
    /// How many samples the value comes from.
    pub samples: u64,
    /// The value it was compared with, of rules on a baseline.
    pub baseline: Option<f64>,
    /// The waiver that holds, of gates.
    pub waiver: Option<String>,
    /// What follows.
    pub outcome: Gate,
    /// How far the value is from the limit in percent of it; positive is beyond.
    pub margin_percent: Option<f64>,
    /// Seconds whose own value was beyond the limit (of a two-level rule: its target). The outcome rests on all seconds
    /// together; this tells a short trouble from a lasting one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub breach_seconds: u32,
    /// Why the outcome is what it is, where that needs words: too few samples, no samples.
    pub reason: Option<String>,
    /// What to do next, for everything not met.
    pub next: Option<String>,
}

/// The judgement of a run: stored, never recomputed silently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// What the run says.
    pub verdict: Verdict,
    /// One sentence: the answer of the run page.
    pub sentence: String,
    /// Every rule, broken ones first.
    pub ledger: Vec<LedgerRow>,
}

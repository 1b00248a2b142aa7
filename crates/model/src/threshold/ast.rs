//! A threshold, taken apart.

use serde::{Deserialize, Serialize};

use crate::unit::Millis;

/// What a broken rule means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Issues.
    Warn,
    /// Critical.
    #[default]
    Fail,
}

/// Named quantities that a rule can judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Headline time.
    Latency,
    /// From the planned start.
    Response,
    /// From the actual start.
    Service,
    /// Actual minus planned start.
    Lag,
    /// To the first byte of the answer.
    Ttfb,
    /// Failed ÷ finished.
    ErrorRate,
    /// Checks passed ÷ made.
    Checks,
    /// Finished ÷ measured window.
    Throughput,
    /// Iterations that ended.
    Iterations,
    /// Starts given up.
    Dropped,
    /// Starts more than 5 ms after their plan.
    Late,
    /// Users active now.
    Users,
    /// Growth of memory over operations.
    Memory,
    /// Allocations an operation.
    Allocations,
    /// Extra time of one variant over another.
    Overhead,
    /// Slowdown under load.
    Degradation,
}

/// Which number of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stat {
    /// How many.
    Count,
    /// A second, or a share.
    Rate,
    /// The newest value.
    Value,
    /// Mean (`avg` in k6).
    Mean,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// A quantile, 0.0 to 1.0; `med` is 0.5.
    Quantile(f64),
    /// Standard deviation.
    Stddev,
    /// Growth over operations.
    Slope,
}

/// How value and limit are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// `<`
    #[serde(rename = "<")]
    Less,
    /// `<=`
    #[serde(rename = "<=")]
    LessOrEqual,
    /// `>`
    #[serde(rename = ">")]
    Greater,
    /// `>=`
    #[serde(rename = ">=")]
    GreaterOrEqual,
    /// `==`
    #[serde(rename = "==")]
    Equal,
    /// `!=`
    #[serde(rename = "!=")]
    NotEqual,
}

impl Op {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// Whether the comparison holds.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
            Self::Equal => value == limit,
            Self::NotEqual => value != limit,
        }
    }
}

/// What the value is held against. Numbers are in the measure's base unit: seconds, shares, bytes, 1/s, counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// A number.
    Number(f64),
    /// The baseline's value, changed.
    Baseline(BaselineChange),
    /// A budget of the suite, by name.
    Budget(String),
}

/// How a baseline's value becomes a limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaselineChange {
    /// Multiplied.
    Times(f64),
    /// Plus an amount in the base unit; minus is negative.
    Plus(f64),
    /// Plus a share of itself, 0.1 for 10 %; minus is negative.
    PlusShare(f64),
}

/// Over which time a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Broken when every second of the window breaches.
    For(Millis),
    /// The merged values of a full window.
    Over(Millis),
    /// The merged values of a possibly partial window.
    Within(Millis),
}

/// From when a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// From the end of the warm-up.
    Warmup,
    /// From this long after the start.
    Time(Millis),
}

/// At which load a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// At this many users.
    Users(u32),
    /// At this many starts a second.
    Rate(f64),
}

/// What a broken rule does to the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    #[default]
    Continue,
    /// Ends it.
    Stop,
}

/// A rule, taken apart. In JSON it is its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Threshold {
    /// As a person wrote it.
    pub text: String,
    /// What is judged.
    pub measure: Measure,
    /// Only values with these tags, e.g. `status:5xx`.
    pub tags: Vec<(String, String)>,
    /// Which number of it.
    pub stat: Stat,
    /// How it is compared.
    pub op: Op,
    /// The limit, or the target of a two-level rule.
    pub limit: Limit,
    /// The maximum of a two-level rule, in the base unit.
    pub max: Option<f64>,
    /// A glob of requests, cases, flows or groups; all together where there is none.
    pub scope: Option<String>,
    /// Over which time.
    pub window: Option<Window>,
    /// From when.
    pub after: Option<After>,
    /// At which load.
    pub at: Option<At>,
    /// What a breach means. A two-level rule warns over its limit and fails over its maximum, whatever stands here.
    pub level: Level,
    /// What a breach does.
    pub action: Action,
}

//! What a case was worth, as people, exports and the API read it. Times in milliseconds, as everywhere outside.

use serde::{Deserialize, Serialize};

use super::{CaseFault, CaseOutcome, CasePhase, CurvePoint, Sampling, Steadiness};
use crate::{validity::Validity, verdict::Gate};

/// A 95 % interval, `[low, high]`; an end that too few samples leave open is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenInterval(pub Option<f64>, pub Option<f64>);

/// Times of one operation, milliseconds. A quantile of too few samples is `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseTimes {
    /// Always `ms`.
    pub unit: String,
    /// Right answers.
    pub samples: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Its interval.
    pub interval: Option<OpenInterval>,
    /// Smallest.
    pub min: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// Interval of the median.
    pub p50_interval: Option<OpenInterval>,
    /// 90 %.
    pub p90: Option<f64>,
    /// 95 %.
    pub p95: Option<f64>,
    /// 99 %.
    pub p99: Option<f64>,
    /// 99.9 %.
    pub p999: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
    /// Standard deviation.
    pub deviation: Option<f64>,
    /// Share of samples far out.
    pub far_out: f64,
}

/// What the one way costs more than the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverheadSummary {
    /// Milliseconds more.
    pub ms: f64,
    /// Its interval.
    pub interval: Option<OpenInterval>,
    /// The same as a share of the time without it.
    pub share: Option<f64>,
    /// Its interval.
    pub share_interval: Option<OpenInterval>,
    /// How many pairs.
    pub pairs: u64,
}

/// Growth of memory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemorySummary {
    /// Bytes an operation.
    pub bytes_per_operation: f64,
    /// Lower bound, one-sided 95 %.
    pub low: f64,
    /// Upper bound, one-sided 95 %.
    pub high: f64,
    /// Whether it grows at all.
    pub is_growing: bool,
    /// Readings.
    pub readings: u64,
    /// First reading, bytes.
    pub first_bytes: u64,
    /// Last reading, bytes.
    pub last_bytes: u64,
}

/// Allocations of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AllocationSummary {
    /// How many.
    pub count: f64,
    /// How many bytes.
    pub bytes: f64,
}

/// A case of a benchmark run in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseSummary {
    /// Its name.
    pub name: String,
    /// Its name in the suite, which several combinations share.
    pub base: String,
    /// Its title.
    pub title: Option<String>,
    /// Its category.
    pub category: Option<String>,
    /// Whether it is judged first.
    pub critical: bool,
    /// How many did it at the same time.
    pub concurrency: u32,
    /// Right answers.
    pub samples: u64,
    /// Operations that failed or answered wrongly.
    pub failed: u64,
    /// Operations left out at the beginning.
    pub warmup: u64,
    /// Times of one operation; of a pair of the one *with*.
    pub latency: CaseTimes,
    /// Of a pair: times of the one *without*.
    pub without: Option<CaseTimes>,
    /// Operations a second, all who did it together.
    pub throughput_per_s: Option<f64>,
    /// Of a pair: what it costs.
    pub overhead: Option<OverheadSummary>,
    /// Growth of memory, where it was watched for long enough.
    pub memory: Option<MemorySummary>,
    /// Allocations, where they were counted.
    pub allocations: Option<AllocationSummary>,
    /// CPU time of an operation, milliseconds.
    pub cpu_ms: Option<f64>,
    /// How the samples came about.
    pub sampling: Option<Sampling>,
    /// Whether it was steady.
    pub steadiness: Steadiness,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// Target of its mean or overhead, milliseconds.
    pub target: Option<f64>,
    /// Its maximum, milliseconds.
    pub max: Option<f64>,
    /// Why the limits are what they are.
    pub rationale: Option<String>,
    /// What became of its rules: the worst of them; nothing when it has none.
    pub gate: Option<Gate>,
    /// Whether its numbers can be trusted: a case can be invalid alone.
    pub validity: Validity,
    /// What went wrong.
    pub faults: Vec<CaseFault>,
    /// Where to look, of a case that missed.
    pub hints: Vec<String>,
}

/// A budget and what its parts took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetSummary {
    /// Its name.
    pub name: String,
    /// What it allows, milliseconds.
    pub limit: f64,
    /// What all parts took, milliseconds; nothing when a part was not measured.
    pub sum: Option<f64>,
    /// Its interval.
    pub interval: Option<OpenInterval>,
    /// The parts.
    pub parts: Vec<BudgetPart>,
}

/// A part of a budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BudgetPart {
    /// The case or budget.
    pub name: String,
    /// What it took, milliseconds.
    pub ms: Option<f64>,
    /// Its interval.
    pub interval: Option<OpenInterval>,
}

/// How a case stands while its run goes on: a row of the live table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseStanding {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: Option<String>,
    /// Whether it is judged first.
    pub critical: bool,
    /// Where it stands.
    pub phase: CasePhase,
    /// Operations done since the warm-up.
    pub done: u64,
    /// How many are wanted, where that is known.
    pub planned: Option<u64>,
    /// How many failed.
    pub failed: u64,
    /// Mean so far, milliseconds; of a pair the overhead.
    pub mean: Option<f64>,
    /// Its target, milliseconds.
    pub target: Option<f64>,
    /// Its maximum, milliseconds.
    pub max: Option<f64>,
    /// What its rules say, once it is done.
    pub gate: Option<Gate>,
    /// Samples over time of the case under way: at most 200 points. Empty of all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<CurvePoint>,
}

//! What the runner of a benchmark suite tells: how a case goes, once a second, and what was measured of it at its end.
//!
//! Samples are never kept one by one beyond the run: they are folded into a histogram, into blocks for comparison and
//! into a curve for the eye.

use serde::{Deserialize, Serialize};

use crate::{name::CaseName, tick::EncodedHistogram};

/// Where a case stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CasePhase {
    /// It waits for its turn.
    #[default]
    Waiting,
    /// Not yet measured.
    WarmUp,
    /// Measured.
    Measuring,
    /// Over.
    Done,
}

/// How a case goes: said at its beginning and once a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseProgress {
    /// Which case.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub case: CaseName,
    /// Where it stands.
    pub phase: CasePhase,
    /// Operations (of a pair: pairs) done since the warm-up.
    pub done: u64,
    /// How many are wanted, where that is known.
    pub planned: Option<u64>,
    /// How many of them failed.
    pub failed: u64,
    /// Seconds since the case began.
    pub seconds: f64,
    /// Mean of the samples so far, nanoseconds; of a pair the overhead.
    pub mean_ns: Option<f64>,
    /// The newest samples, reduced: at most 20 a report, in time order.
    pub recent: Vec<CurvePoint>,
}

/// A stretch of samples in time order, reduced so that no spike disappears.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CurvePoint {
    /// Seconds since the case began, at its end.
    pub second: f64,
    /// Smallest.
    pub min_ns: f64,
    /// Median.
    pub median_ns: f64,
    /// Largest.
    pub max_ns: f64,
}

/// How the samples of a case came about.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// Each operation is a sample.
    OneByOne,
    /// The operation is so short that reading the clock would show: means, intervals and comparisons come from batches of
    /// so many operations, percentiles from operations timed one by one, the clock's own cost taken off.
    Batches {
        /// Operations a batch.
        size: u64,
    },
}

/// Where the steady part of a case began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Steadiness {
    /// The warm-up was declared, so nobody asked.
    Declared,
    /// After the operations that were left out.
    Steady,
    /// Half of it was not enough to warm up: invalid.
    StillWarming,
    /// Its second half had a trend: invalid.
    Trend,
    /// Too few samples to tell.
    Unknown,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum CaseOutcome {
    /// As planned.
    Completed,
    /// It took its longest time before its iterations were done; what was measured counts.
    TimeUp,
    /// A person ended the run in it.
    CutShort,
    /// It could not be carried out.
    Failed {
        /// A stable word: `builtin.unknown`, `sql.connect`, `command.not_listed`.
        code: String,
        /// What happened and what to do.
        message: String,
    },
    /// It was not begun, or the runner died in it, and why.
    Skipped {
        /// One sentence.
        reason: String,
    },
}

/// Statistics of one of twenty equal stretches in time order: what comparisons rest on. Nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleBlock {
    /// Median.
    pub median_ns: f64,
    /// Mean.
    pub mean_ns: f64,
    /// 95th percentile.
    pub p95_ns: f64,
}

/// What was measured of an operation. Only right answers are samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// How its samples came about.
    pub sampling: Sampling,
    /// Operations that were measured, failed ones included.
    pub operations: u64,
    /// Those that failed or answered wrongly.
    pub failed: u64,
    /// Mean of one operation, nanoseconds; of batches the mean of all of them.
    pub mean_ns: Option<f64>,
    /// Standard deviation of the samples, nanoseconds.
    pub deviation_ns: Option<f64>,
    /// Times of single operations: HDR of **picoseconds** from 1 ns, 3 digits, V2.
    pub times: EncodedHistogram,
    /// Twenty blocks of the samples (of batches: times of one operation by batches); fewer when there are fewer samples.
    pub blocks: Vec<SampleBlock>,
    /// Samples beyond the third quartile plus three interquartile ranges. They are counted, never left out.
    pub far_out: u64,
}

/// Two times of a pair, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PairTimes {
    /// Without it.
    pub without_ns: f64,
    /// With it.
    pub with_ns: f64,
    /// Whether the one with it went first: drawn by lot.
    pub with_first: bool,
}

/// Memory after so many operations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemoryReading {
    /// Operations done, warm-up included.
    pub operations: u64,
    /// Bytes in use.
    pub bytes: u64,
}

/// Allocations of the measured operations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AllocationCount {
    /// Operations that were counted.
    pub operations: u64,
    /// Allocations in all.
    pub allocations: u64,
    /// Bytes in all.
    pub bytes: u64,
}

/// A kind of failure of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseFault {
    /// A stable word: `answer.wrong`, `operation.failed`, `timeout`, `http.5xx`.
    pub code: String,
    /// What happened, with what was expected and what came; redacted, at most 500 characters.
    pub message: String,
    /// The input it happened with, at most 500 characters.
    pub input: Option<String>,
    /// How often.
    pub count: u64,
}

/// How the database carries out a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueryPlan {
    /// The statement.
    pub query: String,
    /// The plan as the database tells it.
    pub text: String,
    /// Time of the one execution that was explained, where the database tells it, nanoseconds.
    pub time_ns: Option<f64>,
}

/// All that was measured of a case: kept with the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which case.
    pub case: CaseName,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// Where its steady part began.
    pub steadiness: Steadiness,
    /// Operations (of a pair: pairs) left out at the beginning.
    pub warmup_operations: u64,
    /// Seconds from the first measured operation to the last, all threads side by side.
    pub seconds: f64,
    /// The operation; of a pair the one *with*. Nothing when none was carried out.
    pub side: Option<Side>,
    /// Of a pair the one *without*.
    pub without: Option<Side>,
    /// The pairs, in order; at most 10,000.
    pub pairs: Vec<PairTimes>,
    /// Samples over time, at most 400 points; of a pair those *with*.
    pub curve: Vec<CurvePoint>,
    /// What one reading of the clock costs, which was taken off single operations, nanoseconds.
    pub clock_ns: f64,
    /// CPU time of the runner for one operation, nanoseconds. Other work of the process is in it.
    pub cpu_ns: Option<f64>,
    /// Resident memory, at most 400 readings; empty where the leak check is off.
    pub memory: Vec<MemoryReading>,
    /// Bytes allocated and not yet freed, at the same instants; empty where nobody counts.
    pub heap: Vec<MemoryReading>,
    /// Allocations, where somebody counts.
    pub allocations: Option<AllocationCount>,
    /// What went wrong, most frequent first, at most 20 kinds.
    pub faults: Vec<CaseFault>,
    /// Plans of its queries.
    pub plans: Vec<QueryPlan>,
    /// CPU time stolen from this machine meanwhile, share of all cores.
    pub steal: Option<f64>,
    /// CPU time of everything that is not the runner meanwhile, share of all cores.
    pub other: Option<f64>,
}

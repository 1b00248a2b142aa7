//! Benchmark suites: what a plan asks of each case, what its runner tells, what a case was worth.
//!
//! In:  cases of a suite, expanded ([`Case`]). Out: what was measured of each ([`Measured`]) and its numbers
//! ([`CaseSummary`]).
//! Not here: measuring (`engine`), computing and judging (`stats`, `lab`).
//!
//! Times are nanoseconds as `f64`, since batched operations go below one; every such field says `_ns`.

mod plan;
mod report;
mod summary;

pub use plan::{Amount, BudgetTree, Case, CaseWarmup, Cases, CommandOutput, Operation, WHOLE_SUITE, Work};
pub use report::{
    AllocationCount, CaseFault, CaseOutcome, CasePhase, CaseProgress, CurvePoint, Measured, MemoryReading, PairTimes,
    QueryPlan, SampleBlock, Sampling, Side, Steadiness,
};
pub use summary::{
    AllocationSummary, BudgetPart, BudgetSummary, CaseStanding, CaseSummary, CaseTimes, MemorySummary, OpenInterval,
    OverheadSummary,
};

//! Pure functions on numbers: distributions, intervals, rules and validity of a run; comparison and history of runs.
//!
//! In:  ticks as the engine makes them, and the rules of a plan; values of earlier runs.
//! Out: distributions, 95 % intervals, ledger rows, validity signals; what became slower, what crept, what is to come.
//! Promise: no clock, no I/O, no randomness: the same ticks give the same verdict, live and afterwards.
//! Not here: the ladder from rules to a verdict (`lab`), charts, storage.

mod accumulate;
pub mod bench;
mod blocks;
pub mod budget;
pub mod capacity;
pub mod compare;
mod distribution;
pub mod energy;
pub mod forecast;
mod histogram;
mod interval;
pub mod learnt;
pub mod memory;
mod merge;
mod multiple;
pub mod paired;
mod phase;
mod quantile;
mod rank;
mod robust;
mod rule;
#[cfg(test)]
mod sample;
mod series;
pub mod steps;
pub mod summary;
mod trend;
mod validity;
#[cfg(test)]
mod vectors;

pub use accumulate::{Accumulator, ReadClass, ReadOutcome, ReadPart, ReadTick};
pub use blocks::LoadBlocks;
pub use histogram::{FineHistogram, Histogram, HistogramError};
pub use interval::{Interval, SecondSum, mean_of_blocks, share_interval};
pub use merge::{Beside, Merger};
pub use multiple::benjamini_hochberg;
pub use quantile::{missing_samples, quantile_of_sorted, quantile_ranks};
pub use rule::{CaseJudgement, CaseRules, Judged, Rules, Rung};
pub use series::{NotFinite, Series};
pub use validity::{Context, Gone, Health};

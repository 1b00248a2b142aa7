//! Capacity searches: which level comes next, what a run says of its level, and what all levels say together.
//!
//! In:  what each level's run was worth, in the order in which they were run.
//! Out: the next level or the conclusion ([`Search`]), slowdowns against the reference level ([`slowdown`]), judged rules
//! on degradation ([`judge`]), the scalability law ([`fit`]).
//! Promise: pure functions of the levels so far. Whoever asks after a crash gets the same answer as who was there before.

mod degradation;
mod law;
mod level;
mod search;

pub use degradation::{REFERENCE_REQUESTS, judge, reference, slowdown};
pub use law::fit;
pub use level::{Worth, outcome};
pub use search::{Next, Search, Tried};

use perflab_model::tick::EncodedHistogram;

use crate::{Histogram, quantile_ranks};

/// A quantile with the 95 % interval of its ranks, in microseconds; an end that too few values leave open is nothing.
pub fn quantile_interval_us(times: &Histogram, p: f64) -> Option<(f64, Option<f64>, Option<f64>)> {
    let value = times.quantile_us(p)?;
    let (low, high) = quantile_ranks(times.count(), p);
    let at = |rank: Option<u64>| rank.and_then(|rank| times.at_rank_us(rank));
    Some((value, at(low), at(high)))
}

/// The times of a level, as they are kept. What cannot be read holds no times, so nothing rests on it.
pub fn times(kept: &EncodedHistogram) -> Histogram {
    Histogram::decode(kept).unwrap_or_default()
}

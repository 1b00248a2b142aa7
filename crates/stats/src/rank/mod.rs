//! Order instead of size: estimates and tests by ranks, which a few wild values cannot move.
//!
//! In:  finite numbers.
//! Out: the k-th of all differences or averages of pairs, exact distributions of rank sums, their tails.
//! Not here: what they mean for a run (`compare`, `paired`, `steps`).

mod mann_whitney;
mod pairs;
mod signed_rank;

pub(crate) use mann_whitney::{MannWhitney, critical_count};
pub(crate) use pairs::{Differences, WalshAverages};
pub(crate) use signed_rank::{critical_average, signed_rank_p};

/// The share of a distribution, given as whole counts, at or below `at`.
fn share_up_to(counts: &[f64], at: usize) -> f64 {
    let all: f64 = counts.iter().sum();
    counts.iter().take(at.saturating_add(1)).sum::<f64>() / all
}

/// The largest `k` with `P(X ≤ k − 1) ≤ share`, of a distribution given as whole counts.
fn largest_below(counts: &[f64], share: f64) -> usize {
    let all: f64 = counts.iter().sum();
    let mut below = 0.0;
    counts
        .iter()
        .take_while(|count| {
            below += **count;
            below / all <= share
        })
        .count()
}

/// `Σ(t³ − t)` over groups of equal values.
pub(crate) fn tie_sum(sorted: &[f64]) -> f64 {
    sorted
        .chunk_by(|a, b| a == b)
        .map(|group| {
            let t = group.len() as f64;
            t * t * t - t
        })
        .sum()
}

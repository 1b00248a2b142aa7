//! The best partition into levels: least absolute deviations from each level's median, plus a price for each change.
//!
//! In:  values in standard deviations, the price of a change.
//! Out: the first index of every level but the first.
//! Quadratic in the number of runs: each end looks back over all beginnings, with the values so far in order, so that
//! adding one costs its distance to the median (odd size) or to the interval of both middle values (even size).

/// A level has at least so many runs.
const SHORTEST: usize = 3;

/// The cuts; of several best partitions the one whose levels begin earlier.
pub(super) fn partition(x: &[f64], price: f64) -> Vec<usize> {
    let n = x.len();
    // Cost of the best partition of the first `end` values, and where its last level begins.
    let mut best = vec![(f64::INFINITY, 0); n + 1];
    best[0] = (-price, 0);
    let mut ordered = Vec::with_capacity(n);
    for end in SHORTEST..=n {
        ordered.clear();
        let mut within = 0.0;
        let mut least = (f64::INFINITY, 0);
        for start in (0..end).rev() {
            within += added(&ordered, x[start]);
            let place = ordered.partition_point(|other| *other < x[start]);
            ordered.insert(place, x[start]);
            if end - start >= SHORTEST && best[start].0 + within + price <= least.0 {
                least = (best[start].0 + within + price, start);
            }
            // Costs only grow: with what the beginning costs at least, no earlier one can win any more.
            if within - price > least.0 {
                break;
            }
        }
        best[end] = least;
    }
    let mut cuts = Vec::new();
    let mut end = n;
    while end > 0 && best[end].1 > 0 {
        end = best[end].1;
        cuts.push(end);
    }
    cuts.reverse();
    cuts
}

fn added(ordered: &[f64], value: f64) -> f64 {
    let half = ordered.len() / 2;
    match ordered.len() {
        0 => 0.0,
        n if n % 2 == 1 => (value - ordered[half]).abs(),
        _ => (ordered[half - 1] - value).max(value - ordered[half]).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::robust::median;

    /// What a partition costs, by definition.
    fn cost(x: &[f64], cuts: &[usize], price: f64) -> f64 {
        let bounds: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([x.len()]).collect();
        let levels = bounds.windows(2).map(|pair| {
            let level = &x[pair[0]..pair[1]];
            let centre = median(level);
            level.iter().map(|value| (value - centre).abs()).sum::<f64>()
        });
        levels.sum::<f64>() + price * cuts.len() as f64
    }

    /// Every choice of cuts at least three apart.
    fn every(from: usize, n: usize) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for cut in from + SHORTEST..=n.saturating_sub(SHORTEST) {
            for rest in every(cut, n) {
                all.push([vec![cut], rest].concat());
            }
        }
        all
    }

    proptest! {
        #[test]
        fn no_partition_is_cheaper(x in vec(-5.0_f64..5.0, 3..14), price in 0.1_f64..6.0) {
            let found = partition(&x, price);
            let least = every(0, x.len()).iter().map(|cuts| cost(&x, cuts, price)).fold(f64::INFINITY, f64::min);
            prop_assert!((cost(&x, &found, price) - least).abs() < 1e-9, "{:?}", found);
        }
    }
}

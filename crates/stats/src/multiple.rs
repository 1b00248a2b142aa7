//! Many comparisons at once: how many findings may be false.
//!
//! Benjamini and Hochberg (Journal of the Royal Statistical Society B 57, 1995). Of 40 unchanged cases one build in 1.6 has
//! a "finding" at plain 5 %; with this, 1.5 % of builds have. Goals and fixed limits are single questions and stay as
//! they are.

/// The adjusted p (q) of each, in the order given: a finding with `q ≤ 5 %` belongs to a list of which on average at most
/// 5 % are false. What is no number stands for no evidence at all.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let value = |at: usize| if p[at].is_nan() { 1.0 } else { p[at].clamp(0.0, 1.0) };
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| value(*a).total_cmp(&value(*b)));
    let mut adjusted = vec![1.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, at) in order.into_iter().enumerate().rev() {
        // The factor first: it is never below 1, so rounding cannot put q below p.
        least = least.min(value(at) * (p.len() as f64 / (rank + 1) as f64));
        adjusted[at] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn adjusting_keeps_the_order_and_never_lowers_p(p in vec(0.0_f64..1.0, 1..60)) {
            let q = benjamini_hochberg(&p);
            for (i, j) in (0..p.len()).flat_map(|i| (0..p.len()).map(move |j| (i, j))) {
                prop_assert!(p[i] > p[j] || q[i] <= q[j]);
            }
            prop_assert!(p.iter().zip(&q).all(|(p, q)| q >= p && *q <= 1.0));
        }
    }
}

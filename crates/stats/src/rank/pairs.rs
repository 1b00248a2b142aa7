//! The k-th smallest of all pairs, without making the pairs: two samples of 10,000 have a hundred million differences.
//!
//! The order of floating-point numbers is the order of integers in other clothes. So the k-th number is found by halving
//! an interval of at most 2⁶⁴ integers, and each step counts the pairs below with two pointers over sorted values:
//! rounded sums and differences still rise with what they are made of. The answer is exactly the one of sorting.

use crate::robust::sorted;

/// All `b − a`.
pub(crate) struct Differences {
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Differences {
    /// Of every pair of the two; neither may be empty.
    pub(crate) fn new(a: &[f64], b: &[f64]) -> Option<Self> {
        (!a.is_empty() && !b.is_empty()).then(|| Self { a: sorted(a), b: sorted(b) })
    }

    fn count(&self) -> u64 {
        self.a.len() as u64 * self.b.len() as u64
    }

    /// The k-th smallest, from 1.
    pub(crate) fn kth(&self, k: u64) -> f64 {
        let smallest = self.b[0] - self.a[self.a.len() - 1];
        let largest = self.b[self.b.len() - 1] - self.a[0];
        halve(smallest, largest, k, |limit| {
            let mut within = 0;
            self.a
                .iter()
                .map(|a| {
                    while within < self.b.len() && self.b[within] - a <= limit {
                        within += 1;
                    }
                    within as u64
                })
                .sum()
        })
    }

    /// The k-th smallest and the k-th largest, from 1.
    pub(crate) fn ends(&self, k: u64) -> (f64, f64) {
        (self.kth(k), self.kth(self.count() + 1 - k))
    }

    /// The median: the estimate of Hodges and Lehmann.
    pub(crate) fn median(&self) -> f64 {
        middle(self.count(), |k| self.kth(k))
    }
}

/// All `(d_i + d_j)/2` with `i ≤ j`.
pub(crate) struct WalshAverages(Vec<f64>);

impl WalshAverages {
    /// Of every pair, each number with itself too; there must be one.
    pub(crate) fn new(differences: &[f64]) -> Option<Self> {
        (!differences.is_empty()).then(|| Self(sorted(differences)))
    }

    fn count(&self) -> u64 {
        let n = self.0.len() as u64;
        n * (n + 1) / 2
    }

    fn kth(&self, k: u64) -> f64 {
        halve(self.0[0], self.0[self.0.len() - 1], k, |limit| {
            let mut end = self.0.len();
            self.0
                .iter()
                .enumerate()
                .map(|(at, low)| {
                    while end > at && f64::midpoint(*low, self.0[end - 1]) > limit {
                        end -= 1;
                    }
                    end.saturating_sub(at) as u64
                })
                .sum()
        })
    }

    /// The k-th smallest and the k-th largest, from 1.
    pub(crate) fn ends(&self, k: u64) -> (f64, f64) {
        (self.kth(k), self.kth(self.count() + 1 - k))
    }

    /// The median: the estimate of Hodges and Lehmann for one sample.
    pub(crate) fn median(&self) -> f64 {
        middle(self.count(), |k| self.kth(k))
    }
}

fn middle(count: u64, kth: impl Fn(u64) -> f64) -> f64 {
    if count % 2 == 1 { kth(count / 2 + 1) } else { f64::midpoint(kth(count / 2), kth(count / 2 + 1)) }
}

/// The smallest number in `low..=high` that at least `k` pairs do not exceed.
fn halve(low: f64, high: f64, k: u64, not_above: impl Fn(f64) -> u64) -> f64 {
    let (mut low, mut high) = (key(low), key(high));
    while low < high {
        // Not (low + high) / 2: that overflows between negative and positive numbers.
        let between = low + ((i128::from(high) - i128::from(low)) / 2) as i64;
        if not_above(number(between)) >= k { high = between } else { low = between + 1 }
    }
    // Zero has two keys; nobody wants to read −0.
    number(low) + 0.0
}

/// An integer that is ordered like the number, as in `f64::total_cmp`.
fn key(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

fn number(key: i64) -> f64 {
    f64::from_bits((key ^ ((key >> 63).cast_unsigned() >> 1).cast_signed()).cast_unsigned())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::robust::median;

    /// Often equal, often of either sign.
    fn values() -> impl Strategy<Value = Vec<f64>> {
        vec(prop_oneof![-100.0_f64..100.0, (-4_i8..4).prop_map(f64::from)], 1..30)
    }

    proptest! {
        #[test]
        fn differences_are_those_of_sorting_every_pair(a in values(), b in values(), pick in any::<prop::sample::Index>()) {
            let all = sorted(&a.iter().flat_map(|a| b.iter().map(move |b| b - a)).collect::<Vec<_>>());
            let differences = Differences::new(&a, &b).expect("not empty");
            let k = pick.index(all.len());
            prop_assert_eq!(differences.ends(k as u64 + 1), (all[k], all[all.len() - 1 - k]));
            prop_assert_eq!(differences.median(), median(&all));
        }

        #[test]
        fn averages_are_those_of_sorting_every_pair(d in values(), pick in any::<prop::sample::Index>()) {
            let pairs = (0..d.len()).flat_map(|i| (i..d.len()).map(move |j| (i, j)));
            let all = sorted(&pairs.map(|(i, j)| f64::midpoint(d[i], d[j])).collect::<Vec<_>>());
            let averages = WalshAverages::new(&d).expect("not empty");
            let k = pick.index(all.len());
            prop_assert_eq!(averages.ends(k as u64 + 1), (all[k], all[all.len() - 1 - k]));
            prop_assert_eq!(averages.median(), median(&all));
        }
    }
}

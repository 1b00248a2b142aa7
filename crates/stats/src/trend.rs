//! Slopes that a few wild values cannot bend, and whether there is a trend at all.
//!
//! In:  values at places (operations, runs).
//! Out: Theil and Sen's slope with bounds, Mann and Kendall's test.
//!
//! Sources: Sen, Journal of the American Statistical Association 63, 1968 (slope and bounds); Mann, Econometrica 13, 1945,
//! and Kendall, Rank Correlation Methods (test, variance with ties).

use crate::{
    distribution::normal_above,
    robust::{median, median_of_sorted, sorted},
};

/// The median of the slopes of all pairs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TheilSen {
    /// Slope.
    pub(crate) slope: f64,
    /// Median of `y − slope·t`.
    pub(crate) intercept: f64,
    slopes: Vec<f64>,
    n: usize,
}

impl TheilSen {
    /// Of at least two different places.
    pub(crate) fn new(t: &[f64], y: &[f64]) -> Option<Self> {
        let n = t.len().min(y.len());
        let slopes = sorted(
            &(0..n)
                .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
                .filter(|(i, j)| t[*i] != t[*j])
                .map(|(i, j)| (y[j] - y[i]) / (t[j] - t[i]))
                .collect::<Vec<_>>(),
        );
        if slopes.is_empty() {
            return None;
        }
        let slope = median_of_sorted(&slopes);
        let intercept = median(&t.iter().zip(y).map(|(t, y)| y - slope * t).collect::<Vec<_>>());
        Some(Self { slope, intercept, slopes, n })
    }

    /// The bounds whose standard score is `z`: the slope number `(N − z·σ)/2` from each end, with the σ of Kendall's S.
    pub(crate) fn bounds(&self, z: f64) -> (f64, f64) {
        let n = self.n as f64;
        let sigma = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
        let all = self.slopes.len();
        let rank = ((all as f64 - z * sigma) / 2.0).round().max(1.0) as usize;
        let rank = rank.min(all.div_ceil(2));
        (self.slopes[rank - 1], self.slopes[all - rank])
    }

    /// What is left of each value.
    pub(crate) fn residuals(&self, t: &[f64], y: &[f64]) -> Vec<f64> {
        t.iter().zip(y).map(|(t, y)| y - self.intercept - self.slope * t).collect()
    }
}

/// Pairs that rise less pairs that fall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MannKendall {
    /// Kendall's S.
    pub(crate) s: f64,
    /// Its variance when there is no trend.
    pub(crate) variance: f64,
}

impl MannKendall {
    /// Of values in their order.
    pub(crate) fn new(y: &[f64]) -> Self {
        let n = y.len();
        let s = (0..n)
            .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
            .map(|(i, j)| f64::from(i8::from(y[j] > y[i]) - i8::from(y[j] < y[i])))
            .sum();
        let spread = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
        let ties: f64 = sorted(y).chunk_by(|a, b| a == b).map(|group| spread(group.len() as f64)).sum();
        Self { s, variance: (spread(n as f64) - ties) / 18.0 }
    }

    /// Standard score with one taken off, its variance widened by memory.
    pub(crate) fn z(self, inflation: f64) -> f64 {
        let sigma = (self.variance * inflation).sqrt();
        if sigma > 0.0 { self.s.signum() * (self.s.abs() - 1.0).max(0.0) / sigma } else { 0.0 }
    }

    /// P of a rise at least as clear by chance.
    pub(crate) fn p_rising(self, inflation: f64) -> f64 {
        normal_above(self.z(inflation))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::vectors;

    #[test]
    fn the_slope_of_the_vector_and_its_bounds() {
        let vector = vectors::named("theil_sen");
        let line = TheilSen::new(&vectors::numbers(&vector["t"]), &vectors::numbers(&vector["y"])).expect("places");
        vectors::assert_near(line.slope, &vector["slope"]);
        vectors::assert_near(line.intercept, &vector["intercept_median_residual"]);
        let (low, high) = line.bounds(1.959_963_985);
        vectors::assert_near(low, &vector["ci95_scipy"][0]);
        vectors::assert_near(high, &vector["ci95_scipy"][1]);
    }

    #[test]
    fn the_trend_of_the_vectors() {
        for name in ["mann_kendall", "mann_kendall_ties"] {
            let vector = vectors::named(name);
            let y = vectors::numbers(&vector["y"]);
            let test = MannKendall::new(&y);
            vectors::assert_near(test.s, &vector["S"]);
            vectors::assert_near(test.variance, &vector["var"]);
            vectors::assert_near(test.z(1.0), &vector["z"]);
            if let Some(p) = vector.get("p_two_sided") {
                vectors::assert_near(2.0 * test.p_rising(1.0), p);
            }
            if let Some(tau) = vector.get("tau") {
                vectors::assert_near(test.s / (y.len() * (y.len() - 1) / 2) as f64, tau);
            }
        }
    }

    proptest! {
        #[test]
        fn a_line_has_its_slope_and_a_wild_value_hardly_bends_it(
            slope in -5.0_f64..5.0, n in 8_usize..40, at in any::<prop::sample::Index>(), wild in -1e6_f64..1e6
        ) {
            let t: Vec<f64> = (0..n).map(|t| t as f64).collect();
            let mut y: Vec<f64> = t.iter().map(|t| 3.0 + slope * t).collect();
            y[at.index(n)] = wild;
            let line = TheilSen::new(&t, &y).expect("places");
            prop_assert!((line.slope - slope).abs() < 1e-9);
            let (low, high) = line.bounds(1.645);
            prop_assert!(low <= line.slope && line.slope <= high);
        }

        #[test]
        fn turning_time_over_turns_the_trend_over(y in vec(0_u8..20, 2..40)) {
            let y: Vec<f64> = y.into_iter().map(f64::from).collect();
            let back: Vec<f64> = y.iter().rev().copied().collect();
            prop_assert_eq!(MannKendall::new(&y).s, -MannKendall::new(&back).s);
            prop_assert!((MannKendall::new(&y).z(1.0) + MannKendall::new(&back).z(1.0)).abs() < 1e-12);
        }
    }
}

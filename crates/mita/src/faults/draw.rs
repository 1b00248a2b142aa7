//! Seeded draws: what chance decides about a request.
//!
//! In:  a seed. Out: per arrival always the same number of draws, so that the k-th arrival meets the same fate however
//! its neighbours are scheduled, and whichever other switches are on.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::spec::Latency;

/// The source of chance of one set of faults.
#[derive(Debug)]
pub(super) struct Draws(ChaCha8Rng);

/// The draws of one arrival, each in `0.0..1.0`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    pub(super) error: f64,
    pub(super) reset: f64,
    pub(super) hang: f64,
    pub(super) truncate: f64,
    pub(super) slow: f64,
    latency: (f64, f64),
}

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn next(&mut self) -> Draw {
        let mut one = || self.0.random::<f64>();
        Draw { error: one(), reset: one(), hang: one(), truncate: one(), slow: one(), latency: (one(), one()) }
    }
}

impl Draw {
    /// The time that a distribution adds to this arrival.
    pub(super) fn latency(&self, latency: Latency) -> Duration {
        let (u, v) = self.latency;
        let ms = match latency {
            Latency::Constant { ms } => ms,
            Latency::Uniform { min_ms, max_ms } => min_ms + u * (max_ms - min_ms),
            Latency::Exponential { mean_ms } => -mean_ms * (1.0 - u).ln(),
            Latency::Lognormal { median_ms, sigma } => {
                // Box and Muller: two uniform draws make a normal one. 1 - u is never zero.
                let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                median_ms * (sigma * normal).exp()
            }
        };
        millis(ms.min(3_600_000.0))
    }
}

/// Milliseconds that were checked to be a time.
pub(super) fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn sorted(latency: Latency) -> Vec<f64> {
        let mut draws = Draws::new(7);
        let mut ms: Vec<f64> = (0..20_000).map(|_| draws.next().latency(latency).as_secs_f64() * 1000.0).collect();
        ms.sort_by(f64::total_cmp);
        ms
    }

    // Closed forms at the median and at 95 %; 20,000 draws hold them within 5 %.
    #[rstest]
    #[case(Latency::Constant { ms: 8.0 }, 8.0, 8.0)]
    #[case(Latency::Uniform { min_ms: 10.0, max_ms: 30.0 }, 20.0, 29.0)]
    #[case(Latency::Exponential { mean_ms: 10.0 }, 6.931, 29.957)]
    #[case(Latency::Lognormal { median_ms: 20.0, sigma: 0.5 }, 20.0, 45.52)]
    fn added_time_follows_its_distribution(#[case] latency: Latency, #[case] median: f64, #[case] p95: f64) {
        let ms = sorted(latency);
        assert!((ms[10_000] / median - 1.0).abs() < 0.05, "median {}", ms[10_000]);
        assert!((ms[19_000] / p95 - 1.0).abs() < 0.05, "p95 {}", ms[19_000]);
    }

    #[test]
    fn the_same_seed_draws_the_same_fates() {
        let fates = |seed| {
            let mut draws = Draws::new(seed);
            (0..100).map(|_| draws.next().error).collect::<Vec<_>>()
        };
        assert_eq!(fates(1), fates(1));
        assert_ne!(fates(1), fates(2));
    }
}

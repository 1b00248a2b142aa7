//! How long a user thinks.

use std::time::Duration;

use perflab_model::flow::Think;
use rand::Rng;

/// A longer pause than this is taken for a slip of the distribution's tail.
const LONGEST: Duration = Duration::from_secs(3600);

/// Draws a pause.
pub(crate) fn think_time(think: Think, rng: &mut impl Rng) -> Duration {
    let seconds = match think {
        Think::None => return Duration::ZERO,
        Think::Constant(time) => return time.duration(),
        Think::Uniform(from, to) => {
            let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
            from + (to - from) * rng.random::<f64>()
        }
        Think::Exponential(mean) => -mean.as_secs_f64() * (1.0 - rng.random::<f64>()).ln(),
        Think::Lognormal { median, sigma } => median.as_secs_f64() * (sigma * standard_normal(rng)).exp(),
    };
    Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST)
}

/// Box and Muller.
fn standard_normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use perflab_model::unit::Millis;
    use rstest::rstest;

    use super::*;
    use crate::flow::{Domain, stream};

    #[rstest]
    #[case(Think::Constant(Millis::new(850)), 0.85, 0.85)]
    #[case(Think::Uniform(Millis::new(1000), Millis::new(5000)), 3.0, 3.0)]
    #[case(Think::Exponential(Millis::new(2000)), 2.0, 2.0 * std::f64::consts::LN_2)]
    #[case(Think::Lognormal { median: Millis::new(1000), sigma: 0.5 }, 0.125_f64.exp(), 1.0)]
    fn pauses_have_the_mean_and_median_of_their_distribution(
        #[case] think: Think,
        #[case] mean: f64,
        #[case] median: f64,
    ) {
        let mut rng = stream(1, Domain::User, 0, 0);
        let mut times: Vec<f64> = (0..40_000).map(|_| think_time(think, &mut rng).as_secs_f64()).collect();
        let measured = times.iter().sum::<f64>() / times.len() as f64;
        assert!((measured - mean).abs() < 0.03 * mean, "mean {measured} instead of {mean}");
        times.sort_by(f64::total_cmp);
        let middle = times[times.len() / 2];
        assert!((middle - median).abs() < 0.03 * median, "median {middle} instead of {median}");
    }
}

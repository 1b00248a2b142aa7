//! 95 % intervals of means and shares.
//!
//! A mean is taken over blocks of time, because neighbouring samples of a run remember each other; a share by Clopper
//! and Pearson (Biometrika 26, 1934), which never promises too much.

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// Blocks that a run is cut into.
pub(crate) const BLOCKS: usize = 20;
/// Fewer blocks say nothing about how much they vary.
pub(crate) const MIN_BLOCKS: usize = 5;

/// A 95 % interval; an end that too few samples leave open is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Nothing is known.
    pub const OPEN: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// A value that has no interval and is compared as it is.
    pub const fn exact(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// Around a value.
    pub fn around(value: f64, half_width: Option<f64>) -> Self {
        half_width.map_or(Self::OPEN, |half| Self { low: value - half, high: value + half })
    }

    /// The ends, nothing where one is open.
    pub fn ends(self) -> (Option<f64>, Option<f64>) {
        (self.low.is_finite().then_some(self.low), self.high.is_finite().then_some(self.high))
    }
}

/// Sums and counts of one second, in time order.
pub type SecondSum = (f64, u64);

/// Half the width of the 95 % interval of a mean, from the means of 20 blocks of whole seconds (as many blocks as
/// seconds when there are fewer). Nothing under five blocks with values.
pub fn mean_of_blocks(seconds: &[SecondSum]) -> Option<f64> {
    let blocks = BLOCKS.min(seconds.len());
    let means: Vec<f64> = (0..blocks)
        .filter_map(|block| {
            let from = block * seconds.len() / blocks;
            let to = (block + 1) * seconds.len() / blocks;
            let (sum, count) =
                seconds[from..to].iter().fold((0.0, 0), |(sum, count), second| (sum + second.0, count + second.1));
            (count > 0).then(|| sum / count as f64)
        })
        .collect();
    if means.len() < MIN_BLOCKS {
        return None;
    }
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(0.975);
    Some(t * (variance / n).sqrt())
}

/// The 95 % interval of a share by Clopper and Pearson. Of nothing, everything is possible.
pub fn share_interval(part: u64, whole: u64) -> Interval {
    if whole == 0 {
        return Interval::OPEN;
    }
    let (part, whole) = (part.min(whole) as f64, whole as f64);
    let bound = |a: f64, b: f64, share: f64| Beta::new(a, b).map(|beta| beta.inverse_cdf(share)).ok();
    let low = if part > 0.0 { bound(part, whole - part + 1.0, 0.025).unwrap_or(0.0) } else { 0.0 };
    let high = if part < whole { bound(part + 1.0, whole - part, 0.975).unwrap_or(1.0) } else { 1.0 };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_errors_in_two_thousand_as_scipy_has_it() {
        let interval = share_interval(3, 2_000);
        assert!((interval.low - 0.000_309_442_949_312_333_06).abs() < 1e-6, "{interval:?}");
        assert!((interval.high - 0.004_377_320_104_529_616).abs() < 1e-6, "{interval:?}");
    }

    #[test]
    fn no_errors_leave_room_for_about_3_7_of_n() {
        let interval = share_interval(0, 1_000);
        assert_eq!(interval.low, 0.0);
        // Closed form: 1 − 0.025^(1/n).
        assert!((interval.high - (1.0 - 0.025_f64.powf(1.0 / 1_000.0))).abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn a_mean_under_five_seconds_has_no_interval() {
        assert_eq!(mean_of_blocks(&[(1.0, 1); 4]), None);
        assert_eq!(mean_of_blocks(&[(1.0, 1); 5]), Some(0.0));
    }

    #[test]
    fn twenty_blocks_use_t_with_19_degrees() {
        // 40 seconds, block means alternate 0 and 2: sd = sqrt(20/19), t19 = 2.093024.
        let seconds: Vec<SecondSum> = (0..40).map(|i| (if i / 2 % 2 == 0 { 0.0 } else { 2.0 }, 1)).collect();
        let expected = 2.093_024_054 * (20.0_f64 / 19.0).sqrt() / 20.0_f64.sqrt();
        let half = mean_of_blocks(&seconds).expect("20 blocks");
        assert!((half - expected).abs() < 1e-6, "{half} {expected}");
    }

    proptest! {
        #[test]
        fn a_share_lies_in_its_interval_and_more_errors_never_lower_it(whole in 1_u64..200_000, part in 0_u64..200_000) {
            let part = part % whole;
            let (one, more) = (share_interval(part, whole), share_interval(part + 1, whole));
            let share = part as f64 / whole as f64;
            prop_assert!(one.low <= share && share <= one.high);
            prop_assert!(more.low >= one.low && more.high >= one.high);
        }
    }
}

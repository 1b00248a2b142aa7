//! A share of a whole.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a number is not a share.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a share between 0 and 1")]
pub struct RatioError(f64);

/// A share of a whole, 0.0 to 1.0. Only `Display` turns it into percent.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = f64))]
pub struct Ratio(f64);

impl Ratio {
    /// Takes a share.
    ///
    /// # Errors
    /// When the number lies outside 0 to 1 or is no number.
    pub fn new(share: f64) -> Result<Self, RatioError> {
        if (0.0..=1.0).contains(&share) { Ok(Self(share)) } else { Err(RatioError(share)) }
    }

    /// `None` when nothing was counted: the error rate of no requests is unknown, not 0 %.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then(|| Self((part as f64 / whole as f64).min(1.0)))
    }

    /// The share, 0.0 to 1.0.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The share in percent.
    pub fn percent(self) -> f64 {
        self.0 * 100.0
    }
}

impl TryFrom<f64> for Ratio {
    type Error = RatioError;
    fn try_from(share: f64) -> Result<Self, RatioError> {
        Self::new(share)
    }
}

impl From<Ratio> for f64 {
    fn from(ratio: Ratio) -> Self {
        ratio.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", crate::display::number(self.percent()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_requests(0, 0, None)]
    #[case::one_of_four(1, 4, Some("25.0 %"))]
    #[case::none_of_four(0, 4, Some("0 %"))]
    fn error_rate_reads_well(#[case] failed: u64, #[case] all: u64, #[case] shown: Option<&str>) {
        assert_eq!(Ratio::of(failed, all).map(|rate| rate.to_string()).as_deref(), shown);
    }
}

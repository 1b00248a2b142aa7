//! Arrival rates: starts a second.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a number is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a rate: a rate is a finite number of starts a second, zero or more")]
pub struct RpsError(f64);

/// Starts a second (not replies a second): finite and not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = f64))]
pub struct Rps(f64);

impl Rps {
    /// No starts at all.
    pub const ZERO: Self = Self(0.0);

    /// Takes a rate.
    ///
    /// # Errors
    /// When the number is negative, infinite or no number.
    pub fn new(per_second: f64) -> Result<Self, RpsError> {
        if per_second.is_finite() && per_second >= 0.0 { Ok(Self(per_second)) } else { Err(RpsError(per_second)) }
    }

    /// Starts a second.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Rps {
    type Error = RpsError;
    fn try_from(per_second: f64) -> Result<Self, RpsError> {
        Self::new(per_second)
    }
}

impl From<Rps> for f64 {
    fn from(rate: Rps) -> Self {
        rate.0
    }
}

impl fmt::Display for Rps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", crate::display::number(self.0))
    }
}

//! Capacity searches: one scenario run at level after level, to find the highest that its thresholds bear.
//!
//! In:  what is asked for ([`CapacityRequest`]). Out: the load of one level ([`Level`]), and shapes of what was found.
//! Not here: which level comes next, and what the levels say together (`stats`).

mod found;
mod level;
mod request;

use serde::{Deserialize, Serialize};

use crate::display;

pub use found::*;
pub use level::{Level, degradation_quantile, p95_limit_ms};
pub use request::{CapacityRequest, SHORTEST_HOLD, USUAL_HOLD, USUAL_RESOLUTION};

/// What a level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapacityUnit {
    /// Users of a closed scenario.
    Users,
    /// Starts a second of an open scenario.
    Rate,
}

impl CapacityUnit {
    /// The word as it is stored and sent.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Rate => "rate",
        }
    }

    /// Reads that word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Users, Self::Rate].into_iter().find(|unit| unit.code() == code)
    }

    /// A level in words: `1 user`, `500 users`, `62.5/s`.
    pub fn shown(self, level: f64) -> String {
        match self {
            Self::Users if level == 1.0 => "1 user".to_owned(),
            Self::Users => format!("{} users", display::count(level.round() as u64)),
            Self::Rate => {
                let number = display::number(level);
                // Levels are chosen, not measured: 10.0 says no more than 10.
                let plain =
                    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
                format!("{plain}/s")
            }
        }
    }
}

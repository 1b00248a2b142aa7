//! The comparison material of a run: each compared number in up to twenty stretches of time.
//!
//! Samples of a run remember each other, so runs are compared by these, never by single samples or by one number alone.
//! Kept with the run as a document of its own. Shapes only; `stats` computes them.

use serde::{Deserialize, Serialize};

/// Which direction of a measure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// Times, memory, errors.
    Lower,
    /// Throughput.
    Higher,
}

/// One number of one request, case or run in blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockSeries {
    /// The request or case; nothing for all together.
    pub name: Option<String>,
    /// The measure, as in the results: `latency`, `throughput`, `memory`, `allocations`.
    pub measure: String,
    /// Which number of it: `p50`, `p95`, `rate`, `bytes`, `count`.
    pub stat: String,
    /// The measure's base unit: `s`, `1/s`, `B`, or empty for counts.
    pub unit: String,
    /// Which direction is good.
    pub better: Better,
    /// Values in time order, at most twenty. A number that has no blocks stands alone.
    pub values: Vec<f64>,
    /// Samples of all blocks together.
    pub samples: u64,
}

/// All numbers of a run that are compared with other runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Blocks {
    /// The numbers.
    pub series: Vec<BlockSeries>,
}

impl Blocks {
    /// The series of a number.
    pub fn find(&self, name: Option<&str>, measure: &str, stat: &str) -> Option<&BlockSeries> {
        self.series
            .iter()
            .find(|series| series.name.as_deref() == name && series.measure == measure && series.stat == stat)
    }
}

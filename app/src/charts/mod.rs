//! Charts of runs and trends: from model types to the plain series that `perflab-charts` draws.
//!
//! In:  a plan and its points or ticks, a launch preview, a trend. Out: charts, their one-sentence findings and their tables.
//! Pages, REST and reports take them from here, so that they show the same.

#[cfg(feature = "ssr")]
pub mod capacity;
#[cfg(feature = "ssr")]
pub mod cases;
#[cfg(feature = "ssr")]
pub mod compare;
#[cfg(feature = "ssr")]
pub mod distribution;
#[cfg(feature = "ssr")]
pub mod file;
#[cfg(feature = "ssr")]
pub mod finding;
#[cfg(feature = "ssr")]
pub mod preview;
#[cfg(feature = "ssr")]
pub mod rate;
#[cfg(feature = "ssr")]
pub mod run;
#[cfg(all(test, feature = "ssr"))]
pub(crate) mod sample;
pub mod series;
#[cfg(feature = "ssr")]
pub mod stops;
#[cfg(feature = "ssr")]
pub mod table;
#[cfg(feature = "ssr")]
pub mod trend;

#[cfg(feature = "ssr")]
pub use capacity::capacity_chart_file;
#[cfg(feature = "ssr")]
pub use compare::compare_chart_file;
#[cfg(feature = "ssr")]
pub use distribution::RunDistribution;
#[cfg(feature = "ssr")]
pub use file::{ChartFile, FileCourse, run_chart_file};
#[cfg(feature = "ssr")]
pub use run::run_chart;
#[cfg(feature = "ssr")]
pub use trend::trend_chart_file;

//! Charts of runs and trends: from model types to the plain series that `perflab-charts` draws.
//!
//! In:  a plan and its points, a launch preview, a trend. Out: charts, their one-sentence findings and their tables.
//! Pages, REST and reports take them from here, so that they show the same.

pub mod file;
pub mod finding;
pub mod preview;
pub mod run;
pub mod table;
pub mod trend;

pub use file::{ChartFile, run_chart_file, trend_chart_file};
pub use run::run_chart;

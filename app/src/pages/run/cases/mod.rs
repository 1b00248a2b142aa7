//! Runs of benchmark suites: the table of cases, one case in detail, cases while a run goes on.

mod budget;
mod detail;
mod faults;
mod live;
mod table;
mod time;

pub use budget::Budgets;
pub use detail::CaseTab;
pub use faults::FaultTable;
pub use live::LiveCases;
pub use table::{CaseTable, answered};

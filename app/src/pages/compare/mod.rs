//! Two to five runs or groups of runs side by side (S5).

mod choice;
mod facts;
pub mod page;
mod table;

pub use page::ComparePage;

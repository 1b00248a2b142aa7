//! Up to two measures of one scenario over its runs (S6).

mod answer;
mod changes;
mod choice;
pub mod page;
mod table;

pub use page::TrendsPage;

//! One measure of one scenario over its runs (a first S6).

mod answer;
mod choice;
pub mod page;
mod table;

pub use page::TrendsPage;

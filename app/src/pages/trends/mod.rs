//! One measure of one scenario over its runs (a first S6).

pub mod page;

pub use page::TrendsPage;

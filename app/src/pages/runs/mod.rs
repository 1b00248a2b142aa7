//! The list of runs (S1): what runs, what waits, what was found.

pub mod empty;
pub mod overview;
pub mod page;
pub mod table;

pub use page::RunsPage;

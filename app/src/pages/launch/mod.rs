//! The launch page (S2): what, where, how much, what judges it, what it costs; then Start.

pub mod aside;
pub mod choice;
pub mod copy;
pub mod field;
pub mod fields;
pub mod notes;
pub mod page;
pub mod revision;
pub mod sections;

pub use page::LaunchPage;

//! The launch page (S2): what, where, how much, what judges it, what it costs; then Start.

pub mod aside;
pub mod copy;
pub mod field;
pub mod fields;
pub mod page;
pub mod sections;

pub use page::LaunchPage;

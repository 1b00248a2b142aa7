//! Findings: the inbox, and one finding with everything that helps to find its cause.

pub mod actions;
mod list;
mod page;
mod words;

pub use list::FindingsPage;
pub use page::FindingPage;
pub(crate) use words::{finding_line, moved};

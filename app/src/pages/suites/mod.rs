//! Suites: the list, one suite with its versions and what they changed, the text as it is worked on.

mod actions;
mod difference;
mod edit;
mod list;
mod page;

pub use actions::UPLOAD;
pub use edit::DraftPage;
pub use list::SuitesPage;
pub use page::SuitePage;

//! Capacity: the list of searches, the form for a new one, and a search with its curve.

mod actions;
mod fields;
mod form;
mod levels;
mod list;
mod page;

pub use form::NewSearchPage;
pub use list::SearchesPage;
pub use page::SearchPage;

//! A run under way (S3): header, answer, charts, tables, each part with an id by which the browser brings it up to
//! date.

pub mod facts;
pub mod head;
pub mod page;
pub mod parts;
pub mod rate;

pub use page::Live;

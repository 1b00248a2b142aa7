//! One run (S3 and S4) at one address: waiting, live, or over.

pub mod beside;
pub mod bullets;
mod cases;
pub mod config;
pub mod data;
pub mod distribution;
pub mod finished;
pub mod header;
pub mod live;
pub mod loads;
pub mod marks;
pub mod page;
pub mod summary;
pub mod tab;
pub mod timeline;
pub mod verdict_box;
pub mod waiting;

pub use page::RunPage;

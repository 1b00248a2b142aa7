//! Launching: what can be launched, what it would do, and doing it.
//!
//! In:  a [`LaunchRequest`]. Out: a run row in the queue with its frozen plan, or every reason why not, by field.

mod estimate;
mod key;
mod options;
mod preview;
mod resolve;
mod start;

pub use key::IdempotencyKey;
pub(crate) use resolve::{Named, seed_of};

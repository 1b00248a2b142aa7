//! The worker: takes runs from the queue, one at a time on this host, and carries each out in a child process.
//!
//! In:  queued runs of the store. Out: their events, ticks and results, and exactly one end for each.
//! Promise: a worker that is killed leaves nothing behind but what its database did not take, on disk; the keeper of any
//! other process ends its run as lost.
//! The child never sees the database; the database never sees the child.

pub mod child;
mod courier;
pub mod drive;
mod ending;
mod finish;
mod follow;
pub mod host_lock;
mod keeper;
mod outbox;
mod queue;
#[cfg(test)]
mod sample;
mod several;
mod sink;
mod spool;
mod store_sink;

pub use keeper::keep;
pub use queue::{WorkerSettings, work};

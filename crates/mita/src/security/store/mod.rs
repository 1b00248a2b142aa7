//! Where revoked tokens and windows of requests are kept: in this process, or in Redis so that several processes share them.
//!
//! In:  keys, values and how long they live. Out: the same, and the number of entries in a window.
//!
//! Invariant: everything put in lives for a limited time, so a process that dies leaves nothing behind for good. Times are
//! passed in; only Redis expires by its own clock.

mod memory;
mod redis;

use std::time::Duration;

pub(crate) use self::{memory::Memory, redis::Redis};

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the store of revoked tokens and limits did not answer")]
pub(crate) struct StoreError(#[from] ::redis::RedisError);

/// What a window holds after a request was added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Requests in it, this one included.
    pub(crate) count: u64,
    /// When the oldest of them was made, microseconds.
    pub(crate) oldest_us: i64,
}

/// A store. One worker has one handle; handles of one store see the same entries.
pub(crate) trait Store: Send {
    /// Keeps a value for a time.
    fn put(&mut self, key: &str, value: &str, life: Duration, now_us: i64) -> Result<(), StoreError>;
    /// A value that is still kept.
    fn get(&mut self, key: &str, now_us: i64) -> Result<Option<String>, StoreError>;
    /// Adds a request to a sliding window: what left the window is dropped, the new one is added, all are counted, and the
    /// window itself is forgotten a second after its last request has left.
    fn add_to_window(&mut self, key: &str, width: Duration, now_us: i64) -> Result<Window, StoreError>;
    /// How many requests a window holds, without adding one.
    fn count_window(&mut self, key: &str, width: Duration, now_us: i64) -> Result<u64, StoreError>;
    /// Adds a member to a set that is kept for a time after its last member came; how many it has then.
    fn add_to_set(&mut self, key: &str, member: &str, life: Duration, now_us: i64) -> Result<u64, StoreError>;
    /// The members of a set.
    fn members(&mut self, key: &str, now_us: i64) -> Result<Vec<String>, StoreError>;
    /// How many entries there are.
    fn entries(&mut self) -> Result<u64, StoreError>;
    /// Removes every entry.
    fn clear(&mut self) -> Result<(), StoreError>;
}

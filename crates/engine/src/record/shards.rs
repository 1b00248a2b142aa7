//! Which part of the books a thread writes in, so that threads do not wait for each other.
//!
//! In:  the thread that asks. Out: a number below [`SHARDS`], the same for as long as the thread lives.

use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Parts of the books; more than threads that record would only waste memory.
const SHARDS: usize = 16;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
}

/// The part that this thread writes in. Where there are many threads some share one.
pub(super) fn of_this_thread() -> usize {
    OWN.get()
}

/// All parts, empty.
pub(super) fn shards<T: Default>() -> Vec<T> {
    (0..SHARDS).map(|_| T::default()).collect()
}

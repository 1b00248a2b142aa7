//! The store's public door, on both databases: every test runs on SQLite and on Postgres.
//!
//! `PERFLAB_TEST_POSTGRES` is the address of a server on which each test makes a database of its own and drops it. Where
//! CI is set, its absence fails; elsewhere those tests say that they were skipped.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod capacity;
mod chunks;
mod claiming;
mod history;
mod killing;
mod launching;
mod leases;
mod listing;
mod merging;
mod opening;
mod orders;
mod place;
mod samples;
mod setup;
mod stopping;
mod trends;
mod waking;

/// Each test twice: once in a SQLite file of its own, once in a Postgres database of its own.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "which of them a test needs differs")]
            use super::*;

            async fn test($place: crate::place::Place) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_sqlite() {
                crate::place::in_sqlite(test).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_postgres() {
                crate::place::in_postgres(test).await;
            }
        }
    )*};
}
pub(crate) use on_both;

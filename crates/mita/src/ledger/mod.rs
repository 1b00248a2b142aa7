//! Users and transactions that operations work on: in a SQLite file of their own, or in Postgres.
//!
//! In:  the address of a database, how much to make up, statements. Out: rows and sums.
//! Not here: the data of the HTTP service (`data`).
//!
//! Each [`Fixture`] is a place of its own, a temporary file or a schema with a name of its own, so that two runs on one
//! server do not meet and whatever else is there is never touched. At its end it is emptied, checked for what was left
//! behind, and removed.

mod connection;
mod fixture;
mod generate;
mod pool;
mod statements;

use std::sync::Arc;

pub(crate) use self::connection::{Connection, Options, Session, on};
pub(crate) use self::fixture::Fixture;
pub(crate) use self::generate::{Generated, Seed, days_before, email};
pub(crate) use self::pool::Pool;
pub(crate) use self::statements::{Asked, MonthSum, walks_table};

/// Why the data cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("the address of the database must begin with postgres:// or postgresql://")]
    Address,
    #[error("the database could not do it: {0}")]
    Database(#[source] Arc<sqlx::Error>),
    #[error("a place for the data cannot be made: {0}")]
    Place(#[source] Arc<std::io::Error>),
    #[error("{table} had {before} rows before and has {after} afterwards")]
    LeftBehind { table: &'static str, before: i64, after: i64 },
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

impl From<std::io::Error> for LedgerError {
    fn from(error: std::io::Error) -> Self {
        Self::Place(Arc::new(error))
    }
}

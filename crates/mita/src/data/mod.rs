//! The target's own data, in its own SQLite file.
//!
//! In:  users, expenses, revoked tokens. Out: the same, and sums over them.
//! Not here: the lab's database, which is another one.
//!
//! SQLite has one writer at a time anyway: one connection writes, so that writers queue here instead of finding the
//! file busy; a few others read beside it (WAL).

mod expenses;
mod goals;
mod seed;
mod sums;
mod tokens;
mod users;

use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub(crate) use expenses::{Category, Cursor, NewExpense, PaymentMethod};
pub(crate) use sums::CategorySum;
pub(crate) use users::{NewUser, ProfileChange, User};

use crate::config::DataPlace;

/// The database of the target.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    write: SqlitePool,
    read: SqlitePool,
}

impl Data {
    /// Opens the data, making the file and its tables when they are missing.
    pub(crate) async fn open(place: &DataPlace) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        // Connections live as long as the pool: a memory database ends with its last connection.
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .min_connections(1)
                .max_connections(connections)
                .idle_timeout(None)
                .max_lifetime(None)
                .acquire_timeout(Duration::from_secs(60))
        };
        let data = match place {
            DataPlace::Memory => {
                let only = pool(1).connect_with(options.in_memory(true)).await?;
                Self { read: only.clone(), write: only }
            }
            DataPlace::File(path) => {
                // NORMAL loses the last moments at a power cut, not at a crash of the process: enough for a target.
                let options =
                    options.filename(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
                let write = pool(1).connect_with(options.clone()).await?;
                Self { write, read: pool(4).connect_with(options).await? }
            }
        };
        sqlx::raw_sql(include_str!("schema.sql")).execute(&data.write).await?;
        Ok(data)
    }

    /// Closes the connections, so that the file is whole.
    pub(crate) async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

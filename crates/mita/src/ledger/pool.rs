//! A pool of connections and the runtime that serves it.

use futures::future::try_join_all;
use sqlx::pool::PoolOptions;
use sqlx::{Database, PgPool, SqlitePool};
use tokio::runtime::Runtime;

use super::connection::{Options, runtime};
use super::{Fixture, LedgerError};

/// The pool. It is of one thread.
pub(crate) struct Pool {
    runtime: Runtime,
    pool: Either,
}

enum Either {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

fn sized<DB: Database>(size: u32) -> PoolOptions<DB> {
    PoolOptions::new().min_connections(size.min(5)).max_connections(size)
}

impl Pool {
    /// With so many connections at most.
    pub(crate) fn open(fixture: &Fixture, size: u32) -> Result<Self, LedgerError> {
        let runtime = runtime()?;
        let pool = match fixture.options() {
            Options::Sqlite(options) => Either::Sqlite(runtime.block_on(sized(size).connect_with(options.clone()))?),
            Options::Postgres(options) => {
                Either::Postgres(runtime.block_on(sized(size).connect_with(options.clone()))?)
            }
        };
        Ok(Self { runtime, pool })
    }

    /// So many sessions at the same time, each of one trivial query; how many were answered rightly.
    pub(crate) fn trivial(&self, sessions: u32) -> Result<u64, LedgerError> {
        macro_rules! all {
            ($pool:expr) => {
                self.runtime.block_on(try_join_all((0..sessions).map(async |_| {
                    let (one,): (i64,) = sqlx::query_as(super::statements::TRIVIAL).fetch_one($pool).await?;
                    Ok::<_, sqlx::Error>(u64::from(one == 1))
                })))?
            };
        }
        let answered = match &self.pool {
            Either::Sqlite(pool) => all!(pool),
            Either::Postgres(pool) => all!(pool),
        };
        Ok(answered.into_iter().sum())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Connections are given back by tasks, which need their runtime.
        self.runtime.block_on(async {
            match &self.pool {
                Either::Sqlite(pool) => pool.close().await,
                Either::Postgres(pool) => pool.close().await,
            }
        });
    }
}

//! One connection and the runtime that serves it, both of one thread: what is timed is never passed to another thread but
//! by the driver itself.

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, PgConnection, SqliteConnection};
use tokio::runtime::{Builder, Runtime};

use super::LedgerError;

/// Where a connection leads.
#[derive(Clone, Debug)]
pub(crate) enum Options {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

/// A connection to one or the other.
pub(crate) enum Connection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

/// A connection that its thread waits for.
pub(crate) struct Session {
    pub(crate) runtime: Runtime,
    pub(crate) connection: Connection,
}

/// Carries out the same code on either connection:
/// `on!(session, connection => sqlx::query(TEXT).execute(&mut *connection).await)`.
macro_rules! on {
    ($session:expr, $connection:ident => $work:expr) => {{
        let session: &mut $crate::ledger::Session = $session;
        match &mut session.connection {
            $crate::ledger::Connection::Sqlite($connection) => session.runtime.block_on(async {
                let $connection = &mut **$connection;
                $work
            }),
            $crate::ledger::Connection::Postgres($connection) => session.runtime.block_on(async {
                let $connection = &mut **$connection;
                $work
            }),
        }
    }};
}
pub(crate) use on;

pub(super) fn runtime() -> Result<Runtime, LedgerError> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

impl Session {
    /// A connection of one's own.
    pub(crate) fn open(options: &Options) -> Result<Self, LedgerError> {
        let runtime = runtime()?;
        let connection = match options {
            Options::Sqlite(options) => Connection::Sqlite(Box::new(runtime.block_on(options.connect())?)),
            Options::Postgres(options) => Connection::Postgres(Box::new(runtime.block_on(options.connect())?)),
        };
        Ok(Self { runtime, connection })
    }
}

//! Who calls leases dead: exactly one process of all that share the database.
//!
//! On Postgres the keeper holds an advisory lock with a connection of its own: when the process or the connection
//! dies, the server frees the lock and another process can take over. A SQLite file has one serving process.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use crate::{
    db::{Db, Pools},
    error::StoreError,
};

/// The lock's number: "perflab" in ASCII.
const LOCK: i64 = 0x70_6572_666c_6162;
/// A connection that does not answer for so long is taken for dead.
const PATIENCE: Duration = Duration::from_secs(5);

/// Proof of being the keeper, for as long as [`Keeper::holds`] says so.
pub struct Keeper {
    connection: Option<PgConnection>,
}

impl Db {
    /// Becomes the keeper, unless another process is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_become_keeper(&self) -> Result<Option<Keeper>, StoreError> {
        let Pools::Postgres { options, .. } = &self.shared.pools else {
            return Ok(Some(Keeper { connection: None }));
        };
        let taking = async {
            let mut connection = PgConnection::connect_with(options).await?;
            let taken: bool =
                sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut connection).await?;
            Ok::<_, sqlx::Error>((connection, taken))
        };
        let (connection, taken) = patiently(taking).await?;
        Ok(taken.then_some(Keeper { connection: Some(connection) }))
    }
}

impl Keeper {
    /// Whether this is still the keeper: the lock lives only as long as its connection. Ask before each decision.
    pub async fn holds(&mut self) -> bool {
        match &mut self.connection {
            None => true,
            Some(connection) => patiently(connection.ping()).await.is_ok(),
        }
    }
}

async fn patiently<T>(what: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, what).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
    }
}

//! Opens the database that an address names.
//!
//! In:  `sqlite:PATH`, `sqlite::memory:` (for tests), `postgres://…`.
//! Out: a [`Db`] whose schema is up to date; or why not, without a word of the address, which may hold a password.

use std::{
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    db::{Db, Pools},
    error::StoreError,
    schema,
    sql::sql,
};

/// Longest wait for a lock or a connection; then the caller is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause before a refused step of opening is tried again.
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// Before it, a reset of the write-ahead log could corrupt the file.
const OLDEST_SQLITE: (&str, [u32; 3]) = ("3.51.3", [3, 51, 3]);
/// Readers of one file: more would only wait for the disk.
const SQLITE_READERS: u32 = 4;
/// Connections of one process to Postgres, besides listener and keeper.
const POSTGRES_CONNECTIONS: u32 = 12;

impl Db {
    /// Opens the database, brings its schema up to date and hears other processes' wake-ups from then on.
    ///
    /// # Errors
    /// When the address cannot be read, the database cannot be reached, or its schema is newer than this version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            open_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url).await
        } else {
            Err(StoreError::Address { reason: "it begins with neither sqlite: nor postgres:" })
        }
    }
}

async fn open_sqlite(url: &str) -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::Address { reason: "what follows sqlite: is not a path" })?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .synchronous(SqliteSynchronous::Full)
        .log_slow_statements(log::LevelFilter::Warn, Duration::from_secs(2));
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let pool = || {
        // A connection in memory is the database: it must not be closed for being idle.
        SqlitePoolOptions::new().acquire_timeout(PATIENCE).max_lifetime(None).idle_timeout(None)
    };
    let file = options.get_filename().to_owned();
    let existed = !in_memory && std::fs::metadata(&file).is_ok_and(|file| file.len() > 0);
    let writer =
        connect_writer(pool().max_connections(1), options.clone().journal_mode(SqliteJournalMode::Wal)).await?;
    let readers = if in_memory {
        writer.clone()
    } else {
        pool().max_connections(SQLITE_READERS).connect_lazy_with(options.pragma("query_only", "ON"))
    };
    let db = Db::new(Pools::Sqlite { writer: writer.clone(), readers }).await?;
    check_version(&db).await?;
    let found = schema::found(&db).await?;
    if existed && found > 0 && found < schema::known() {
        backup(&writer, &file, found).await?;
    }
    schema::migrate(&db, found).await?;
    Ok(db)
}

/// Connects, and turns a new file to its write-ahead log.
///
/// That step goes from a reader's lock to a writer's, which SQLite refuses at once, whatever the busy timeout, while
/// another process does the same: processes that start together have to ask again.
async fn connect_writer(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
) -> Result<sqlx::SqlitePool, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match pool.clone().connect_with(options.clone()).await.map_err(open_error) {
            Err(StoreError::Busy { .. }) if Instant::now() < until => tokio::time::sleep(ASK_AGAIN).await,
            connected => return connected,
        }
    }
}

async fn check_version(db: &Db) -> Result<(), StoreError> {
    let (needed, oldest) = OLDEST_SQLITE;
    let row = sql("SELECT sqlite_version() AS version").first(db).await?;
    let found = row.map(|row| row.get::<String>("version")).transpose()?.unwrap_or_default();
    let parts: Vec<u32> = found.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < oldest.as_slice() { Err(StoreError::OldSqlite { found, needed }) } else { Ok(()) }
}

/// Copies the file as it is before its schema changes: `VACUUM INTO` sees one consistent state, a file copy would not.
async fn backup(writer: &sqlx::SqlitePool, file: &Path, schema: i64) -> Result<(), StoreError> {
    let mut path = file.as_os_str().to_owned();
    path.push(format!(".schema-{schema}-{}.backup", uuid::Uuid::now_v7().as_simple()));
    let path = path.to_string_lossy().into_owned();
    sqlx::query("VACUUM INTO $1")
        .bind(&path)
        .execute(writer)
        .await
        .map_err(|source| StoreError::Backup { path: path.clone(), source })?;
    tracing::info!(path, "the database was copied to {path} before its schema changes");
    Ok(())
}

async fn open_postgres(url: &str) -> Result<Db, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Address { reason: "what follows postgres: is not an address" })?
        .application_name("perflab")
        .options([
            ("lock_timeout", "5s"),
            // A process that was stopped in the middle of a write must not keep its run locked: the keeper could not
            // even call it lost.
            ("idle_in_transaction_session_timeout", "10s"),
        ])
        .log_slow_statements(log::LevelFilter::Warn, Duration::from_secs(2));
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone())
        .await
        .map_err(open_error)?;
    let db = Db::new(Pools::Postgres { pool, options: Box::new(options) }).await?;
    let found = schema::found(&db).await?;
    schema::migrate(&db, found).await?;
    Ok(db)
}

fn open_error(source: sqlx::Error) -> StoreError {
    match StoreError::from(source) {
        StoreError::Database { source } => StoreError::Open { source },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_copy_before_a_migration_opens_as_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lab.sqlite");
        let db = Db::open(&format!("sqlite:{}", file.display())).await.unwrap();
        db.ensure_project(&"MITA".parse().unwrap(), 1).await.unwrap();
        let Pools::Sqlite { writer, .. } = &db.shared.pools else { unreachable!("it is a file") };
        backup(writer, &file, 1).await.unwrap();
        let copy = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().contains("lab.sqlite.schema-1-"))
            .expect("the copy lies beside the file");
        let copy = Db::open(&format!("sqlite:{}", copy.display())).await.unwrap();
        assert_eq!(copy.projects().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_copy_that_cannot_be_made_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("lab.sqlite").display())).await.unwrap();
        let Pools::Sqlite { writer, .. } = &db.shared.pools else { unreachable!("it is a file") };
        let error = backup(writer, &folder.path().join("gone/lab.sqlite"), 1).await.unwrap_err();
        assert!(error.to_string().contains("gone/lab.sqlite.schema-1-"), "{error}");
    }
}

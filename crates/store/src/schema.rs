//! The schema: embedded migrations, and the refusal to touch what a newer version has written.
//!
//! All migrations that a database lacks run in one transaction; a SQLite file is copied before.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::{
    db::{Db, Under},
    error::StoreError,
    sql::{Dialect, sql},
};

/// This version, as the database remembers who wrote its schema.
const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The migrations of both databases. Named once, so that a number or name cannot exist on one side only.
macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        const MIGRATIONS: &[Step] = &[$(Step {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        }),*];
    };
}

struct Step {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

migrations! {
    1 "0001_first_light",
    2 "0002_orders",
    3 "0003_capacity",
    4 "0004_history",
    5 "0005_intervals",
    6 "0006_suites",
}

/// Newest schema that this version knows.
pub(crate) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |step| step.number)
}

fn migrator(text: impl Fn(&Step) -> &'static str) -> Migrator {
    let mut migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|step| {
                let text = text(step).into_sql_str();
                Migration::new(step.number, Cow::Borrowed(step.name), MigrationType::Simple, text, false)
            })
            .collect(),
    );
    migrator.set_locking(false);
    migrator
}

/// Schema of the database; 0 of an empty one. Refuses one that is newer than this version.
pub(crate) async fn found(db: &Db) -> Result<i64, StoreError> {
    const TABLES: Dialect = Dialect {
        sqlite: "SELECT name AS name FROM sqlite_master WHERE type = 'table' AND name IN ('_sqlx_migrations', 'lab')",
        // Each keeps its catalogue under another name.
        postgres: "SELECT tablename::text AS name FROM pg_tables \
                   WHERE schemaname = current_schema() AND tablename IN ('_sqlx_migrations', 'lab')",
    };
    let mut tables = Vec::new();
    for row in sql(TABLES).all(db).await? {
        tables.push(row.get::<String>("name")?);
    }
    if !tables.iter().any(|name| name == "_sqlx_migrations") {
        return Ok(0);
    }
    let newest = sql("SELECT MAX(version) AS version FROM _sqlx_migrations").first(db).await?;
    let found = newest.map(|row| row.get::<Option<i64>>("version")).transpose()?.flatten().unwrap_or(0);
    if found <= known() {
        return Ok(found);
    }
    let mut by = None;
    if tables.iter().any(|name| name == "lab") {
        let row = sql("SELECT value FROM lab WHERE key = 'version'").first(db).await?;
        by = row.map(|row| row.get::<String>("value")).transpose()?;
    }
    let by = by.unwrap_or_else(|| "of a later date".to_owned());
    Err(StoreError::NewerSchema { found, known: known(), by, own: OWN_VERSION })
}

/// Keeps other processes from migrating until the end of the transaction.
const LOCK: Dialect = Dialect {
    sqlite: "SELECT 1",
    // The number is any that nothing else uses: "perfmigr" in ASCII.
    postgres: "SELECT pg_advisory_xact_lock(8099005289143560050)",
};

/// Brings the database from schema `found` to the newest known.
pub(crate) async fn migrate(db: &Db, found: i64) -> Result<(), StoreError> {
    if found == known() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    // Two processes that start together: on SQLite the transaction itself keeps the second out. On Postgres the lock
    // must last until the commit; sqlx's own is given back before it, and the second would see half a schema.
    sql(LOCK).run(&mut tx).await?;
    // Inside our transaction the migrations' own become savepoints: all of them happen, or none.
    // `run_direct`: `run` borrows in a way that would keep `Db::open` from being spawned.
    match &mut tx.under {
        Under::Sqlite(tx) => migrator(|step| step.sqlite).run_direct(None, &mut **tx, false).await,
        Under::Postgres(tx) => migrator(|step| step.postgres).run_direct(None, &mut **tx, false).await,
    }
    .map_err(|source| StoreError::Migration { source })?;
    sql("INSERT INTO lab (key, value) VALUES ('version', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(OWN_VERSION)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    tracing::info!(from = found, to = known(), "the schema of the database went from {found} to {}", known());
    Ok(())
}

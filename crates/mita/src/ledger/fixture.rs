//! A place for data that lasts as long as a case.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor};
use tempfile::TempDir;

use super::connection::{Options, Session, on};
use super::{Generated, LedgerError, Seed};
use crate::config::Secret;

/// What names of schemas begin with.
const PREFIX: &str = "perflab_mita_";
/// Schemas that are older than this belong to runs that were killed.
const STALE_S: i64 = 24 * 3600;

const SCHEMA_SQLITE: &str = include_str!("schema_sqlite.sql");
const SCHEMA_POSTGRES: &str = include_str!("schema_postgres.sql");
// Lookups and sums are one user's over a time; amount and category make the sums index-only.
const INDEX: &str =
    "CREATE INDEX transactions_by_user_time ON transactions (user_id, spent_at, category, amount_cents)";

/// A database with users and transactions of its own.
pub(crate) struct Fixture {
    options: Options,
    place: Place,
    before: [i64; 2],
    generated: Generated,
    is_removed: bool,
}

enum Place {
    /// Removed with the value.
    Folder {
        _kept: TempDir,
    },
    Schema {
        name: String,
        admin: Box<Options>,
    },
}

impl Fixture {
    /// Makes the tables and fills them: in Postgres where an address is given, else in a SQLite file. Without the index
    /// every query over transactions walks the whole table.
    pub(crate) fn open(database: Option<&Secret>, seed: &Seed, with_index: bool) -> Result<Self, LedgerError> {
        let mut fixture = match database {
            Some(address) => Self::in_postgres(address)?,
            None => Self::in_sqlite()?,
        };
        let mut session = fixture.session()?;
        fixture.before = counts(&mut session)?;
        if with_index {
            on!(&mut session, connection => sqlx::query(INDEX).execute(&mut *connection).await.map(drop))?;
        }
        fixture.generated = seed.fill(&mut session)?;
        // Planners choose by what they know of a table.
        on!(&mut session, connection => sqlx::query("ANALYZE").execute(&mut *connection).await.map(drop))?;
        Ok(fixture)
    }

    fn in_sqlite() -> Result<Self, LedgerError> {
        let folder = TempDir::with_prefix("perflab-mita-")?;
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("data.sqlite"))
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk when it is said to be done: what is measured is a real one.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(10));
        let fixture = Self::at(Options::Sqlite(options), Place::Folder { _kept: folder });
        let mut session = fixture.session()?;
        on!(&mut session, connection => connection.execute(sqlx::raw_sql(SCHEMA_SQLITE)).await.map(drop))?;
        Ok(fixture)
    }

    fn in_postgres(address: &Secret) -> Result<Self, LedgerError> {
        let address = address.reveal();
        if !["postgres://", "postgresql://"].iter().any(|scheme| address.starts_with(scheme)) {
            return Err(LedgerError::Address);
        }
        let admin = PgConnectOptions::from_str(address)?;
        let now_s = jiff::Timestamp::now().as_second();
        let name = format!("{PREFIX}{now_s}_{:08x}", rand::random::<u32>());
        let own = admin.clone().options([("search_path", name.as_str())]);
        let admin = Box::new(Options::Postgres(admin));
        let mut session = Session::open(&admin)?;
        remove_stale(&mut session, now_s)?;
        let make = format!("CREATE SCHEMA {name}");
        on!(&mut session, connection => connection.execute(sqlx::raw_sql(AssertSqlSafe(make))).await.map(drop))?;
        // From here on dropping the value removes the schema.
        let fixture = Self::at(Options::Postgres(own), Place::Schema { name, admin });
        let mut session = fixture.session()?;
        on!(&mut session, connection => connection.execute(sqlx::raw_sql(SCHEMA_POSTGRES)).await.map(drop))?;
        Ok(fixture)
    }

    fn at(options: Options, place: Place) -> Self {
        Self { options, place, before: [0; 2], generated: Generated::default(), is_removed: false }
    }

    /// A connection of one's own.
    pub(crate) fn session(&self) -> Result<Session, LedgerError> {
        Session::open(&self.options)
    }

    /// Where connections lead.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The same data as seen through another server that follows this one.
    pub(crate) fn replica(&self, address: &Secret) -> Result<Session, LedgerError> {
        let Place::Schema { name, .. } = &self.place else { return Err(LedgerError::Address) };
        let options = PgConnectOptions::from_str(address.reveal())?.options([("search_path", name.as_str())]);
        Session::open(&Options::Postgres(options))
    }

    /// What was made up.
    pub(crate) fn generated(&self) -> &Generated {
        &self.generated
    }

    /// Removes the test data, checks that as many rows are there as before, and removes the place.
    pub(crate) fn finish(mut self) -> Result<(), LedgerError> {
        let checked = self.empty();
        self.remove()?;
        checked
    }

    fn empty(&self) -> Result<(), LedgerError> {
        let mut session = self.session()?;
        super::statements::delete_test_data(&mut session)?;
        let after = counts(&mut session)?;
        for ((table, before), after) in ["users", "transactions"].into_iter().zip(self.before).zip(after) {
            if before != after {
                return Err(LedgerError::LeftBehind { table, before, after });
            }
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), LedgerError> {
        if std::mem::replace(&mut self.is_removed, true) {
            return Ok(());
        }
        match &self.place {
            // Removed with the value.
            Place::Folder { .. } => Ok(()),
            Place::Schema { name, admin } => {
                let mut session = Session::open(admin)?;
                drop_schema(&mut session, name)
            }
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            tracing::warn!(%error, "test data of a case stays behind in the database");
        }
    }
}

fn drop_schema(session: &mut Session, name: &str) -> Result<(), LedgerError> {
    let text = format!("DROP SCHEMA IF EXISTS {name} CASCADE");
    Ok(on!(session, connection => connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(drop))?)
}

/// Removes what killed runs have left.
fn remove_stale(session: &mut Session, now_s: i64) -> Result<(), LedgerError> {
    let names: Vec<(String,)> = on!(&mut *session, connection => {
        sqlx::query_as("SELECT CAST(nspname AS TEXT) FROM pg_namespace WHERE nspname LIKE 'perflab_mita_%'")
            .fetch_all(&mut *connection)
            .await
    })?;
    for (name,) in names {
        let made_s = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')?.0.parse::<i64>().ok());
        let is_ours = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_ours && made_s.is_some_and(|made_s| now_s - made_s > STALE_S) {
            drop_schema(session, &name)?;
        }
    }
    Ok(())
}

/// Rows of both tables.
fn counts(session: &mut Session) -> Result<[i64; 2], LedgerError> {
    let (users, transactions): (i64, i64) = on!(session, connection => {
        sqlx::query_as("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM transactions)")
            .fetch_one(&mut *connection)
            .await
    })?;
    Ok([users, transactions])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixture_that_nobody_finishes_takes_its_file_with_it() {
        let seed = Seed { number: 1, users: 2, transactions: 3, days: 10, password_hash: String::new() };
        let fixture = Fixture::open(None, &seed, true).expect("a temporary file");
        let Options::Sqlite(options) = fixture.options() else { panic!("no address was given") };
        let file = options.get_filename().to_path_buf();
        assert!(file.exists());
        drop(fixture);
        assert!(!file.exists());
    }

    #[test]
    fn rows_that_are_not_test_data_are_told_as_left_behind() {
        let seed = Seed { number: 1, users: 2, transactions: 3, days: 10, password_hash: String::new() };
        let fixture = Fixture::open(None, &seed, true).expect("a temporary file");
        let mut session = fixture.session().expect("a connection");
        session.register("somebody@example.com", "", "US", 1, "2026-01-01T00:00:00Z").expect("kept");
        let left = fixture.finish().expect_err("somebody is left");
        assert_eq!(left.to_string(), "users had 0 rows before and has 1 afterwards");
    }
}

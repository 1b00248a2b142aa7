//! Any prepared statement, on the made-up data of these operations or on another database.
//!
//! In:  the text of a statement and its values. Out: how many rows came, and the first of them.

use std::str::FromStr;

use serde_json::{Number, Value};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Decode, Executor, Row, Type, TypeInfo, ValueRef};

use super::{AtHand, Failure, NotReady};
use crate::ledger::{Connection, Fixture, LedgerError, Options, Seed, Session, on};

/// A query with its values bound.
macro_rules! bound {
    ($text:expr, $values:expr) => {{
        let mut query = sqlx::query($text);
        for value in $values {
            query = match value {
                Value::Null => query.bind(None::<String>),
                Value::Bool(flag) => query.bind(*flag),
                Value::Number(number) => match number.as_i64() {
                    Some(whole) => query.bind(whole),
                    None => query.bind(number.as_f64()),
                },
                Value::String(text) => query.bind(text.clone()),
                other => query.bind(other.to_string()),
            };
        }
        query
    }};
}

/// A database that statements run on.
pub struct Database(Place);

enum Place {
    /// Tables `users` and `transactions`, made up and removed.
    MadeUp(Box<Fixture>),
    Named(Box<Options>),
}

/// What a statement answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// How many rows came.
    pub rows: u64,
    /// The first of them, by column. What is neither a number, a text nor yes or no is left out.
    pub first: Vec<(String, Value)>,
}

impl Database {
    /// The data of these operations: 100 users with 200 transactions each.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn made_up(at_hand: &AtHand) -> Result<Self, NotReady> {
        if let Some(refusal) = at_hand.refusal() {
            return Err(refusal);
        }
        let seed = Seed { number: 1, users: 100, transactions: 200, days: 365, password_hash: "$2b$12$".to_owned() };
        Ok(Self(Place::MadeUp(Box::new(Fixture::open(at_hand.database.as_ref(), &seed, true)?))))
    }

    /// Another database: `postgres://…`, or `sqlite:FILE`.
    ///
    /// # Errors
    /// When the address is none. It is never repeated: it may hold a password.
    pub fn at(address: &str) -> Result<Self, NotReady> {
        let no_address = || {
            let message = "the address of the database must be postgres://… or sqlite:FILE";
            NotReady::new("sql.address", message)
        };
        let options = if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            Options::Postgres(PgConnectOptions::from_str(address).map_err(|_| no_address())?)
        } else if address.starts_with("sqlite:") {
            Options::Sqlite(SqliteConnectOptions::from_str(address).map_err(|_| no_address())?)
        } else {
            return Err(no_address());
        };
        Ok(Self(Place::Named(Box::new(options))))
    }

    fn session(&self) -> Result<Session, NotReady> {
        let session = match &self.0 {
            Place::MadeUp(fixture) => fixture.session(),
            Place::Named(options) => Session::open(options),
        };
        session.map_err(|error| NotReady::new("sql.connect", format!("no connection to the database: {error}")))
    }

    /// A statement with a connection of its own.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn statement(&self, query: &str) -> Result<Statement, NotReady> {
        Ok(Statement { session: self.session()?, query: query.to_owned() })
    }

    /// Carries statements out one after the other, each without values.
    ///
    /// # Errors
    /// When one of them fails: with its text.
    pub fn execute(&self, statements: &[String]) -> Result<(), NotReady> {
        if statements.is_empty() {
            return Ok(());
        }
        let mut session = self.session()?;
        for text in statements {
            let done: Result<(), sqlx::Error> = on!(&mut session, connection => {
                connection.execute(sqlx::raw_sql(AssertSqlSafe(text.clone()))).await.map(drop)
            });
            done.map_err(|error| NotReady::new("sql.failed", format!("`{text}`: {error}")))?;
        }
        Ok(())
    }

    /// How the database carries a statement out, as it tells it, and how long that one execution took in nanoseconds where
    /// it tells that. Postgres carries it out (`EXPLAIN ANALYZE`) and undoes it, SQLite only plans it.
    ///
    /// # Errors
    /// When it refuses.
    pub fn explain(&self, query: &str, values: &[Value]) -> Result<(String, Option<f64>), NotReady> {
        let mut session = self.session()?;
        let refused = |error: sqlx::Error| NotReady::new("sql.explain", format!("the query is not explained: {error}"));
        match &mut session.connection {
            Connection::Postgres(connection) => {
                let text = format!("EXPLAIN (ANALYZE, BUFFERS) {query}");
                let lines: Vec<PgRow> = session
                    .runtime
                    .block_on(async {
                        sqlx::query("BEGIN").execute(&mut **connection).await?;
                        let lines = bound!(AssertSqlSafe(text), values).fetch_all(&mut **connection).await?;
                        sqlx::query("ROLLBACK").execute(&mut **connection).await?;
                        Ok(lines)
                    })
                    .map_err(refused)?;
                let lines: Vec<String> = lines.iter().filter_map(|row| row.try_get(0).ok()).collect();
                let took = lines.iter().find_map(|line| {
                    let ms: f64 =
                        line.trim().strip_prefix("Execution Time:")?.trim().strip_suffix("ms")?.trim().parse().ok()?;
                    Some(ms * 1e6)
                });
                Ok((lines.join("\n"), took))
            }
            Connection::Sqlite(connection) => {
                let text = format!("EXPLAIN QUERY PLAN {query}");
                let lines: Vec<SqliteRow> = session
                    .runtime
                    .block_on(bound!(AssertSqlSafe(text), values).fetch_all(&mut **connection))
                    .map_err(refused)?;
                let lines: Vec<String> = lines.iter().filter_map(|row| row.try_get("detail").ok()).collect();
                Ok((lines.join("\n"), None))
            }
        }
    }

    /// Removes what was made up, and checks that as many rows are there as before.
    ///
    /// # Errors
    /// When something stays.
    pub fn finish(self) -> Result<(), String> {
        match self.0 {
            Place::MadeUp(fixture) => fixture.finish().map_err(|error: LedgerError| error.to_string()),
            Place::Named(_) => Ok(()),
        }
    }
}

/// A statement that can be carried out again and again; it is prepared once.
pub struct Statement {
    session: Session,
    query: String,
}

impl Statement {
    /// Carries it out and reads all rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn run(&mut self, values: &[Value]) -> Result<Answered, Failure> {
        let query = self.query.clone();
        let answered: Result<Answered, sqlx::Error> = on!(&mut self.session, connection => {
            let rows = bound!(AssertSqlSafe(query), values).fetch_all(&mut *connection).await?;
            let first = rows.first().map(|row| {
                row.columns()
                    .iter()
                    .filter_map(|column| Some((column.name().to_owned(), plain(row, column.ordinal())?)))
                    .collect()
            });
            Ok(Answered { rows: rows.len() as u64, first: first.unwrap_or_default() })
        });
        answered.map_err(|error| Failure { code: "sql.failed", message: error.to_string().into() })
    }
}

/// A value of a row as plain JSON, where it can be one.
fn plain<'r, R>(row: &'r R, column: usize) -> Option<Value>
where
    R: Row,
    usize: sqlx::ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    i32: Decode<'r, R::Database> + Type<R::Database>,
    f64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let raw = row.try_get_raw(column).ok()?;
    if raw.is_null() {
        return Some(Value::Null);
    }
    if matches!(raw.type_info().name(), "BOOL" | "BOOLEAN") {
        return row.try_get::<bool, _>(column).ok().map(Value::Bool);
    }
    let whole = row.try_get::<i64, _>(column).or_else(|_| row.try_get::<i32, _>(column).map(i64::from));
    whole
        .map(Value::from)
        .ok()
        .or_else(|| row.try_get::<f64, _>(column).ok().and_then(Number::from_f64).map(Value::Number))
        .or_else(|| row.try_get::<String, _>(column).ok().map(Value::String))
}

//! One SQL text for both databases.
//!
//! In:  a text with `$1` parameters, or two where they truly differ ([`Dialect`]), and the values to bind.
//! Out: rows whose columns read the same from either database.
//!
//! A statement runs on the readers (`&Db`) or inside a write transaction (`&mut Tx`). Values are checked here, once:
//! what only one of the databases would take (a NUL in a text, NaN in SQLite) neither takes.

use std::{borrow::Cow, future::Future};

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{AssertSqlSafe, Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};
use tracing::Instrument as _;

use crate::{
    Db,
    db::{Pools, Tx, Under},
    error::{Refusal, StoreError},
};

/// A statement that differs between the databases: two texts side by side, with the reason where they stand.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl From<&'static str> for Dialect {
    fn from(both: &'static str) -> Self {
        Self { sqlite: both, postgres: both }
    }
}

/// A value to bind; typed even when there is none, because Postgres wants to know of what kind nothing is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
    /// An unsigned number beyond `i64`: refused when the statement runs.
    TooLarge,
}

macro_rules! value {
    ($($from:ty => |$it:ident| $value:expr),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from($it: $from) -> Self {
                $value
            }
        })*
    };
}

value! {
    i64 => |it| Self::Int(Some(it)),
    Option<i64> => |it| Self::Int(it),
    u32 => |it| Self::Int(Some(i64::from(it))),
    u64 => |it| i64::try_from(it).map_or(Self::TooLarge, |it| Self::Int(Some(it))),
    f64 => |it| Self::Real(Some(it)),
    Option<f64> => |it| Self::Real(it),
    &str => |it| Self::Text(Some(it.to_owned())),
    String => |it| Self::Text(Some(it)),
    &String => |it| Self::Text(Some(it.clone())),
    Option<&str> => |it| Self::Text(it.map(str::to_owned)),
    Option<String> => |it| Self::Text(it),
    Vec<u8> => |it| Self::Bytes(it),
    perflab_model::id::RunId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::ProjectId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::EnvironmentId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::SuiteVersionId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::WorkerId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::SearchId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::KillSwitchId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::DraftId => |it| Self::Text(Some(it.to_string())),
    perflab_model::id::FindingId => |it| Self::Text(Some(it.to_string())),
}

/// A document as it is stored.
pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Unwritable { what, source })
}

/// A statement being put together.
pub(crate) struct Sql {
    sqlite: Cow<'static, str>,
    postgres: Cow<'static, str>,
    values: Vec<Value>,
    /// Texts put together at run time are not kept prepared: there are too many of them.
    prepared: bool,
}

/// A statement.
pub(crate) fn sql(text: impl Into<Dialect>) -> Sql {
    let text = text.into();
    Sql { sqlite: text.sqlite.into(), postgres: text.postgres.into(), values: Vec::new(), prepared: true }
}

impl Sql {
    /// Binds the next parameter of the text.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds to the text. Only literals: whatever a user said is bound.
    pub(crate) fn push(&mut self, text: &'static str) {
        self.sqlite.to_mut().push_str(text);
        self.postgres.to_mut().push_str(text);
        self.prepared = false;
    }

    /// Adds a parameter to the text and binds it.
    pub(crate) fn push_bind(&mut self, value: impl Into<Value>) {
        self.values.push(value.into());
        let parameter = format!("${}", self.values.len());
        self.sqlite.to_mut().push_str(&parameter);
        self.postgres.to_mut().push_str(&parameter);
        self.prepared = false;
    }

    /// Adds one row of a `VALUES` list.
    pub(crate) fn push_row<const N: usize>(&mut self, values: [Value; N]) {
        self.push(if self.sqlite.ends_with(')') { ", (" } else { " (" });
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.push_bind(value);
        }
        self.push(")");
    }

    fn check(&self) -> Result<(), StoreError> {
        for value in &self.values {
            match value {
                Value::Text(Some(text)) if text.contains('\0') => return Err(Refusal::Nul.into()),
                Value::Real(Some(number)) if !number.is_finite() => return Err(Refusal::NotFinite.into()),
                Value::TooLarge => return Err(Refusal::TooLarge.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// All rows.
    pub(crate) async fn all<'a>(self, on: impl Into<On<'a>> + Send) -> Result<Vec<Row>, StoreError> {
        self.check()?;
        let rows = match on.into() {
            On::Readers(db) => match &db.shared.pools {
                Pools::Sqlite { readers, .. } => {
                    let (query, readers) = (self.sqlite_query(), readers.clone());
                    sqlite_rows(apart(async move { query.fetch_all(&readers).await }).await?)
                }
                Pools::Postgres { pool, .. } => {
                    let (query, pool) = (self.postgres_query(), pool.clone());
                    postgres_rows(apart(async move { query.fetch_all(&pool).await }).await?)
                }
            },
            On::Tx(tx) => match &mut tx.under {
                Under::Sqlite(tx) => sqlite_rows(self.sqlite_query().fetch_all(&mut **tx).await?),
                Under::Postgres(tx) => postgres_rows(self.postgres_query().fetch_all(&mut **tx).await?),
            },
        };
        Ok(rows)
    }

    /// The first row, if there is any.
    pub(crate) async fn first<'a>(self, on: impl Into<On<'a>> + Send) -> Result<Option<Row>, StoreError> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// How many rows were written.
    pub(crate) async fn run(self, tx: &mut Tx) -> Result<u64, StoreError> {
        self.check()?;
        Ok(match &mut tx.under {
            Under::Sqlite(tx) => self.sqlite_query().execute(&mut **tx).await?.rows_affected(),
            Under::Postgres(tx) => self.postgres_query().execute(&mut **tx).await?.rows_affected(),
        })
    }
}

/// Reads in a task of its own, so that it gives its connection back whether or not whoever asked goes on: a page asks for
/// several things and then waits for one of them, and connections held by the others would be what that one waits for.
async fn apart<T: Send + 'static>(
    read: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(read.in_current_span()).await {
        Ok(done) => Ok(done?),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and with it the database's connections.
            Err(_) => Err(sqlx::Error::PoolClosed.into()),
        },
    }
}

macro_rules! query {
    ($name:ident, $database:ident, $text:ident) => {
        impl Sql {
            fn $name(self) -> sqlx::query::Query<'static, $database, <$database as sqlx::Database>::Arguments> {
                let mut query = sqlx::query(AssertSqlSafe(self.$text)).persistent(self.prepared);
                for value in self.values {
                    query = match value {
                        Value::Int(it) => query.bind(it),
                        Value::Real(it) => query.bind(it),
                        Value::Text(it) => query.bind(it),
                        Value::Bytes(it) => query.bind(it),
                        Value::TooLarge => query.bind(None::<i64>),
                    };
                }
                query
            }
        }
    };
}

query!(sqlite_query, Sqlite, sqlite);
query!(postgres_query, Postgres, postgres);

/// Where a statement runs.
pub(crate) enum On<'a> {
    Readers(&'a Db),
    Tx(&'a mut Tx),
}

impl<'a> From<&'a Db> for On<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Readers(db)
    }
}

impl<'a> From<&'a mut Tx> for On<'a> {
    fn from(tx: &'a mut Tx) -> Self {
        Self::Tx(tx)
    }
}

/// A row of either database.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

fn sqlite_rows(rows: Vec<SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}

/// What a column can be read as.
pub(crate) trait Column:
    Type<Sqlite> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres>
{
}

impl<T> Column for T where T: Type<Sqlite> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + for<'r> Decode<'r, Postgres> {}

impl Row {
    /// A column as it is: `i64`, `f64`, `String`, `Vec<u8>` or an `Option` of these.
    pub(crate) fn get<T: Column>(&self, column: &'static str) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|source| StoreError::Unreadable { what: column, source: source.into() })
    }

    /// A column that counts something.
    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        unsigned(self.get::<i64>(column)?, column)
    }

    /// The number of an attempt.
    pub(crate) fn attempt(&self) -> Result<u32, StoreError> {
        unsigned(self.get::<i64>("attempt")?, "attempt")
    }

    /// A text column as the value it stands for.
    pub(crate) fn parse<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: std::str::FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        self.get::<String>(column)?
            .parse()
            .map_err(|source: T::Err| StoreError::Unreadable { what: column, source: source.into() })
    }

    /// A text column that holds one of a few words.
    pub(crate) fn word<T>(&self, column: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        known(column, &self.get::<String>(column)?, read)
    }

    /// The same, where there may be nothing.
    pub(crate) fn optional_word<T>(
        &self,
        column: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<String>>(column)?.map(|word| known(column, &word, read)).transpose()
    }

    /// A document.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        read_json(column, &self.get::<String>(column)?)
    }

    /// A document, where there may be none.
    pub(crate) fn optional_json<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.get::<Option<String>>(column)?.map(|text| read_json(column, &text)).transpose()
    }
}

/// Reads a stored document.
pub(crate) fn read_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Unreadable { what, source: source.into() })
}

fn unsigned<T: TryFrom<i64, Error = std::num::TryFromIntError>>(
    number: i64,
    what: &'static str,
) -> Result<T, StoreError> {
    T::try_from(number).map_err(|source| StoreError::Unreadable { what, source: source.into() })
}

fn known<T>(what: &'static str, word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::Unreadable { what, source: format!("`{word}` is not known").into() })
}

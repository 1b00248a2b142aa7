//! Databases for one test each.

use perflab_store::Db;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A database that one test has for itself.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) db: Db,
}

impl Place {
    /// Opens the same database once more, as another process would.
    pub(crate) async fn reopen(&self) -> Db {
        Db::open(&self.url).await.unwrap()
    }

    /// The address of a second database that nobody has opened yet.
    pub(crate) async fn another_empty(&self) -> String {
        let name = format!("perflab_test_{}", uuid::Uuid::now_v7().as_simple());
        if self.is_postgres() {
            self.past_the_store(format!("CREATE DATABASE {name}")).await;
            with_database(&self.url, &name)
        } else {
            format!("{}.{name}", self.url)
        }
    }

    /// Drops such a database.
    pub(crate) async fn drop_other(&self, url: &str) {
        if let Some((_, name)) = url.rsplit_once('/').filter(|_| self.is_postgres()) {
            let name = name.split('?').next().unwrap_or(name);
            self.past_the_store(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Whether it is Postgres.
    pub(crate) fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Runs a statement past the store, and gives the first column of all rows as text.
    pub(crate) async fn past_the_store(&self, statement: String) -> Vec<String> {
        use sqlx::Row;
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0)).collect()
        } else {
            let mut connection = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(&mut connection).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0)).collect()
        }
    }
}

/// Runs a test in a SQLite file.
pub(crate) async fn in_sqlite<F: Future<Output = ()> + Send + 'static>(test: fn(Place) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("lab.sqlite").display());
    let db = Db::open(&url).await.unwrap();
    test(Place { url, db: db.clone() }).await;
    db.close().await;
}

/// Runs a test in a fresh database of the Postgres server, which is dropped afterwards, whatever happens.
pub(crate) async fn in_postgres<F: Future<Output = ()> + Send + 'static>(test: fn(Place) -> F) {
    let Some(server) = server() else { return };
    let name = format!("perflab_test_{}", uuid::Uuid::now_v7().as_simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    let url = with_database(&server, &name);
    let outcome = tokio::spawn(async move {
        let db = Db::open(&url).await.unwrap();
        test(Place { url, db: db.clone() }).await;
        db.close().await;
    })
    .await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut connection).await.unwrap();
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// The address of the Postgres server for tests.
fn server() -> Option<String> {
    match std::env::var("PERFLAB_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => Some(url),
        _ => {
            let promised = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!promised, "CI is set, but PERFLAB_TEST_POSTGRES names no server: `cargo xtask test` starts one");
            eprintln!("skipped: PERFLAB_TEST_POSTGRES names no Postgres server");
            None
        }
    }
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, None), |(address, query)| (address, Some(query)));
    let scheme_end = address.find("://").map_or(0, |at| at + 3);
    let host_end = address[scheme_end..].find('/').map_or(address.len(), |at| scheme_end + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..host_end])
}

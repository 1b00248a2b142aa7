//! A database for one test: a SQLite file, or a database of its own on a Postgres server.
//!
//! `PERFLAB_TEST_POSTGRES` is the address of that server. Where CI is set, its absence fails; elsewhere the tests on
//! Postgres say that they were skipped.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Runs a test on a SQLite file; the test gets its address.
pub(crate) async fn in_sqlite<F: Future<Output = ()>>(test: impl FnOnce(String) -> F) {
    let folder = tempfile::tempdir().unwrap();
    test(format!("sqlite:{}", folder.path().join("perflab.sqlite").display())).await;
}

/// Runs a test on a fresh database of the Postgres server, which is dropped afterwards, whatever happens.
pub(crate) async fn in_postgres<F: Future<Output = ()>>(test: impl FnOnce(String) -> F) {
    let Some(server) = server() else { return };
    let name = format!("perflab_test_{}", uuid::Uuid::now_v7().as_simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
    let outcome = AssertUnwindSafe(test(with_database(&server, &name))).catch_unwind().await;
    // The connection may have been cut for being idle so long.
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut connection).await.unwrap();
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure);
    }
}

fn server() -> Option<String> {
    match std::env::var("PERFLAB_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => Some(url),
        _ => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "CI is set, but PERFLAB_TEST_POSTGRES names no server: run `cargo xtask test`, which starts one"
            );
            eprintln!("skipped: PERFLAB_TEST_POSTGRES names no Postgres server");
            None
        }
    }
}

/// The same server, another database.
fn with_database(server: &str, name: &str) -> String {
    let mut url: url::Url = server.parse().unwrap();
    url.set_path(name);
    url.into()
}

/// Each test twice: on a SQLite file of its own, and in a Postgres database of its own.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($url:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "which of them a test needs differs")]
            use super::*;

            async fn test($url: String) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_sqlite() {
                crate::place::in_sqlite(test).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_postgres() {
                crate::place::in_postgres(test).await;
            }
        }
    )*};
}
pub(crate) use on_both;

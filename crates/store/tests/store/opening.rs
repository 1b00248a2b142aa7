//! A database is opened, or refused with a sentence.

use perflab_model::Hint;
use perflab_store::{Db, StoreError};
use rstest::rstest;

use crate::{
    on_both,
    samples::{Ground, NOW, failed},
};

on_both! {
    async fn what_was_stored_is_there_after_opening_again(place) {
        let ground = Ground::new(&place.db).await;
        let run = ground.carried_out(NOW, 0.5).await;
        let before = place.db.run(run).await.unwrap();
        place.db.close().await;
        let db = place.reopen().await;
        assert_eq!(db.run(run).await.unwrap(), before);
        db.ping().await.unwrap();
        db.close().await;
        assert!(db.ping().await.is_err_and(|error| error.is_transient()));
    }

    async fn processes_that_start_together_make_one_schema(place) {
        // A database beside the test's own, still without any schema.
        let fresh = place.another_empty().await;
        let opens = (0..6).map(|_| {
            let url = fresh.clone();
            tokio::spawn(async move { Db::open(&url).await.unwrap() })
        });
        for open in opens.collect::<Vec<_>>() {
            let db = open.await.unwrap();
            db.ensure_project(&"MITA".parse().unwrap(), NOW).await.unwrap();
            assert_eq!(db.projects().await.unwrap().len(), 1);
            db.close().await;
        }
        place.drop_other(&fresh).await;
    }

    async fn a_newer_schema_is_refused_with_both_versions(place) {
        place.past_the_store("UPDATE lab SET value = '9.8.7' WHERE key = 'version'".to_owned()).await;
        let (yes, bytes) = if place.is_postgres() { ("true", "'\\x00'") } else { ("1", "x'00'") };
        place
            .past_the_store(format!(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (999, 'of tomorrow', {yes}, {bytes}, 0)"
            ))
            .await;
        let refused = Db::open(&place.url).await.unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, StoreError::NewerSchema { found: 999, .. }), "{said}");
        for word in ["schema 999", "perflab 9.8.7", env!("CARGO_PKG_VERSION")] {
            assert!(said.contains(word), "{said}");
        }
        assert!(refused.hint().is_some_and(|hint| hint.contains("9.8.7")));
    }

    async fn whoever_asks_and_then_waits_for_something_else_holds_up_nobody(place) {
        place.db.ping().await.unwrap();
        // As a page does it: everything is begun, then one is waited for. More than there are connections.
        let mut waiting = Vec::new();
        for _ in 0..20 {
            let mut asked = Box::pin(place.db.projects());
            // One that is answered at once waits for nothing.
            if futures::poll!(asked.as_mut()).is_pending() {
                waiting.push(asked);
            }
        }
        place.db.ping().await.unwrap();
        futures::future::try_join_all(waiting).await.unwrap();
    }

    async fn two_processes_share_a_database(place) {
        let ground = Ground::new(&place.db).await;
        let other = place.reopen().await;
        let run = ground.running().await.run.row.id;
        assert!(other.finish(run, 1, &failed(), None, NOW).await.unwrap());
        assert!(!place.db.finish(run, 1, &failed(), None, NOW).await.unwrap());
        other.close().await;
    }
}

#[rstest]
#[case::another_database("mysql://lab:geheim@db/lab")]
#[case::no_database("geheim")]
#[case::bad_port("postgres://lab:geheim@127.0.0.1:notaport/lab")]
#[case::bad_option("sqlite:lab.sqlite?key=geheim")]
#[case::closed_port("postgres://lab:geheim@127.0.0.1:1/lab?connect_timeout=1")]
#[case::no_folder("sqlite:/no-such-folder/geheim/lab.sqlite")]
#[tokio::test]
async fn an_address_is_never_repeated(#[case] url: &str) {
    let error = Db::open(url).await.unwrap_err();
    assert!(error.hint().is_some());
    let mut said = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        said.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    assert!(!said.contains("geheim"), "{said}");
}

#[tokio::test]
async fn a_database_in_memory_serves_tests() {
    let db = Db::open("sqlite::memory:").await.unwrap();
    let ground = Ground::new(&db).await;
    let run = ground.carried_out(NOW, 0.5).await;
    assert!(db.run(run).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.sqlite");
    std::fs::write(&path, "this is a shopping list, not a database, however long one looks at it".repeat(100)).unwrap();
    let error = Db::open(&format!("sqlite:{}", path.display())).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_locked_file_is_busy_and_then_works_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("lab.sqlite").display());
    let db = Db::open(&url).await.unwrap();
    let ground = Ground::new(&db).await;
    use sqlx::{Connection, Executor};
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    let busy = db.create_run(&ground.new_run(), None).await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy:?}");
    db.ping().await.expect("reads go on");
    other.execute("ROLLBACK").await.unwrap();
    ground.launch().await;
}

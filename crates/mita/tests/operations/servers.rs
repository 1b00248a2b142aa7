//! The same operations on Postgres and Redis.

use perflab_mita::operations::{AtHand, CATALOGUE};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use crate::once::{check_quick, try_times};

/// The address of a server for tests; in CI it must be there.
fn server(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty());
    assert!(address.is_some() || std::env::var_os("CI").is_none(), "{variable} must name a server in CI");
    address
}

fn at_hand(database: &str, redis: &str) -> AtHand {
    AtHand::from_lookup(|name| match name {
        "DATABASE_URL" => Some(database.to_owned()),
        "REDIS_URL" => Some(redis.to_owned()),
        "ENVIRONMENT" => Some("testing".to_owned()),
        _ => None,
    })
}

fn asked<T>(address: &str, query: impl AsyncFnOnce(PgConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { query(PgConnection::connect(address).await.unwrap()).await })
}

/// Schemas of operations that are there now.
fn schemas(address: &str) -> Vec<String> {
    asked(address, async |mut connection| {
        let names: Vec<(String,)> =
            sqlx::query_as("SELECT CAST(nspname AS TEXT) FROM pg_namespace WHERE nspname LIKE 'perflab_mita_%'")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        names.into_iter().map(|(name,)| name).collect()
    })
}

#[test]
fn every_operation_on_a_database_answers_the_same_on_postgres_and_leaves_nothing() {
    let Some(database) = server("PERFLAB_TEST_POSTGRES") else { return };
    let mut seen = 0;
    for entry in CATALOGUE.iter().filter(|entry| entry.name.starts_with("db.")) {
        check_quick(entry.name, &at_hand(&database, ""));
        seen += 1;
    }
    for name in ["auth.login", "auth.register"] {
        check_quick(name, &at_hand(&database, ""));
        seen += 1;
    }
    assert!(seen >= 13);
}

#[test]
fn transactions_are_really_kept_in_postgres_and_their_schema_is_dropped() {
    let Some(database) = server("PERFLAB_TEST_POSTGRES") else { return };
    let before = schemas(&database);
    let parameters = json!({"query": "category_sums", "users": 60, "rows": 100});
    let answers = try_times("db.explain", parameters, &at_hand(&database, ""), 1).expect("ready");
    // Only Postgres tells times.
    assert!(answers.fields[0]["plan"].as_str().is_some_and(|plan| plan.contains("Execution Time")));
    assert_eq!(answers.cleaned, Ok(()));
    let left: Vec<String> = schemas(&database).into_iter().filter(|name| !before.contains(name)).collect();
    // Tests beside this one have schemas of their own at times; this one's is gone when they are.
    let is_recent = |name: &&String| {
        let made_s = name.split('_').nth(2).and_then(|made_s| made_s.parse::<i64>().ok()).unwrap_or(0);
        jiff::Timestamp::now().as_second() - made_s < 60
    };
    assert!(left.iter().all(|name| is_recent(&name)), "{left:?}");
}

#[test]
fn a_schema_of_a_run_that_was_killed_is_removed_by_a_later_one() {
    let Some(database) = server("PERFLAB_TEST_POSTGRES") else { return };
    let stale = "perflab_mita_1000000000_0000beef";
    let foreign = "perflab_mita_notes";
    asked(&database, async |mut connection| {
        for name in [stale, foreign] {
            let make = format!("CREATE SCHEMA IF NOT EXISTS {name}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&mut connection).await.unwrap();
        }
    });
    check_quick("db.lookup", &at_hand(&database, ""));
    let left = schemas(&database);
    assert!(!left.iter().any(|name| name == stale), "{left:?}");
    assert!(left.iter().any(|name| name == foreign), "what is not ours stays");
}

#[test]
fn every_operation_on_a_store_answers_the_same_on_redis_and_leaves_nothing() {
    let Some(redis) = server("PERFLAB_TEST_REDIS") else { return };
    let names = CATALOGUE.iter().map(|entry| entry.name).filter(|name| name.starts_with("security."));
    for name in names.chain(["auth.validate", "auth.revoked", "auth.track", "auth.revoke_all"]) {
        check_quick(name, &at_hand("", &redis));
    }
}

#[test]
fn entries_are_really_kept_in_redis() {
    let Some(redis) = server("PERFLAB_TEST_REDIS") else { return };
    let health = try_times("security.health", json!({}), &at_hand("", &redis), 1).expect("ready");
    assert_eq!(health.fields[0]["store"], "redis");
    assert_eq!(health.fields[0]["entries"], 1);
    let limited = try_times("security.rate_limit", json!({}), &at_hand("", &redis), 11).expect("ready");
    let allowed: Vec<bool> = limited.fields.iter().map(|fields| fields["allowed"] == true).collect();
    assert_eq!(allowed, [vec![true; 10], vec![false]].concat());
}

#[test]
fn servers_that_are_away_are_named_by_their_variable_and_not_by_their_address() {
    let refused = |name: &str, at_hand: &AtHand| {
        try_times(name, json!({}), at_hand, 1).err().expect("nobody listens there").message
    };
    let message = refused("auth.revoked", &at_hand("", "redis://:hunter2@127.0.0.1:1/"));
    assert!(message.contains("REDIS_URL") && !message.contains("hunter2"), "{message}");
    let message = refused("db.lookup", &at_hand("postgres://me:hunter2@127.0.0.1:1/x", ""));
    assert!(message.contains("DATABASE_URL") && !message.contains("hunter2"), "{message}");
    let message = refused("db.lookup", &at_hand("mysql://localhost/x", ""));
    assert!(message.contains("must begin with postgres://"), "{message}");
}

#[test]
fn nothing_is_written_to_a_database_of_another_environment() {
    let production = AtHand::from_lookup(|name| match name {
        "DATABASE_URL" => Some("postgres://127.0.0.1:1/x".to_owned()),
        "ENVIRONMENT" => Some("production".to_owned()),
        _ => None,
    });
    for name in ["db.insert", "auth.login", "auth.revoked"] {
        let error = try_times(name, json!({"cost": 4}), &production, 1).err();
        // The blacklist has no cost; what matters is that nothing begins.
        assert!(error.is_some(), "{name}");
    }
    let error = try_times("db.insert", json!({}), &production, 1).err().expect("refused");
    assert_eq!(error.code, "builtin.environment");
}

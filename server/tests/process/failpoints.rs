//! A lab that is killed just before and just after a commit, with its worker: what it had acknowledged is kept, what it had
//! not is there wholly or not at all.

use std::{os::unix::process::ExitStatusExt, time::Duration};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::{
    lab::{Home, Lab, PATIENCE, beside_others, integrity, target, until},
    place::on_both,
};

/// How soon a lab whose predecessor was killed must answer again.
const BACK: Duration = Duration::from_secs(5);
/// The run of a lab that was killed is to be lost soon.
const LEASE: &str = "2s";

on_both! {
    async fn a_lab_killed_around_the_commit_of_a_chunk_keeps_what_it_had_acknowledged(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease(LEASE), target());
        let url = target.target().url();
        // The third chunk is not there before its commit and is there after it; its acknowledgement was never heard.
        for (failpoint, chunks) in [("chunk.before_commit@3", 2), ("chunk.after_commit@3", 3)] {
            let mut lab = Lab::start_to_die(&home, &database, &url, failpoint).await;
            let run = lab.launch("long", json!({})).await;
            let mut lab = killed_and_back(&mut lab, &home, &database, &url).await;
            let id = run.rsplit('/').next().unwrap();
            assert_eq!(number(&database, &format!("SELECT last_chunk FROM run WHERE id = '{id}'")).await, chunks);
            let lost = lab.state(&run, "lost").await;
            let events = number(&database, &format!("SELECT COUNT(*) FROM run_event WHERE run_id = '{id}'")).await;
            assert_eq!(lost["last_seq"], events, "no event is missing, none is half there: {lost}");
            let points = lab.get(&format!("{run}/series")).await;
            let points = points.as_array().unwrap();
            let finished: u64 = points.iter().map(|point| point["finished"].as_u64().unwrap()).sum();
            assert_eq!(lost["row"]["headline"]["finished"], finished, "the list and the seconds say the same");
            let seconds: Vec<u64> = points.iter().map(|point| point["second"].as_u64().unwrap()).collect();
            assert!(!seconds.is_empty() && seconds.iter().copied().eq(0..seconds.len() as u64), "{seconds:?}");
            lab.process.kill().await.unwrap();
        }
    }

    async fn a_lab_killed_around_the_commit_of_a_launch_makes_one_run_of_it_when_it_is_asked_again(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease(LEASE), target());
        let url = target.target().url();
        for (failpoint, key, runs) in [("launch.before_commit", "first", 0), ("launch.after_commit", "second", 1)] {
            let mut lab = Lab::start_to_die(&home, &database, &url, failpoint).await;
            lab.ask_in_vain(key).await;
            let mut lab = killed_and_back(&mut lab, &home, &database, &url).await;
            let by_key = format!("SELECT COUNT(*) FROM run WHERE id IN (SELECT run_id FROM idempotency WHERE key = '{key}')");
            assert_eq!(number(&database, &by_key).await, runs);
            let (first, again) = (lab.ask(key).await, lab.ask(key).await);
            assert_eq!(first["id"], again["id"]);
            assert_eq!(number(&database, &by_key).await, 1);
            assert_eq!(lab.over(&format!("/api/v1/runs/{}", first["id"].as_str().unwrap()), PATIENCE).await["row"]["state"], "finished");
            lab.process.kill().await.unwrap();
        }
    }

    async fn a_lab_killed_around_the_commit_of_an_end_has_the_whole_end_or_none(database) {
        let _turn = beside_others().await;
        let (home, target) = (Home::with_lease(LEASE), target());
        let url = target.target().url();
        for (failpoint, state) in [("end.before_commit", "lost"), ("end.after_commit", "finished")] {
            let mut lab = Lab::start_to_die(&home, &database, &url, failpoint).await;
            let run = lab.launch("short", json!({"duration": "1s"})).await;
            let mut lab = killed_and_back(&mut lab, &home, &database, &url).await;
            let over = lab.over(&run, PATIENCE).await;
            assert_eq!(over["row"]["state"], state, "{over}");
            let points = lab.get(&format!("{run}/series")).await;
            let kept: u64 = points.as_array().unwrap().iter().map(|point| point["finished"].as_u64().unwrap()).sum();
            assert_eq!(kept, 20, "every second had been acknowledged before the end was written");
            let summary = &over["summary"]["totals"]["finished"];
            assert_eq!(*summary, if state == "finished" { json!(20) } else { Value::Null }, "{over}");
            lab.process.kill().await.unwrap();
        }
    }
}

/// Waits until a lab has been killed by itself, looks at what it left, and starts the next.
async fn killed_and_back(lab: &mut Lab, home: &Home, database: &str, url: &str) -> Lab {
    let exit = tokio::time::timeout(PATIENCE, lab.process.wait()).await.unwrap().unwrap();
    assert_eq!(exit.signal(), Some(Signal::SIGKILL as i32), "{}", home.read("lab.log"));
    if let Some(file) = database.strip_prefix("sqlite:") {
        assert_eq!(integrity(file.as_ref()).await, "ok");
    }
    let back = async {
        let lab = Lab::start(home, database, url, &[]).await;
        until("it is ready", BACK, async || lab.open("/readyz").await.status().is_success().then_some(())).await;
        lab
    };
    tokio::time::timeout(BACK, back).await.unwrap_or_else(|_| panic!("not back within {BACK:?}"))
}

/// A number that the database itself holds.
async fn number(database: &str, text: &str) -> i64 {
    let text = AssertSqlSafe(text.to_owned());
    if database.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database).await.unwrap();
        return sqlx::raw_sql(text).fetch_one(&mut connection).await.unwrap().get(0);
    }
    let mut connection = PgConnection::connect(database).await.unwrap();
    sqlx::raw_sql(text).fetch_one(&mut connection).await.unwrap().get(0)
}

impl Lab {
    fn launching(&self, key: &str) -> reqwest::RequestBuilder {
        let body = json!({"suite": "probe", "scenario": "short", "overrides": {"duration": "1s"}});
        reqwest::Client::new().post(format!("{}/api/v1/runs", self.url)).header("idempotency-key", key).json(&body)
    }

    /// Launches a run whose answer never comes.
    async fn ask_in_vain(&self, key: &str) {
        assert!(self.launching(key).send().await.is_err(), "an answer from a lab that was to die before it");
    }

    /// Launches a run.
    async fn ask(&self, key: &str) -> Value {
        let reply = self.launching(key).send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
        reply.json().await.unwrap()
    }
}

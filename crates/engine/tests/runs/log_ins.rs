//! Log-ins of open runs: whose token and row an iteration gets, and when somebody logs in again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use perflab_model::{
    flow::{Auth, Feed, FeedOrder, Request, Think},
    load::Load,
    plan::Plan,
    runner::{Job, Order},
    unit::Millis,
};

use crate::{
    server::{Answer, Server, path},
    support::{self, Outcome, Runner, constant_rate, get, plan, request, users},
};

/// A class that logs in, with a stock of tokens made before.
fn log_in(plan: &mut Plan, login: Request, prefetch: u32) {
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login,
        bearer_from: "/access_token".to_owned(),
        refresh_on: Some(401),
        prefetch,
        once: false,
    });
    plan.classes[0].auth = Some("token".to_owned());
}

/// A plan whose users have rows of their own.
fn with_users(server: &Server, load: Load, path: &str, rows: u64) -> (Plan, BTreeMap<String, String>) {
    let mut plan = plan(&server.url(), load, vec![request(get("a", path))]);
    plan.graceful_stop = Millis::from_secs(5);
    plan.feeds.push(Feed {
        name: "users".to_owned(),
        file: "users.csv".to_owned(),
        sha256: String::new(),
        order: FeedOrder::Unique,
        columns: vec!["name".to_owned()],
        rows,
        share: None,
    });
    let text = (0..rows).fold("name\n".to_owned(), |text, row| format!("{text}u{row}\n"));
    (plan, BTreeMap::from([("users".to_owned(), text)]))
}

fn carry_out(plan: Plan, feeds: BTreeMap<String, String>) -> Outcome {
    let (alive, orders) = std::sync::mpsc::channel();
    let (reports, told) = std::sync::mpsc::sync_channel(1024);
    let run = std::thread::spawn(move || {
        perflab_engine::execute(Job { plan, feeds }, perflab_engine::Settings::default(), orders, reports)
    });
    let mut outcome = Outcome::default();
    for report in told {
        // A run that has just ended hears nothing any more.
        let _ = alive.send(Order::Alive);
        outcome.take(report);
    }
    run.join().expect("the run does not panic");
    outcome
}

fn bearer(head: &str) -> Option<String> {
    head.lines().find_map(|line| line.to_lowercase().strip_prefix("authorization: bearer ").map(str::to_owned))
}

fn token(text: &str) -> Answer {
    Answer::body(&format!(r#"{{"access_token": "{text}"}}"#))
}

#[test]
fn a_failed_log_in_before_the_run_does_not_give_others_the_wrong_token() {
    let refused = AtomicU64::new(0);
    let server = Server::new(move |head| match path(head) {
        "/login/u1" if refused.fetch_add(1, Ordering::Relaxed) == 0 => Answer::status(503),
        login if login.starts_with("/login/") => token(&login.replace("/login/", "t-")),
        _ => Answer::body("ok"),
    });
    let (mut plan, feeds) = with_users(&server, constant_rate(8.0, 1, 4), "/me/${feed.users.name}", 4);
    log_in(&mut plan, get("login", "/login/${feed.users.name}"), 4);
    carry_out(plan, feeds);
    let visits: Vec<String> = server.heads().into_iter().filter(|head| path(head).starts_with("/me/")).collect();
    assert_eq!(visits.len(), 8);
    for head in visits {
        assert_eq!(bearer(&head), Some(path(&head).replace("/me/", "t-")), "{head}");
    }
    let logins = server.heads().iter().filter(|head| path(head) == "/login/u1").count();
    assert_eq!(logins, 2, "who needed the missing token logged in and left it for the next");
}

#[test]
fn a_slow_iteration_does_not_put_back_a_token_that_was_renewed_meanwhile() {
    let (logins, visits) = (AtomicU64::new(0), AtomicU64::new(0));
    let renewed = Arc::new((Mutex::new(false), Condvar::new()));
    let server = Server::new(move |head| match (path(head), bearer(head).as_deref()) {
        ("/login", _) => token(&format!("t{}", logins.fetch_add(1, Ordering::Relaxed))),
        // The first visitor waits until the second has come back with a new token.
        ("/a", Some("t0")) if visits.fetch_add(1, Ordering::Relaxed) == 0 => {
            let guard = renewed.0.lock().expect("nobody panics while holding it");
            drop(renewed.1.wait_while(guard, |renewed| !*renewed).expect("nobody panics while holding it"));
            Answer::body("ok")
        }
        ("/a", Some("t0")) => Answer::status(401),
        ("/b", Some("t1")) => {
            *renewed.0.lock().expect("nobody panics while holding it") = true;
            renewed.1.notify_all();
            Answer::body("ok")
        }
        _ => Answer::body("ok"),
    });
    let mut plan =
        plan(&server.url(), constant_rate(1.0, 3, 4), vec![request(get("a", "/a")), request(get("b", "/b"))]);
    log_in(&mut plan, get("login", "/login"), 1);
    carry_out(plan, BTreeMap::new());
    let mut carried: Vec<String> =
        server.heads().iter().filter(|head| path(head) == "/a").filter_map(|head| bearer(head)).collect();
    carried.sort();
    assert_eq!(carried, ["t0", "t0", "t1"]);
}

#[test]
fn a_shared_token_that_one_user_has_renewed_is_everybodys() {
    let (logins, visits) = (AtomicU64::new(0), AtomicU64::new(0));
    let server = Server::new(move |head| match (path(head), bearer(head).as_deref()) {
        ("/login", _) => token(&format!("t{}", logins.fetch_add(1, Ordering::Relaxed))),
        (_, Some("t0")) if visits.fetch_add(1, Ordering::Relaxed) >= 8 => Answer::status(401),
        _ => Answer::body("ok"),
    });
    let mut plan = plan(&server.url(), users(8, 3), vec![request(get("a", "/a"))]);
    log_in(&mut plan, get("login", "/login"), 0);
    plan.auth[0].once = true;
    plan.classes[0].think = Think::Uniform(Millis::new(0), Millis::new(1000));
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    let made = server.heads().iter().filter(|head| path(head) == "/login").count();
    // Not one for each of the eight; more than two only where some were refused in the same moment.
    assert!((2..9).contains(&made), "{made}");
}

#[test]
fn users_of_a_class_that_reads_no_feed_need_no_row_of_it() {
    // Slow enough that several slots are in use; the one row belongs to the first.
    let server = Server::always(Answer::Slow(std::time::Duration::from_millis(400)));
    let (plan, feeds) = with_users(&server, constant_rate(10.0, 1, 16), "/home", 1);
    carry_out(plan, feeds);
    assert_eq!(server.heads().len(), 10);
}

#[test]
fn a_target_that_refuses_every_token_is_not_stormed_with_log_ins() {
    let logins = AtomicU64::new(0);
    let server = Server::new(move |head| match path(head) {
        "/login" if logins.fetch_add(1, Ordering::Relaxed) == 0 => Answer::body(r#"{"access_token": "first"}"#),
        "/login" => Answer::status(503),
        _ => Answer::status(401),
    });
    let steps = (0..20).map(|_| request(get("a", "/a"))).collect();
    let mut plan = plan(&server.url(), constant_rate(1.0, 1, 1), steps);
    log_in(&mut plan, get("login", "/login"), 0);
    support::carry_out(plan, perflab_engine::Settings::default());
    let count = |wanted: &str| server.heads().iter().filter(|head| path(head) == wanted).count();
    assert_eq!((count("/login"), count("/a")), (2, 20), "one at the start, one after the first refusal");
}

//! Runs that end when a number of iterations is done, against the target's own log: no start too many, none too few,
//! whatever the target answers and whoever ends the run.

use std::time::{Duration, Instant};

use perflab_model::{
    flow::{Auth, Step, Think},
    load::{Iterations, Load, Share, UserStage},
    plan::Plan,
    runner::{Ending, Order},
    tick::Phase,
    unit::Millis,
};
use rstest::rstest;

use crate::{
    server::{Answer, Server},
    support::{Outcome, Runner, get, plan, request},
};

fn iterations(share: Share, users: u32, count: u64, at_most: Millis) -> Load {
    Load::Closed {
        stages: vec![UserStage { from: users, to: users, over: at_most }],
        iterations: Some(Iterations { count, share }),
    }
}

fn plan_of(server: &Server, share: Share, users: u32, count: u64) -> Plan {
    plan(&server.url(), iterations(share, users, count, Millis::from_secs(60)), vec![request(get("a", "/"))])
}

/// Whatever happens: planned = started + dropped, started = finished + aborted, and goose counted what we did.
fn books_hold(outcome: &Outcome) -> (u64, u64, u64) {
    let sum = |of: fn(&perflab_model::tick::Point) -> u64| outcome.sum(|tick| of(&tick.point));
    let (planned, started, dropped) = (sum(|p| p.planned), sum(|p| p.started), sum(|p| p.dropped));
    assert_eq!(planned, started + dropped);
    assert_eq!(started, sum(|p| p.iterations) + sum(|p| p.iterations_aborted));
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    (planned, started, dropped)
}

/// The share, and all iterations of 3 users who ask for 7.
#[rstest]
#[case::shared(Share::All, 7)]
#[case::each(Share::Each, 21)]
fn a_run_of_iterations_ends_when_exactly_all_are_done(#[case] share: Share, #[case] in_all: u64) {
    let server = Server::always(Answer::Slow(Duration::from_millis(10)));
    let mut plan = plan_of(&server, share, 3, 7);
    // Nobody thinks after the last one: a pause would outlast the run.
    plan.classes[0].think = Think::Constant(Millis::new(20));
    let begun = Instant::now();
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    assert!(begun.elapsed() < Duration::from_secs(30), "the run ends long before its longest time");
    assert_eq!(books_hold(&outcome), (in_all, in_all, 0));
    assert_eq!(server.heads().len() as u64, in_all, "the target's own log");
    assert_eq!(outcome.sum(|tick| tick.point.finished), in_all);
    assert_eq!(outcome.ticks.last().map(|tick| tick.point.phase), Some(Phase::Draining));
}

#[rstest]
#[case::shared(Share::All, 40)]
#[case::each(Share::Each, 80)]
fn an_iteration_that_fails_is_done_all_the_same(#[case] share: Share, #[case] in_all: u64) {
    let server = Server::always(Answer::status(500));
    let mut plan = plan_of(&server, share, 2, 40);
    // A pause inside the last iterations is not cut short because all have been started.
    plan.flows[0].steps = vec![Step::Think(Think::Constant(Millis::new(5))), request(get("a", "/"))];
    let outcome = Runner::start(plan).finish();
    assert_eq!(books_hold(&outcome), (in_all, in_all, 0));
    assert_eq!(outcome.sum(|tick| tick.point.failed), in_all);
    assert_eq!(server.heads().len() as u64, in_all);
}

#[rstest]
#[case::stop_shared(Share::All, Order::Stop, Ending::Stopped)]
#[case::stop_each(Share::Each, Order::Stop, Ending::Stopped)]
#[case::abort_shared(Share::All, Order::Abort, Ending::Aborted)]
#[case::abort_each(Share::Each, Order::Abort, Ending::Aborted)]
fn a_run_of_iterations_that_is_ended_in_the_middle_keeps_its_books(
    #[case] share: Share,
    #[case] order: Order,
    #[case] ending: Ending,
) {
    let server = Server::always(Answer::Slow(Duration::from_millis(200)));
    let mut runner = Runner::start(plan_of(&server, share, 4, 1_000_000));
    let mut outcome = Outcome::default();
    while outcome.ticks.is_empty() {
        outcome.take(runner.next().expect("the runner reports"));
    }
    runner.order(order);
    while let Some(report) = runner.next() {
        outcome.take(report);
    }
    assert_eq!(outcome.done().ending, ending);
    let (_, started, dropped) = books_hold(&outcome);
    assert_eq!(dropped, 0, "what nobody asked for any more was not given up");
    assert_eq!(server.heads().len() as u64, started, "each start is one request that the target saw");
    let ended = outcome.sum(|tick| tick.point.finished) + outcome.sum(|tick| tick.point.aborted);
    assert_eq!(ended, started);
}

#[rstest]
#[case::shared(Share::All, 1_000)]
#[case::each(Share::Each, 3_000)]
fn what_the_longest_time_leaves_undone_is_planned_and_dropped(#[case] share: Share, #[case] in_all: u64) {
    let server = Server::always(Answer::Slow(Duration::from_millis(300)));
    let load = iterations(share, 3, 1_000, Millis::from_secs(1));
    let outcome = Runner::start(plan(&server.url(), load, vec![request(get("a", "/"))])).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    let (planned, started, dropped) = books_hold(&outcome);
    assert_eq!(planned, in_all);
    assert!(dropped > 0 && started > 0);
    assert_eq!(server.heads().len() as u64, started);
}

#[rstest]
#[case::shared(Share::All)]
#[case::each(Share::Each)]
fn a_hung_request_does_not_outlast_the_longest_time_and_the_patience(#[case] share: Share) {
    let server = Server::always(Answer::Hang);
    let load = iterations(share, 2, 2, Millis::from_secs(1));
    let mut plan = plan(&server.url(), load, vec![request(get("a", "/"))]);
    plan.graceful_stop = Millis::new(300);
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    books_hold(&outcome);
    assert_eq!(outcome.sum(|tick| tick.point.iterations_aborted), 2);
}

#[rstest]
#[case::shared(Share::All)]
#[case::each(Share::Each)]
fn users_who_cannot_log_in_do_not_hold_the_run(#[case] share: Share) {
    let server = Server::new(|head| if head.contains("/login") { Answer::status(403) } else { Answer::body("ok") });
    let mut plan = plan_of(&server, share, 2, 5);
    plan.auth.push(Auth {
        name: "token".to_owned(),
        login: get("log in", "/login"),
        bearer_from: "/access_token".to_owned(),
        refresh_on: None,
        prefetch: 0,
        once: false,
    });
    plan.classes[0].auth = Some("token".to_owned());
    let outcome = Runner::start(plan).finish();
    assert_eq!(outcome.done().ending, Ending::Completed);
    let (planned, started, dropped) = books_hold(&outcome);
    assert_eq!((started, planned), (0, dropped), "nobody came to start what was planned");
    assert!(dropped >= 5);
}

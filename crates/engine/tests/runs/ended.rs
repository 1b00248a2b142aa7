//! Every kind of load, ended in the middle while the target answers and fails by turns: what the target's own log holds
//! lies between what was told to have ended and what was told to have been started, and the books hold.
//!
//! Loads of a number of iterations are in `iterations`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use perflab_model::{
    load::{Arrivals, Load, OnSaturated, OpenLimits, RateStage, UserStage},
    runner::{Ending, Order},
    unit::{Millis, Rps},
};
use rstest::rstest;

use crate::{
    server::{Answer, Server},
    support::{Outcome, Runner, get, plan, request},
};

/// Seconds of a plan that nobody waits for.
const LONG: u64 = 60;

/// Rates from one to the next, each stretch with its seconds.
fn rates(arrivals: Arrivals, on_saturated: OnSaturated, stretches: &[(f64, f64, u64)]) -> Load {
    let rate = |value| Rps::new(value).expect("a rate");
    let stage = |(from, to, seconds): &(f64, f64, u64)| RateStage {
        from: rate(*from),
        to: rate(*to),
        over: Millis::from_secs(*seconds),
    };
    let limits =
        OpenLimits { max_in_flight: 8, on_saturated, max_late: Millis::from_secs(1), arrivals, adjustable: false };
    Load::Open { stages: stretches.iter().map(stage).collect(), limits }
}

/// Users from one number to the next, each stretch with its seconds.
fn users(stretches: &[(u32, u32, u64)]) -> Load {
    let stage =
        |(from, to, seconds): &(u32, u32, u64)| UserStage { from: *from, to: *to, over: Millis::from_secs(*seconds) };
    Load::Closed { stages: stretches.iter().map(stage).collect(), iterations: None }
}

#[rstest]
#[case::constant_rate(rates(Arrivals::Even, OnSaturated::Drop, &[(100.0, 100.0, LONG)]))]
#[case::ramping_rate(rates(Arrivals::Even, OnSaturated::Drop, &[(0.0, 400.0, 2), (400.0, 400.0, LONG)]))]
#[case::spike_of_a_rate(rates(Arrivals::Even, OnSaturated::Drop, &[(20.0, 20.0, 1), (20.0, 300.0, 0), (300.0, 300.0, LONG)]))]
#[case::poisson(rates(Arrivals::Poisson, OnSaturated::Drop, &[(100.0, 100.0, LONG)]))]
#[case::queued(rates(Arrivals::Even, OnSaturated::Queue, &[(200.0, 200.0, LONG)]))]
#[case::constant_vus(users(&[(5, 5, LONG)]))]
#[case::ramping_vus(users(&[(0, 6, 2), (6, 6, LONG)]))]
#[case::staircase_of_users(users(&[(2, 2, 1), (2, 6, 0), (6, 6, LONG)]))]
fn a_load_that_is_aborted_tells_what_its_target_saw(#[case] load: Load) {
    let asked = AtomicU64::new(0);
    let server = Server::new(move |_| match asked.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => Answer::status(500),
        1 => Answer::body("ok"),
        _ => Answer::Slow(Duration::from_millis(120)),
    });
    let is_closed = matches!(load, Load::Closed { .. });
    let mut runner = Runner::start(plan(&server.url(), load, vec![request(get("a", "/"))]));
    let mut outcome = Outcome::default();
    while outcome.ticks.len() < 2 {
        outcome.take(runner.next().expect("the runner reports"));
    }
    runner.order(Order::Abort);
    while let Some(report) = runner.next() {
        outcome.take(report);
    }
    assert_eq!(outcome.done().ending, Ending::Aborted);
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    let point = |of: fn(&perflab_model::tick::Point) -> u64| outcome.sum(|tick| of(&tick.point));
    let (started, finished, aborted) = (point(|p| p.started), point(|p| p.finished), point(|p| p.aborted));
    assert_eq!(point(|p| p.planned), started + point(|p| p.dropped));
    assert_eq!(started, point(|p| p.iterations) + point(|p| p.iterations_aborted));
    assert!(is_closed || started == finished + aborted, "each start of an open run is one request here");
    let seen = server.heads().len() as u64;
    assert!(
        (finished..=finished + aborted).contains(&seen),
        "the target saw {seen}, {finished} ended and {aborted} were cut off"
    );
    let failed = point(|p| p.failed);
    assert!(failed > 0 && failed < finished, "some answers were errors, as the target meant");
}

//! A6 and A7: a server that does one thing at a time, each in s = 10 ms, asked for more than it can do.

use std::time::Duration;

use perflab_model::{plan::Plan, runner::Ending};

use crate::{
    alone, assert_within_one_percent, at, quantiles,
    support::{Measure, Outcome, Runner, constant_rate, get, plan, request, users},
    target::{Service, SlowTarget},
};

fn carry_out(plan_for: impl FnOnce(&str) -> Plan) -> Outcome {
    let target = SlowTarget::start(Service::OneAtATime(Duration::from_millis(10)));
    let outcome = Runner::start(plan_for(&target.url())).finish();
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    outcome
}

/// A6. Arrivals do not wait: the queue grows for all of T = 10 s, and Q(q) = s + q·λT·(s − 1/λ), less 1.7 ms because the
/// first one waits for nobody.
#[test]
fn accuracy_a6_an_open_run_sees_the_queue_grow() {
    let _alone = alone();
    let outcome = carry_out(|url| plan(url, constant_rate(120.0, 10, 400), vec![request(get("probe", "/"))]));
    let response = outcome.values(Measure::Response, |_| true);
    quantiles("A6", &response);
    assert_eq!(response.len(), 1_200);
    let (s, rate, seconds) = (10.0, 120.0, 10.0);
    let expected = |q: f64| s + q * rate * seconds * (s - 1000.0 / rate) - 1.7;
    for q in [0.25, 0.5, 0.75, 0.9, 0.95, 0.99] {
        assert_within_one_percent(&format!("p{}", q * 100.0), at(&response, q), expected(q));
    }
}

/// A7. Closed users are their own brake: N of them wait N·s, whatever the server could not do.
#[test]
fn accuracy_a7_a_closed_run_sees_only_its_own_users() {
    let _alone = alone();
    let outcome = carry_out(|url| plan(url, users(5, 10), vec![request(get("probe", "/"))]));
    let service = outcome.values(Measure::Service, |_| true);
    quantiles("A7", &service);
    for q in [0.1, 0.5, 0.9, 0.95, 0.99] {
        assert_within_one_percent(&format!("p{}", q * 100.0), at(&service, q), 50.0);
    }
}

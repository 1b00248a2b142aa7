//! A10: nothing is lost between plan, starts, codes, histograms and goose.

use perflab_mita::faults::{Errors, Faults, Share, SlowBody};
use perflab_model::runner::Ending;

use crate::{
    alone, carry_out, reference_target,
    support::{self, Outcome, constant_rate, users},
};

fn troubled() -> Faults {
    Faults {
        seed: 7,
        errors: Some(Errors { rate: 0.1, status: 500 }),
        resets: Some(Share { rate: 0.05 }),
        truncated_body: Some(Share { rate: 0.05 }),
        slow_body: Some(SlowBody { chunk_bytes: 16, every_ms: 2.0, rate: 0.2 }),
        ..Faults::default()
    }
}

/// A10. Nothing is lost between plan, starts, codes, histograms and goose.
#[test]
fn accuracy_a10_the_books_of_an_open_run_balance() {
    let _alone = alone();
    let target = reference_target();
    target.target().set_faults(troubled()).expect("the faults are within their ranges");
    let outcome = carry_out(&target, constant_rate(500.0, 10, 8));
    assert_eq!(outcome.done().ending, Ending::Completed);
    let planned = outcome.sum(|tick| tick.point.planned);
    assert_eq!(planned, 5_000);
    assert_eq!(planned, outcome.sum(|tick| tick.point.started) + outcome.sum(|tick| tick.point.dropped));
    let ended = outcome.sum(|tick| tick.point.finished) + outcome.sum(|tick| tick.point.aborted);
    assert_eq!(outcome.sum(|tick| tick.point.started), ended, "each iteration here is one request");
    assert_eq!(outcome.sum(|tick| tick.point.iterations), ended);
    assert_the_counts_agree(&outcome);
    for code in ["http.5xx", "connect.reset", "body.truncated"] {
        assert!(errors(&outcome, code) > 0, "no {code} among {:?}", outcome.ticks.last());
    }
}

#[test]
fn accuracy_a10_the_books_of_a_closed_run_balance_and_goose_agrees() {
    let _alone = alone();
    let target = reference_target();
    target.target().set_faults(troubled()).expect("the faults are within their ranges");
    let outcome = carry_out(&target, users(10, 10));
    assert_eq!(outcome.done().ending, Ending::Completed, "{:?}", outcome.rest);
    assert_eq!(outcome.done().mismatches, Vec::<String>::new());
    let ended = outcome.sum(|tick| tick.point.finished) + outcome.sum(|tick| tick.point.aborted);
    assert!(ended > 1_000, "{ended}");
    assert_eq!(outcome.sum(|tick| tick.point.started), ended);
    assert_eq!(outcome.sum(|tick| tick.point.planned), ended);
    assert_the_counts_agree(&outcome);
    for code in ["http.5xx", "connect.reset", "body.truncated"] {
        assert!(errors(&outcome, code) > 0, "no {code}");
    }
}

fn errors(outcome: &Outcome, code: &str) -> u64 {
    outcome.sum(|tick| tick.point.errors.get(code).copied().unwrap_or(0))
}

fn assert_the_counts_agree(outcome: &Outcome) {
    for tick in &outcome.ticks {
        let outcomes: Vec<_> = tick.requests.iter().flat_map(|request| &request.outcomes).collect();
        let counted: u64 = outcomes.iter().map(|outcome| outcome.count).sum();
        assert_eq!(counted, tick.point.finished + tick.point.aborted);
        for outcome in &outcomes {
            assert_eq!(support::decode(&outcome.response).len(), outcome.count);
            assert_eq!(support::decode(&outcome.service).len(), outcome.count);
        }
        let failed: u64 = outcomes.iter().filter(|outcome| outcome.error.is_some()).map(|outcome| outcome.count).sum();
        assert_eq!(failed, tick.point.errors.values().sum::<u64>());
        let received: u64 = outcomes.iter().map(|outcome| outcome.bytes_received).sum();
        assert_eq!(received, tick.point.bytes_received);
    }
}

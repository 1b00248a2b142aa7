use perflab_model::{load::Arrivals, unit::Millis};

use super::*;
use crate::record::{Groups, Names, StartCounts};

fn lanes(on_saturated: OnSaturated, slots: u32, threads: usize) -> Lanes {
    let limits = OpenLimits {
        max_in_flight: slots,
        on_saturated,
        max_late: Millis::new(1000),
        arrivals: Arrivals::Even,
        adjustable: false,
    };
    Lanes::new(limits, Arc::new(Recorder::new(Names::default(), Groups::default())), threads)
}

fn start(index: u64, millis: u64) -> Start {
    Start { index, planned: at(millis), queued: false }
}

fn at(millis: u64) -> Nanos {
    Nanos::new(millis * 1_000_000)
}

/// Threads that have been called and have not come.
fn called(lanes: &Lanes) -> Vec<bool> {
    lanes.calls.iter().map(|call| call.is_under_way.load(Ordering::Acquire)).collect()
}

/// A thread comes and takes what it may.
fn comes(lanes: &Lanes, thread: usize) -> Vec<Arc<Lane>> {
    lanes.calls[thread].is_under_way.store(false, Ordering::Release);
    std::iter::from_fn(|| lanes.come(thread)).map(|handed| handed.lane).collect()
}

#[test]
fn a_start_without_a_free_lane_is_dropped_and_is_still_an_arrival() {
    let lanes = lanes(OnSaturated::Drop, 1, 1);
    lanes.dispatch(&[start(0, 0)], at(0));
    let busy = comes(&lanes, 0);
    lanes.dispatch(&[start(1, 10)], at(10));
    assert_eq!(lanes.release(0, &busy[0], at(20), false), None);
    lanes.dispatch(&[start(2, 30)], at(30));
    let counts = lanes.recorder.starts.take(0);
    assert_eq!(counts, StartCounts { planned: 3, started: 2, dropped: 1, ..StartCounts::default() });
}

#[test]
fn a_queued_start_begins_late_and_is_given_up_when_it_is_too_late() {
    let lanes = lanes(OnSaturated::Queue, 1, 1);
    lanes.dispatch(&[start(0, 0)], at(0));
    let busy = comes(&lanes, 0);
    for (k, millis) in [(1, 100), (2, 200), (3, 900)] {
        lanes.dispatch(&[start(k, millis)], at(millis));
    }
    let next = lanes.release(0, &busy[0], at(1150), false).expect("the second start is still young enough");
    assert_eq!((next.index, next.queued), (2, true), "the first has waited for more than a second");
    assert_eq!(lanes.waiting(), Waiting { for_a_slot: Some(at(900)), for_a_thread: false });
    lanes.drop_queue();
    assert_eq!(
        lanes.recorder.starts.take(0),
        StartCounts { planned: 4, started: 2, dropped: 2, ..StartCounts::default() }
    );
}

#[test]
fn a_start_that_waits_is_not_begun_once_the_run_is_being_ended() {
    let lanes = lanes(OnSaturated::Queue, 1, 1);
    lanes.dispatch(&[start(0, 0)], at(0));
    let busy = comes(&lanes, 0);
    lanes.dispatch(&[start(1, 100)], at(100));
    assert_eq!(lanes.release(0, &busy[0], at(150), true), None);
    let counts = lanes.recorder.starts.take(0);
    assert_eq!(counts, StartCounts { planned: 2, started: 1, dropped: 1, ..StartCounts::default() });
}

#[test]
fn a_lane_that_is_done_takes_what_is_due_before_what_waits_for_a_slot() {
    let lanes = lanes(OnSaturated::Queue, 2, 1);
    lanes.dispatch(&[start(0, 0)], at(0));
    let busy = comes(&lanes, 0);
    lanes.dispatch(&[start(1, 100), start(2, 200)], at(200));
    let order = [(); 3].map(|()| lanes.release(0, &busy[0], at(300), false).map(|next| (next.index, next.queued)));
    assert_eq!(order, [Some((1, false)), Some((2, true)), None]);
    assert_eq!(lanes.state.lock().taken, 0);
}

#[test]
fn what_is_due_together_is_one_call() {
    let lanes = lanes(OnSaturated::Drop, 100, 3);
    lanes.dispatch(&[start(0, 0), start(1, 0), start(2, 0)], at(0));
    assert_eq!(called(&lanes), [true, false, false]);
    assert_eq!(comes(&lanes, 0).len(), 3);
    assert_eq!(called(&lanes), [false; 3], "nothing is left");
}

#[test]
fn a_thread_that_does_not_come_is_passed_over() {
    let lanes = lanes(OnSaturated::Drop, 100, 2);
    lanes.dispatch(&[start(0, 0)], at(0));
    lanes.dispatch(&[start(1, 1)], at(1));
    assert_eq!(called(&lanes), [true, true]);
    assert_eq!(comes(&lanes, 1).len(), 2, "all of what is due, whoever was called for it");
}

#[test]
fn somebody_else_is_called_where_nobody_comes() {
    let lanes = lanes(OnSaturated::Drop, 100, 3);
    lanes.dispatch(&[start(0, 0)], at(0));
    assert!(lanes.waiting().for_a_thread);
    lanes.call_again();
    assert_eq!(called(&lanes), [true, true, false]);
    assert_eq!(comes(&lanes, 1).len(), 1);
    assert!(!lanes.waiting().for_a_thread);
    lanes.call_again();
    assert_eq!(called(&lanes), [true, false, false], "nothing is due any more");
}

#[test]
fn a_thread_that_is_ahead_leaves_the_rest_to_others() {
    let lanes = lanes(OnSaturated::Drop, 100, 2);
    let starts: Vec<Start> = (0..20).map(|index| start(index, 0)).collect();
    lanes.dispatch(&starts, at(0));
    assert_eq!(comes(&lanes, 0).len(), AHEAD);
    assert_eq!(called(&lanes), [false, true]);
    assert_eq!(comes(&lanes, 1).len(), 2 * AHEAD);
    assert_eq!(called(&lanes), [true, false]);
    assert_eq!((comes(&lanes, 0).len(), comes(&lanes, 1).len()), (20 - 3 * AHEAD, 0));
}

#[test]
fn nothing_is_left_to_a_thread_that_does_not_come() {
    let lanes = lanes(OnSaturated::Drop, 100, 2);
    let starts: Vec<Start> = (0..20).map(|index| start(index, 0)).collect();
    lanes.dispatch(&starts, at(0));
    assert_eq!(comes(&lanes, 0).len(), AHEAD);
    assert_eq!(called(&lanes), [false, true]);
    lanes.call_again();
    assert_eq!(called(&lanes), [true, true]);
    assert_eq!(comes(&lanes, 0).len(), 20 - AHEAD);
}

#[test]
fn the_thread_that_has_the_free_lane_is_called_where_no_lane_may_be_opened() {
    let lanes = lanes(OnSaturated::Drop, 1, 2);
    lanes.dispatch(&[start(0, 0)], at(0));
    assert_eq!(comes(&lanes, 0).len(), 1);
    let lane = Arc::new(Lane::default());
    assert_eq!(lanes.release(0, &lane, at(1), false), None);
    lanes.calls[0].is_under_way.store(true, Ordering::Release);
    lanes.dispatch(&[start(1, 2)], at(2));
    assert_eq!(called(&lanes), [true, false]);
    assert_eq!((comes(&lanes, 1).len(), comes(&lanes, 0).len()), (0, 1));
}

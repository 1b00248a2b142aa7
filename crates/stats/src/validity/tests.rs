use perflab_model::{
    plan::Plan,
    runner::{Done, Ending},
    tick::{Phase, Tick},
    validity::{
        Validity,
        ValidityState::{self, Invalid, Suspect, Valid},
    },
};
use rstest::rstest;

use super::{Context, Health};
use crate::{
    ReadTick,
    sample::{good, open_plan, outcome, plan, tick},
};

fn validity_of(plan: &Plan, ticks: &[Tick], done: Option<&Done>) -> Validity {
    let kind = perflab_model::summary::LatencyKind::Service;
    let mut health = Health::default();
    let mut finished = 0;
    for tick in ticks {
        let read = ReadTick::new(tick, kind);
        health.add(&read);
        finished += if tick.point.phase == Phase::WarmUp { 0 } else { tick.point.finished };
    }
    health.validity(&Context { plan, done, over: true, cut_short: false, p50_us: Some(10_000.0), finished })
}

/// 30 good seconds of an open run, changed.
fn open(change: impl Fn(&mut Tick)) -> Validity {
    validity_of(&open_plan(&[]), &seconds(change), None)
}

fn closed(change: impl Fn(&mut Tick)) -> Validity {
    validity_of(&plan(&[]), &seconds(change), None)
}

fn seconds(change: impl Fn(&mut Tick)) -> Vec<Tick> {
    (0..30)
        .map(|second| {
            let mut tick = good(second, Phase::Measured, &[10_000; 100]);
            change(&mut tick);
            tick
        })
        .collect()
}

fn state(validity: &Validity, code: &str) -> ValidityState {
    let signal = validity.signals.iter().find(|signal| signal.code == code);
    let signal = signal.unwrap_or_else(|| panic!("no signal {code}: {validity:#?}"));
    assert_eq!(signal.cause.is_some(), signal.state != Valid, "{signal:#?}");
    signal.state
}

#[test]
fn a_quiet_run_is_valid() {
    assert_eq!(open(|_| ()).state, Valid, "{:#?}", open(|_| ()).causes());
    assert_eq!(closed(|_| ()).state, Valid, "{:#?}", closed(|_| ()).causes());
}

#[rstest]
#[case(0, Valid)]
#[case::at_half_a_percent(15, Valid)]
#[case(16, Suspect)]
#[case::at_two_percent(60, Suspect)]
#[case(61, Invalid)]
fn late_starts(#[case] late: u64, #[case] expected: ValidityState) {
    let validity = open(|tick| tick.point.late = if tick.point.second == 0 { late } else { 0 });
    assert_eq!(state(&validity, "late"), expected);
}

#[rstest]
#[case(4_900, Valid)]
#[case(6_000, Suspect)]
#[case(25_000, Invalid)]
fn lag(#[case] us: u64, #[case] expected: ValidityState) {
    let lagging = |tick: &mut Tick| {
        tick.requests[0].outcomes[0].lag = Some(outcome(2, None, &[us; 100]).service);
    };
    assert_eq!(state(&open(lagging), "lag"), expected);
    // 20 ms of lag do not matter where half of the requests take 10 s.
    let kind = perflab_model::summary::LatencyKind::Response;
    let mut health = Health::default();
    for tick in seconds(lagging) {
        health.add(&ReadTick::new(&tick, kind));
    }
    let plan = open_plan(&[]);
    let slow = Context { plan: &plan, done: None, over: true, cut_short: false, p50_us: Some(10e6), finished: 1 };
    assert_eq!(state(&health.validity(&slow), "lag"), expected.min(Suspect));
}

#[rstest]
#[case(0.79, 30, Valid)]
#[case(0.85, 30, Suspect)]
#[case::full_but_not_for_ten_seconds(0.99, 9, Suspect)]
#[case::full_for_ten_seconds(0.99, 10, Invalid)]
fn cpu_of_the_generator(#[case] share: f64, #[case] long: u32, #[case] expected: ValidityState) {
    let validity = open(|tick| tick.point.generator.cpu = Some(if tick.point.second < long { share } else { 0.1 }));
    assert_eq!(state(&validity, "cpu"), expected);
}

#[rstest]
#[case::all(100, 0, Valid, Valid)]
#[case::not_started_and_not_dropped(99, 0, Suspect, Valid)]
#[case::far_too_few(97, 0, Invalid, Valid)]
#[case::held_up_by_the_target(97, 3, Suspect, Invalid)]
fn achieved_and_dropped_starts(
    #[case] started: u64,
    #[case] dropped: u64,
    #[case] achieved: ValidityState,
    #[case] drops: ValidityState,
) {
    let change = |tick: &mut Tick| {
        tick.point.planned = 100;
        tick.point.started = started;
        tick.point.dropped = dropped;
    };
    let validity = open(change);
    assert_eq!((state(&validity, "achieved"), state(&validity, "dropped")), (achieved, drops));
    if dropped > 0 {
        let looked_for = validity_of(&Plan { find_limit: true, ..open_plan(&[]) }, &seconds(change), None);
        assert_eq!(looked_for.state, Valid, "{:#?}", looked_for.causes());
    }
}

#[rstest]
#[case(200, Valid)]
#[case(198, Suspect)]
#[case(190, Invalid)]
fn users_reached(#[case] users: u32, #[case] expected: ValidityState) {
    let validity = closed(|tick| {
        tick.point.target = 200.0;
        tick.point.users = users;
    });
    assert_eq!(state(&validity, "achieved"), expected);
}

#[test]
fn users_on_a_ramp_may_be_on_their_way() {
    let validity = closed(|tick| {
        tick.point.target = f64::from(tick.point.second.min(10)) + 1.0;
        tick.point.users = tick.point.second.min(11);
    });
    assert_eq!(state(&validity, "achieved"), Valid);
}

#[test]
fn errors_of_the_generator_are_ours() {
    let validity = closed(|tick| tick.requests[0].outcomes.push(outcome(0, Some("generator.fd"), &[1])));
    assert_eq!(state(&validity, "generator"), Invalid);
    let cause = validity.causes()[0].cause.clone().expect("a cause");
    assert_eq!(
        cause,
        "The generator ran out of file descriptors. Raise the limit of open files (ulimit -n), or lower max_in_flight."
    );
}

#[test]
fn clock_and_standstill() {
    assert_eq!(state(&closed(|tick| tick.point.generator.clock_step_ms = Some(-3)), "clock"), Valid);
    assert_eq!(state(&closed(|tick| tick.point.generator.clock_step_ms = Some(-3_600_000)), "clock"), Invalid);
    assert_eq!(state(&closed(|tick| tick.point.generator.gap_ms = Some(900)), "gap"), Valid);
    assert_eq!(state(&closed(|tick| tick.point.generator.gap_ms = Some(2_000)), "gap"), Invalid);
}

#[rstest]
#[case(0.04, Valid)]
#[case(0.10, Suspect)]
#[case(0.30, Invalid)]
fn others_on_the_host(#[case] share: f64, #[case] expected: ValidityState) {
    assert_eq!(state(&closed(|tick| tick.point.generator.steal = Some(share)), "steal"), expected);
    assert_eq!(state(&closed(|tick| tick.point.generator.other = Some(share)), "other"), expected);
}

#[test]
fn a_target_that_never_answered_makes_the_run_invalid_and_says_where_it_was_looked_for() {
    let refused: Vec<Tick> = (0..10)
        .map(|second| {
            tick(second, Phase::Measured, vec![("home", vec![outcome(0, Some("connect.refused"), &[200; 10])])])
        })
        .collect();
    let validity = validity_of(&plan(&[]), &refused, None);
    assert_eq!((state(&validity, "target_down"), validity.state), (Invalid, Invalid));
    assert_eq!(
        validity.causes()[0].cause.as_deref(),
        Some(
            "The target never answered (connection refused at 127.0.0.1:8000). Start it, or correct the environment's base URL."
        )
    );
    // Requests that hung until they were cut off are no answer either.
    let hung = vec![tick(0, Phase::Measured, vec![("home", vec![outcome(0, Some("aborted"), &[1; 10])])])];
    assert_eq!(state(&validity_of(&plan(&[]), &hung, None), "target_down"), Invalid);
}

#[test]
fn a_target_that_answered_and_then_went_away_is_a_result_not_a_fault_of_the_run() {
    let validity = closed(|tick| {
        if tick.point.second > 5 {
            tick.requests[0].outcomes = vec![outcome(0, Some("connect.refused"), &[200; 100])];
        }
    });
    assert_eq!((state(&validity, "target_down"), validity.state), (Valid, Valid));
}

#[test]
fn a_run_that_ended_in_its_warm_up_is_too_short() {
    let warm = vec![good(0, Phase::WarmUp, &[10_000; 10])];
    assert_eq!(state(&validity_of(&plan(&[]), &warm, None), "too_short"), Invalid);
}

#[rstest]
#[case::one_second_of_a_hundred(100, 50, Suspect)]
#[case::one_second_of_ten(10, 5, Invalid)]
fn missing_seconds(#[case] seconds: u32, #[case] lost: u32, #[case] expected: ValidityState) {
    let ticks: Vec<Tick> = (0..seconds)
        .filter(|second| *second != lost)
        .map(|second| good(second, Phase::Measured, &[10_000; 10]))
        .collect();
    assert_eq!(state(&validity_of(&plan(&[]), &ticks, None), "ticks"), expected);
}

#[test]
fn unreadable_histograms_and_disagreeing_books_make_a_run_invalid() {
    let validity = closed(|tick| tick.requests[0].outcomes[0].service.0 = b"nonsense".to_vec());
    assert_eq!(state(&validity, "ticks"), Invalid);
    let done = Done { at_us: 0, ending: Ending::Completed, mismatches: vec!["home: 10 against 9".to_owned()] };
    let validity = validity_of(&plan(&[]), &seconds(|_| ()), Some(&done));
    assert_eq!(state(&validity, "engine.mismatch"), Invalid);
}

use perflab_model::{
    load::{Iterations, Load, Share, UserStage},
    plan::Plan,
    runner::{Done, Ending},
    tick::{Phase, Tick},
    unit::Millis,
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
    let validity = open(|tick| tick.point.late_own = if tick.point.second == 0 { late } else { 0 });
    assert_eq!(state(&validity, "late"), expected);
}

#[test]
fn starts_that_waited_for_a_slot_are_late_by_the_target_and_not_by_the_generator() {
    let validity = open(|tick| {
        tick.point.late = 14;
        let lags = |own: usize| {
            let mut times = vec![100; own];
            times.extend([850_000; 14]);
            Some(outcome(2, None, &times).service)
        };
        tick.requests[0].outcomes[0].lag = lags(86);
        tick.requests[0].outcomes[0].queued_lag = lags(0);
    });
    assert_eq!((state(&validity, "late"), state(&validity, "lag")), (Valid, Valid));
}

#[test]
fn a_queued_lag_that_is_no_part_of_the_lag_hides_nothing() {
    let validity = open(|tick| {
        tick.requests[0].outcomes[0].lag = Some(outcome(2, None, &[850_000; 100]).service);
        tick.requests[0].outcomes[0].queued_lag = Some(outcome(2, None, &[1_000; 500]).service);
    });
    assert_eq!(state(&validity, "lag"), Invalid);
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
fn a_panic_of_ours_makes_the_run_invalid_and_is_not_blamed_on_the_target() {
    let validity = closed(|tick| tick.requests[0].outcomes.push(outcome(0, Some("internal"), &[1])));
    assert_eq!((state(&validity, "internal"), state(&validity, "generator")), (Invalid, Valid));
}

#[rstest]
#[case::none(0, Valid)]
#[case::one(1, Suspect)]
#[case::many(10, Invalid)]
fn requests_that_could_not_be_written(#[case] unsent: usize, #[case] expected: ValidityState) {
    let validity = closed(|tick| tick.requests[0].outcomes.push(outcome(0, Some("plan.bad_value"), &vec![1; unsent])));
    assert_eq!(state(&validity, "unsent"), expected);
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

#[test]
fn what_drains_after_a_warm_up_that_fills_the_run_is_too_short_to_judge() {
    let ticks = vec![good(0, Phase::WarmUp, &[10_000; 10]), good(1, Phase::Draining, &[10_000; 10])];
    assert_eq!(state(&validity_of(&plan(&[]), &ticks, None), "too_short"), Invalid);
    let by_rule = Done { at_us: 0, ending: Ending::Stopped, mismatches: Vec::new() };
    let validity = validity_of(&plan(&[]), &ticks, Some(&by_rule));
    assert_eq!(
        validity.causes()[0].cause.as_deref(),
        Some("A rule ended the run in its warm-up, which is never judged. See its errors for what was wrong.")
    );
}

/// 30 seconds under load of which the target answers up to a second, then seconds of draining.
fn gone(last_answer: u32, failures: usize, code: &str) -> Option<crate::Gone> {
    let mut health = Health::default();
    for second in 0..32 {
        let phase = if second < 30 { Phase::Measured } else { Phase::Draining };
        let outcomes = match (second <= last_answer, phase) {
            (true, _) => vec![outcome(2, None, &[10_000; 100])],
            (false, Phase::Measured) => vec![outcome(0, Some(code), &vec![200; failures])],
            (false, _) => Vec::new(),
        };
        let tick = tick(second, phase, vec![("home", outcomes)]);
        health.add(&ReadTick::new(&tick, perflab_model::summary::LatencyKind::Service));
    }
    health.gone()
}

#[rstest]
#[case::all_the_while(31, 0, "", None)]
#[case::for_a_moment(25, 100, "connect.refused", None)]
#[case::for_good(24, 100, "connect.refused", Some((24, 5, 500)))]
#[case::slowly(9, 1, "timeout.total", Some((9, 20, 20)))]
#[case::but_hardly_anybody_asked(20, 1, "connect.refused", None)]
#[case::our_own_faults_are_no_silence(5, 100, "generator.ports", None)]
fn a_target_that_answered_and_then_answered_nothing_more_has_gone(
    #[case] last_answer: u32,
    #[case] failures: usize,
    #[case] code: &str,
    #[case] expected: Option<(u32, u32, u64)>,
) {
    let found = gone(last_answer, failures, code);
    assert_eq!(found.as_ref().map(|gone| (gone.last_answer, gone.seconds, gone.failures)), expected);
    assert!(found.is_none_or(|gone| gone.code == code));
}

#[test]
fn a_target_that_answers_errors_is_still_there() {
    let mut health = Health::default();
    for second in 0..30 {
        let tick = tick(second, Phase::Measured, vec![("home", vec![outcome(5, Some("http.5xx"), &[10_000; 100])])]);
        health.add(&ReadTick::new(&tick, perflab_model::summary::LatencyKind::Service));
    }
    assert_eq!(health.gone(), None);
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

#[test]
fn a_generator_that_may_not_open_enough_connections_is_the_cause_itself() {
    let message =
        "50 iterations at once need 300 descriptors, and 64 are allowed. Raise the limit (ulimit -n)".to_owned();
    let ending = Ending::Failed { code: "preflight.descriptors".to_owned(), message: message.clone() };
    let done = Done { at_us: 0, ending, mismatches: Vec::new() };
    let validity = validity_of(&open_plan(&[]), &[], Some(&done));
    let signal = validity.signals.iter().find(|signal| signal.code == "preflight").expect("a signal");
    assert_eq!((signal.state, signal.cause.as_ref()), (Invalid, Some(&message)));
}

#[test]
fn a_target_that_answers_no_log_in_never_answered_although_nothing_was_started() {
    let refused = |second| {
        let log_ins = outcome(0, Some("connect.refused"), &[100; 5]);
        let mut second = tick(second, Phase::Measured, vec![("login", vec![log_ins])]);
        (second.point.planned, second.point.started) = (0, 0);
        second
    };
    let ticks: Vec<Tick> = (0..15).map(refused).collect();
    let validity = validity_of(&plan(&[]), &ticks, None);
    assert_eq!(state(&validity, "target_down"), Invalid);
}

/// A run of 100 iterations by 10 users that ended by itself after these starts.
fn iterations(started: u64, phase: Phase) -> Validity {
    let load = Load::Closed {
        stages: vec![UserStage { from: 10, to: 10, over: Millis::from_secs(600) }],
        iterations: Some(Iterations { count: 100, share: Share::All }),
    };
    let mut tick = good(0, phase, &[10_000; 100]);
    (tick.point.planned, tick.point.started, tick.point.dropped) = (100, started, 100 - started);
    let done = Done { at_us: 0, ending: Ending::Completed, mismatches: Vec::new() };
    validity_of(&Plan { load, ..plan(&[]) }, &[tick], Some(&done))
}

#[rstest]
#[case::all(100, Valid)]
#[case::nearly_all(99, Suspect)]
#[case::half(50, Invalid)]
fn a_run_of_iterations_is_judged_by_how_many_were_started_and_not_by_users_or_seconds(
    #[case] started: u64,
    #[case] expected: ValidityState,
) {
    let validity = iterations(started, Phase::Draining);
    assert_eq!(state(&validity, "achieved"), expected);
    assert_eq!(validity.state, expected, "{validity:#?}");
}

#[test]
fn iterations_that_were_all_over_in_the_warm_up_have_measured_nothing() {
    let validity = iterations(100, Phase::WarmUp);
    assert_eq!(state(&validity, "too_short"), Invalid);
    assert!(
        validity
            .causes()
            .iter()
            .any(|signal| signal.cause.as_deref().is_some_and(|why| why.contains("before the warm-up"))),
        "{validity:#?}"
    );
}

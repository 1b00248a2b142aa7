use perflab_model::{
    breakdown::{ClassTick, Part, PartCounts, PartTick, ShareOf},
    summary::LatencyKind,
    tick::{Phase, Tick},
};
use proptest::prelude::*;

use super::{Accumulator, ReadTick};
use crate::sample::{good, outcome, tick};

fn added(ticks: &[Tick]) -> Accumulator {
    let mut accumulator = Accumulator::new(LatencyKind::Service);
    for tick in ticks {
        accumulator.add(&ReadTick::new(tick, LatencyKind::Service));
    }
    accumulator
}

#[test]
fn warm_up_is_shown_while_it_lasts_and_left_out_afterwards() {
    let warm = [good(0, Phase::WarmUp, &[900_000; 30])];
    assert_eq!(added(&warm).latency().samples, 30);
    let both = [good(0, Phase::WarmUp, &[900_000; 30]), good(1, Phase::Measured, &[1_000; 40])];
    let judged = added(&both);
    assert_eq!(judged.latency().samples, 40);
    assert!(judged.latency().max.expect("values") < 2.0);
    assert_eq!((judged.totals().finished, judged.totals().rate_per_s), (40, Some(40.0)));
    // Starts are told in full.
    assert_eq!(judged.totals().started, 70);
}

#[test]
fn a_request_that_only_the_warm_up_sent_is_not_told_of() {
    let warm = tick(0, Phase::WarmUp, vec![("log_in", vec![outcome(2, None, &[1_000; 3])])]);
    let names = |ticks: &[Tick]| added(ticks).requests().into_iter().map(|request| request.name).collect::<Vec<_>>();
    assert_eq!(names(std::slice::from_ref(&warm)), ["log_in"]);
    assert_eq!(names(&[warm, good(1, Phase::Measured, &[1_000])]), ["home"]);
}

#[test]
fn what_ends_while_draining_is_judged_but_its_seconds_are_not_in_the_rate() {
    let run = added(&[good(0, Phase::Measured, &[1_000; 40]), good(1, Phase::Draining, &[5_000; 10])]);
    assert_eq!((run.totals().finished, run.totals().rate_per_s, run.totals().measured_seconds), (50, Some(40.0), 1.0));
    assert_eq!(run.latency().samples, 50);
    assert_eq!(run.requests()[0].rate_per_s, Some(40.0));
}

#[test]
fn a_refused_connection_does_not_better_the_latency_but_a_timeout_counts() {
    let run = added(&[tick(
        0,
        Phase::Measured,
        vec![(
            "home",
            vec![
                outcome(2, None, &[10_000; 20]),
                outcome(0, Some("connect.refused"), &[100; 100]),
                outcome(0, Some("timeout.total"), &[60_000_000; 5]),
            ],
        )],
    )]);
    let latency = run.latency();
    assert_eq!(latency.samples, 25);
    assert!(latency.min.expect("values") > 9.0 && latency.max.expect("values") > 59_000.0);
    assert_eq!((run.totals().failed, run.totals().finished), (105, 125));
    assert_eq!(run.requests()[0].errors["connect.refused"], 100);
}

#[test]
fn what_we_cut_off_ourselves_is_neither_finished_nor_failed() {
    let run = added(&[tick(
        0,
        Phase::Measured,
        vec![("home", vec![outcome(2, None, &[1_000; 3]), outcome(0, Some("aborted"), &[1; 2])])],
    )]);
    assert_eq!((run.totals().finished, run.totals().failed, run.totals().aborted), (3, 0, 2));
}

#[test]
fn a_connection_that_never_came_about_in_time_is_among_the_slowest() {
    let outcomes = vec![outcome(2, None, &[10_000; 20]), outcome(0, Some("connect.timeout"), &[5_000_000; 3])];
    let latency = added(&[tick(0, Phase::Measured, vec![("home", outcomes)])]).latency();
    assert_eq!(latency.samples, 23);
    assert!(latency.max.expect("values") > 4_900.0);
}

#[test]
fn what_the_generator_lost_is_in_no_rate_of_the_target() {
    let outcomes = vec![
        outcome(2, None, &[1_000; 3]),
        outcome(0, Some("generator.fd"), &[1; 4]),
        outcome(0, Some("internal"), &[1; 5]),
        outcome(0, Some("plan.bad_value"), &[1; 6]),
    ];
    let run = added(&[tick(0, Phase::Measured, vec![("home", outcomes)])]);
    let totals = run.totals();
    assert_eq!((totals.finished, totals.failed, totals.rate_per_s), (3, 0, Some(3.0)));
    let requests = run.requests();
    assert_eq!((requests[0].finished, requests[0].failed, requests[0].rate_per_s), (3, 0, Some(3.0)));
    assert_eq!(requests[0].errors["generator.fd"], 4);
}

#[test]
fn what_drains_straight_after_the_warm_up_is_warm_up() {
    let run = added(&[good(0, Phase::WarmUp, &[1_000; 40]), good(1, Phase::Draining, &[5_000; 10])]);
    assert!(!run.is_judged());
}

#[test]
fn errors_know_their_first_and_last_second() {
    let failing =
        |second| tick(second, Phase::Measured, vec![("home", vec![outcome(5, Some("http.5xx"), &[1_000; 2])])]);
    let run = added(&[good(0, Phase::Measured, &[1]), failing(1), good(2, Phase::Measured, &[1]), failing(3)]);
    let errors = run.errors();
    assert_eq!((errors[0].first_second, errors[0].last_second, errors[0].count), (1, 3, 4));
}

#[test]
fn recent_is_the_last_ten_seconds() {
    let ticks: Vec<Tick> = (0..30).map(|i| good(i, Phase::Measured, &vec![1_000; i as usize])).collect();
    let recent = added(&ticks).recent();
    assert_eq!(recent.rate_per_s, (20..30).sum::<u32>() as f64 / 10.0);
    assert_eq!(recent.error_rate, Some(0.0));
}

#[test]
fn starts_are_told_beside_requests_because_an_iteration_may_be_several_requests() {
    let mut second = good(0, Phase::Measured, &[1_000; 30]);
    (second.point.planned, second.point.started) = (12, 10);
    let recent = added(&[second]).recent();
    assert_eq!((recent.planned_per_s, recent.started_per_s, recent.rate_per_s), (12.0, 10.0, 30.0));
}

#[test]
fn a_histogram_that_cannot_be_read_is_counted_and_its_requests_still_are() {
    let mut broken = good(0, Phase::Measured, &[1_000; 4]);
    broken.requests[0].outcomes[0].service.0 = b"nonsense".to_vec();
    let read = ReadTick::new(&broken, LatencyKind::Service);
    assert_eq!(read.unreadable, 1);
    let mut accumulator = Accumulator::new(LatencyKind::Service);
    accumulator.add(&read);
    assert_eq!((accumulator.totals().finished, accumulator.latency().samples), (4, 0));
}

#[test]
fn a_percentile_with_too_few_samples_is_nothing_rather_than_a_number() {
    let latency = added(&[good(0, Phase::Measured, &[1_000; 199])]).latency();
    assert_eq!((latency.p95, latency.p90.is_some()), (None, true));
    let latency = added(&[good(0, Phase::Measured, &[1_000; 200])]).latency();
    assert_eq!((latency.p95, latency.p99), (Some(1.0), None));
}

proptest! {
    #[test]
    fn no_warm_up_changes_what_is_judged(
        warm in proptest::collection::vec(1_u64..1_000_000, 0..40), kept in proptest::collection::vec(1_u64..1_000_000, 1..40)
    ) {
        let with = added(&[good(0, Phase::WarmUp, &warm), good(1, Phase::Measured, &kept)]);
        let without = added(&[good(1, Phase::Measured, &kept)]);
        prop_assert_eq!(with.latency(), without.latency());
        prop_assert_eq!(with.requests(), without.requests());
        prop_assert_eq!(with.totals().finished, without.totals().finished);
    }
}

/// Readers and writers, three to one; readers look twice as often as they search.
fn mixed_plan() -> perflab_model::plan::Plan {
    let class = |name: &str, weight: u32, flows: &[(&str, u32)]| perflab_model::flow::UserClass {
        name: name.to_owned(),
        weight,
        tags: Vec::new(),
        think: perflab_model::flow::Think::None,
        headers: Vec::new(),
        auth: None,
        on_start: None,
        on_stop: None,
        iterations: None,
        part: None,
        flows: flows.iter().map(|(flow, weight)| ((*flow).to_owned(), *weight)).collect(),
    };
    perflab_model::plan::Plan {
        classes: vec![class("reader", 3, &[("look", 2), ("search", 1)]), class("writer", 1, &[("write", 1)])],
        ..crate::sample::plan(&[])
    }
}

/// A second in which readers looked, logged in and writers did nothing.
fn mixed(second: u32, phase: Phase, looked: &[u64], logged_in: &[u64]) -> Tick {
    let mut tick = good(second, phase, &[looked, logged_in].concat());
    let part = |part: Part, times: &[u64], iterations: u64| PartTick {
        part,
        counts: PartCounts {
            iterations_started: iterations,
            iterations,
            finished: times.len() as u64,
            ..PartCounts::default()
        },
        latency: Some(outcome(2, None, times).service),
        duration: (iterations > 0).then(|| outcome(2, None, times).service),
    };
    let looked = part(Part::Flow("look".to_owned()), looked, looked.len() as u64);
    let parts = vec![looked, part(Part::LogIn, logged_in, 0)];
    tick.classes = vec![
        ClassTick { name: "reader".to_owned(), user_seconds: 6, parts },
        ClassTick { name: "writer".to_owned(), user_seconds: 2, parts: Vec::new() },
    ];
    tick
}

#[test]
fn classes_and_flows_add_up_to_the_totals_and_show_what_never_had_its_turn() {
    let ticks = [
        mixed(0, Phase::WarmUp, &[900_000; 50], &[900_000; 5]),
        mixed(1, Phase::Measured, &[1_000; 40], &[3_000; 4]),
        mixed(2, Phase::Draining, &[1_000; 2], &[]),
    ];
    let run = added(&ticks);
    let classes = run.classes(&mixed_plan());
    let [reader, writer] = classes.as_slice() else { panic!("{classes:#?}") };
    let finished: u64 = classes.iter().flat_map(|class| &class.parts).map(|part| part.sums.counts.finished).sum();
    assert_eq!((finished, reader.sums.counts.finished), (run.totals().finished, 46));
    let samples: u64 = classes.iter().map(|class| class.sums.latency.samples).sum();
    assert_eq!(samples, run.latency().samples, "what warmed up is in neither");
    // Users of a closed run are parted by weight: six of eight were readers while there was load.
    assert_eq!((reader.share_of, reader.share_wanted, reader.share), (ShareOf::Users, Some(0.75), Some(0.75)));
    let rows: Vec<(String, Option<f64>, Option<f64>)> =
        reader.parts.iter().map(|part| (part.part.to_string(), part.share_wanted, part.share)).collect();
    let third = |of: f64| Some(of / 3.0);
    assert_eq!(
        rows,
        [
            ("look".to_owned(), third(2.0), Some(1.0)),
            ("search".to_owned(), third(1.0), Some(0.0)),
            ("(log-in)".to_owned(), None, None)
        ]
    );
    assert_eq!((writer.share, writer.parts.len(), writer.sums.counts.iterations), (Some(0.25), 1, 0));
    assert_eq!(reader.parts[0].sums.duration.samples, 42);
}

#[test]
fn in_an_open_run_a_class_has_its_share_of_the_iterations() {
    let mut run = Accumulator::new(LatencyKind::Response);
    run.add(&ReadTick::new(&mixed(0, Phase::Measured, &[1_000; 30], &[]), LatencyKind::Response));
    let classes = run.classes(&mixed_plan());
    assert_eq!((classes[0].share_of, classes[0].share), (ShareOf::Iterations, Some(1.0)));
    assert_eq!((classes[1].share_wanted, classes[1].share), (Some(0.25), Some(0.0)));
}

#[test]
fn a_run_of_an_earlier_version_has_no_rows() {
    assert_eq!(added(&[good(0, Phase::Measured, &[1_000])]).classes(&mixed_plan()), []);
}

use perflab_model::{
    breakdown::Part,
    tick::{PartPoint, Phase, Vitals},
};
use proptest::prelude::*;

use super::*;
use crate::{
    Accumulator, ReadTick,
    sample::{good, outcome, plan, tick},
};

/// Every point that a merger makes of these ticks.
fn merged(ticks: &[Tick], width: u32) -> Vec<Tick> {
    let mut merger = Merger::new(width, LatencyKind::Service);
    let mut points = Vec::new();
    for tick in ticks {
        points.extend(merger.add(tick.clone()).expect("our own histograms"));
    }
    points.extend(merger.finish().expect("our own histograms"));
    points
}

fn added(ticks: &[Tick]) -> Accumulator {
    let mut sums = Accumulator::new(LatencyKind::Service);
    for tick in ticks {
        sums.add(&ReadTick::new(tick, LatencyKind::Service));
    }
    sums
}

fn places(ticks: &[Tick]) -> Vec<(u32, u32)> {
    ticks.iter().map(|tick| (tick.point.second, tick.point.seconds)).collect()
}

fn counts(point: &Point) -> [u64; 14] {
    [
        point.planned,
        point.started,
        point.late,
        point.late_own,
        point.dropped,
        point.finished,
        point.failed,
        point.aborted,
        point.iterations,
        point.iterations_aborted,
        point.bytes_sent,
        point.bytes_received,
        point.connections,
        point.handshakes,
    ]
}

fn sums(ticks: &[Tick]) -> [u64; 14] {
    let mut all = [0; 14];
    for tick in ticks {
        all.iter_mut().zip(counts(&tick.point)).for_each(|(sum, count)| *sum += count);
    }
    all
}

#[test]
fn points_never_reach_over_the_end_of_a_phase_or_over_missing_seconds() {
    let phase = |second| if second < 5 { Phase::WarmUp } else { Phase::Measured };
    let ticks: Vec<Tick> =
        (0..20).filter(|second| *second != 13).map(|second| good(second, phase(second), &[1_000])).collect();
    assert_eq!(places(&merged(&ticks, 4)), [(0, 4), (4, 1), (5, 3), (8, 4), (12, 1), (14, 2), (16, 4)]);
}

#[test]
fn percentiles_of_a_point_are_those_of_all_its_requests_and_gauges_the_last_or_the_worst() {
    let mut ticks = vec![good(0, Phase::Measured, &[1_000; 99]), good(1, Phase::Measured, &[900_000; 1])];
    (ticks[0].point.users, ticks[1].point.users) = (7, 9);
    (ticks[0].point.in_flight, ticks[1].point.in_flight) = (40, 3);
    ticks[0].point.generator = Vitals { cpu: Some(0.9), clock_step_ms: Some(-80), ..Vitals::default() };
    ticks[1].point.generator = Vitals { cpu: Some(0.2), clock_step_ms: Some(3), ..Vitals::default() };
    let points = merged(&ticks, 2);
    let point = &points[0].point;
    let latency = point.latency.expect("requests were answered");
    assert_eq!((latency.samples, latency.p95_us), (100, 1_000), "and not the mean of a millisecond and 900");
    assert!(latency.max_us >= 900_000);
    assert_eq!((point.users, point.in_flight), (9, 40));
    assert_eq!((point.generator.cpu, point.generator.clock_step_ms), (Some(0.9), Some(-80)));
    assert_eq!(point.per_second(point.finished), 50.0);
}

#[test]
fn a_point_of_its_own_stays_as_it_is() {
    let ticks = [good(0, Phase::Measured, &[1_000; 3]), good(7, Phase::Measured, &[2_000; 3])];
    assert_eq!(merged(&ticks, 4), ticks);
}

#[test]
fn what_the_parts_of_a_run_did_adds_up_once() {
    let part = |started, users| PartPoint { started, planned: started, finished: 2, users, ..PartPoint::default() };
    let ticks: Vec<Tick> = (0_u32..4)
        .map(|second| {
            let mut tick = tick(second, Phase::Measured, Vec::new());
            tick.point.parts = vec![part(u64::from(second) + 1, second), part(10, 7)];
            tick
        })
        .collect();
    let points = merged(&ticks, 4);
    let parts: Vec<_> = points.iter().flat_map(|tick| &tick.point.parts).copied().collect();
    assert_eq!(parts, [PartPoint { finished: 8, ..part(10, 3) }, PartPoint { finished: 8, ..part(40, 7) }]);
}

#[test]
fn a_damaged_histogram_is_told_and_not_lost_in_silence() {
    let mut ticks = [good(0, Phase::Measured, &[1_000]), good(1, Phase::Measured, &[1_000])];
    ticks[1].requests[0].outcomes[0].service.0 = b"nonsense".to_vec();
    let mut merger = Merger::new(2, LatencyKind::Service);
    for tick in ticks {
        assert_eq!(merger.add(tick).expect("nothing is merged yet"), None);
    }
    assert!(merger.finish().is_err());
}

/// Users at work, and times of requests that went well, ran out of time and were refused.
type Second = (u8, Vec<u64>, Vec<u64>, Vec<u64>);

/// A second as it may come: outcomes of two requests, and the same by class and flow.
fn any_tick() -> impl Strategy<Value = Second> {
    let times = || proptest::collection::vec(1_u64..3_000_000, 0..12);
    (0_u8..12, times(), times(), times())
}

fn made((at, (kind, well, slow, refused)): (u32, Second)) -> Tick {
    let phase = if at < 3 { Phase::WarmUp } else { Phase::Measured };
    let mut login = outcome(0, Some("connect.refused"), &refused);
    login.lag = (kind % 2 == 0).then(|| login.service.clone());
    let home = vec![outcome(2, None, &well), outcome(0, Some("timeout.total"), &slow)];
    let mut tick = tick(at, phase, vec![("home", home), ("login", vec![login])]);
    tick.point.bytes_received = well.iter().sum();
    tick.point.connections = kind.into();
    let part = |part: Part, times: &[u64], failed: u64| PartTick {
        part,
        counts: PartCounts {
            iterations_started: times.len() as u64,
            iterations: times.len() as u64,
            iterations_failed: failed,
            finished: times.len() as u64,
            failed,
            iterations_aborted: 0,
        },
        latency: (!times.is_empty()).then(|| outcome(2, None, times).service),
        duration: (kind % 3 == 0).then(|| outcome(2, None, times).service),
    };
    let parts = vec![part(Part::Flow("start".to_owned()), &well, 0), part(Part::LogIn, &slow, slow.len() as u64)];
    tick.classes = vec![ClassTick { name: "visitor".to_owned(), user_seconds: kind.into(), parts }];
    tick
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// What is judged and told of a run is the same before and after, whatever the width and in however many steps.
    #[test]
    fn counts_and_histograms_are_conserved(
        seconds in proptest::collection::vec(any_tick(), 1..24), width in 1_u32..20
    ) {
        let ticks: Vec<Tick> = (0..).zip(seconds).map(made).collect();
        let points = merged(&ticks, width);
        prop_assert!(points.iter().all(|tick| tick.point.seconds <= width));
        let (before, after) = (added(&ticks), added(&points));
        prop_assert_eq!(before.totals(), after.totals());
        prop_assert_eq!(before.requests(), after.requests());
        prop_assert_eq!(before.errors_by_code(), after.errors_by_code());
        prop_assert_eq!(before.latency_histogram(), after.latency_histogram());
        prop_assert_eq!(before.classes(&plan(&[])), after.classes(&plan(&[])));
        prop_assert_eq!(sums(&ticks), sums(&points));
        let all_seconds: u32 = points.iter().map(|tick| tick.point.seconds).sum();
        prop_assert_eq!(all_seconds as usize, ticks.len());
        let (twice, once) = (merged(&merged(&ticks, 2), 4), merged(&ticks, 4));
        prop_assert_eq!(places(&twice), places(&once));
        for (twice, once) in twice.iter().zip(&once) {
            prop_assert_eq!(counts(&twice.point), counts(&once.point));
            prop_assert_eq!(twice.point.latency, once.point.latency);
        }
        prop_assert_eq!(added(&twice).requests(), added(&once).requests());
        prop_assert_eq!(added(&twice).classes(&plan(&[])), added(&once).classes(&plan(&[])));
    }
}

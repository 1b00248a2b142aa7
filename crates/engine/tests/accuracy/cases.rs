//! A12 to A16: times of operations against bare loops and closed forms, memory against planted leaks.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use perflab_engine::bench::{Fault, Perform};
use perflab_model::bench::{Case, Measured, Sampling, Side};
use perflab_stats::{
    FineHistogram, Series,
    memory::{MemoryVerdict, Reading, memory_growth},
    paired::paired,
};

use super::alone;
use crate::bench::{Shop, case, does, measure, pair};

/// Keeps a core busy for a known time.
fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Steps that depend on each other: a time of some nanoseconds each that no compiler takes away.
fn steps(from: u64, count: u64) -> u64 {
    (0..count).fold(from, |value, _| black_box(value.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17)))
}

/// Does them.
struct Steps(u64);

impl Perform for Steps {
    type Answer = u64;

    fn perform(&mut self, nth: u64) -> Result<u64, Fault> {
        Ok(steps(nth, self.0))
    }

    fn check(&self, nth: u64, answer: &u64) -> Result<(), Fault> {
        let right = steps(nth, self.0);
        if *answer == right { Ok(()) } else { Err(Fault::wrong(right, answer)) }
    }
}

/// Nanoseconds of one operation by a bare loop, as the harness is read here: the smallest of the medians of twenty blocks, which
/// is the least disturbed one.
fn bare(count: u64) -> f64 {
    let one_loop = |_| {
        let begun = Instant::now();
        for nth in 0..1_000 {
            black_box(steps(black_box(nth), count));
        }
        begun.elapsed().as_nanos() as f64 / 1_000.0
    };
    (0..20).map(|_| median(&mut (0..50).map(one_loop).collect::<Vec<_>>())).fold(f64::INFINITY, f64::min)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn side(measured: &Measured) -> &Side {
    measured.side.as_ref().expect("it was carried out")
}

/// The median of its block medians, nanoseconds.
fn typical(side: &Side) -> f64 {
    median(&mut side.blocks.iter().map(|block| block.median_ns).collect::<Vec<_>>())
}

fn percentile(side: &Side, p: f64) -> f64 {
    FineHistogram::decode(&side.times).expect("our own histogram").quantile_ns(p).expect("there are times")
}

#[test]
fn accuracy_an_operation_of_eighty_microseconds_is_timed_within_one_percent() {
    let _alone = alone();
    let time = Duration::from_micros(80);
    let shop = Shop::default().knows("spins", move || does(move |_| spin(time)));
    let told = &measure(vec![case("spins", 5_000)], shop)[0];
    let side = side(told);
    println!("blocks {:.0} ns, P50 {:.0} ns, clock {} ns", typical(side), percentile(side, 0.5), told.clock_ns);
    assert_eq!(side.sampling, Sampling::OneByOne);
    for told in [typical(side), percentile(side, 0.5)] {
        super::assert_within_one_percent("80 µs", told, 80_000.0);
    }
}

#[test]
fn accuracy_an_operation_of_some_nanoseconds_takes_as_long_as_in_a_bare_loop() {
    let _alone = alone();
    // About 80 ns on a server of today.
    let count = 100;
    let before = bare(count);
    let shop = Shop::default().knows("steps", move || Steps(count));
    let told = &measure(vec![case("steps", 1_000_000)], shop)[0];
    let expected = before.min(bare(count));
    let side = side(told);
    let smallest = side.blocks.iter().map(|block| block.median_ns).fold(f64::INFINITY, f64::min);
    println!(
        "bare {expected:.2} ns, batches {smallest:.2} ns, one by one P50 {:.2} ns, clock {} ns, {:?}",
        percentile(side, 0.5),
        told.clock_ns,
        side.sampling
    );
    let added = smallest - expected;
    assert!(added.abs() < 0.02 * expected + 1.0, "the harness adds {added:.2} ns");
    // Clocks go in steps of up to ten nanoseconds, and their cost varies by some; the median may be disturbed as well.
    let alone = percentile(side, 0.5) - expected;
    assert!(alone.abs() < 25.0, "timed one by one it is {alone:.2} ns off");
}

#[test]
fn accuracy_three_milliseconds_more_are_found_in_pairs_within_five_percent() {
    let _alone = alone();
    let shop = Shop::default()
        .knows("without", || does(|_| spin(Duration::from_millis(5))))
        .knows("with", || does(|_| spin(Duration::from_millis(8))));
    let told = &measure(vec![pair("overhead", "without", "with", 60)], shop)[0];
    let more = told.pairs.iter().map(|pair| (pair.with_ns - pair.without_ns) / 1e6).collect();
    let told = paired(&Series::new(more).expect("finite")).expect("pairs");
    println!("{told:?}");
    assert!((told.estimate - 3.0).abs() < 0.15, "{told:?}");
}

/// A case whose memory is watched.
fn watched(name: &str) -> Case {
    Case { leak_check: true, ..case(name, 4_000) }
}

#[test]
fn accuracy_a_leak_of_six_kilobytes_an_operation_is_found_and_none_where_all_is_freed() {
    let _alone = alone();
    for round in 0..3 {
        let shop = Shop::default().knows("frees", || does(|nth| black_box(vec![nth as u8; 6 * 1024]).len())).knows(
            "leaks",
            || {
                does(|nth| {
                    // Written to, so that it is memory and not only a promise of it.
                    std::mem::forget(black_box(vec![nth as u8; 6 * 1024]));
                    nth
                })
            },
        );
        let told = measure(vec![watched("frees"), watched("leaks")], shop);
        let growth = |measured: &Measured| {
            let readings: Vec<Reading> = measured
                .memory
                .iter()
                .map(|reading| Reading { operations: reading.operations as f64, bytes: reading.bytes as f64 })
                .collect();
            memory_growth(&readings).unwrap_or_else(|| panic!("{} readings", readings.len()))
        };
        let (clean, leak) = (growth(&told[0]), growth(&told[1]));
        println!("round {round}: {clean:?} and {leak:?}");
        assert!(!clean.is_growing, "{clean:?}");
        assert_eq!(leak.against(5.0 * 1024.0), MemoryVerdict::Over, "{leak:?}");
        assert!((leak.slope / (6.0 * 1024.0) - 1.0).abs() < 0.1, "{leak:?}");
    }
}

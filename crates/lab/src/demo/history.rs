//! A year of runs that never were: realistic noise, and changes of which is known where they are.
//!
//! In:  a seed and the time of the last night. Out: the runs, oldest first, each with the times that its requests would
//! take; and the truth beside them. The same seed gives the same history.
//!
//! Noise, as real histories have it: each run is off by some percent of its own (log-normal, and it remembers a third of
//! the run before), one in fifty is far off for a night, samples within a run scatter with a long tail.

use perflab_model::run::Revision;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Nights of the main branch.
pub(super) const NIGHTS: u32 = 365;
/// Seconds of a run.
pub(super) const SECONDS: u32 = 30;
/// Samples of a request in a second.
const SAMPLES: usize = 40;
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// The night from which on another machine measures.
pub(super) const NEW_MACHINE: u32 = 240;

/// What is planted in the times of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Planted {
    /// From a night on everything takes so many times as long.
    Step { night: u32, times: f64 },
    /// The same, little by little until another night.
    Drift { night: u32, until: u32, times: f64 },
}

/// A request and its truth.
pub(super) struct Truth {
    pub(super) name: &'static str,
    /// Median of the first night, microseconds.
    median_us: f64,
    /// Standard deviation from run to run.
    noise: f64,
    pub(super) planted: &'static [Planted],
}

use Planted::{Drift, Step};

/// The requests, with everything that happens to them in the year.
pub(super) const REQUESTS: [Truth; 4] = [
    Truth {
        name: "login",
        median_us: 120_000.0,
        noise: 0.015,
        planted: &[Step { night: 62, times: 1.12 }, Step { night: 171, times: 0.86 }, Step { night: 318, times: 1.18 }],
    },
    Truth {
        name: "search",
        median_us: 60_000.0,
        noise: 0.03,
        planted: &[Step { night: 40, times: 1.25 }, Drift { night: 120, until: 200, times: 1.22 }],
    },
    Truth {
        name: "checkout",
        median_us: 200_000.0,
        noise: 0.02,
        planted: &[Step { night: 95, times: 1.07 }, Step { night: 210, times: 1.35 }, Step { night: 290, times: 0.8 }],
    },
    // Nothing ever happens to it: each alarm is a false one.
    Truth { name: "profile", median_us: 25_000.0, noise: 0.04, planted: &[] },
];

/// One run.
pub(super) struct DemoRun {
    pub(super) at_us: i64,
    pub(super) revision: Revision,
    pub(super) worker_class: &'static str,
    /// Times of each request, second by second.
    pub(super) times: Vec<Vec<Vec<u64>>>,
}

/// A branch: how often it is measured, while it lives, and how fast it is beside the main one.
struct Branch {
    name: &'static str,
    every: u32,
    nights: std::ops::Range<u32>,
    times: f64,
}

const BRANCHES: [Branch; 3] = [
    Branch { name: "main", every: 1, nights: 0..NIGHTS, times: 1.0 },
    Branch { name: "release/2.4", every: 7, nights: 100..NIGHTS, times: 1.0 },
    Branch { name: "faster-checkout", every: 3, nights: 255..300, times: 0.9 },
];

/// The history of a seed, oldest first, one run after the other: a year of samples would not fit into memory.
pub(super) fn runs(seed: u64, last_us: i64) -> impl Iterator<Item = DemoRun> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut remembered = [[0.0; REQUESTS.len()]; BRANCHES.len()];
    (0..NIGHTS).flat_map(|night| (0..BRANCHES.len()).map(move |branch| (night, branch))).filter_map(
        move |(night, place)| {
            let branch = &BRANCHES[place];
            if !branch.nights.contains(&night) || night % branch.every != 0 {
                return None;
            }
            let times = REQUESTS
                .iter()
                .zip(&mut remembered[place])
                .map(|(request, off)| {
                    *off = *off / 3.0 + request.noise * normal(&mut random);
                    let spike = if random.random_bool(0.02) { 1.25 } else { 1.0 };
                    let median = request.median_us * level(request, night) * branch.times * spike * off.exp();
                    (0..SECONDS).map(|_| second(&mut random, median)).collect()
                })
                .collect();
            let commit: u64 = random.random();
            let at_us = last_us - i64::from(NIGHTS - 1 - night) * DAY_US + place as i64 * 600_000_000;
            Some(DemoRun {
                at_us,
                revision: Revision {
                    commit: Some(format!("{commit:016x}")),
                    branch: Some(branch.name.to_owned()),
                    ..Revision::default()
                },
                worker_class: if night < NEW_MACHINE { "bench-1" } else { "bench-2" },
                times,
            })
        },
    )
}

/// How many times as long as in the first night a request takes, without noise.
fn level(request: &Truth, night: u32) -> f64 {
    // The new machine is faster: no change of the code, and never to be told as one.
    let machine = if night < NEW_MACHINE { 1.0 } else { 0.88 };
    request.planted.iter().fold(machine, |level, planted| match *planted {
        Step { night: from, times } if night >= from => level * times,
        Drift { night: from, until, times } if night >= from => {
            let share = f64::from(night.min(until) - from) / f64::from(until - from);
            level * times.powf(share)
        }
        Step { .. } | Drift { .. } => level,
    })
}

/// The times of a second: log-normal, with a long tail.
fn second(random: &mut ChaCha8Rng, median_us: f64) -> Vec<u64> {
    (0..SAMPLES)
        .map(|_| {
            let tail = if random.random_bool(0.03) { 1.0 + random.random::<f64>() * 2.0 } else { 1.0 };
            (median_us * (0.18 * normal(random)).exp() * tail) as u64
        })
        .collect()
}

/// A standard normal value (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: i64 = 1_790_000_000_000_000;

    #[test]
    fn the_same_seed_gives_the_same_year() {
        let told = |seed| runs(seed, LAST).take(5).map(|run| (run.revision, run.times)).collect::<Vec<_>>();
        assert_eq!(told(7), told(7));
        assert_ne!(told(7), told(8));
    }

    #[test]
    fn the_main_branch_is_measured_every_night_and_others_while_they_live() {
        let mut nights = [0; 2];
        for run in runs(1, LAST) {
            nights[usize::from(run.revision.branch.as_deref() != Some("main"))] += 1;
            assert!(run.at_us <= LAST + 3_600_000_000);
        }
        assert_eq!(nights, [NIGHTS, 38 + 15]);
    }

    #[test]
    fn what_is_planted_is_in_the_times() {
        let login = &REQUESTS[0];
        assert_eq!(level(login, 61), 1.0);
        assert_eq!(level(login, 62), 1.12);
        assert!((level(&REQUESTS[1], 160) - 1.25 * 1.22_f64.sqrt()).abs() < 1e-9, "half way in a drift");
        assert_eq!(level(&REQUESTS[3], 364), 0.88, "only the machine");
    }
}

//! How a case goes, for whoever watches: written by its hands, read once a second.
//!
//! In:  notes of the hands, outside whatever is timed. Out: [`CaseProgress`] and counts of the second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Instant,
};

use parking_lot::Mutex;
use perflab_model::{
    bench::{CasePhase, CaseProgress},
    name::CaseName,
};

use super::samples::{Sample, Samples, curve, merged};

/// Samples of a second that are kept for its points.
const RECENT: usize = 2_048;
/// Points of a report.
const POINTS: usize = 20;

/// What one hand has done.
#[derive(Debug)]
pub(super) struct LiveHand {
    /// Operations (of a pair: pairs), failed ones included.
    done: AtomicU64,
    failed: AtomicU64,
    recent: Mutex<Recent>,
}

#[derive(Debug)]
struct Recent {
    samples: Samples,
    count: u64,
    sum_ns: f64,
}

/// A case under way.
#[derive(Debug)]
pub(super) struct LiveCase {
    name: CaseName,
    began: Instant,
    phase: AtomicU8,
    /// How many are wanted; zero where nobody knows.
    planned: u64,
    left_out: AtomicU64,
    pub(super) hands: Vec<Arc<LiveHand>>,
}

impl LiveHand {
    fn new() -> Self {
        let recent = Recent { samples: Samples::new(RECENT), count: 0, sum_ns: 0.0 };
        Self { done: AtomicU64::new(0), failed: AtomicU64::new(0), recent: Mutex::new(recent) }
    }

    /// Takes note of a turn: what was done, and its sample with what the mean is of.
    pub(super) fn note(&self, done: u64, failed: u64, sample: Option<(Sample, f64)>) {
        // One writer: no need to lock the bus.
        self.done.store(self.done.load(Ordering::Relaxed) + done, Ordering::Relaxed);
        if failed > 0 {
            self.failed.store(self.failed.load(Ordering::Relaxed) + failed, Ordering::Relaxed);
        }
        if let Some((sample, value)) = sample {
            let mut recent = self.recent.lock();
            recent.samples.push(sample);
            recent.count += 1;
            recent.sum_ns += value;
        }
    }

    /// Forgets the times so far: they were warm-up.
    fn forget(&self) {
        let mut recent = self.recent.lock();
        (recent.count, recent.sum_ns) = (0, 0.0);
    }
}

impl LiveCase {
    pub(super) fn new(name: CaseName, began: Instant, planned: Option<u64>, hands: u32) -> Self {
        Self {
            name,
            began,
            phase: AtomicU8::new(CasePhase::WarmUp as u8),
            planned: planned.unwrap_or(0),
            left_out: AtomicU64::new(0),
            hands: (0..hands).map(|_| Arc::new(LiveHand::new())).collect(),
        }
    }

    /// Where it stands from now on.
    pub(super) fn enter(&self, phase: CasePhase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Operations that turned out to be warm-up.
    pub(super) fn leave_out(&self, operations: u64) {
        self.left_out.fetch_add(operations, Ordering::Relaxed);
        self.hands.iter().for_each(|hand| hand.forget());
    }

    /// Operations done and failed, warm-up included.
    pub(super) fn counts(&self) -> (u64, u64) {
        let sum = |count: fn(&LiveHand) -> &AtomicU64| -> u64 {
            self.hands.iter().map(|hand| count(hand).load(Ordering::Relaxed)).sum()
        };
        (sum(|hand| &hand.done), sum(|hand| &hand.failed))
    }

    /// How it goes; takes the newest samples away.
    pub(super) fn progress(&self) -> CaseProgress {
        let (done, failed) = self.counts();
        let (mut count, mut sum_ns) = (0, 0.0);
        let recent: Vec<Samples> = self
            .hands
            .iter()
            .map(|hand| {
                let mut recent = hand.recent.lock();
                count += recent.count;
                sum_ns += recent.sum_ns;
                std::mem::replace(&mut recent.samples, Samples::new(RECENT))
            })
            .collect();
        CaseProgress {
            case: self.name.clone(),
            phase: if self.phase.load(Ordering::Relaxed) == CasePhase::Measuring as u8 {
                CasePhase::Measuring
            } else {
                CasePhase::WarmUp
            },
            done: done.saturating_sub(self.left_out.load(Ordering::Relaxed)),
            planned: Some(self.planned).filter(|planned| *planned > 0),
            failed,
            seconds: self.began.elapsed().as_secs_f64(),
            mean_ns: (count > 0).then(|| sum_ns / count as f64),
            recent: curve(&merged(recent.iter()), POINTS),
        }
    }
}

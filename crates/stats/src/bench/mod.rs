//! What the cases of a benchmark suite were worth: from what was measured of each to its numbers.
//!
//! In:  a case of a plan and what its runner measured ([`ReadCase`]).
//! Out: its numbers with 95 % intervals, whether they can be trusted, where to look when it missed; what several cases
//! took of the budget that they share ([`budgets`]).
//! Not here: rules over cases (`rule`), taking samples (`engine`).
//!
//! A wrong or failed operation is an error, never a sample: a case of which every operation failed has no times at all,
//! so that nothing can be met by it. Outliers are counted, never left out.

mod budget;
mod hints;
mod number;
mod summary;
mod times;
mod validity;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use perflab_model::{
    bench::{Case, CaseOutcome, Measured, Steadiness, Work},
    validity::{Validity, ValidityState},
    verdict::Gate,
};

pub use budget::budgets;
pub(crate) use budget::sum_of;
pub(crate) use hints::{places, sentence};
pub(crate) use number::{Lack, has, is_of_cases};
use times::ReadSide;
pub(crate) use validity::NO_RIGHT_ANSWER;

use crate::{
    Series,
    memory::{self, MemoryGrowth, Reading},
    paired::{Paired, paired, paired_share},
};

/// Nanoseconds of what is measured to seconds of results.
const SECONDS: f64 = 1e-9;

/// What was measured of a case, its histograms unpacked and its statistics made: once, since pages ask every second.
#[derive(Clone, Debug)]
pub struct ReadCase {
    case: Case,
    measured: Measured,
    side: Option<ReadSide>,
    without: Option<ReadSide>,
    overhead: Option<Paired>,
    share: Option<Paired>,
    memory: Option<MemoryGrowth>,
    validity: Validity,
}

impl ReadCase {
    /// Takes in what was measured of a case.
    pub fn new(case: &Case, measured: Measured) -> Self {
        let side = measured.side.as_ref().map(ReadSide::new);
        let without = measured.without.as_ref().map(ReadSide::new);
        let differences = measured.pairs.iter().map(|pair| (pair.with_ns - pair.without_ns) * SECONDS).collect();
        let pairs: Vec<(f64, f64)> = measured.pairs.iter().map(|pair| (pair.without_ns, pair.with_ns)).collect();
        let readings: Vec<Reading> = memory_readings(&measured)
            .iter()
            .map(|reading| Reading { operations: reading.operations as f64, bytes: reading.bytes as f64 })
            .collect();
        let mut read = Self {
            case: case.clone(),
            side,
            without,
            overhead: Series::new(differences).ok().and_then(|differences| paired(&differences)),
            share: paired_share(&pairs),
            memory: memory::memory_growth(&readings),
            validity: Validity::default(),
            measured,
        };
        read.validity = validity::of(&read);
        read
    }

    /// A case that was never begun, and why.
    pub fn never(case: &Case, reason: &str) -> Self {
        let measured = Measured {
            case: case.name.clone(),
            outcome: CaseOutcome::Skipped { reason: reason.to_owned() },
            steadiness: Steadiness::Unknown,
            warmup_operations: 0,
            seconds: 0.0,
            side: None,
            without: None,
            pairs: Vec::new(),
            curve: Vec::new(),
            clock_ns: 0.0,
            cpu_ns: None,
            memory: Vec::new(),
            heap: Vec::new(),
            allocations: None,
            faults: Vec::new(),
            plans: Vec::new(),
            steal: None,
            other: None,
        };
        Self::new(case, measured)
    }

    /// The case.
    pub const fn case(&self) -> &Case {
        &self.case
    }

    /// What was measured.
    pub const fn measured(&self) -> &Measured {
        &self.measured
    }

    /// Whether its numbers can be trusted.
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Whether it can be trusted at all.
    pub fn is_trusted(&self) -> bool {
        self.validity.state != ValidityState::Invalid
    }

    /// Whether it was carried out, well or not.
    pub const fn was_run(&self) -> bool {
        !matches!(self.measured.outcome, CaseOutcome::Failed { .. } | CaseOutcome::Skipped { .. })
    }

    /// Operations that were measured, of a pair those of both ways.
    pub fn operations(&self) -> u64 {
        self.sides().map(|side| side.operations).sum()
    }

    /// Those of them that failed or answered wrongly.
    pub fn failed(&self) -> u64 {
        self.sides().map(|side| side.failed.min(side.operations)).sum()
    }

    /// Right answers; of a pair of the way *with* it.
    pub fn right(&self) -> u64 {
        self.side.as_ref().map_or(0, ReadSide::right)
    }

    /// The number that stands for it, milliseconds: of a pair what it costs, else the mean.
    pub fn headline_ms(&self) -> Option<f64> {
        let seconds = match self.case.work {
            Work::Pair { .. } => self.overhead.map(|told| told.estimate),
            Work::Single(_) => self.side.as_ref()?.mean_value(),
        };
        seconds.map(times::ms)
    }

    /// What its gate says when this became of its rules: of suspect numbers at best `warn`.
    pub fn gate(&self, of_rules: Option<Gate>) -> Option<Gate> {
        match (of_rules, self.validity.state) {
            (Some(Gate::Pass), ValidityState::Suspect) => Some(Gate::Warn),
            (gate, _) => gate,
        }
    }

    const fn is_pair(&self) -> bool {
        matches!(self.case.work, Work::Pair { .. })
    }

    fn sides(&self) -> impl Iterator<Item = &perflab_model::bench::Side> {
        [&self.measured.side, &self.measured.without].into_iter().flatten()
    }
}

/// What counts as memory: where allocations are counted, live bytes on the heap, else resident memory, in which other
/// work of the process shows as well.
fn memory_readings(measured: &Measured) -> &[perflab_model::bench::MemoryReading] {
    if measured.heap.is_empty() { &measured.memory } else { &measured.heap }
}

//! The number of a case that a rule asks for: mean, quantile, throughput, error rate, memory, allocations, overhead.
//!
//! Where there is none, why, and what to do.

use perflab_model::{
    bench::{CaseOutcome, Operation},
    display::count,
    threshold::{Measure, Stat},
};

use super::{ReadCase, memory_readings, times::ReadSide};
use crate::{
    Interval, memory::FEWEST_READINGS, memory::MemoryGrowth, paired::FEWEST_PAIRS, rule::Estimate, share_interval,
};

/// Why a number cannot decide, or is not there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lack {
    pub(crate) reason: String,
    pub(crate) next: String,
    /// What is known all the same.
    pub(crate) estimate: Option<Estimate>,
}

impl Lack {
    fn new(reason: impl Into<String>, next: impl Into<String>) -> Self {
        Self { reason: reason.into(), next: next.into(), estimate: None }
    }
}

/// Whether cases have this measure at all.
pub(crate) const fn is_of_cases(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::Latency
            | Measure::Response
            | Measure::Service
            | Measure::ErrorRate
            | Measure::Throughput
            | Measure::Memory
            | Measure::Allocations
            | Measure::Overhead
    )
}

/// Whether a case has the measure: only pairs cost more or less than something, memory is watched where the suite says so.
pub(crate) fn has(case: &perflab_model::bench::Case, measure: Measure) -> bool {
    let is_pair = case.work.operations().len() > 1;
    match measure {
        Measure::Overhead => is_pair,
        Measure::Throughput => !is_pair,
        Measure::Memory => case.leak_check,
        // The others work in another process, whose allocations nobody sees.
        Measure::Allocations => {
            case.work.operations().iter().any(|operation| matches!(operation, Operation::Builtin { .. }))
        }
        measure => is_of_cases(measure),
    }
}

impl ReadCase {
    /// The number, in the measure's base unit.
    pub(crate) fn number(&self, measure: Measure, stat: Stat) -> Result<Estimate, Lack> {
        if let Some(lack) = self.not_run() {
            return Err(lack);
        }
        match measure {
            Measure::ErrorRate => self.error_rate(),
            Measure::Throughput => self.throughput(stat),
            Measure::Overhead => self.overhead(stat),
            Measure::Memory if stat == Stat::Slope => self.growth().map(|growth| Estimate {
                value: growth.slope,
                shown: true,
                interval: Interval { low: growth.low, high: growth.high },
                samples: memory_readings(&self.measured).len() as u64,
            }),
            Measure::Memory => {
                let bytes: Vec<f64> = memory_readings(&self.measured).iter().map(|read| read.bytes as f64).collect();
                Estimate::of_values(&bytes, stat)
                    .ok_or_else(|| Lack::new("its memory was not read", "Make the case longer"))
            }
            Measure::Allocations => self.allocations(stat),
            _ => self.side.as_ref().and_then(|side| side.number(stat)).ok_or_else(|| self.no_right_answer()),
        }
    }

    /// Growth of memory.
    pub(crate) fn growth(&self) -> Result<MemoryGrowth, Lack> {
        self.memory.ok_or_else(|| {
            let readings = memory_readings(&self.measured).len() as u64;
            let reason = format!("memory was read {} times, {FEWEST_READINGS} are needed", count(readings));
            Lack::new(reason, "Ask for more iterations or time: memory is read while the case goes on")
        })
    }

    /// Share of times beyond a limit in seconds.
    pub(crate) fn share_above(&self, limit: f64) -> Option<f64> {
        self.side.as_ref().and_then(|side| side.share_above(limit))
    }

    fn not_run(&self) -> Option<Lack> {
        match &self.measured.outcome {
            CaseOutcome::Failed { message, .. } => Some(Lack::new(
                format!("it could not be carried out: {message}"),
                "Mend what the reason says, and run again",
            )),
            CaseOutcome::Skipped { reason } => {
                Some(Lack::new(format!("it was not run: {reason}"), "Run the suite again, to its end"))
            }
            CaseOutcome::Completed | CaseOutcome::TimeUp | CaseOutcome::CutShort => None,
        }
    }

    fn no_right_answer(&self) -> Lack {
        match (self.operations(), self.failed()) {
            (0, _) => Lack::new("no operation was measured", "Make the case longer, or its warm-up shorter"),
            (all, failed) if all == failed => {
                Lack::new("no operation gave the right answer", "See what went wrong in this case: nothing was timed")
            }
            _ => Lack::new("too few samples", "Ask for more iterations"),
        }
    }

    fn error_rate(&self) -> Result<Estimate, Lack> {
        let (failed, all) = (self.failed(), self.operations());
        if all == 0 {
            return Err(self.no_right_answer());
        }
        let value = failed as f64 / all as f64;
        Ok(Estimate { value, shown: true, interval: share_interval(failed, all), samples: all })
    }

    /// Right answers over the measured seconds. All blocks hold as many operations, so their rates vary as their mean times
    /// do, turned over.
    fn throughput(&self, stat: Stat) -> Result<Estimate, Lack> {
        let side = self.side.as_ref().filter(|side| side.right() > 0).ok_or_else(|| self.no_right_answer())?;
        let right = side.right();
        match stat {
            Stat::Count => return Ok(Estimate::exact(right as f64, right)),
            Stat::Rate | Stat::Mean => {}
            _ => return Err(Lack::new("a case has one rate, not one a second", "Ask for its `rate`")),
        }
        if self.measured.seconds <= 0.0 {
            return Err(Lack::new("its operations took no measurable time together", "Ask for more iterations"));
        }
        let value = right as f64 / self.measured.seconds;
        let interval = side.mean().map_or(Interval::OPEN, |mean| turned_over(value, &mean));
        Ok(Estimate { value, shown: true, interval, samples: right })
    }

    fn overhead(&self, stat: Stat) -> Result<Estimate, Lack> {
        let pairs = self.measured.pairs.len() as u64;
        let Some(told) = self.overhead.filter(|_| self.is_pair()) else { return Err(self.no_right_answer()) };
        match stat {
            Stat::Value | Stat::Mean => {}
            _ => {
                let differences: Vec<f64> =
                    self.measured.pairs.iter().map(|pair| (pair.with_ns - pair.without_ns) * super::SECONDS).collect();
                return Estimate::of_values(&differences, stat).ok_or_else(|| self.no_right_answer());
            }
        }
        let enough = pairs >= FEWEST_PAIRS as u64;
        let interval = told.interval.filter(|_| enough).map_or(Interval::OPEN, |(low, high)| Interval { low, high });
        let estimate = Estimate { value: told.estimate, shown: true, interval, samples: pairs };
        if enough {
            return Ok(estimate);
        }
        Err(Lack {
            reason: format!("{} pairs decide nothing, {FEWEST_PAIRS} are needed", count(pairs)),
            next: format!("Ask for at least {FEWEST_PAIRS} iterations"),
            estimate: Some(estimate),
        })
    }

    fn allocations(&self, stat: Stat) -> Result<Estimate, Lack> {
        let Some(counted) = self.measured.allocations.filter(|counted| counted.operations > 0) else {
            return Err(Lack::new(
                "allocations were not counted",
                "They are counted of operations within the runner's own process",
            ));
        };
        match stat {
            Stat::Mean | Stat::Slope | Stat::Value => {
                Ok(Estimate::exact(counted.allocations as f64 / counted.operations as f64, counted.operations))
            }
            _ => Err(Lack::new("allocations are counted of all operations together", "Ask for their `avg`")),
        }
    }
}

/// The interval of a rate whose times have the interval of a mean: longer times are a lower rate.
fn turned_over(rate: f64, mean: &Estimate) -> Interval {
    let low = if mean.interval.high.is_finite() { rate * mean.value / mean.interval.high } else { f64::NEG_INFINITY };
    let high = if mean.interval.low > 0.0 { rate * mean.value / mean.interval.low } else { f64::INFINITY };
    Interval { low, high }
}

/// A side may be nothing: then it has no readable histogram either.
pub(super) fn is_unreadable(side: Option<&ReadSide>) -> bool {
    side.is_some_and(|side| side.is_unreadable)
}

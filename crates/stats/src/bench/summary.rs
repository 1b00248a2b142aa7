//! A case in numbers, as people, exports and the API read it.

use perflab_model::{
    bench::{AllocationSummary, CaseSummary, CaseTimes, MemorySummary, OverheadSummary},
    threshold::{Measure, Stat},
    verdict::Gate,
};

use super::{
    ReadCase, hints, memory_readings,
    times::{ReadSide, ms, open},
};
use crate::{Interval, paired::FEWEST_PAIRS, paired::Paired};

impl ReadCase {
    /// Its numbers. `gate` is what became of its rules; where one is broken, the summary says where to look, by the
    /// measure that missed.
    pub fn summary(&self, gate: Option<Gate>, missed: Option<Measure>) -> CaseSummary {
        let (case, measured) = (&self.case, &self.measured);
        let times = |side: Option<&ReadSide>| {
            side.map_or_else(|| CaseTimes { unit: "ms".to_owned(), ..CaseTimes::default() }, ReadSide::shown)
        };
        CaseSummary {
            name: case.name.to_string(),
            base: case.base.to_string(),
            title: case.title.clone(),
            category: case.category.clone(),
            critical: case.critical,
            concurrency: case.concurrency,
            samples: self.right(),
            failed: self.failed(),
            warmup: measured.warmup_operations,
            latency: times(self.side.as_ref()),
            without: self.without.as_ref().map(ReadSide::shown),
            throughput_per_s: if self.is_pair() {
                None
            } else {
                self.number(Measure::Throughput, Stat::Rate).ok().map(|rate| rate.value)
            },
            overhead: self.overhead.map(|overhead| self.overhead_summary(&overhead)),
            memory: self.memory_summary(),
            allocations: measured.allocations.filter(|counted| counted.operations > 0).map(|counted| {
                let each = |all: u64| all as f64 / counted.operations as f64;
                AllocationSummary { count: each(counted.allocations), bytes: each(counted.bytes) }
            }),
            cpu_ms: measured.cpu_ns.map(|ns| ms(ns * super::SECONDS)),
            sampling: measured.side.as_ref().map(|side| side.sampling),
            steadiness: measured.steadiness,
            outcome: measured.outcome.clone(),
            target: case.target_ns.map(|ns| ms(ns * super::SECONDS)),
            max: case.max_ns.map(|ns| ms(ns * super::SECONDS)),
            rationale: case.rationale.clone(),
            gate: self.gate(gate),
            validity: self.validity.clone(),
            faults: measured.faults.clone(),
            hints: missed.map_or_else(Vec::new, |measure| hints::places(case, measure)),
        }
    }

    fn overhead_summary(&self, overhead: &Paired) -> OverheadSummary {
        let enough = overhead.pairs >= FEWEST_PAIRS;
        let interval = |told: &Paired| told.interval.filter(|_| enough).map(|(low, high)| Interval { low, high });
        // A share is no time: its ends stay as they are.
        let share_ends = |ends: Interval| perflab_model::bench::OpenInterval(Some(ends.low), Some(ends.high));
        OverheadSummary {
            ms: ms(overhead.estimate),
            interval: interval(overhead).and_then(open),
            share: self.share.map(|share| share.estimate),
            share_interval: self.share.as_ref().and_then(interval).map(share_ends),
            pairs: overhead.pairs as u64,
        }
    }

    fn memory_summary(&self) -> Option<MemorySummary> {
        let growth = self.memory?;
        let readings = memory_readings(&self.measured);
        Some(MemorySummary {
            bytes_per_operation: growth.slope,
            low: growth.low,
            high: growth.high,
            is_growing: growth.is_growing,
            readings: readings.len() as u64,
            first_bytes: readings.first()?.bytes,
            last_bytes: readings.last()?.bytes,
        })
    }
}

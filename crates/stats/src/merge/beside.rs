//! The same second of several runners, merged into one.
//!
//! In:  the ticks of each part of a run, as its runner tells them, and that a runner has ended. Out: the ticks of the run,
//! each once all runners that are still there have told theirs.
//! Promise: counts add up and histograms merge exactly, as between neighbours. Memory (of runners on one host) and CPU add
//! up; what each of them sees of the host is the same host, seen once.

use std::collections::VecDeque;

use perflab_model::{
    plan::Plan,
    summary::LatencyKind,
    tick::{PartPoint, Phase, Point, Tick, Vitals},
};

use super::{Merger, classes, gauges_and_counts, lag_of, latency_of, quantiles, requests};
use crate::HistogramError;

/// Merges the ticks of the parts of a run.
#[derive(Debug)]
pub struct Beside {
    kind: LatencyKind,
    warmup_ms: u64,
    parts: Vec<Part>,
    /// Keeps what recent percentiles look back on.
    memory: Merger,
}

#[derive(Debug)]
struct Part {
    has_rate: bool,
    told: VecDeque<Tick>,
    ended: bool,
}

impl Beside {
    /// For the parts of a plan.
    pub fn new(plan: &Plan) -> Self {
        let kind = if plan.load.has_rate() { LatencyKind::Response } else { LatencyKind::Service };
        let part = |load: &perflab_model::load::LoadPart| Part {
            has_rate: load.load.has_rate(),
            told: VecDeque::new(),
            ended: false,
        };
        Self {
            kind,
            warmup_ms: plan.warmup_time().get(),
            parts: plan.load.parts().iter().map(part).collect(),
            memory: Merger::new(1, kind),
        }
    }

    /// Takes the next tick of a part.
    pub fn add(&mut self, part: usize, tick: Tick) {
        if let Some(part) = self.parts.get_mut(part) {
            part.told.push_back(tick);
        }
    }

    /// A part tells no more.
    pub fn ended(&mut self, part: usize) {
        if let Some(part) = self.parts.get_mut(part) {
            part.ended = true;
        }
    }

    /// The next second of the run, if it is whole.
    ///
    /// # Errors
    /// When a histogram is damaged: merging would lose what it counts. The second is given up then.
    pub fn next_second(&mut self) -> Result<Option<Tick>, HistogramError> {
        if self.parts.iter().any(|part| part.told.is_empty() && !part.ended) {
            return Ok(None);
        }
        let Some(second) = self.parts.iter().filter_map(|part| part.told.front()).map(|tick| tick.point.second).min()
        else {
            return Ok(None);
        };
        let told: Vec<Option<Tick>> = self.parts.iter_mut().map(|part| part.take(second)).collect();
        let phase = self.phase(second, &told);
        let points: Vec<PartPoint> =
            self.parts.iter().zip(&told).map(|(part, tick)| part.point(tick.as_ref())).collect();
        let ticks: Vec<Tick> = told.iter().flatten().cloned().collect();
        let Some(mut point) = gauges_and_counts(&ticks) else { return Ok(None) };
        let (requests, classes) = (requests(&ticks)?, classes(&ticks)?);
        let latency = latency_of(&requests, self.kind)?;
        let all = |of: fn(&Point) -> u32| ticks.iter().map(|tick| of(&tick.point)).fold(0, u32::saturating_add);
        point.seconds = 1;
        point.phase = phase;
        point.at_us = ticks.iter().map(|tick| tick.point.at_us).max().unwrap_or(point.at_us);
        point.target = self.target(&points);
        (point.users, point.in_flight) = (all(|point| point.users), all(|point| point.in_flight));
        point.lag_p99_us = lag_of(&requests)?.quantile_us(0.99).map(|us| us as u64);
        point.generator = vitals(&ticks.iter().map(|tick| tick.point.generator).collect::<Vec<_>>());
        point.latency = quantiles(&latency);
        point.parts = points;
        self.memory.remember(1, latency);
        point.recent = self.memory.recent();
        Ok(Some(Tick { point, requests, classes }))
    }

    /// A run drains when none of its parts starts anything any more; its warm-up is that of the whole.
    fn phase(&self, second: u32, told: &[Option<Tick>]) -> Phase {
        let drains = |(part, tick): (&Part, &Option<Tick>)| match tick {
            Some(tick) => tick.point.phase == Phase::Draining,
            None => part.ended,
        };
        if self.parts.iter().zip(told).all(drains) {
            Phase::Draining
        } else if u64::from(second) * 1000 < self.warmup_ms {
            Phase::WarmUp
        } else {
            Phase::Measured
        }
    }

    fn target(&self, points: &[PartPoint]) -> f64 {
        let rate = self.kind == LatencyKind::Response;
        let counts = self.parts.iter().zip(points).filter(|(part, _)| part.has_rate == rate);
        counts.map(|(_, point)| point.target).sum()
    }
}

impl Part {
    /// What it did in a second that it told of, else nothing.
    fn point(&self, tick: Option<&Tick>) -> PartPoint {
        let point = tick.map(|tick| PartPoint::from(&tick.point)).unwrap_or_default();
        PartPoint { has_rate: self.has_rate, ..point }
    }

    /// What it told of a second; later ones stay.
    fn take(&mut self, second: u32) -> Option<Tick> {
        self.told.pop_front_if(|tick| tick.point.second == second)
    }
}

/// Several runners on one host. Each takes the others for a stranger's load, which they are not.
fn vitals(each: &[Vitals]) -> Vitals {
    let most = |of: fn(&Vitals) -> Option<f64>| each.iter().filter_map(of).max_by(f64::total_cmp);
    let sum = |of: fn(&Vitals) -> Option<f64>| each.iter().filter_map(of).reduce(|sum, value| sum + value);
    let cpu = sum(|vitals| vitals.cpu);
    let strangers = each.iter().filter_map(|vitals| {
        let of_ours = cpu.unwrap_or(0.0) - vitals.cpu.unwrap_or(0.0);
        vitals.other.map(|other| (other - of_ours).max(0.0))
    });
    Vitals {
        cpu: cpu.map(|cpu| cpu.min(1.0)),
        memory_bytes: each.iter().filter_map(|vitals| vitals.memory_bytes).reduce(u64::saturating_add),
        steal: most(|vitals| vitals.steal),
        other: strangers.max_by(f64::total_cmp),
        clock_step_ms: each.iter().filter_map(|vitals| vitals.clock_step_ms).max_by_key(|step| step.unsigned_abs()),
        gap_ms: each.iter().filter_map(|vitals| vitals.gap_ms).max(),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{
        load::{Load, LoadPart},
        unit::Millis,
    };

    use super::*;
    use crate::sample::{good, open_plan, plan};

    /// Users from the start, and a rate that joins them after two seconds.
    fn merged() -> Beside {
        let part = |name: &str, after: u64, load: Load| LoadPart {
            name: name.parse().expect("a name"),
            start_after: Millis::from_secs(after),
            load,
        };
        let parts = vec![part("calm", 0, plan(&[]).load), part("rush", 2, open_plan(&[]).load)];
        Beside::new(&Plan { load: Load::Combined { parts }, ..plan(&[]) })
    }

    fn told(second: u32, phase: Phase, change: impl Fn(&mut Point)) -> Tick {
        let mut tick = good(second, phase, &[10_000; 4]);
        change(&mut tick.point);
        tick
    }

    #[test]
    fn a_second_is_told_once_all_have_told_theirs_and_counts_all_of_them() {
        let mut beside = merged();
        beside.add(0, told(0, Phase::Measured, |point| (point.users, point.target) = (10, 10.0)));
        assert_eq!(beside.next_second().expect("good histograms"), None);
        beside.add(1, told(0, Phase::Measured, |point| (point.users, point.target, point.dropped) = (0, 7.0, 2)));
        let tick = beside.next_second().expect("good histograms").expect("a second");
        let point = &tick.point;
        assert_eq!((point.second, point.finished, point.users, point.dropped), (0, 8, 10, 2));
        assert_eq!(point.target, 7.0, "users and rates do not add up");
        assert_eq!([point.parts[0].target, point.parts[1].target], [10.0, 7.0]);
        assert_eq!(point.latency.map(|latency| latency.samples), Some(8));
        assert_eq!(tick.requests.len(), 1, "the same request of both is one");
    }

    #[test]
    fn a_run_drains_when_its_last_part_does_and_goes_on_without_those_that_have_ended() {
        let mut beside = merged();
        beside.add(0, told(0, Phase::Draining, |_| ()));
        beside.add(1, told(0, Phase::Measured, |_| ()));
        beside.ended(0);
        beside.add(1, told(1, Phase::Measured, |_| ()));
        beside.add(1, told(2, Phase::Draining, |_| ()));
        let phases: Vec<Phase> = std::iter::from_fn(|| beside.next_second().expect("good histograms"))
            .map(|tick| tick.point.phase)
            .collect();
        assert_eq!(phases, [Phase::Measured, Phase::Measured, Phase::Draining]);
    }

    #[test]
    fn runners_on_one_host_share_its_cpu_and_are_no_strangers_to_each_other() {
        let vitals = |cpu, other| Vitals { cpu: Some(cpu), other: Some(other), ..Vitals::default() };
        let both = super::vitals(&[vitals(0.25, 0.375), vitals(0.125, 0.5)]);
        assert_eq!((both.cpu, both.other), (Some(0.375), Some(0.25)));
    }
}

//! The comparison material of a load run: twenty stretches of whole seconds, each with its own P50, P95 and throughput.
//!
//! In:  the plan, which says how long will be measured, and ticks one by one.
//! Out: for every request and for all together the P50 and P95 of each stretch; of closed runs the throughput as well (in an
//!      open run it is the plan). Under twenty measured seconds each second is a stretch.
//! Promise: warm-up is in none of them; memory does not grow with the run's length.

use std::collections::BTreeMap;

use perflab_model::{
    blocks::{Better, BlockSeries, Blocks},
    load::Load,
    plan::Plan,
    summary::LatencyKind,
    tick::{EncodedHistogram, Phase},
};

use crate::{Histogram, ReadTick, interval::BLOCKS, phase::Phases};

/// Microseconds of histograms to seconds of results.
const SECONDS: f64 = 1e-6;
/// Pieces that a run of unknown length is held in before neighbours are put together: four for each stretch, so that
/// stretches differ in length by a third at most.
const MOST_PIECES: usize = 4 * BLOCKS;

/// A load run being cut into stretches.
#[derive(Clone, Debug)]
pub struct LoadBlocks {
    is_closed_model: bool,
    cut: Cut,
    phases: Phases,
    /// First second that is measured.
    start: Option<u32>,
    /// The piece under way, and which it is.
    open: Piece,
    at: u32,
    closed: Vec<Packed>,
}

/// How seconds become pieces.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// So many seconds will be measured: a piece is a stretch.
    Planned(u32),
    /// It ends when its iterations are done: pieces of so many seconds, which grow.
    Growing(u32),
}

/// What a piece holds. An empty name is all requests together.
#[derive(Clone, Debug, Default)]
struct Piece {
    times: BTreeMap<String, Histogram>,
    finished: u64,
    seconds: u32,
}

/// The same once nothing is added any more.
#[derive(Clone, Debug, Default)]
struct Packed {
    times: BTreeMap<String, EncodedHistogram>,
    finished: u64,
    seconds: u32,
}

impl LoadBlocks {
    /// Of a run before its first second.
    pub fn new(plan: &Plan, kind: LatencyKind) -> Self {
        let measured = plan.load.duration().duration().saturating_sub(plan.warmup_time().duration());
        let seconds = u32::try_from(measured.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
        let ends_by_iterations =
            plan.load.pieces().iter().any(|(_, load)| matches!(load, Load::Closed { iterations: Some(_), .. }));
        Self {
            is_closed_model: kind == LatencyKind::Service,
            cut: if ends_by_iterations { Cut::Growing(1) } else { Cut::Planned(seconds) },
            phases: Phases::default(),
            start: None,
            open: Piece::default(),
            at: 0,
            closed: Vec::new(),
        }
    }

    /// Adds a second.
    pub fn add(&mut self, tick: &ReadTick) {
        let phase = self.phases.next(tick.point.phase);
        if phase == Phase::WarmUp {
            return;
        }
        let second = tick.point.second.saturating_sub(*self.start.get_or_insert(tick.point.second));
        // What drains belongs to the last piece.
        while phase != Phase::Draining && self.piece_of(second) > self.at {
            self.closed.push(std::mem::take(&mut self.open).pack());
            self.at += 1;
            if let Cut::Growing(width) = &mut self.cut
                && self.closed.len() >= MOST_PIECES
            {
                *width = width.saturating_mul(2);
                self.closed = self.closed.chunks(2).map(together).map(Piece::pack).collect();
                self.at = u32::try_from(self.closed.len()).unwrap_or(u32::MAX);
            }
        }
        self.open.add(tick, phase);
    }

    fn piece_of(&self, second: u32) -> u32 {
        match self.cut {
            Cut::Growing(width) => second / width,
            Cut::Planned(planned) => {
                let blocks = u32::try_from(BLOCKS).unwrap_or(u32::MAX).min(planned);
                let at = u64::from(second) * u64::from(blocks) / u64::from(planned);
                u32::try_from(at).unwrap_or(u32::MAX).min(blocks - 1)
            }
        }
    }

    /// The material so far.
    pub fn blocks(&self) -> Blocks {
        let mut pieces = self.closed.clone();
        pieces.push(self.open.clone().pack());
        let blocks = BLOCKS.min(pieces.len());
        let mut times: BTreeMap<String, Times> = BTreeMap::new();
        let (mut rates, mut finished) = (Vec::new(), 0);
        for block in 0..blocks {
            let (from, to) = (block * pieces.len() / blocks, (block + 1) * pieces.len() / blocks);
            let piece = together(&pieces[from..to]);
            for (name, histogram) in piece.times {
                times.entry(name).or_default().add(&histogram);
            }
            if piece.seconds > 0 {
                rates.push(piece.finished as f64 / f64::from(piece.seconds));
                finished += piece.finished;
            }
        }
        let mut series: Vec<BlockSeries> = times.into_iter().flat_map(|(name, times)| times.series(&name)).collect();
        if self.is_closed_model && !rates.is_empty() {
            series.push(BlockSeries {
                name: None,
                measure: "throughput".to_owned(),
                stat: "rate".to_owned(),
                unit: "1/s".to_owned(),
                better: Better::Higher,
                values: rates,
                samples: finished,
            });
        }
        Blocks { series }
    }
}

/// Times of one request in each stretch.
#[derive(Default)]
struct Times {
    p50: Vec<f64>,
    p95: Vec<f64>,
    samples: u64,
}

impl Times {
    fn add(&mut self, histogram: &Histogram) {
        let (Some(p50), Some(p95)) = (histogram.quantile_us(0.5), histogram.quantile_us(0.95)) else { return };
        self.p50.push(p50 * SECONDS);
        self.p95.push(p95 * SECONDS);
        self.samples += histogram.count();
    }

    fn series(self, name: &str) -> [BlockSeries; 2] {
        let name = Some(name.to_owned()).filter(|name| !name.is_empty());
        [("p50", self.p50), ("p95", self.p95)].map(|(stat, values)| BlockSeries {
            name: name.clone(),
            measure: "latency".to_owned(),
            stat: stat.to_owned(),
            unit: "s".to_owned(),
            better: Better::Lower,
            values,
            samples: self.samples,
        })
    }
}

impl Piece {
    fn add(&mut self, tick: &ReadTick, phase: Phase) {
        let counts_into_rate = phase != Phase::Draining;
        if counts_into_rate {
            self.seconds += tick.point.seconds;
        }
        for (name, outcomes) in &tick.requests {
            for outcome in outcomes {
                if outcome.counted.is_latency() && outcome.latency.count() > 0 {
                    self.times.entry(String::new()).or_default().merge(&outcome.latency);
                    self.times.entry(name.clone()).or_default().merge(&outcome.latency);
                }
                if outcome.counted.is_finished() && counts_into_rate {
                    self.finished += outcome.count;
                }
            }
        }
    }

    fn pack(self) -> Packed {
        let times = self.times.into_iter().map(|(name, histogram)| (name, histogram.encode())).collect();
        Packed { times, finished: self.finished, seconds: self.seconds }
    }
}

/// Neighbouring pieces as one.
fn together(pieces: &[Packed]) -> Piece {
    let mut all = Piece::default();
    for piece in pieces {
        all.finished += piece.finished;
        all.seconds += piece.seconds;
        for (name, packed) in &piece.times {
            // Packed a moment ago by ourselves, so it can be read.
            if let Ok(histogram) = Histogram::decode(packed) {
                all.times.entry(name.clone()).or_default().merge(&histogram);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use perflab_model::load::{Iterations, Share, UserStage};

    use super::*;
    use crate::sample;

    fn cut(
        duration_s: u64,
        iterations: Option<u64>,
        ticks: impl IntoIterator<Item = (u32, Phase, Vec<u64>)>,
        kind: LatencyKind,
    ) -> Blocks {
        let mut plan = sample::plan(&[]);
        let over = perflab_model::unit::Millis::from_secs(duration_s);
        plan.load = Load::Closed {
            stages: vec![UserStage { from: 10, to: 10, over }],
            iterations: iterations.map(|each| Iterations { count: each, share: Share::Each }),
        };
        let mut blocks = LoadBlocks::new(&plan, kind);
        for (second, phase, times) in ticks {
            blocks.add(&ReadTick::new(&sample::good(second, phase, &times), kind));
        }
        blocks.blocks()
    }

    #[test]
    fn twenty_stretches_of_whole_seconds_and_no_warm_up() {
        let ticks = (0..40).map(|second| {
            let phase = if second < 5 { Phase::WarmUp } else { Phase::Measured };
            (second, phase, vec![if second < 5 { 900_000 } else { 1_000 * u64::from(second) }; 10])
        });
        let blocks = cut(35, None, ticks, LatencyKind::Service);
        let p50 = blocks.find(None, "latency", "p50").expect("all together");
        assert_eq!((p50.values.len(), p50.samples), (20, 350));
        assert!((p50.values[0] - 0.005).abs() < 1e-4 && p50.values.is_sorted(), "{:?}", p50.values);
        let rate = blocks.find(None, "throughput", "rate").expect("closed");
        assert_eq!(rate.values, vec![10.0; 20]);
    }

    #[test]
    fn a_short_run_has_as_many_stretches_as_seconds_and_an_open_one_no_throughput() {
        let ticks = (0..7).map(|second| (second, Phase::Measured, vec![2_000; 4]));
        let blocks = cut(7, None, ticks, LatencyKind::Response);
        assert_eq!(blocks.find(None, "latency", "p95").expect("all together").values.len(), 7);
        assert_eq!(blocks.find(None, "throughput", "rate"), None);
    }

    #[test]
    fn what_drains_counts_into_times_and_not_into_rates() {
        let ticks = (0..10).map(|second| (second, Phase::Measured, vec![2_000; 4])).chain([(
            10,
            Phase::Draining,
            vec![50_000; 20],
        )]);
        let blocks = cut(10, None, ticks, LatencyKind::Service);
        let p50 = blocks.find(None, "latency", "p50").expect("all together");
        assert_eq!((p50.values.len(), p50.samples), (10, 60));
        assert!((p50.values[9] - 0.05).abs() < 1e-4);
        assert_eq!(blocks.find(None, "throughput", "rate").expect("closed").values, vec![4.0; 10]);
    }

    #[test]
    fn a_run_that_ends_with_its_iterations_has_twenty_stretches_however_long_it_was_planned() {
        for seconds in [150_u32, 400, 1_000] {
            let ticks = (0..seconds).map(|second| (second, Phase::Measured, vec![1_000 + u64::from(second); 5]));
            let blocks = cut(36_000, Some(1_000), ticks, LatencyKind::Service);
            let p50 = blocks.find(None, "latency", "p50").expect("all together");
            assert_eq!((p50.values.len(), p50.samples), (20, 5 * u64::from(seconds)));
            assert!(p50.values.is_sorted(), "{:?}", p50.values);
        }
    }
}

//! Memory that grows with operations, told from a warm-up that ends.
//!
//! In:  readings of memory, each with the operations done until then.
//! Out: growth in bytes an operation with bounds, whether it is growth at all, and how it stands to a limit.
//!
//! A collector frees in waves, so only the lowest reading of each stretch is live memory; caches fill at first, so the
//! first quarter is left out. Least squares on all readings calls every healthy warm-up a leak; this calls none one, and
//! finds growth from 2 KB an operation. Memory of neighbours is allowed for as by Hamed and Rao (Journal of Hydrology
//! 204, 1998).

use crate::{
    robust::{mean, sorted},
    trend::{MannKendall, TheilSen},
};

/// Fewer readings say nothing.
pub const FEWEST_READINGS: usize = 120;
/// What is left out of the operations at the beginning.
const FILLING: f64 = 0.25;
/// Stretches whose lowest reading is taken.
const STRETCHES: usize = 24;
/// One-sided 95 %.
const Z: f64 = 1.645;
/// Growth needs a smaller p than this …
const LARGEST_P: f64 = 0.01;
/// … and at least so many bytes an operation at the lower bound.
const SMALLEST_GROWTH: f64 = 1024.0;
/// Beyond this correlation the inflation has no meaning.
const MOST_CORRELATION: f64 = 0.7;

/// A reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Operations done.
    pub operations: f64,
    /// Bytes in use.
    pub bytes: f64,
}

/// What readings say about growth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryGrowth {
    /// Bytes an operation.
    pub slope: f64,
    /// Lower bound, one-sided 95 %.
    pub low: f64,
    /// Upper bound, one-sided 95 %.
    pub high: f64,
    /// P of such a rise by chance.
    pub p: f64,
    /// Whether it grows: the rise is sure, and more than 1 KB an operation.
    pub is_growing: bool,
}

/// How growth stands to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryVerdict {
    /// It does not grow, or by less than the limit for sure.
    Within,
    /// It grows, and the limit lies between the bounds.
    Suspected,
    /// It grows by more than the limit for sure.
    Over,
}

/// Growth; nothing with too few readings, or when no operations were done.
pub fn memory_growth(readings: &[Reading]) -> Option<MemoryGrowth> {
    let is_number = |reading: &Reading| reading.operations.is_finite() && reading.bytes.is_finite();
    if readings.len() < FEWEST_READINGS || !readings.iter().all(is_number) {
        return None;
    }
    let mut readings = readings.to_vec();
    readings.sort_by(|a, b| a.operations.total_cmp(&b.operations));
    let (first, last) = (readings[0].operations, readings[readings.len() - 1].operations);
    let from = first + FILLING * (last - first);
    let settled = &readings[readings.partition_point(|reading| reading.operations < from)..];
    let lowest: Vec<Reading> = (0..STRETCHES)
        .filter_map(|at| {
            let stretch = &settled[at * settled.len() / STRETCHES..(at + 1) * settled.len() / STRETCHES];
            stretch.iter().min_by(|a, b| a.bytes.total_cmp(&b.bytes)).copied()
        })
        .collect();
    let operations: Vec<f64> = lowest.iter().map(|reading| reading.operations).collect();
    let bytes: Vec<f64> = lowest.iter().map(|reading| reading.bytes).collect();
    let line = TheilSen::new(&operations, &bytes)?;
    let (low, high) = line.bounds(Z);
    let p = MannKendall::new(&bytes).p_rising(inflation(&line.residuals(&operations, &bytes)));
    Some(MemoryGrowth { slope: line.slope, low, high, p, is_growing: p < LARGEST_P && low > SMALLEST_GROWTH })
}

impl MemoryGrowth {
    /// How it stands to a limit in bytes an operation.
    pub fn against(&self, limit: f64) -> MemoryVerdict {
        if !self.is_growing || self.high < limit {
            MemoryVerdict::Within
        } else if self.low > limit {
            MemoryVerdict::Over
        } else {
            MemoryVerdict::Suspected
        }
    }
}

/// `(1+ρ)/(1−ρ)` with the lag-1 correlation of the ranks of what a line leaves, where it is more than chance.
fn inflation(residuals: &[f64]) -> f64 {
    let order = sorted(residuals);
    let rank = |value: &f64| order.partition_point(|other| other < value) as f64;
    let ranks: Vec<f64> = residuals.iter().map(rank).collect();
    let centre = mean(&ranks);
    let squares: f64 = ranks.iter().map(|rank| (rank - centre).powi(2)).sum();
    let products: f64 = ranks.windows(2).map(|pair| (pair[0] - centre) * (pair[1] - centre)).sum();
    let correlation = if squares > 0.0 { products / squares } else { 0.0 };
    let correlation =
        if correlation > 1.96 / (ranks.len() as f64).sqrt() { correlation.min(MOST_CORRELATION) } else { 0.0 };
    (1.0 + correlation) / (1.0 - correlation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: f64 = 1024.0 * 1024.0;

    /// 240 readings of 10 operations each: live memory by `live`, and up to 20 MB on top until the collector comes.
    fn readings(live: impl Fn(f64) -> f64) -> Vec<Reading> {
        (0..240)
            .map(|i| {
                let operations = 10.0 * f64::from(i);
                Reading { operations, bytes: 100.0 * MB + live(operations) + f64::from(i % 7) / 6.0 * 20.0 * MB }
            })
            .collect()
    }

    #[test]
    fn a_warm_up_that_ends_is_no_leak() {
        let told =
            memory_growth(&readings(|operations| 50.0 * MB * (1.0 - (-operations / 150.0).exp()))).expect("readings");
        assert!(!told.is_growing, "{told:?}");
        assert_eq!(told.against(10.24 * 1024.0), MemoryVerdict::Within);
    }

    #[test]
    fn a_leak_is_read_to_a_twentieth_and_stands_to_its_limit() {
        let told = memory_growth(&readings(|operations| 20_480.0 * operations)).expect("readings");
        assert!(told.is_growing && (told.slope / 20_480.0 - 1.0).abs() < 0.05, "{told:?}");
        assert_eq!(told.against(5.0 * 1024.0), MemoryVerdict::Over);
        assert_eq!(told.against(100.0 * 1024.0), MemoryVerdict::Within);
        assert_eq!(told.against(told.slope), MemoryVerdict::Suspected);
    }

    #[test]
    fn too_few_readings_say_nothing() {
        assert_eq!(memory_growth(&readings(|operations| operations)[..119]), None);
        assert_eq!(memory_growth(&[Reading { operations: 5.0, bytes: 1.0 }; 200]), None, "no operations were done");
    }
}

//! Charts of a distribution.
//!
//! In:  values with how often each was counted, as a histogram yields them.
//! Out: a chart of equal bins on a logarithmic axis in percent, or the share of values up to each place.

use crate::{
    chart::{Chart, XKind, YAxis},
    color::Color,
    scale::ScaleKind,
    series::{Point, Series},
};

/// Bins of a distribution: about 12 px each on two thirds of a page.
pub const BINS: usize = 64;

/// The range is at least this ratio wide: finer bins would show the histogram's own resolution.
const LEAST_RATIO: f64 = 2.0;

/// A distribution to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Values in the unit shown, each with its count.
    pub counts: Vec<(f64, u64)>,
    /// Those of the baseline, drawn as a line over the bars.
    pub baseline: Vec<(f64, u64)>,
    /// The unit of the values.
    pub unit: String,
}

impl Distribution {
    /// A distribution without baseline.
    #[must_use]
    pub fn new(counts: impl IntoIterator<Item = (f64, u64)>, unit: impl Into<String>) -> Self {
        Self { counts: counts.into_iter().collect(), baseline: Vec::new(), unit: unit.into() }
    }

    /// With the baseline to compare with.
    #[must_use]
    pub fn baseline(self, counts: impl IntoIterator<Item = (f64, u64)>) -> Self {
        Self { baseline: counts.into_iter().collect(), ..self }
    }

    /// How many percent of the values fall into each bin. Percentiles and limits are markers that the caller adds.
    #[must_use]
    pub fn chart(&self, title: impl Into<String>) -> Chart {
        let mut chart = self.empty(title, YAxis::zero("%"));
        let Some(bins) = Bins::over(self.counts.iter().chain(&self.baseline)) else {
            return chart;
        };
        let bars = bins
            .percents(&self.counts)
            .into_iter()
            .enumerate()
            .map(|(bin, percent)| Point::new(bins.edge(bin as f64), percent).until(bins.edge(bin as f64 + 1.0)));
        chart = chart.series(Series::bars("distribution", bars).opacity_percent(55));
        if !self.baseline.is_empty() {
            let line = bins
                .percents(&self.baseline)
                .into_iter()
                .enumerate()
                .map(|(bin, percent)| Point::new(bins.edge(bin as f64 + 0.5), percent));
            chart = chart.series(Series::line("baseline", line).color(Color::ChartMuted).thin());
        }
        chart
    }

    /// How many percent of the values are at most as large as each place: a line from 0 to 100 %.
    #[must_use]
    pub fn cumulative_chart(&self, title: impl Into<String>) -> Chart {
        let chart = self.empty(title, YAxis::percent());
        let own = Series::step("distribution", cumulative(&self.counts));
        if self.baseline.is_empty() {
            return chart.series(own);
        }
        let baseline = Series::step("baseline", cumulative(&self.baseline)).color(Color::ChartMuted).thin();
        chart.series(baseline).series(own)
    }

    fn empty(&self, title: impl Into<String>, y: YAxis) -> Chart {
        let x = XKind::Value { unit: self.unit.clone(), scale: ScaleKind::Log };
        Chart::new(title, x, y).labels_inside()
    }
}

fn cumulative(counts: &[(f64, u64)]) -> Vec<Point> {
    let mut sorted: Vec<(f64, u64)> =
        counts.iter().copied().filter(|(value, count)| *value > 0.0 && value.is_finite() && *count > 0).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = sorted.iter().map(|(_, count)| *count as f64).sum();
    let mut sum = 0.0;
    sorted
        .into_iter()
        .map(|(value, count)| {
            sum += count as f64;
            Point::new(value, sum / total * 100.0)
        })
        .collect()
}

/// Bins of equal ratio. Values of zero and less belong to the lowest.
struct Bins {
    from: f64,
    ratio: f64,
}

impl Bins {
    fn over<'a>(counts: impl Iterator<Item = &'a (f64, u64)>) -> Option<Self> {
        let placed = counts.filter(|(value, count)| *count > 0 && *value > 0.0 && value.is_finite());
        let (low, high) =
            placed.fold((f64::MAX, 0.0f64), |(low, high), (value, _)| (low.min(*value), high.max(*value)));
        if low > high {
            return None;
        }
        let widen = (LEAST_RATIO / (high / low)).max(1.0).sqrt();
        let (from, to) = (low / widen, high * widen);
        Some(Self { from, ratio: (to / from).ln() })
    }

    fn edge(&self, bin: f64) -> f64 {
        self.from * (self.ratio * bin / BINS as f64).exp()
    }

    fn percents(&self, counts: &[(f64, u64)]) -> Vec<f64> {
        let mut bins = vec![0.0; BINS];
        let mut total = 0.0;
        for (value, count) in counts.iter().filter(|(value, _)| value.is_finite()) {
            let place = if *value > 0.0 { (value / self.from).ln() / self.ratio * BINS as f64 } else { 0.0 };
            // The highest value is the upper edge of the last bin and belongs to it.
            bins[(place.max(0.0) as usize).min(BINS - 1)] += *count as f64;
            total += *count as f64;
        }
        if total > 0.0 {
            bins.iter_mut().for_each(|bin| *bin *= 100.0 / total);
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(chart: &Chart) -> f64 {
        chart.series[0].points.iter().filter_map(|point| point.y).sum()
    }

    #[test]
    fn nothing_counted_is_an_empty_chart() {
        assert!(Distribution::new([], "ms").chart("Distribution").series.is_empty());
        assert!(Distribution::new([(5.0, 0)], "ms").chart("Distribution").series.is_empty());
    }

    #[test]
    fn a_single_value_stands_in_the_middle() {
        let chart = Distribution::new([(100.0, 7)], "ms").chart("Distribution");
        let points = &chart.series[0].points;
        assert_eq!(points.len(), BINS);
        assert_eq!(points[BINS / 2].y.or(points[BINS / 2 - 1].y), Some(100.0));
    }

    #[test]
    fn the_cumulative_chart_ends_at_100_percent() {
        let chart = Distribution::new([(10.0, 1), (2.0, 3)], "ms").cumulative_chart("Distribution");
        let shares: Vec<Option<f64>> = chart.series[0].points.iter().map(|point| point.y).collect();
        assert_eq!(shares, [Some(75.0), Some(100.0)]);
    }

    proptest! {
        #[test]
        fn all_values_are_in_some_bin(counts in prop::collection::vec((0.0..1e6f64, 1u64..1000), 1..200)) {
            let chart = Distribution::new(counts.clone(), "ms").chart("Distribution");
            if counts.iter().any(|(value, _)| *value > 0.0) {
                prop_assert!((sum(&chart) - 100.0).abs() < 1e-6);
            }
        }
    }
}

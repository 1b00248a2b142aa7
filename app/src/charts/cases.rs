//! The charts of one case of a benchmark run: its samples over time, its pairs, its memory.
//!
//! In:  what was measured of the case and its numbers. Out: charts, their one-sentence findings, tables and files.
//! All times of a case are drawn in the unit that fits its mean: a scale from nanoseconds to seconds shows neither.

use perflab_charts::{
    Band, Chart, Color, Level, LevelKind, Point, ScaleKind, Series, Size, Theme, XKind, YAxis, standalone_svg,
};
use perflab_model::{
    bench::{CaseSummary, Measured, MemoryReading, OpenInterval, PairTimes},
    display::{self, TimeUnit},
};

use super::{
    file::{CSV, ChartFile, JSON, SVG},
    table::ChartTable,
};

/// Points of a chart of pairs: more are reduced to the smallest, median and largest of each stretch.
const MOST_PAIRS: usize = 400;
/// Rows of a table in a page.
const ROWS: usize = 20;
/// Bytes of a megabyte, as everywhere in the lab.
const MB: f64 = 1024.0 * 1024.0;

/// A chart of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseChart {
    /// Samples over time.
    Samples,
    /// What the one way cost more than the other, pair by pair.
    Pairs,
    /// Memory by operations done.
    Memory,
}

/// What the charts of a case are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct CaseDrawing<'a> {
    /// Its numbers.
    pub case: &'a CaseSummary,
    /// All that was measured.
    pub measured: &'a Measured,
}

impl CaseChart {
    /// All, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Samples, Self::Pairs, Self::Memory];

    /// As it stands in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Samples => "samples",
            Self::Pairs => "pairs",
            Self::Memory => "memory",
        }
    }

    /// The chart of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.name() == name)
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Samples => "Samples over time",
            Self::Pairs => "Difference of each pair",
            Self::Memory => "Memory by operations",
        }
    }

    /// Whether there is anything to draw.
    pub fn has(self, measured: &Measured) -> bool {
        match self {
            Self::Samples => measured.curve.len() > 1,
            Self::Pairs => measured.pairs.len() > 1,
            Self::Memory => measured.memory.len() > 1,
        }
    }
}

impl CaseDrawing<'_> {
    /// The unit of all times of the case.
    fn unit(&self) -> TimeUnit {
        let side = self.measured.side.as_ref().and_then(|side| side.mean_ns);
        TimeUnit::fitting(side.unwrap_or(1e6) / 1e9)
    }

    /// The unit of differences, which are smaller than the times.
    fn unit_of_differences(&self) -> TimeUnit {
        let largest = self.measured.pairs.iter().map(|pair| difference(pair).abs()).fold(0.0, f64::max);
        TimeUnit::fitting(largest / 1e9)
    }

    fn limits(&self, unit: TimeUnit) -> Vec<Level> {
        let shown = |ms: f64| ms / 1e3 * unit.per_second();
        let line = |name: &str, ms: f64| {
            let label = format!("{name} {} {}", display::number(shown(ms)), unit.sign());
            Level::new(LevelKind::Limit, shown(ms), label)
        };
        let both = [("target", self.case.target), ("maximum", self.case.max)];
        both.into_iter().filter_map(|(name, ms)| Some(line(name, ms?))).collect()
    }

    /// The chart; what has nothing to draw is empty.
    pub fn chart(&self, which: CaseChart) -> Chart {
        match which {
            CaseChart::Samples => self.samples(),
            CaseChart::Pairs => self.pairs(),
            CaseChart::Memory => self.memory(),
        }
    }

    fn samples(&self) -> Chart {
        let unit = self.unit();
        let seconds = XKind::Value { unit: "s".to_owned(), scale: ScaleKind::Linear };
        let shown = |ns: f64| ns / 1e9 * unit.per_second();
        let of = |value: fn(&perflab_model::bench::CurvePoint) -> f64| {
            self.measured
                .curve
                .iter()
                .map(move |point| Point::new(point.second, shown(value(point))))
                .collect::<Vec<_>>()
        };
        let mut chart = Chart::new(CaseChart::Samples.title(), seconds, YAxis::zero(unit.sign()))
            .series(Series::line("largest", of(|point| point.max_ns)).color(Color::ChartMuted).thin().label("largest"))
            .series(
                Series::line("smallest", of(|point| point.min_ns)).color(Color::ChartMuted).thin().label("smallest"),
            )
            .series(Series::line("median", of(|point| point.median_ns)).label("median"));
        if self.case.overhead.is_none() {
            for level in self.limits(unit) {
                chart = chart.level(level);
            }
        }
        chart
    }

    fn pairs(&self) -> Chart {
        let unit = self.unit_of_differences();
        let shown = |ns: f64| ns / 1e9 * unit.per_second();
        let points = stretches(&self.measured.pairs).into_iter().map(|stretch| {
            let point = Point::new(stretch.pair, shown(stretch.median_ns));
            if stretch.low_ns < stretch.high_ns {
                point.interval(shown(stretch.low_ns), shown(stretch.high_ns))
            } else {
                point
            }
        });
        let pairs = XKind::Value { unit: String::new(), scale: ScaleKind::Linear };
        let mut chart = Chart::new(CaseChart::Pairs.title(), pairs, YAxis::data(unit.sign()));
        if let Some(OpenInterval(Some(low), Some(high))) = self.case.overhead.and_then(|overhead| overhead.interval) {
            let last = self.measured.pairs.len() as f64;
            let (low, high) = (shown(low * 1e6), shown(high * 1e6));
            chart = chart.band(Band::Range(vec![(1.0, low, high), (last, low, high)]));
        }
        chart = chart.level(Level::new(LevelKind::Reference, 0.0, "no difference"));
        for level in self.limits(unit) {
            chart = chart.level(level);
        }
        chart.series(Series::points("difference", points))
    }

    fn memory(&self) -> Chart {
        let operations = XKind::Value { unit: String::new(), scale: ScaleKind::Linear };
        let line = |readings: &[MemoryReading]| {
            readings.iter().map(|at| Point::new(at.operations as f64, at.bytes as f64 / MB)).collect::<Vec<_>>()
        };
        let mut chart = Chart::new(CaseChart::Memory.title(), operations, YAxis::data("MB"));
        if self.measured.heap.len() > 1 {
            chart = chart
                .series(Series::line("heap", line(&self.measured.heap)).color(Color::ChartMuted).label("allocated"));
        }
        chart.series(Series::line("resident", line(&self.measured.memory)).label("resident"))
    }

    /// What a chart shows, in one sentence.
    pub fn finding(&self, which: CaseChart) -> String {
        match which {
            CaseChart::Samples => {
                let least = self.measured.curve.iter().map(|point| point.min_ns).fold(f64::INFINITY, f64::min);
                let most = self.measured.curve.iter().map(|point| point.max_ns).fold(0.0, f64::max);
                format!(
                    "From {} to {} over {}, warm-up left out.",
                    display::seconds(least / 1e9),
                    display::seconds(most / 1e9),
                    display::seconds(self.measured.seconds)
                )
            }
            CaseChart::Pairs => {
                let count = display::count(self.measured.pairs.len() as u64);
                let first = self.measured.pairs.iter().filter(|pair| pair.with_first).count();
                format!(
                    "{count} pairs, the order within each drawn by lot: in {} of them the one with it went first. The axis \
                     does not begin at zero; the band is the 95 % interval of the overhead.",
                    display::count(first as u64)
                )
            }
            CaseChart::Memory => match &self.case.memory {
                Some(memory) => format!(
                    "{} an operation (bounds {} to {}): {}. The axis does not begin at zero.",
                    display::bytes(memory.bytes_per_operation),
                    display::bytes(memory.low),
                    display::bytes(memory.high),
                    if memory.is_growing { "it grows" } else { "no growth is shown" }
                ),
                None => "Too few readings to tell growth from chance. The axis does not begin at zero.".to_owned(),
            },
        }
    }

    /// Heads and exact rows of a chart: times in nanoseconds, memory in bytes.
    fn rows(&self, which: CaseChart) -> (Vec<&'static str>, Vec<Vec<f64>>) {
        match which {
            CaseChart::Samples => (
                vec!["second", "min_ns", "median_ns", "max_ns"],
                self.measured.curve.iter().map(|at| vec![at.second, at.min_ns, at.median_ns, at.max_ns]).collect(),
            ),
            CaseChart::Pairs => (
                vec!["pair", "without_ns", "with_ns", "with_first"],
                (1_u32..)
                    .zip(&self.measured.pairs)
                    .map(|(pair, at)| {
                        vec![f64::from(pair), at.without_ns, at.with_ns, f64::from(u8::from(at.with_first))]
                    })
                    .collect(),
            ),
            CaseChart::Memory => (
                vec!["operations", "resident_bytes"],
                self.measured.memory.iter().map(|at| vec![at.operations as f64, at.bytes as f64]).collect(),
            ),
        }
    }

    /// A few rows of a chart, as pages show them.
    pub fn table(&self, which: CaseChart) -> ChartTable {
        let (heads, rows) = self.rows(which);
        let every = rows.len().div_ceil(ROWS).max(1);
        let shown = rows.iter().step_by(every).map(|row| row.iter().map(|value| display::number(*value)).collect());
        let summary = match every {
            1 => "Table".to_owned(),
            _ => format!("Table, every {every}th row; all are in the CSV"),
        };
        let heads = heads.into_iter().map(|head| head.replace("_ns", ", ns").replace('_', " ")).collect();
        ChartTable { summary, heads, rows: shown.collect() }
    }

    /// A chart as a file, by the last part of its address: `samples.svg`, `pairs.csv`.
    pub fn file(&self, name: &str, theme: Theme) -> Option<ChartFile> {
        let (name, ending) = name.rsplit_once('.')?;
        let which = CaseChart::from_name(name)?;
        let (heads, rows) = self.rows(which);
        match ending {
            "svg" => Some(ChartFile { content_type: SVG, body: standalone_svg(&self.chart(which), Size::L, theme) }),
            "csv" => {
                let mut text = heads.join(",") + "\n";
                for row in rows {
                    text += &row.into_iter().map(display::exact).collect::<Vec<_>>().join(",");
                    text.push('\n');
                }
                Some(ChartFile { content_type: CSV, body: text })
            }
            "json" => {
                let body = serde_json::json!({ "chart": name, "case": self.case.name, "columns": heads, "rows": rows });
                Some(ChartFile { content_type: JSON, body: body.to_string() })
            }
            _ => None,
        }
    }
}

/// A pair, or several neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    pair: f64,
    low_ns: f64,
    median_ns: f64,
    high_ns: f64,
}

/// The differences, neighbours taken together where there are many: the smallest and the largest stay visible.
fn stretches(pairs: &[PairTimes]) -> Vec<Stretch> {
    let size = pairs.len().div_ceil(MOST_PAIRS).max(1);
    let of = |(at, pairs): (usize, &[PairTimes])| {
        let mut differences: Vec<f64> = pairs.iter().map(difference).collect();
        differences.sort_by(f64::total_cmp);
        let first = at * size + 1;
        Some(Stretch {
            pair: first as f64 + (pairs.len() as f64 - 1.0) / 2.0,
            low_ns: *differences.first()?,
            median_ns: *differences.get(differences.len() / 2)?,
            high_ns: *differences.last()?,
        })
    };
    pairs.chunks(size).enumerate().filter_map(of).collect()
}

fn difference(pair: &PairTimes) -> f64 {
    pair.with_ns - pair.without_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(without_ns: f64, with_ns: f64) -> PairTimes {
        PairTimes { without_ns, with_ns, with_first: false }
    }

    #[test]
    fn no_spike_disappears_among_many_pairs() {
        let mut pairs = vec![pair(1_000.0, 1_100.0); 10_000];
        pairs[4_321] = pair(1_000.0, 9_000.0);
        let drawn = stretches(&pairs);
        assert!(drawn.len() <= MOST_PAIRS, "{}", drawn.len());
        assert!(drawn.iter().any(|stretch| stretch.high_ns == 8_000.0));
        assert!(drawn.iter().all(|stretch| stretch.median_ns == 100.0));
    }

    #[test]
    fn few_pairs_are_drawn_one_by_one() {
        let drawn = stretches(&[pair(10.0, 12.0), pair(10.0, 13.0)]);
        assert_eq!(
            drawn.iter().map(|stretch| (stretch.pair, stretch.median_ns)).collect::<Vec<_>>(),
            [(1.0, 2.0), (2.0, 3.0)]
        );
    }
}

//! Which numbers of a second the charts of a run show: one place for the server that draws and the browser that adds.

use perflab_model::{display, tick::Point};

/// The charts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunChart {
    /// p50, p95 and p99.
    Latency,
    /// Finished requests a second.
    Rate,
    /// Failed requests and dropped starts.
    Errors,
    /// Iterations under way (open) or users (closed).
    Load,
    /// CPU of the generator.
    Cpu,
}

impl RunChart {
    /// All, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Latency, Self::Rate, Self::Errors, Self::Load, Self::Cpu];

    /// The name in addresses and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Rate => "rate",
            Self::Errors => "errors",
            Self::Load => "load",
            Self::Cpu => "cpu",
        }
    }

    /// The chart of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chart| chart.name() == name)
    }

    /// The id of its figure in a page.
    pub fn figure(self) -> String {
        format!("chart-{}", self.name())
    }

    /// The id of the sentence above it.
    pub fn finding(self) -> String {
        format!("chart-{}-finding", self.name())
    }

    /// What is shown of a second, by series, in the chart's unit.
    pub fn values(self, open: bool, point: &Point) -> Vec<(&'static str, Option<f64>)> {
        let ms = |us: u64| us as f64 / 1000.0;
        match self {
            Self::Latency => {
                let quantiles = point.latency.as_ref();
                vec![
                    ("p99", quantiles.map(|q| ms(q.p99_us))),
                    ("p95", quantiles.map(|q| ms(q.p95_us))),
                    ("p50", quantiles.map(|q| ms(q.p50_us))),
                ]
            }
            Self::Rate => vec![("rate", Some(point.finished as f64))],
            Self::Errors => vec![("errors", Some(point.failed as f64)), ("drops", Some(point.dropped as f64))],
            Self::Load if open => vec![("in flight", Some(point.in_flight.into()))],
            Self::Load => vec![("users", Some(point.users.into()))],
            Self::Cpu => vec![("cpu", point.generator.cpu.map(|share| share * 100.0))],
        }
    }

    /// The text at the end of a series' line: `p95  187 ms`.
    pub fn label(self, series: &str, value: f64) -> Option<String> {
        match self {
            Self::Latency => Some(format!("{series} {} ms", display::number(value))),
            Self::Rate => Some(format!("{}/s", display::number(value))),
            Self::Errors | Self::Load | Self::Cpu => None,
        }
    }
}

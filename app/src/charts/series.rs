//! Which numbers of a second the charts of a run show: one place for the server that draws and the browser that adds.

use perflab_model::{
    display,
    load::Load,
    tick::{Point, Quantiles},
};

/// The charts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunChart {
    /// p50, p95 and p99.
    Latency,
    /// Starts against their plan (open), and requests answered.
    Rate,
    /// Failed requests and dropped starts.
    Errors,
    /// Iterations under way (open) or users against their plan (closed).
    Load,
    /// Users against their plan, of runs that have a rate besides.
    Users,
    /// How far behind their plan iterations start (open).
    Lag,
    /// New connections.
    Connections,
    /// CPU of the generator.
    Cpu,
    /// Memory of the generator.
    Memory,
}

/// A series by its name, and its value where there is one.
pub type Value = (&'static str, Option<f64>);

impl RunChart {
    /// All, in the order of the page.
    pub const ALL: [Self; 9] = [
        Self::Latency,
        Self::Rate,
        Self::Users,
        Self::Errors,
        Self::Load,
        Self::Lag,
        Self::Connections,
        Self::Cpu,
        Self::Memory,
    ];

    /// Whether a run of this load has the chart: users have no planned starts to be behind of, and stand apart only where
    /// there is a rate besides.
    pub fn belongs_to(self, load: &Load) -> bool {
        match self {
            Self::Lag => load.has_rate(),
            Self::Users => load.has_rate() && load.has_users(),
            _ => true,
        }
    }

    /// The name in addresses and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Rate => "rate",
            Self::Errors => "errors",
            Self::Load => "load",
            Self::Users => "users",
            Self::Lag => "lag",
            Self::Connections => "connections",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
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

    /// The ids of what is drawn anew once it cannot grow on: plot, table, and what must be known to read it.
    pub fn drawings(self) -> [String; 3] {
        ["plot", "table", "note"].map(|part| format!("chart-{}-{part}", self.name()))
    }

    /// The id of the sentence above it.
    pub fn finding(self) -> String {
        format!("chart-{}-finding", self.name())
    }

    /// What was measured in a point, by series, in the chart's unit: for tables, files and the cursor. Rates are a second's,
    /// however many seconds it holds. Percentiles are of
    /// the last few seconds, as many as hold enough requests; of too few requests there is none.
    pub fn values(self, open: bool, point: &Point) -> Vec<Value> {
        let ms = |us: u64| us as f64 / 1000.0;
        let rate = |count: u64| Some(point.per_second(count));
        match self {
            Self::Latency => {
                let percentile = |percent: u64, value: fn(&Quantiles) -> u64| {
                    let recent = point.recent.as_ref();
                    recent.filter(|q| q.samples >= samples_needed(percent)).map(|q| ms(value(q)))
                };
                vec![
                    ("p99", percentile(99, |q| q.p99_us)),
                    ("p95", percentile(95, |q| q.p95_us)),
                    ("p50", percentile(50, |q| q.p50_us)),
                    ("mean", point.latency.as_ref().map(|q| ms(q.mean_us))),
                ]
            }
            // Those of users are no starts at a rate.
            Self::Rate if open && !point.parts.is_empty() => vec![
                ("planned", rate(point.parts_of(true).map(|part| part.planned).sum())),
                ("starts", rate(point.parts_of(true).map(|part| part.started).sum())),
                ("requests", rate(point.finished)),
            ],
            Self::Rate if open => vec![
                ("planned", rate(point.planned)),
                ("starts", rate(point.started)),
                ("requests", rate(point.finished)),
            ],
            Self::Rate => vec![("requests", rate(point.finished))],
            Self::Errors if open => vec![("errors", rate(point.failed)), ("drops", rate(point.dropped))],
            Self::Errors => vec![("errors", rate(point.failed))],
            Self::Load if open => vec![("in flight", Some(point.in_flight.into()))],
            Self::Users => vec![
                ("planned", Some(point.parts_of(false).map(|part| part.target).sum())),
                ("users", Some(point.users.into())),
            ],
            Self::Load => vec![("planned", Some(point.target)), ("users", Some(point.users.into()))],
            Self::Lag => vec![("p99", point.lag_p99_us.map(ms))],
            Self::Connections => vec![("new", rate(point.connections))],
            Self::Cpu => vec![("cpu", point.generator.cpu.map(|share| share * 100.0))],
            Self::Memory => vec![("memory", point.generator.memory_bytes.map(|bytes| bytes as f64 / 1e6))],
        }
    }

    /// What is drawn of a second, in drawing order.
    pub fn drawn(self, open: bool, point: &Point) -> Vec<Value> {
        let mut values = self.values(open, point);
        match self {
            // The plan is a line of its own, from the plan itself.
            Self::Rate | Self::Load | Self::Users => values.retain(|(name, _)| *name != "planned"),
            // The mean stands in where not even the median has enough requests.
            Self::Latency if value_of(&values, "p50").is_some() => blank(&mut values, "mean"),
            // Drops stand on the errors: a bar of both, and the errors over its lower part.
            Self::Errors if open => {
                let both = (point.dropped > 0).then(|| point.per_second(point.failed + point.dropped));
                values = vec![("drops", both), ("errors", Some(point.per_second(point.failed)))];
            }
            _ => {}
        }
        values
    }

    /// The text at the end of a series' line: `p95 187 ms`.
    pub fn label(self, series: &str, value: Option<f64>) -> Option<String> {
        match (self, value) {
            // Its key stands above the plot, for it comes and goes.
            (Self::Latency, _) if series == "mean" => None,
            (Self::Latency, Some(value)) => Some(format!("{series} {} ms", display::number(value))),
            (Self::Latency, None) => Some(format!("{series} too few")),
            (Self::Rate, Some(value)) => Some(format!("{series} {}/s", display::number(value))),
            _ => None,
        }
    }
}

/// How many requests a second needs before a percentile of it says something: as everywhere, ten lie beyond it.
pub const fn samples_needed(percent: u64) -> u64 {
    1000 / (100 - percent)
}

/// The value of a series.
pub fn value_of(values: &[Value], series: &str) -> Option<f64> {
    values.iter().find(|(name, _)| *name == series).and_then(|(_, value)| *value)
}

fn blank(values: &mut [Value], series: &str) {
    values.iter_mut().filter(|(name, _)| *name == series).for_each(|(_, value)| *value = None);
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::charts::sample::second;

    #[test]
    fn a_percentile_of_a_second_is_shown_as_everywhere_else() {
        for (percent, share) in [(50, 0.5), (95, 0.95), (99, 0.99)] {
            assert_eq!(perflab_stats::missing_samples(samples_needed(percent), share), 0);
            assert_eq!(perflab_stats::missing_samples(samples_needed(percent) - 1, share), 1);
        }
    }

    #[rstest]
    #[case::nothing(0, [None, None, None, None])]
    #[case::three_requests(3, [None, None, None, Some(40.0)])]
    #[case::enough_for_p50(20, [None, None, Some(35.0), None])]
    #[case::enough_for_p95(200, [None, Some(110.0), Some(35.0), None])]
    #[case::enough_for_p99(1_000, [Some(160.0), Some(110.0), Some(35.0), None])]
    fn a_second_with_too_few_requests_is_a_gap_and_its_mean_stands_in(
        #[case] answered: u64,
        #[case] expected: [Option<f64>; 4],
    ) {
        let drawn = RunChart::Latency.drawn(true, &second(0, answered));
        assert_eq!(drawn.iter().map(|(_, value)| *value).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn drops_stand_on_the_errors() {
        let point = Point { failed: 4, dropped: 3, ..second(0, 100) };
        assert_eq!(RunChart::Errors.drawn(true, &point), [("drops", Some(7.0)), ("errors", Some(4.0))]);
        assert_eq!(RunChart::Errors.values(true, &point), [("errors", Some(4.0)), ("drops", Some(3.0))]);
    }

    #[test]
    fn rates_of_a_point_of_several_seconds_are_those_of_one() {
        let point = Point { seconds: 4, planned: 400, started: 398, failed: 2, dropped: 2, ..second(0, 1_000) };
        let rates = [("planned", Some(100.0)), ("starts", Some(99.5)), ("requests", Some(250.0))];
        assert_eq!(RunChart::Rate.values(true, &point), rates);
        assert_eq!(RunChart::Errors.drawn(true, &point), [("drops", Some(1.0)), ("errors", Some(0.5))]);
    }

    #[test]
    fn a_line_that_has_ended_says_so_at_its_end() {
        assert_eq!(RunChart::Latency.label("p95", Some(187.2)).as_deref(), Some("p95 187 ms"));
        assert_eq!(RunChart::Latency.label("p95", None).as_deref(), Some("p95 too few"));
    }
}

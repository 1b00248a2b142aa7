//! The curves of a capacity search: P95 and throughput over its levels.
//!
//! A dot is a level that holds, a cross one that breaks, a ring one that is undecided: the shape says it, not the colour.

use perflab_charts::{
    Chart, Level, LevelKind, Marker, MarkerKind, Point, ScaleKind, Series, Side, Size, Theme, XKind, YAxis,
    standalone_svg,
};
use perflab_model::{
    capacity::{CapacityLevel, CapacitySearch, CapacityUnit, Law, LevelOutcome},
    display,
};

use super::{
    file::{CSV, ChartFile, JSON, SVG},
    table::ChartTable,
};

/// Beyond this many times the lowest value an axis from zero would show the highest only.
const LOG_FROM: f64 = 20.0;
/// Points of the fitted curve.
const CURVE_POINTS: u32 = 60;

/// A curve of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapacityChart {
    /// P95 with its interval.
    Latency,
    /// Finished requests a second.
    Throughput,
}

impl CapacityChart {
    /// As it stands in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Throughput => "throughput",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Latency => "Latency, p95",
            Self::Throughput => "Throughput",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Latency => "ms",
            Self::Throughput => "/s",
        }
    }

    fn value(self, level: &CapacityLevel) -> Option<f64> {
        match self {
            Self::Latency => level.p95_ms,
            Self::Throughput => level.rate_per_s,
        }
    }
}

/// The newest usable run of each level, from the lowest level up.
fn points(search: &CapacitySearch) -> Vec<&CapacityLevel> {
    let mut points: Vec<&CapacityLevel> = Vec::new();
    for level in search.levels.iter().rev() {
        let usable = level.outcome.is_some_and(|outcome| outcome != LevelOutcome::Unusable);
        if usable && points.iter().all(|known| known.level != level.level) {
            points.push(level);
        }
    }
    points.sort_by(|a, b| a.level.total_cmp(&b.level));
    points
}

/// Whether the values span so much that the axis is logarithmic.
fn is_log(which: CapacityChart, points: &[&CapacityLevel]) -> bool {
    let values = || points.iter().filter_map(|level| which.value(level)).filter(|value| *value > 0.0);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    which == CapacityChart::Latency && high > low * LOG_FROM
}

/// The chart of a search.
pub fn capacity_chart(which: CapacityChart, search: &CapacitySearch) -> Chart {
    let request = &search.row.request;
    let points = points(search);
    let drawn = points.iter().filter_map(|level| {
        let mut point = Point::new(level.level, which.value(level)?);
        if let (CapacityChart::Latency, Some((Some(low), Some(high)))) = (which, level.p95_interval_ms) {
            point = point.interval(low, high);
        }
        Some(match level.outcome {
            Some(LevelOutcome::Breaks) => point.crossed(),
            Some(LevelOutcome::Undecided) => point.hollow(),
            _ => point,
        })
    });
    let axis = if is_log(which, &points) { YAxis::log(which.unit()) } else { YAxis::zero(which.unit()) };
    let unit = match request.unit {
        CapacityUnit::Users => " users",
        CapacityUnit::Rate => "/s",
    };
    let scale = if request.to > request.from * 10.0 { ScaleKind::Log } else { ScaleKind::Linear };
    let mut chart = Chart::new(which.title(), XKind::Value { unit: unit.to_owned(), scale }, axis);
    if request.to > request.from {
        chart = chart.planned(request.from, request.to);
    }
    if which == CapacityChart::Latency {
        for limit in &search.limits_ms {
            let text = format!("p95 limit {} ms", display::number(*limit));
            chart = chart.level(Level::new(LevelKind::Limit, *limit, text));
        }
    } else if let Some(law) = &search.law {
        chart = chart.series(Series::planned("law", curve(law, &points)).label("scalability law"));
    }
    for marker in markers(search) {
        chart = chart.marker(marker);
    }
    chart = chart.series(Series::points(which.name(), drawn));
    chart.labels = Side::Inside;
    chart
}

/// Capacity, the level that breaks, and the knee.
fn markers(search: &CapacitySearch) -> Vec<Marker> {
    let unit = search.row.request.unit;
    let mut markers = Vec::new();
    if let Some(found) = &search.row.conclusion {
        if let Some(level) = found.capacity {
            markers.push(Marker::new(MarkerKind::Note, level, format!("holds to {}", unit.shown(level))));
        }
        if let Some(level) = found.breaks_at {
            markers.push(Marker::new(MarkerKind::Limit, level, format!("breaks at {}", unit.shown(level))));
        }
    }
    if let Some(peak) = search.law.as_ref().and_then(|law| law.peak) {
        markers.push(Marker::new(MarkerKind::Event, peak, format!("knee at {}", unit.shown(peak.round()))));
    }
    markers
}

/// The fitted curve over the levels that were measured, and as far as its own peak.
fn curve(law: &Law, points: &[&CapacityLevel]) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let (from, to) = (first.level.max(1.0), last.level.max(law.peak.unwrap_or(0.0)));
    (0..=CURVE_POINTS)
        .map(|step| from * (to / from).powf(f64::from(step) / f64::from(CURVE_POINTS)))
        .map(|users| (users, law.at(users)))
        .collect()
}

/// What the chart shows, in a sentence.
pub fn capacity_finding(which: CapacityChart, search: &CapacitySearch) -> String {
    let points = points(search);
    let unit = search.row.request.unit;
    let shapes = "A dot holds, a cross breaks, a ring is undecided.";
    let of = |level: &&CapacityLevel| which.value(level).map(|value| (level.level, value));
    let values: Vec<(f64, f64)> = points.iter().filter_map(of).collect();
    let (Some((low, at_low)), Some((high, at_high))) = (values.first(), values.last()) else {
        return "No level has enough requests yet.".to_owned();
    };
    let shown = |value: f64| crate::components::with_unit(&display::number(value), which.unit());
    let ends = if values.len() == 1 {
        format!("{} at {}.", shown(*at_low), unit.shown(*low))
    } else {
        format!("From {} at {} to {} at {}.", shown(*at_low), unit.shown(*low), shown(*at_high), unit.shown(*high))
    };
    let log = if is_log(which, &points) { " The axis is logarithmic." } else { "" };
    let law = match (which, &search.law) {
        (CapacityChart::Throughput, Some(Law { peak: Some(peak), .. })) => {
            format!(" By the scalability law throughput is highest at {}, the knee.", unit.shown(peak.round()))
        }
        (CapacityChart::Throughput, Some(_)) => " The scalability law has no peak near these levels.".to_owned(),
        (CapacityChart::Throughput, None) if unit == CapacityUnit::Users && points.len() < 6 => {
            " The scalability law needs six levels.".to_owned()
        }
        _ => String::new(),
    };
    format!("{ends}{log}{law} {shapes}")
}

/// The chart as a table.
pub fn capacity_table(which: CapacityChart, search: &CapacitySearch) -> ChartTable {
    let unit = search.row.request.unit;
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), display::number);
    let mut heads = vec!["Level".to_owned(), format!("{}, {}", which.title(), which.unit())];
    if which == CapacityChart::Latency {
        heads.push("95 % interval, ms".to_owned());
    }
    heads.push("Thresholds".to_owned());
    let rows = points(search)
        .into_iter()
        .map(|level| {
            let mut row = vec![unit.shown(level.level), number(which.value(level))];
            if which == CapacityChart::Latency {
                let interval = level.p95_interval_ms.map(|(low, high)| format!("{} to {}", number(low), number(high)));
                row.push(interval.unwrap_or_else(|| "–".to_owned()));
            }
            row.push(level.outcome.map(LevelOutcome::word).unwrap_or_default().to_owned());
            row
        })
        .collect();
    ChartTable { summary: "Table, one row a level".to_owned(), heads, rows }
}

/// A chart of a search as a file, by the last part of its address: `latency.svg`, `throughput.csv`.
pub fn capacity_chart_file(name: &str, search: &CapacitySearch, theme: Theme) -> Option<ChartFile> {
    let (name, ending) = name.rsplit_once('.')?;
    let which = [CapacityChart::Latency, CapacityChart::Throughput].into_iter().find(|which| which.name() == name)?;
    match ending {
        "svg" => {
            Some(ChartFile { content_type: SVG, body: standalone_svg(&capacity_chart(which, search), Size::L, theme) })
        }
        "csv" => Some(ChartFile { content_type: CSV, body: csv(which, search) }),
        "json" => serde_json::to_string(search).ok().map(|body| ChartFile { content_type: JSON, body }),
        _ => None,
    }
}

/// Every run of the search, exact values.
fn csv(which: CapacityChart, search: &CapacitySearch) -> String {
    let head = match which {
        CapacityChart::Latency => "p95_ms,p95_low_ms,p95_high_ms",
        CapacityChart::Throughput => "throughput_per_s",
    };
    let mut text = format!("step,level,unit,run,{head},thresholds\n");
    let exact = |value: Option<f64>| value.map(display::exact).unwrap_or_default();
    for level in &search.levels {
        let values = match which {
            CapacityChart::Latency => {
                let (low, high) = level.p95_interval_ms.unwrap_or((None, None));
                format!("{},{},{}", exact(level.p95_ms), exact(low), exact(high))
            }
            CapacityChart::Throughput => exact(level.rate_per_s),
        };
        text += &format!(
            "{},{},{},{},{values},{}\n",
            level.step,
            display::exact(level.level),
            search.row.request.unit.code(),
            level.run,
            level.outcome.map(LevelOutcome::word).unwrap_or_default()
        );
    }
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use perflab_charts::render;
    use perflab_model::{
        capacity::{CapacityRequest, Conclusion, ConclusionKind, SearchRow, SearchState},
        launch::Overrides,
        run::{Revision, RunState, Trigger},
        unit::Millis,
        verdict::Gate,
    };

    use super::*;

    fn level(step: u32, level: f64, p95_ms: f64, outcome: LevelOutcome) -> CapacityLevel {
        CapacityLevel {
            step,
            level,
            again: false,
            run: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
            number: u64::from(step),
            state: RunState::Finished,
            outcome: Some(outcome),
            reason: None,
            validity: None,
            samples: 2_000,
            p95_ms: Some(p95_ms),
            p95_interval_ms: Some((Some(p95_ms * 0.95), Some(p95_ms * 1.05))),
            rate_per_s: Some(level * 9.0),
            error_rate: Some(0.0),
            dropped_share: None,
            degradation: None,
        }
    }

    /// A search that found 20 users, and no run of 30 that could be used.
    pub(crate) fn search() -> CapacitySearch {
        let name = "a_name";
        CapacitySearch {
            row: SearchRow {
                id: "01890a5d-ac96-774b-bcce-b302099a8058".parse().expect("an id"),
                project: name.parse().expect("a name"),
                environment: name.parse().expect("a name"),
                request: CapacityRequest {
                    project: None,
                    suite: name.parse().expect("a name"),
                    scenario: "stress".parse().expect("a name"),
                    environment: None,
                    unit: CapacityUnit::Users,
                    from: 10.0,
                    to: 50.0,
                    hold: None,
                    resolution: None,
                    overrides: Overrides::default(),
                    revision: Revision::default(),
                    tags: Vec::new(),
                    trigger: Trigger::Browser,
                },
                state: SearchState::Finished,
                created_us: 0,
                ended_us: Some(60_000_000),
                runs: 3,
                conclusion: Some(Conclusion {
                    kind: ConclusionKind::Found,
                    capacity: Some(20.0),
                    breaks_at: Some(50.0),
                    reason: None,
                }),
            },
            sentence: "The capacity is 20 users.".to_owned(),
            gate: Gate::Pass,
            levels: vec![
                level(1, 10.0, 40.0, LevelOutcome::Holds),
                level(2, 20.0, 60.0, LevelOutcome::Holds),
                level(3, 50.0, 300.0, LevelOutcome::Breaks),
                level(4, 30.0, 0.1, LevelOutcome::Unusable),
            ],
            reference: Some(10.0),
            ledger: Vec::new(),
            law: None,
            limits_ms: vec![200.0],
            longest: Millis::from_secs(600),
        }
    }

    #[test]
    fn an_unusable_level_is_no_point_of_the_curve() {
        assert_eq!(points(&search()).iter().map(|level| level.level).collect::<Vec<_>>(), [10.0, 20.0, 50.0]);
    }

    #[test]
    fn the_chart_says_where_it_holds_where_it_breaks_and_what_the_limit_is() {
        let drawn = render(&capacity_chart(CapacityChart::Latency, &search()), Size::L);
        for text in ["holds to 20 users", "breaks at 50 users", "p95 limit 200 ms"] {
            assert!(drawn.contains(text), "{text}: {drawn}");
        }
    }

    #[test]
    fn the_sentence_names_both_ends_and_the_shapes() {
        assert_eq!(
            capacity_finding(CapacityChart::Latency, &search()),
            "From 40.0 ms at 10 users to 300 ms at 50 users. A dot holds, a cross breaks, a ring is undecided."
        );
    }

    #[test]
    fn a_knee_is_drawn_where_the_law_has_one() {
        let law = Law { gamma: 9.0, alpha: 0.01, beta: 0.000_5, r_squared: 0.99, peak: Some(44.5) };
        let search = CapacitySearch { law: Some(law), ..search() };
        let drawn = render(&capacity_chart(CapacityChart::Throughput, &search), Size::L);
        assert!(drawn.contains("knee at 45 users"), "{drawn}");
        assert!(capacity_finding(CapacityChart::Throughput, &search).contains("highest at 45 users, the knee"));
    }

    #[test]
    fn files_have_every_run_with_its_exact_values() {
        let file = capacity_chart_file("latency.csv", &search(), Theme::Light).expect("it is known");
        assert_eq!(file.body.lines().count(), 5);
        assert!(file.body.contains("\n3,50,users,"), "{}", file.body);
        assert!(capacity_chart_file("latency.png", &search(), Theme::Light).is_none());
        assert!(capacity_chart_file("cpu.svg", &search(), Theme::Light).is_none());
    }
}

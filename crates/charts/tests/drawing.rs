//! What a page, a script and a reader find in a drawing.

use perflab_charts::{
    Band, Chart, Color, Level, LevelKind, Marker, MarkerKind, Point, Scale, Series, Size, Sparkline, Theme, XKind,
    YAxis, YBase, render, render_set, standalone_svg,
};
use proptest::prelude::*;
use roxmltree::{Document, Node};

fn parse(svg: &str) -> Document<'_> {
    Document::parse(svg).unwrap_or_else(|error| panic!("{error} in {svg}"))
}

fn scale(root: Node<'_, '_>) -> Scale {
    let [plot, x, y, x_kind, y_kind] =
        Scale::ATTRIBUTES.map(|name| root.attribute(name).unwrap_or_else(|| panic!("there is no {name}")));
    Scale::parse(plot, x, y, x_kind, y_kind).expect("a drawing carries its scale")
}

/// The lines of a series, each with its points.
fn lines(document: &Document<'_>, series: &str) -> Vec<Vec<(f64, f64)>> {
    let is_line = |node: &Node<'_, '_>| node.attribute("data-series") == Some(series);
    document.descendants().filter(is_line).map(|node| points(node.attribute("points").unwrap_or_default())).collect()
}

fn points(text: &str) -> Vec<(f64, f64)> {
    let number = |text: &str| text.parse().expect("coordinates are numbers");
    text.split_whitespace()
        .map(|point| point.split_once(',').expect("points are pairs"))
        .map(|(x, y)| (number(x), number(y)))
        .collect()
}

fn texts<'a>(document: &'a Document<'_>) -> Vec<&'a str> {
    document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect()
}

#[test]
fn a_small_chart_is_drawn_like_this() {
    let chart = Chart::elapsed("Errors", YAxis::zero("%"))
        .level(Level::new(LevelKind::Limit, 1.0, "limit 1 %"))
        .series(Series::area("errors", [(0.0, 0.0), (60.0, 0.5), (120.0, 0.25)]).color(Color::CriticalMark));
    let svg = render(&chart, Size::MULTIPLE.height(100));
    insta::assert_snapshot!(svg.replace("><", ">\n<"));
}

#[test]
fn the_drawings_of_a_figure_stand_side_by_side_the_widest_first() {
    let set = render_set(&Chart::elapsed("Rate", YAxis::zero("/s")), &Size::PAGE);
    let figure = format!("<div>{set}</div>");
    let classes: Vec<Option<String>> =
        parse(&figure).root_element().children().map(|svg| svg.attribute("class").map(str::to_owned)).collect();
    assert_eq!(classes, ["l", "m", "s"].map(|class| Some(class.to_owned())));
}

#[test]
fn a_script_adds_points_where_the_server_would_have_drawn_them() {
    let measured = |count: u32| (0..count).map(|s| (f64::from(s), 40.0 + f64::from(s % 7)));
    let chart = |count| {
        let y = YAxis { at_least: Some((10.0, 100.0)), ..YAxis::log("ms") };
        Chart::elapsed("Latency", y).planned(0.0, 120.0).series(Series::line("p95", measured(count)))
    };
    let (before, after) = (render(&chart(50), Size::L), render(&chart(60), Size::L));
    let (before, after) = (parse(&before), parse(&after));
    let scale = scale(before.root_element());
    assert_eq!(lines(&before, "p95")[0].len(), 50);
    let grown: Vec<String> = measured(60).skip(50).map(|(x, y)| scale.point(x, y)).collect();
    let drawn: Vec<String> = lines(&after, "p95")[0][50..].iter().map(|(x, y)| format!("{x},{y}")).collect();
    assert_eq!(grown, drawn);
}

#[test]
fn a_live_chart_spans_the_planned_duration_before_anything_is_measured() {
    let chart = Chart::elapsed("Rate", YAxis::zero("/s")).planned(0.0, 660.0);
    let none: [(f64, f64); 0] = [];
    let svg = render(&chart.series(Series::line("rate", none)).marker(Marker::now(0.0)), Size::M);
    let document = parse(&svg);
    let scale = scale(document.root_element());
    assert!(scale.contains(0.0, 0.0) && scale.contains(660.0, 0.0));
    assert_eq!(lines(&document, "rate"), [vec![]], "an empty line waits for its points");
    assert!(texts(&document).contains(&"11:00"), "{:?}", texts(&document));
}

#[test]
fn a_gap_is_not_bridged() {
    let values = [(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, Some(2.0)), (4.0, Some(1.0))];
    let svg = render(&Chart::elapsed("CPU", YAxis::percent()).series(Series::line("cpu", values)), Size::S);
    assert_eq!(lines(&parse(&svg), "cpu").len(), 2);
}

#[test]
fn a_line_says_whether_a_gap_has_ended_it() {
    let ended = |values: [(f64, Option<f64>); 3]| {
        let svg = render(&Chart::elapsed("CPU", YAxis::percent()).series(Series::area("cpu", values)), Size::S);
        let document = parse(&svg);
        let of_series = |name: &str| {
            let pieces = document.descendants().filter(|node| node.attribute(name) == Some("cpu"));
            pieces.map(|node| node.has_attribute("data-ended")).collect::<Vec<_>>()
        };
        (of_series("data-series"), of_series("data-area"))
    };
    let between = ended([(0.0, Some(1.0)), (1.0, None), (2.0, Some(2.0))]);
    assert_eq!(between, (vec![false, false], vec![false, false]), "the last piece goes on");
    let at_the_end = ended([(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None)]);
    assert_eq!(at_the_end, (vec![true], vec![true]), "what comes next is another piece");
}

#[test]
fn the_line_of_the_present_names_its_second() {
    let chart = Chart::elapsed("Rate", YAxis::zero("/s")).planned(0.0, 14_400.0).marker(Marker::now(17.0));
    let svg = render(&chart.series(Series::line("rate", [(0.0, 1.0), (17.0, 2.0)])), Size::S);
    let document = parse(&svg);
    let now = document.descendants().find_map(|node| node.attribute("data-now"));
    assert_eq!(now, Some("17"));
}

#[test]
fn a_single_second_between_two_gaps_can_be_seen() {
    let values = [(0.0, None), (1.0, Some(2.0)), (2.0, None)];
    let svg = render(&Chart::elapsed("CPU", YAxis::percent()).series(Series::line("cpu", values)), Size::S);
    assert!(svg.contains("<circle"));
}

#[test]
fn an_hour_of_seconds_is_reduced_and_keeps_its_spike() {
    let second = |s: u32| (f64::from(s), if s == 1234 { 900.0 } else { 50.0 + f64::from(s % 11) });
    let chart = Chart::elapsed("p99", YAxis::zero("ms")).series(Series::line("p99", (0..36_000).map(second)));
    let svg = render(&chart, Size::S);
    let document = parse(&svg);
    let line = &lines(&document, "p99")[0];
    assert!(line.len() < 2000, "{} points", line.len());
    let scale = scale(document.root_element());
    let highest = line.iter().map(|(_, y)| *y).fold(f64::MAX, f64::min);
    assert!((highest - scale.y(900.0)).abs() < 0.1);
}

#[test]
fn labels_of_lines_that_end_together_do_not_cover_each_other() {
    let series = (0..6u8).map(|n| {
        Series::line(format!("s{n}"), [(0.0, 50.0), (60.0, 50.0 + f64::from(n) / 10.0)]).label(format!("series {n}"))
    });
    let chart = series.fold(Chart::elapsed("Latency", YAxis::zero("ms")), Chart::series);
    let svg = render(&chart, Size::L);
    let document = parse(&svg);
    let labels = document.descendants().filter(|node| node.has_attribute("data-label"));
    let mut rows: Vec<f64> = labels.filter_map(|node| node.attribute("y")?.parse().ok()).collect();
    rows.sort_by(f64::total_cmp);
    assert_eq!(rows.len(), 6);
    assert!(rows.windows(2).all(|pair| pair[1] - pair[0] >= 12.95), "{rows:?}");
}

#[test]
fn a_limit_far_above_the_data_is_named_at_the_edge() {
    let chart = Chart::elapsed("Latency", YAxis::zero("ms"))
        .series(Series::line("p95", [(0.0, 4.0), (60.0, 5.0)]))
        .level(Level::new(LevelKind::Limit, 2000.0, "limit 2,000"));
    let svg = render(&chart, Size::M);
    assert!(!svg.contains("stroke-dasharray"), "no line where it does not belong");
    assert!(texts(&parse(&svg)).contains(&"limit 2,000 \u{2191}"));
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "\"></svg><script>alert('1')</script>&\u{0}\u{FFFF}";
    let chart = Chart::new(hostile, XKind::Index(vec![hostile.to_owned()]), YAxis::zero(hostile))
        .series(Series::line(hostile, [(0.0, 1.0)]).label(hostile))
        .level(Level::new(LevelKind::Goal, 1.0, hostile))
        .marker(Marker::new(MarkerKind::Worse, 0.0, hostile).detail(hostile))
        .callout(0.0, 1.0, hostile);
    for svg in [render(&chart, Size::L), standalone_svg(&chart, Size::L, Theme::Light)] {
        let document = parse(&svg);
        assert!(document.descendants().all(|node| !node.has_tag_name("script")));
        assert_eq!(document.root().children().count(), 1);
    }
}

#[test]
fn a_drawing_that_leaves_the_page_brings_its_colours_and_its_title() {
    let chart = Chart::elapsed("Latency & more", YAxis::log("ms"))
        .series(Series::line("p95", [(0.0, 5.0), (60.0, 50.0)]).label("p95  50 ms"));
    for (theme, line) in [(Theme::Light, "#1d4fc4"), (Theme::Dark, "#4b9dff")] {
        let svg = standalone_svg(&chart, Size::L, theme);
        assert!(!svg.contains("var(") && !svg.contains("class="), "{svg}");
        assert!(svg.contains(line));
        let document = parse(&svg);
        let root = document.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
        assert_eq!(root.first_element_child().and_then(|title| title.text()), Some("Latency & more"));
    }
}

/// Any number that a computation could hand over.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -1e4..1e4f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(f64::MAX),
        1 => Just(5e-324),
        1 => Just(0.0),
    ]
}

fn any_point() -> impl Strategy<Value = Point> {
    (any_number(), prop::option::of(any_number()), any_number(), any_number(), any::<bool>())
        .prop_map(|(x, y, low, high, hollow)| Point { hollow, ..Point::from((x, y)).interval(low, high) })
}

fn any_chart() -> impl Strategy<Value = Chart> {
    let kind = prop_oneof![
        Just(XKind::Elapsed),
        Just(XKind::WallTime),
        Just(XKind::Index(vec!["a".to_owned(), "b".to_owned()])),
        Just(XKind::Index(Vec::new())),
        Just(XKind::Value { unit: "ms".to_owned(), scale: perflab_charts::ScaleKind::Log }),
        Just(XKind::Value { unit: "ms".to_owned(), scale: perflab_charts::ScaleKind::Linear }),
    ];
    let base = prop_oneof![Just(YBase::Zero), Just(YBase::Data), Just(YBase::Log)];
    let series = prop::collection::vec((prop::collection::vec(any_point(), 0..30), 0..5u8), 0..4);
    (kind, base, any::<bool>(), series, prop::collection::vec(any_number(), 8)).prop_map(
        |(kind, base, whole, series, numbers)| {
            let mut chart = Chart::new("anything", kind, YAxis { base, whole, ..YAxis::zero("ms") });
            for (points, mark) in series {
                let series = match mark {
                    0 => Series::line("line", points),
                    1 => Series::area("area", points),
                    2 => Series::bars("bars", points),
                    3 => Series::points("points", points).selected(0),
                    _ => Series::step("step", points),
                };
                chart = chart.series(series.label("label"));
            }
            chart
                .level(Level::new(LevelKind::Limit, numbers[0], "limit").from(numbers[1]))
                .band(Band::warm_up(numbers[2]))
                .band(Band::Range(vec![(numbers[3], numbers[4], numbers[5]), (numbers[4], numbers[1], numbers[2])]))
                .marker(Marker::new(MarkerKind::Note, numbers[6], "note"))
                .marker(Marker::new(MarkerKind::Event, numbers[7], "event"))
                .marker(Marker::new(MarkerKind::Better, numbers[1], "change"))
                .callout(numbers[5], numbers[6], "callout")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_is_drawn_is_valid_and_inside(chart in any_chart(), size in prop::sample::select(vec![Size::L, Size::S, Size::MULTIPLE])) {
        let svg = render(&chart, size);
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", svg);
        let document = parse(&svg);
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        for node in document.descendants() {
            for (x, y) in node.attribute("points").map(points).unwrap_or_default() {
                prop_assert!((-1.0..=width + 1.0).contains(&x) && (-1.0..=height + 1.0).contains(&y), "{x},{y} in {svg}");
            }
        }
        let _ = scale(document.root_element());
        parse(&standalone_svg(&chart, size, Theme::Dark));
    }

    #[test]
    fn sparklines_are_drawn_inside(values in prop::collection::vec(prop::option::of(any_number()), 0..40), limit in any_number()) {
        let svg = Sparkline::new(values).limit(limit).svg();
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", svg);
        for node in parse(&svg).descendants() {
            for (x, y) in node.attribute("points").map(points).unwrap_or_default() {
                prop_assert!((0.0..=96.0).contains(&x) && (0.0..=20.0).contains(&y), "{x},{y} in {svg}");
            }
        }
    }
}

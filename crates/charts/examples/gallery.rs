//! Writes a page with every kind of chart, to look at them while working on this crate.
//!
//! `cargo run -p perflab-charts --example gallery -- OUT.html [STYLE.css ...]`: the style sheets are inlined in their
//! order. The series are made from sines, so that the page is the same every time.

use std::{env, fmt::Write as _, fs, process::ExitCode};

use perflab_charts::{
    Band, Bullet, Chart, Color, Label, Level, LevelKind, Marker, MarkerKind, Point, Series, Size, Sparkline, Theme,
    XKind, YAxis, histogram::Distribution, render_set, stages::StagePreview, standalone_svg,
};

/// What the figures need when no style sheet is given.
const PLAIN_STYLE: &str = "body { font: 13px/20px sans-serif; max-width: 1216px; margin: 32px auto; }
figure { margin: 0 0 32px; container-type: inline-size; } .row { display: flex; gap: 24px; } .row > * { flex: 1; }
.plot text { font-size: 11px; } .plot svg { width: 100%; height: auto; } .plot svg:not(:first-child) { display: none; }";

/// A second of a run, somewhere between -1 and 1, different for each seed.
fn noise(second: f64, seed: f64) -> f64 {
    let wave = |length: f64| (second / length + seed * 7.3).sin();
    (wave(3.1) + wave(1.7) + wave(0.47) + wave(0.23)) / 4.0
}

fn seconds(count: u32, value: impl Fn(f64) -> f64) -> Vec<Point> {
    (0..=count).map(|second| Point::new(f64::from(second), value(f64::from(second)))).collect()
}

fn spike(second: f64) -> f64 {
    1.0 + 7.0 * (-((second - 247.0) / 3.0).powi(2)).exp()
}

fn live_latency() -> Chart {
    let line = |level: f64, size: f64, seed: f64| {
        seconds(384, move |s| {
            let warm = 0.65 + 0.35 * (s / 60.0).min(1.0);
            (level * warm * (1.0 + s / 2500.0) + level * size * noise(s, seed)) * spike(s)
        })
    };
    Chart::elapsed("Latency", YAxis::log("ms"))
        .planned(0.0, 660.0)
        .band(Band::warm_up(60.0))
        .level(Level::new(LevelKind::Limit, 500.0, Label::with_short("p99 limit 500", "p99 limit")))
        .level(Level::new(LevelKind::Limit, 200.0, Label::with_short("p95 limit 200", "p95 limit")))
        .series(Series::line("p99", line(250.0, 0.35, 1.0)).color(Color::Series(4)).thin().label("p99  308 ms"))
        .series(Series::line("p95", line(150.0, 0.10, 2.0)).color(Color::Series(1)).label("p95  187 ms"))
        .series(Series::line("p50", line(78.0, 0.05, 3.0)).color(Color::Series(3)).label("p50  86.1 ms"))
        .marker(Marker::new(
            MarkerKind::Note,
            244.0,
            Label::with_short("Note by I. Marek: vacuum of transactions begins", "vacuum"),
        ))
        .marker(Marker::now(384.0))
}

fn finished_latency() -> Chart {
    let line = |level: f64, size: f64, seed: f64| seconds(900, move |s| level + size * noise(s, seed).max(-0.5));
    Chart::elapsed("Latency", YAxis::zero("ms"))
        .band(Band::warm_up(40.0))
        .level(Level::new(LevelKind::Limit, 500.0, Label::with_short("p99 limit 500", "p99 limit")).from(40.0))
        .level(Level::new(LevelKind::Limit, 200.0, Label::with_short("p95 limit 200", "p95 limit")).from(40.0))
        .series(Series::line("p99", line(190.0, 90.0, 1.0)).color(Color::Series(4)).thin().label("p99  183 ms"))
        .series(Series::line("p95", line(125.0, 30.0, 2.0)).color(Color::Series(1)).label("p95  125 ms"))
        .series(Series::line("p50", line(61.0, 6.0, 3.0)).color(Color::Series(3)).label("p50  61.2 ms"))
}

fn rate() -> Chart {
    let points = seconds(384, |s| {
        (s / 60.0 * 100.0).min(100.0) * (1.0 + noise(s, 5.0) * 0.015) - if s == 247.0 { 17.0 } else { 0.0 }
    });
    Chart::elapsed("Rate", YAxis::zero("/s"))
        .labels_inside()
        .planned(0.0, 660.0)
        .band(Band::Span { from: 0.0, to: 60.0, label: String::new() })
        .series(Series::planned("planned", [(0.0, 0.0), (60.0, 100.0), (660.0, 100.0)]).label("planned 100/s"))
        .series(Series::area("rate", points).label("99.9/s"))
        .marker(Marker::now(384.0))
}

fn errors_and_drops() -> Chart {
    let errors = seconds(384, |s| if s == 246.0 { 12.0 } else { (noise(s, 8.0) * 3.4).floor().max(0.0) });
    let drops = seconds(384, |s| if (245.0..249.0).contains(&s) { 14.0 - (s - 247.0).abs() * 5.0 } else { 0.0 });
    Chart::elapsed("Errors and drops", YAxis { whole: true, ..YAxis::zero("/s") })
        .labels_inside()
        .planned(0.0, 660.0)
        .band(Band::Span { from: 0.0, to: 60.0, label: String::new() })
        .series(Series::bars("errors", errors).color(Color::CriticalMark))
        .series(Series::bars("drops", drops).color(Color::Series(2)))
        .callout(247.0, 14.0, Label::with_short("31 drops and 12 × 503 at 4:05", "31 drops, 12 × 503"))
        .marker(Marker::now(384.0))
}

fn small(title: &str, y: YAxis, series: Series, level: Option<Level>) -> Chart {
    let mut chart = Chart::elapsed(title, y).planned(0.0, 660.0).band(Band::warm_up(60.0)).series(series);
    chart.levels.extend(level);
    chart.marker(Marker::now(384.0))
}

fn multiples() -> Vec<Chart> {
    let gap = |s: f64| (182.0..196.0).contains(&s);
    let cpu = seconds(384, |s| 62.0 * (0.5 + 0.5 * (s / 60.0).min(1.0)) + 18.0 * noise(s, 4.0));
    let cpu = cpu.into_iter().map(|point| if gap(point.x) { Point::gap(point.x) } else { point });
    vec![
        small(
            "In flight",
            YAxis::count(),
            Series::step(
                "in flight",
                seconds(384, |s| if s == 246.0 { 120.0 } else { (11.0 + 3.0 * noise(s, 2.0)).round() }),
            ),
            Some(Level::new(LevelKind::Limit, 120.0, "cap 120")),
        ),
        small(
            "Generator CPU",
            YAxis::percent(),
            Series::line("cpu", seconds(384, |s| 32.0 + 4.0 * noise(s, 6.0))).color(Color::Series(7)),
            Some(Level::new(LevelKind::Limit, 80.0, "suspect over 80")),
        ),
        small("Target CPU", YAxis::percent(), Series::line("cpu", cpu).color(Color::Series(8)), None),
        small(
            "Database connections",
            YAxis::count(),
            Series::step(
                "connections",
                seconds(384, |s| if s == 247.0 { 40.0 } else { (18.0 + 2.0 * noise(s, 7.0)).round() }),
            )
            .color(Color::Series(5)),
            Some(Level::new(LevelKind::Planned, 40.0, "pool 40")),
        ),
    ]
}

/// 13 January 2026, 01:40 UTC.
const FIRST_RUN_S: f64 = 1_768_268_400.0;
const DAY_S: f64 = 86_400.0;

fn trend() -> Chart {
    let at = |day: f64| FIRST_RUN_S + day * DAY_S;
    let level = |day: f64| match day {
        day if day < 21.0 => 218.6,
        day if day < 55.0 => 196.5,
        _ => 231.0,
    };
    let points: Vec<Point> = (0..=58)
        .map(|day| {
            let day = f64::from(day);
            let value = level(day) + 7.0 * noise(day * 3.0, 3.0);
            match (36.0..40.0).contains(&day) {
                true => Point::gap(at(day)),
                false => {
                    let point = Point::new(at(day), value).interval(value - 6.5, value + 6.5);
                    if (value - 200.0).abs() < 6.5 { point.hollow() } else { point }
                }
            }
        })
        .collect();
    let levels = [(0.0, 21.0), (21.0, 55.0), (55.0, 58.5)].into_iter().flat_map(|(from, to)| {
        [Point::new(at(from), level(from)), Point::new(at(to), level(from)), Point::gap(at(to))]
    });
    let learnt = [(0.0, 218.6), (21.0, 218.6), (25.0, 196.5), (58.5, 196.5)];
    Chart::wall_time("p95 of login", YAxis::data("ms"))
        .planned(at(0.0), at(75.0))
        .band(Band::Range(learnt.map(|(day, middle)| (at(day), middle - 11.5, middle + 12.0)).to_vec()))
        .level(Level::new(LevelKind::Limit, 200.0, Label::with_short("target of 1.0, 200", "target 200")))
        .level(Level::new(LevelKind::Goal, 150.0, Label::with_short("goal of 1.1, 150", "goal 150")))
        .series(Series::points("p95", points).selected(58).label("231 ms, #1290"))
        .series(Series::line("level", levels).color(Color::Ink))
        .marker(Marker::new(MarkerKind::Event, at(17.6), "1.0 released"))
        .marker(Marker::new(MarkerKind::Event, at(31.0), "Postgres 15.6"))
        .marker(Marker::new(MarkerKind::Event, at(35.5), Label::with_short("incident: staging down", "staging down")))
        .marker(Marker::new(MarkerKind::Better, at(21.0), "\u{2212}10.1 %").detail("b7740d1 hash on a pool of 8"))
        .marker(Marker::new(MarkerKind::Worse, at(55.0), "+17.6 %").detail("4be19d2 roles at login"))
        .marker(Marker::new(MarkerKind::Due, at(74.0), "1.1 due"))
}

fn by_commit() -> Chart {
    let labels: Vec<String> = (0..40).map(|index| format!("{:07x}", 0x00a4_1c09 + index * 7_919_113)).collect();
    let points = (0..40).map(|index| Point::new(f64::from(index), 49.0 + 0.6 * noise(f64::from(index) * 3.0, 1.0)));
    Chart::new("Password hash by commit", XKind::Index(labels), YAxis::data("µs"))
        .level(Level::new(LevelKind::Limit, 50.0, "limit 50 µs"))
        .series(Series::points("mean", points))
}

fn distribution() -> Distribution {
    let counts = |shift: f64| {
        (0..400).map(move |step| {
            let value = 14.0 * (f64::from(step) / 75.0).exp();
            let bell = (-((value / (61.0 * shift)).ln() / 0.42).powi(2) / 2.0).exp();
            (value, (bell * 5000.0 + 2.0) as u64)
        })
    };
    Distribution::new(counts(1.0), "ms").baseline(counts(0.97))
}

fn with_percentiles(chart: Chart) -> Chart {
    [("p50 61.2", 61.2), ("p95 125", 125.0), ("p99 183", 183.0), ("p99.9 644", 644.0)]
        .into_iter()
        .fold(chart, |chart, (text, value)| chart.marker(Marker::new(MarkerKind::Note, value, text)))
        .marker(Marker::new(MarkerKind::Limit, 200.0, "limit of p95, 200"))
        .marker(Marker::new(MarkerKind::Limit, 500.0, "limit of p99, 500"))
}

fn preview() -> Chart {
    StagePreview {
        points: vec![(0.0, 0.0), (60.0, 100.0), (660.0, 100.0), (660.0, 0.0), (690.0, 0.0)],
        unit: "/s".to_owned(),
        warm_up_s: 60.0,
        caps: vec![(250.0, "cap of staging, 250/s".into())],
        references: vec![(
            182.0,
            Label::with_short("highest rate that was Excellent here, 182/s (#1204)", "last Excellent, 182/s"),
        )],
        note: Some((60.0, 100.0, "100/s for 10 min".into())),
        end_s: None,
    }
    .chart("Preview")
}

fn figure(page: &mut String, chart: &Chart, sizes: &[Size]) {
    let _ = write!(
        page,
        "<figure class=\"chart\"><figcaption><h3>{}</h3><p>Made from sines.</p></figcaption><div class=\"plot\">{}</div></figure>",
        chart.title,
        render_set(chart, sizes)
    );
}

fn page(styles: &str) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Charts</title><style>{styles}</style><style>.row {{ display: grid; gap: 24px; \
         grid-template-columns: repeat(auto-fit, minmax(min(100%, var(--least)), 1fr)); }} \
         figure {{ margin-bottom: 32px !important; }} .two {{ --least: 480px; }} .four {{ --least: 250px; }} \
         @media (min-width: 900px) {{ .side {{ grid-template-columns: 8fr 4.6fr; }} }}\
         </style><main class=\"page-body\">"
    );
    let high = [Size::L.height(360), Size::M.height(320), Size::S.height(288)];
    figure(&mut page, &live_latency(), &Size::PAGE);
    page.push_str("<div class=\"row two\">");
    figure(&mut page, &rate(), &Size::HALF);
    figure(&mut page, &errors_and_drops(), &Size::HALF);
    page.push_str("</div><div class=\"row four\">");
    for chart in multiples() {
        figure(&mut page, &chart, &Size::MULTIPLES);
    }
    page.push_str("</div>");
    figure(&mut page, &finished_latency(), &Size::PAGE);
    figure(&mut page, &trend(), &high);
    page.push_str("<div class=\"row side\">");
    figure(&mut page, &with_percentiles(distribution().chart("Distribution")), &Size::TWO_THIRDS);
    figure(&mut page, &preview(), &Size::FORM);
    page.push_str("</div><div class=\"row two\">");
    figure(&mut page, &distribution().cumulative_chart("Cumulative distribution"), &Size::HALF);
    figure(&mut page, &by_commit(), &Size::HALF);
    figure(&mut page, &Chart::elapsed("Nothing yet", YAxis::zero("ms")).planned(0.0, 120.0), &Size::HALF);
    let one = Series::line("p95", [(30.0, 42.0)]).label("p95  42 ms");
    figure(&mut page, &Chart::elapsed("One point", YAxis::zero("ms")).planned(0.0, 120.0).series(one), &Size::HALF);
    page.push_str("</div><p>");
    let noise = |jump: f64| {
        (0..30).map(move |run| 100.0 + 2.0 * noise(f64::from(run) * 3.0, 1.0) + if run > 25 { jump } else { 0.0 })
    };
    page.push_str(&Sparkline::new(noise(0.0)).svg());
    page.push_str(&Sparkline::new(noise(18.0)).limit(110.0).svg());
    for (value, color) in [
        (125.0, Color::ExcellentMark),
        (203.0, Color::InconclusiveMark),
        (231.0, Color::IssuesMark),
        (480.0, Color::CriticalMark),
    ] {
        page.push_str(&Bullet::new(value, 200.0, color).interval(value * 0.97, value * 1.03).svg());
    }
    page.push_str("</p>");
    page.push_str(&standalone_svg(&trend(), Size::L.height(360), Theme::Dark));
    page.push_str("</main></html>");
    page
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(out) = arguments.next() else {
        eprintln!("which file shall the page go to? usage: gallery OUT.html [STYLE.css ...]");
        return ExitCode::FAILURE;
    };
    let mut styles = String::new();
    for path in arguments {
        match fs::read_to_string(&path) {
            Ok(style) => styles.push_str(&style),
            Err(error) => {
                eprintln!("the style sheet {path} cannot be read: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if styles.is_empty() {
        styles.push_str(PLAIN_STYLE);
    }
    match fs::write(&out, page(&styles)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the page {out} cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

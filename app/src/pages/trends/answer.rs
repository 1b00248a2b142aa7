//! What a trend says, in a title and a sentence: scenario and environment, where the newest value is, and what moved. Runs
//! that stand apart are counted and never compared.

use perflab_charts::YBase;
use perflab_model::{
    display,
    trend::{Apart, Relative, Trend, TrendChange, TrendChart, TrendPoint, TrendRun, TrendSeries},
};

use crate::{
    charts::trend::{base, chart_title, percent},
    components::with_unit,
};

/// `Latency, p95 of login: load on staging`.
pub(super) fn title(trend: &Trend) -> String {
    let what = trend.charts.first().map_or_else(|| "Trend".to_owned(), |chart| chart_title(trend, chart));
    match series(trend) {
        Some(series) => format!("{what}: {series}"),
        None => what,
    }
}

/// `load on staging`.
fn series(trend: &Trend) -> Option<String> {
    let query = &trend.query;
    query.scenario.as_ref().zip(query.environment.as_ref()).map(|(scenario, place)| format!("{scenario} on {place}"))
}

/// The values of a series that are compared, with their runs, oldest first.
fn compared<'a>(trend: &'a Trend, series: &'a TrendSeries) -> Vec<(&'a TrendRun, &'a TrendPoint)> {
    let of = |point: &'a TrendPoint| Some((trend.run(point.at)?, point));
    series.points.iter().filter_map(of).filter(|(run, _)| run.apart.is_none()).collect()
}

/// By how many percent each value of a series differs from the one before it that it may be compared with.
pub(super) fn changes(trend: &Trend, series: &TrendSeries) -> Vec<Option<f64>> {
    let mut before: Option<f64> = None;
    let change = |point: &TrendPoint| {
        if trend.run(point.at).is_none_or(|run| run.apart.is_some()) {
            return None;
        }
        let change = before.filter(|value| *value != 0.0).map(|value| (point.value - value) / value * 100.0);
        before = Some(point.value);
        change
    };
    series.points.iter().map(change).collect()
}

/// The answer of the page.
pub(super) fn answer(trend: &Trend) -> String {
    let Some(chart) = trend.charts.first().filter(|_| !trend.is_empty()) else { return nothing(trend) };
    let first = match chart.series.as_slice() {
        [only] => of_one(trend, chart, only),
        several => of_several(trend, several),
    };
    let others = standing_apart(trend);
    [Some(first), others].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn of_one(trend: &Trend, chart: &TrendChart, series: &TrendSeries) -> String {
    let shown = |value: f64| with_unit(&display::number(value), &chart.unit);
    let name = title(trend);
    let compared = compared(trend, series);
    let told = match compared.as_slice() {
        [] => return format!("{name}: no run may be compared with another yet."),
        [(run, only)] => {
            return format!(
                "{name} was {} in run #{}, the only one that can be compared.",
                shown(only.value),
                run.number
            );
        }
        [.., (before_run, before), (run, newest)] => match series.changes.last() {
            Some(change) if !change.drift => {
                let since = trend.run(change.at);
                let since = since.map(|run| format!(" since run #{} ({})", run.number, day(run))).unwrap_or_default();
                format!("{name} has been {}{since}: {} than before.", shown(change.after), difference(chart, change))
            }
            _ => {
                let change = newest.value - before.value;
                let versus = if before.value == 0.0 {
                    display::signed(change)
                } else {
                    format!("{} %", display::signed(change / before.value * 100.0))
                };
                let (low, high) = compared
                    .iter()
                    .fold((f64::MAX, f64::MIN), |(low, high), (_, it)| (low.min(it.value), high.max(it.value)));
                format!(
                    "{name} is {} in run #{} ({versus} to run #{}); {} runs lie between {} and {}.",
                    shown(newest.value),
                    run.number,
                    before_run.number,
                    display::count(compared.len() as u64),
                    shown(low),
                    shown(high)
                )
            }
        },
    };
    let newest = compared.last().map(|(run, _)| run.number);
    let suspected = series.level.filter(|level| level.suspected).zip(newest).map(|(level, number)| {
        format!(
            " Run #{number} lies outside of what this level lets expect, {} to {}; one run is no change.",
            display::number(level.low),
            shown(level.high)
        )
    });
    told + &suspected.unwrap_or_default()
}

fn of_several(trend: &Trend, several: &[TrendSeries]) -> String {
    let moved: Vec<(&TrendSeries, &TrendChange)> =
        several.iter().filter_map(|series| Some((series, series.changes.last()?))).collect();
    let name = title(trend);
    let count = display::count(several.len() as u64);
    let newest = moved.iter().max_by_key(|(_, change)| change.at);
    let told = match (moved.len(), newest) {
        (n, Some((series, change))) => {
            let run = trend.run(change.at).map(|run| format!(" with run #{}", run.number)).unwrap_or_default();
            let request = series.request.as_deref().unwrap_or("all together");
            let moved = if n == 1 { "one has moved".to_owned() } else { format!("{n} have moved") };
            format!("{name}: of {count} series {moved}, last {request} by {}{run}.", percent(change))
        }
        _ => format!("{name}: none of {count} series has moved."),
    };
    match trend.left_out {
        0 => told,
        n => format!("{told} {} more fit the pattern and are not drawn: name fewer.", display::count(n)),
    }
}

/// `34.6 ms slower (+17.6 %)`.
pub(super) fn difference(chart: &TrendChart, change: &TrendChange) -> String {
    let size = with_unit(&display::number((change.after - change.before).abs()), &chart.unit);
    let word = match (chart.measure.starts_with("latency"), change.shift > 0.0) {
        (true, true) => "slower",
        (true, false) => "faster",
        (false, true) => "more",
        (false, false) => "less",
    };
    format!("{size} {word} ({})", percent(change))
}

/// `9 Mar 2026`.
pub(super) fn day(run: &TrendRun) -> String {
    display::clock(run.at_us, true).split(',').next().unwrap_or_default().to_owned()
}

/// `3 runs stand apart and are not compared: 2 stopped, 1 under another load.`
pub(super) fn standing_apart(trend: &Trend) -> Option<String> {
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for word in trend.runs.iter().filter_map(|run| run.apart).map(Apart::word) {
        match reasons.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => reasons.push((word, 1)),
        }
    }
    let all: u64 = reasons.iter().map(|(_, count)| count).sum();
    let told: Vec<String> = reasons.iter().map(|(word, count)| format!("{} {word}", display::count(*count))).collect();
    match (all, reasons.as_slice()) {
        (0, _) => None,
        (1, [(word, _), ..]) => Some(format!("1 run stands apart and is not compared: {word}.")),
        _ => Some(format!("{} runs stand apart and are not compared: {}.", display::count(all), told.join(", "))),
    }
}

/// How to read a chart.
pub(super) fn finding(trend: &Trend, chart: &TrendChart) -> String {
    let runs = trend.runs.iter().filter(|run| run.apart.is_none()).count();
    let mut told = vec![match runs {
        1 => "1 run is compared".to_owned(),
        n => format!("{} runs are compared", display::count(n as u64)),
    }];
    told.push(match base(trend, chart) {
        YBase::Log => "the axis is logarithmic".to_owned(),
        YBase::Data => "the axis does not begin at 0".to_owned(),
        YBase::Zero => "the axis begins at 0".to_owned(),
    });
    match trend.query.relative {
        Some(Relative::First) => told.push("100 % is the first run of a series".to_owned()),
        Some(Relative::Previous) => told.push("100 % is the run before".to_owned()),
        None => {}
    }
    let mut sentences = vec![format!("{}.", told.join(", "))];
    if let [only] = chart.series.as_slice() {
        if only.points.iter().any(|point| point.interval.0.is_some() && point.interval.1.is_some()) {
            sentences.push("Bars are 95 % intervals.".to_owned());
        }
        if only.level.is_some() && trend.query.relative != Some(Relative::Previous) {
            sentences.push("The band is where a run of the current level is expected.".to_owned());
        }
        if only.points.iter().any(|point| trend.run(point.at).is_some_and(|run| run.apart.is_some())) {
            sentences.push("A hollow point stands apart: it is not compared.".to_owned());
        }
    } else {
        sentences.push("Only runs that are compared are drawn.".to_owned());
    }
    sentences.join(" ")
}

/// Why there is nothing to show.
fn nothing(trend: &Trend) -> String {
    let query = &trend.query;
    let Some(scenario) = &query.scenario else {
        return match &query.environment {
            Some(place) => format!("No run on `{place}` has been judged yet."),
            None => "No run has been judged yet.".to_owned(),
        };
    };
    match &query.environment {
        Some(place) if !trend.environments.contains(place) => {
            let known: Vec<&str> = trend.environments.iter().map(|name| name.as_str()).collect();
            if known.is_empty() {
                format!("No run of `{scenario}` has been judged yet.")
            } else {
                format!(
                    "No run of {scenario} on `{place}` has been judged yet; there are some on {}.",
                    known.join(", ")
                )
            }
        }
        Some(place) => {
            let what = match (&query.request, trend.charts.first()) {
                (_, Some(chart)) => chart_title(trend, chart),
                (Some(request), None) => format!("`{request}`"),
                (None, None) => "Trend".to_owned(),
            };
            let branch = query.branch.as_ref().map(|branch| format!(" of branch {branch}")).unwrap_or_default();
            format!("{what}: no run of {scenario} on {place}{branch} has measured it yet.")
        }
        None => format!("No run of `{scenario}` has been judged yet."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::trend::sample::{run, series, trend_of};

    fn change(at: u32, before: f64, after: f64) -> TrendChange {
        let shift = after / before - 1.0;
        TrendChange { at, from: at, to: at, drift: false, before, after, shift, worse: shift > 0.0 }
    }

    #[test]
    fn the_answer_names_the_series_and_writes_rates_without_a_space() {
        assert_eq!(
            answer(&trend_of(&[50.0, 66.0])),
            "Throughput: load on staging is 66.0/s in run #2 (+32.0 % to run #1); 2 runs lie between 50.0/s and 66.0/s."
        );
    }

    #[test]
    fn a_level_that_moved_is_the_answer() {
        let mut trend = trend_of(&[50.0, 50.0, 66.0, 66.0]);
        trend.charts[0].series[0].changes = vec![change(2, 50.0, 66.0)];
        assert_eq!(
            answer(&trend),
            "Throughput: load on staging has been 66.0/s since run #3 (4 Jan 1970): 16.0/s more (+32.0 %) than before."
        );
    }

    #[test]
    fn of_several_series_those_that_moved_are_counted_and_what_is_left_out_is_said() {
        let mut trend = trend_of(&[50.0, 66.0]);
        trend.query.request = Some("lo*".to_owned());
        trend.charts[0].series = vec![series(Some("login"), &[5.0, 6.0]), series(Some("logout"), &[7.0, 8.0])];
        trend.charts[0].series[0].changes = vec![change(1, 5.0, 6.0)];
        trend.left_out = 3;
        assert_eq!(
            answer(&trend),
            "Throughput of lo*: load on staging: of 2 series one has moved, last login by +20.0 % with run #2. 3 more fit \
             the pattern and are not drawn: name fewer."
        );
    }

    #[test]
    fn a_run_that_stands_apart_is_counted_and_not_compared() {
        let mut trend = trend_of(&[50.0, 5.0, 55.0, 900.0]);
        trend.runs[1] = run(2, Some(Apart::Stopped));
        trend.runs[3] = run(4, Some(Apart::OtherLoad));
        assert_eq!(changes(&trend, &trend.charts[0].series[0]), [None, None, Some(10.0), None]);
        let answer = answer(&trend);
        assert!(answer.contains("55.0/s in run #3 (+10.0 % to run #1)"), "{answer}");
        assert!(
            answer.ends_with("2 runs stand apart and are not compared: 1 stopped, 1 under another load."),
            "{answer}"
        );
    }

    #[test]
    fn an_environment_without_runs_says_where_there_are_some() {
        let mut trend = trend_of(&[]);
        trend.query.environment = "gone".parse().ok();
        assert_eq!(answer(&trend), "No run of load on `gone` has been judged yet; there are some on staging.");
    }
}

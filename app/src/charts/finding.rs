//! One sentence a chart: what it shows, with its number, for those who see it and for those who do not.

use perflab_model::{
    display,
    plan::Plan,
    summary::Progress,
    tick::{Phase, Point},
};

use super::run::{counted, is_log, is_open, limit_ms, width};
use crate::{
    charts::series::{RunChart, samples_needed, value_of},
    components::chosen,
};

/// The finding of a chart of a run.
pub fn run_finding(which: RunChart, plan: &Plan, points: &[Point]) -> String {
    if points.is_empty() {
        return "Nothing has been measured yet.".to_owned();
    }
    match which {
        RunChart::Latency => latency(plan, points),
        RunChart::Rate => rate(plan, points),
        RunChart::Errors => errors(plan, points),
        RunChart::Load => load(plan, points),
        RunChart::Users => users(plan, points),
        RunChart::Lag => lag(points),
        RunChart::Connections => connections(points),
        RunChart::Cpu => cpu(points),
        RunChart::Memory => memory(points),
    }
}

/// What must be known to read a chart of a run: a logarithmic axis, a line that is missing, and why.
pub fn run_note(which: RunChart, plan: &Plan, points: &[Point]) -> String {
    let open = is_open(plan);
    let width = width(points);
    let mut notes = Vec::new();
    notes.extend(each_point(which, width));
    match which {
        RunChart::Latency => {
            notes.extend(is_log(open, points).then(|| "Log scale.".to_owned()));
            let answered = points.iter().any(|point| point.latency.is_some());
            let rarest = [("p95", 95), ("p99", 99)].into_iter().find(|(name, _)| {
                points.iter().all(|point| value_of(&RunChart::Latency.values(open, point), name).is_none())
            });
            if let (true, Some((name, percent))) = (answered, rarest) {
                let needed = display::count(samples_needed(percent));
                let window = width.max(Point::RECENT_SECONDS as u32);
                notes.push(format!("No {window} s have the {needed} requests that {name} needs."));
            }
            if answered && width == 1 {
                notes.push("A point is of the last 10 s or fewer: as many as hold 1,000 requests.".to_owned());
            }
        }
        // Of so few starts there is no percentile; the largest is what is asked here, so it is named rather than hidden.
        RunChart::Lag if width == 1 && points.iter().all(|point| point.started < samples_needed(99)) => {
            notes.push("Of fewer than 1,000 starts a second p99 is close to the largest.".to_owned());
        }
        _ => {}
    }
    notes.join(" ")
}

/// What a point of several seconds shows: of a long run, whose neighbouring seconds are merged once it is over.
fn each_point(which: RunChart, width: u32) -> Option<String> {
    let what = match which {
        RunChart::Latency if width < Point::RECENT_SECONDS as u32 => {
            ", and those before it up to 10 s where they have fewer than 1,000 requests"
        }
        RunChart::Latency | RunChart::Lag => "",
        RunChart::Rate | RunChart::Errors | RunChart::Connections => ", as a rate a second",
        RunChart::Load | RunChart::Users => ", the most at once or the users at its end",
        RunChart::Cpu | RunChart::Memory => ", the highest of them",
    };
    (width > 1).then(|| format!("Each point: {width} s{what}."))
}

/// How many seconds these points hold together.
fn seconds_of<'a>(points: impl IntoIterator<Item = &'a Point>) -> u64 {
    points.into_iter().map(|point| u64::from(point.seconds)).sum()
}

/// The finding of a chart while its run goes on: how it stands, from the numbers of the header.
pub fn live_finding(which: RunChart, plan: &Plan, now: &Progress) -> String {
    let signal = |code: &str| {
        let found = now.validity.signals.iter().find(|signal| signal.code == code);
        found.map(|signal| format!("{}: {}.", signal.label, signal.value)).unwrap_or_default()
    };
    match which {
        RunChart::Latency => match (now.recent.latency.p95, now.recent.latency.p50) {
            (Some(p95), _) => format!("p95 of the last 10 s {} ms.", display::number(p95)),
            (None, Some(p50)) => format!("p50 of the last 10 s {} ms; too few requests for p95.", display::number(p50)),
            (None, None) => "Too few requests in the last 10 s for percentiles.".to_owned(),
        },
        RunChart::Rate if is_open(plan) => format!(
            "Last 10 s: {}/s of {}/s planned starts, {} requests/s.",
            display::number(now.recent.started_per_s),
            chosen(now.recent.planned_per_s),
            display::number(now.recent.rate_per_s)
        ),
        RunChart::Rate => format!("Last 10 s: {} requests/s.", display::number(now.recent.rate_per_s)),
        RunChart::Errors => {
            let window = if now.phase == Phase::WarmUp { "so far" } else { "since the warm-up" };
            let window = if plan.warmup_time().get() == 0 { "so far" } else { window };
            let failed = failed_of(now.totals.failed, now.totals.finished);
            if is_open(plan) {
                format!("{failed} {window}; {}.", dropped_in_all(plan, now.totals.dropped))
            } else {
                format!("{failed} {window}.")
            }
        }
        RunChart::Load if is_open(plan) => under_way(plan, now.in_flight),
        RunChart::Load => {
            format!("{} active, {} planned now.", display::count(now.users.into()), chosen(now.target.round()))
        }
        RunChart::Users => format!("{} active.", display::count(now.users.into())),
        RunChart::Lag => signal("lag"),
        RunChart::Connections => format!("{} opened so far.", counted(now.totals.connections, "connection")),
        RunChart::Cpu => signal("cpu"),
        RunChart::Memory => "Of the process that makes the load.".to_owned(),
    }
}

/// `12 of 35,358 requests failed`, `No request failed`.
fn failed_of(failed: u64, finished: u64) -> String {
    match (failed, finished) {
        (_, 0) => "No request has ended".to_owned(),
        (0, _) => "No request failed".to_owned(),
        (failed, finished) => format!("{} of {} failed", display::count(failed), counted(finished, "request")),
    }
}

/// `31 starts were dropped, warm-up included`: as validity counts them, over the whole run.
fn dropped_in_all(plan: &Plan, dropped: u64) -> String {
    let all = if plan.warmup_time().get() == 0 { "" } else { ", warm-up included" };
    match dropped {
        0 => "no start was dropped".to_owned(),
        1 => format!("1 start was dropped{all}"),
        dropped => format!("{} starts were dropped{all}", display::count(dropped)),
    }
}

/// Only times with enough requests for p95 are spoken of; where there is none, p50 or the mean, as they are drawn.
fn latency(plan: &Plan, points: &[Point]) -> String {
    let after: Vec<&Point> =
        points.iter().filter(|point| point.phase != Phase::WarmUp && point.latency.is_some()).collect();
    let of = |name: &str| -> Vec<(&Point, f64)> {
        let value = |point: &Point| value_of(&RunChart::Latency.values(is_open(plan), point), name);
        after.iter().filter_map(|point| value(point).map(|value| (*point, value))).collect()
    };
    let highest = |values: &[(&Point, f64)]| {
        let found = values.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        found.map(|(point, value)| (point.second, *value))
    };
    let from = if is_open(plan) { "planned" } else { "actual" };
    let measured = format!("from the {from} start of each request.");
    let p95 = of("p95");
    let Some((second, value)) = highest(&p95) else {
        let p50 = of("p50");
        let (name, values) = if p50.len() * 2 >= after.len() { ("p50", p50) } else { ("mean", of("mean")) };
        return match highest(&values) {
            Some((second, value)) => format!(
                "Too few requests for p95; the highest {name} is {} ms, at {}; {measured}",
                display::number(value),
                display::elapsed(second.into())
            ),
            None => "No request has succeeded after the warm-up.".to_owned(),
        };
    };
    let few = after.len() > p95.len();
    let seconds = display::count(seconds_of(p95.iter().map(|(point, _)| *point)));
    let Some(limit) = limit_ms(plan, 0.95) else {
        let enough = if few { format!(" in the {seconds} s with enough requests") } else { String::new() };
        return format!(
            "Highest p95{enough} {} ms, at {}; {measured}",
            display::number(value),
            display::elapsed(second.into())
        );
    };
    let over: Vec<&Point> = p95.iter().filter(|(_, value)| *value >= limit).map(|(point, _)| *point).collect();
    match over.first() {
        None if few => {
            format!("p95 stayed under {} ms in all {seconds} s with enough requests for it; {measured}", chosen(limit))
        }
        None => format!("p95 stayed under {} ms all the time; {measured}", chosen(limit)),
        Some(first) => {
            let enough = if few { format!(" of {seconds} s with enough requests") } else { String::new() };
            format!(
                "Over the p95 limit for {} s{enough}, from {}; {measured}",
                display::count(seconds_of(over.iter().copied())),
                display::elapsed(first.second.into())
            )
        }
    }
}

fn rate(plan: &Plan, points: &[Point]) -> String {
    let measured: Vec<&Point> = points.iter().filter(|point| point.phase == Phase::Measured).collect();
    if measured.is_empty() {
        return "Nothing was measured after the warm-up.".to_owned();
    }
    let mean = |value: fn(&Point) -> u64| {
        let sum: u64 = measured.iter().map(|point| value(point)).sum();
        sum as f64 / seconds_of(measured.iter().copied()) as f64
    };
    let answered = display::number(mean(|point| point.finished));
    if is_open(plan) {
        format!(
            "{}/s started of {}/s planned, {answered} requests/s answered.",
            display::number(mean(|point| point.started)),
            display::number(mean(|point| point.planned))
        )
    } else {
        format!("{answered} requests/s after the warm-up.")
    }
}

fn errors(plan: &Plan, points: &[Point]) -> String {
    let (mut failed, mut finished, mut early) = (0, 0, 0);
    for point in points {
        if point.phase == Phase::WarmUp {
            early += point.failed;
        } else {
            failed += point.failed;
            finished += point.finished;
        }
    }
    let after = if plan.warmup_time().get() == 0 { "" } else { " after the warm-up" };
    let during = if early > 0 { format!(", {} during it", display::count(early)) } else { String::new() };
    let mut finding = format!("{}{after}{during}", failed_of(failed, finished));
    if is_open(plan) {
        finding += &format!("; {}", dropped_in_all(plan, points.iter().map(|point| point.dropped).sum()));
    }
    finding + "."
}

/// `12 under way, of 400 allowed.`
fn under_way(plan: &Plan, now: u32) -> String {
    match plan.load.max_in_flight().filter(|_| !plan.load.has_users()) {
        Some(most) => {
            format!("{} under way, of {} allowed.", display::count(now.into()), display::count(most.into()))
        }
        None => format!("{} under way, those of users included.", display::count(now.into())),
    }
}

fn load(plan: &Plan, points: &[Point]) -> String {
    if !is_open(plan) {
        return users(plan, points);
    }
    let now = points.last().map_or(0, |point| point.in_flight);
    let Some(point) = points.iter().max_by_key(|point| point.in_flight) else { return String::new() };
    match plan.load.max_in_flight().filter(|_| !plan.load.has_users()) {
        Some(most) if point.in_flight >= most => format!(
            "{} at the end; reached its cap of {} at {}.",
            display::count(now.into()),
            display::count(most.into()),
            display::elapsed(point.second.into())
        ),
        Some(most) => format!(
            "At most {} at once, of {} allowed.",
            display::count(point.in_flight.into()),
            display::count(most.into())
        ),
        None => format!("At most {} at once, those of users included.", display::count(point.in_flight.into())),
    }
}

fn users(plan: &Plan, points: &[Point]) -> String {
    let highest = points.iter().map(|point| point.users).max().unwrap_or(0);
    let planned = plan.load.peak_users().unwrap_or(0);
    match points.iter().find(|point| point.users == highest) {
        Some(first) if highest >= planned => {
            format!("{}, as planned, from {}.", display::count(highest.into()), display::elapsed(first.second.into()))
        }
        Some(_) => format!("At most {} of {} planned.", display::count(highest.into()), display::count(planned.into())),
        None => String::new(),
    }
}

fn lag(points: &[Point]) -> String {
    let after = points.iter().filter(|point| point.phase != Phase::WarmUp);
    let a_point = match width(points) {
        1 => "a second".to_owned(),
        width => format!("{width} s"),
    };
    match after.filter_map(|point| point.lag_p99_us.map(|us| (point.second, us))).max_by_key(|(_, us)| *us) {
        Some((second, us)) => format!(
            "p99 of {a_point} at most {} ms behind the plan, at {}; the wait for a free slot is part of it.",
            display::number(us as f64 / 1000.0),
            display::elapsed(second.into())
        ),
        None => "Nothing was started after the warm-up.".to_owned(),
    }
}

fn connections(points: &[Point]) -> String {
    let sum = |points: &mut dyn Iterator<Item = &Point>| points.map(|point| point.connections).sum::<u64>();
    let all = sum(&mut points.iter());
    let after = sum(&mut points.iter().filter(|point| point.phase != Phase::WarmUp));
    match (all, after) {
        (0, _) => "None was opened.".to_owned(),
        (all, 0) => format!("{} opened in the warm-up, none after it.", display::count(all)),
        (all, after) if all == after => format!("{} opened.", display::count(all)),
        (all, after) => format!("{} opened, {} of them after the warm-up.", display::count(all), display::count(after)),
    }
}

fn cpu(points: &[Point]) -> String {
    let shares: Vec<f64> = points.iter().filter_map(|point| point.generator.cpu).collect();
    match shares.iter().copied().max_by(f64::total_cmp) {
        // A point of several seconds holds the highest of them: there is no mean any more.
        Some(highest) if width(points) > 1 => format!("At most {} %.", display::number(highest * 100.0)),
        Some(highest) => {
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            format!("{} % on average, at most {} %.", display::number(mean * 100.0), display::number(highest * 100.0))
        }
        None => "Not measured on this machine.".to_owned(),
    }
}

fn memory(points: &[Point]) -> String {
    let known = points.iter().filter_map(|point| point.generator.memory_bytes.map(|bytes| (point.second, bytes)));
    match known.max_by_key(|(_, bytes)| *bytes) {
        Some((second, bytes)) => {
            format!("At most {} MB, at {}.", display::number(bytes as f64 / 1e6), display::elapsed(second.into()))
        }
        None => "Not measured on this machine.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::{load::Warmup, unit::Millis};
    use rstest::rstest;

    use super::*;
    use crate::charts::sample::{closed, judged, open, second};

    fn seconds(answered: &[u64]) -> Vec<Point> {
        (0..).zip(answered).map(|(at, answered)| second(at, *answered)).collect()
    }

    #[rstest]
    #[case::enough(&[200, 300], "p95 stayed under 200 ms all the time; from the planned start of each request.")]
    #[case::sometimes(
        &[200, 3],
        "p95 stayed under 200 ms in all 1 s with enough requests for it; from the planned start of each request."
    )]
    #[case::never_but_enough_for_p50(
        &[30, 30],
        "Too few requests for p95; the highest p50 is 35.0 ms, at 0:01; from the planned start \
         of each request."
    )]
    #[case::never(
        &[3, 3],
        "Too few requests for p95; the highest mean is 40.0 ms, at 0:01; from the planned start \
         of each request."
    )]
    fn only_seconds_with_enough_requests_are_spoken_of(#[case] answered: &[u64], #[case] expected: &str) {
        let plan = judged(open(20), "p95 < 200ms");
        assert_eq!(run_finding(RunChart::Latency, &plan, &seconds(answered)), expected);
    }

    #[test]
    fn a_broken_limit_says_of_how_many_seconds() {
        let plan = judged(open(20), "p95 < 100ms");
        let finding = run_finding(RunChart::Latency, &plan, &seconds(&[3, 200, 200]));
        assert!(finding.starts_with("Over the p95 limit for 2 s of 2 s with enough requests, from 0:01;"), "{finding}");
    }

    #[test]
    fn a_percentile_that_is_never_drawn_is_named_with_what_it_needs() {
        let note = |answered: &[u64]| run_note(RunChart::Latency, &open(20), &seconds(answered));
        let window = "A point is of the last 10 s or fewer: as many as hold 1,000 requests.";
        assert_eq!(note(&[300, 300]), format!("No 10 s have the 1,000 requests that p99 needs. {window}"));
        assert_eq!(note(&[1_000, 300]), window);
        assert_eq!(note(&[0, 0]), "");
    }

    #[test]
    fn a_long_run_says_how_wide_its_points_are_and_counts_in_seconds_all_the_same() {
        let point = |at: u32| Point { seconds: 4, planned: 400, started: 400, ..second(4 * at, 1_028) };
        let points: Vec<Point> = (0..10).map(point).collect();
        let plan = judged(open(40), "p95 < 100ms");
        assert_eq!(
            run_finding(RunChart::Rate, &plan, &points),
            "100/s started of 100/s planned, 257 requests/s answered."
        );
        assert!(run_finding(RunChart::Latency, &plan, &points).starts_with("Over the p95 limit for 40 s, from 0:00;"));
        assert_eq!(run_note(RunChart::Rate, &plan, &points), "Each point: 4 s, as a rate a second.");
        assert_eq!(run_finding(RunChart::Cpu, &plan, &points), "At most 20.0 %.");
        assert_eq!(run_note(RunChart::Rate, &plan, &seconds(&[257])), "");
    }

    #[test]
    fn starts_are_compared_with_starts_and_requests_are_told_apart() {
        let finding = run_finding(RunChart::Rate, &open(20), &seconds(&[257, 257]));
        assert_eq!(finding, "100/s started of 100/s planned, 257 requests/s answered.");
    }

    #[test]
    fn failures_and_drops_name_the_time_they_are_counted_over() {
        let plan = Plan { warmup: Warmup::For(Millis::from_secs(1)), ..open(20) };
        let early = Point { phase: Phase::WarmUp, failed: 5, dropped: 2, ..second(0, 100) };
        let points = [early, Point { failed: 3, ..second(1, 100) }];
        assert_eq!(
            run_finding(RunChart::Errors, &plan, &points),
            "3 of 100 requests failed after the warm-up, 5 during it; 2 starts were dropped, warm-up included."
        );
    }

    #[test]
    fn users_have_no_starts_that_could_be_dropped() {
        assert_eq!(run_finding(RunChart::Errors, &closed(20), &seconds(&[100])), "No request failed.");
    }

    #[test]
    fn users_that_were_never_reached_are_named_with_their_plan() {
        let points = [Point { users: 8, ..second(0, 100) }];
        assert_eq!(run_finding(RunChart::Load, &closed(20), &points), "At most 8 of 10 planned.");
    }
}

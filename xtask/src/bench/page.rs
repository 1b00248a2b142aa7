//! `docs/benchmarks.md`, made from what was measured and from nothing else.
//!
//! In:  the documents of `target/bench`. Out: Markdown. What was not measured is said to be missing.

use std::fmt::Write as _;

use super::results::{Comparison, Machine, Memory, Round, Soak, Steady, quantile};
use super::tools::Tool;

/// What the arrivals of the scripted stall see by its closed form: S up to 0.9, and S + P·(q − 0.9) beyond.
const STALL_P50_MS: f64 = 100.0;
const STALL_P95_MS: f64 = 600.0;
const STALL_P99_MS: f64 = 1000.0;
const STALL_P999_MS: f64 = 1090.0;

/// How far percentiles may be from the closed form, in percent.
const MOST_ERROR_PERCENT: f64 = 1.0;

/// How late 99 % of the starts may be at half of the highest rate, in ms.
const MOST_LAG_MS: f64 = 1.0;

/// The page.
pub(super) fn text(comparison: Option<&Comparison>, soak: Option<&Soak>) -> String {
    let mut page = String::from(
        "# Benchmarks\n\n\
         <!-- Made by `cargo xtask bench load` and `cargo xtask bench load --soak`; measure again instead of editing. -->\n\n\
         perflab's load engine beside other tools: on one machine, against one server on loopback, in turns. Every number here\n\
         was measured by `cargo xtask bench load` (about 15 minutes) and `cargo xtask bench load --soak` (ten more), which write\n\
         this page. On another machine the numbers differ; what should stay is how the tools compare.\n",
    );
    let out = &mut page;
    if let Some(comparison) = comparison {
        goals(out, comparison);
        throughput(out, comparison);
        punctuality(out, comparison);
        accuracy(out, comparison);
        machine(out, "The machine", &comparison.machine);
        left_out(out, comparison);
    } else {
        out.push_str("\nThe comparison has not been measured yet.\n");
    }
    match soak {
        Some(soak) => soaked(out, soak, comparison.map(|comparison| &comparison.machine)),
        None => out.push_str(
            "\n## Ten minutes at 5,000 requests a second\n\nNot measured yet: `cargo xtask bench load --soak`.\n",
        ),
    }
    page
}

/// Writes a line. Writing to a String cannot fail.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{
        let _ = writeln!($out, $($text)*);
    }};
}

fn goals(out: &mut String, comparison: &Comparison) {
    line!(out, "\n## What is asked of the engine\n");
    line!(out, "| goal | measured | met |\n|---|---|---|");
    let mut goal = |goal: &str, measured: Option<(String, bool)>| {
        let (measured, met) = match measured {
            Some((measured, met)) => (measured, if met { "yes" } else { "**no**" }),
            None => ("not measured".to_owned(), "–"),
        };
        line!(out, "| {goal} | {measured} | {met} |");
    };
    let ratios = ratios(&comparison.rounds, Tool::Perflab.name(), Tool::Oha.name(), |round| Some(round.requests_per_s));
    goal(
        "by arrivals at least the request rate of oha at equal concurrency",
        quantile(&ratios, 0.5).map(|median| (format!("{} times oha's", spread(&ratios, 2)), median >= 1.0)),
    );
    let lags: Vec<f64> = comparison.half.iter().filter_map(|steady| steady.lag_p99_ms).collect();
    goal(
        "P99 of the lag of starts below 1 ms at half of that rate",
        quantile(&lags, 0.5).map(|median| (format!("{} ms", spread(&lags, 3)), median < MOST_LAG_MS)),
    );
    goal(
        "30 s at 10,000 requests/s without a dropped start",
        comparison.steady.as_ref().map(|steady| {
            let kept = steady.dropped == 0 && steady.failed == 0 && steady.finished == steady.planned;
            (format!("{} planned, {} finished, {} dropped", steady.planned, steady.finished, steady.dropped), kept)
        }),
    );
    let ours = comparison.stalled.iter().find(|stalled| stalled.tool == Tool::Perflab.name());
    goal(
        "P50, P99 and P99.9 of a scripted stall within 1 % of the closed form",
        ours.map(|ours| {
            let errors = [
                error(ours.p50_ms, STALL_P50_MS),
                error(ours.p99_ms, STALL_P99_MS),
                error(ours.p999_ms, STALL_P999_MS),
            ];
            let met = errors.iter().all(|error| error.is_some_and(|error| error.abs() < MOST_ERROR_PERCENT));
            (errors.map(percent).join(", "), met)
        }),
    );
}

fn throughput(out: &mut String, comparison: &Comparison) {
    let Comparison { connections, seconds, rounds, .. } = comparison;
    let turns = rounds.iter().map(|round| round.number).max().unwrap_or(0);
    line!(out, "\n## Rate and cost\n");
    line!(
        out,
        "{connections} connections that ask again as soon as they have an answer, {turns} rounds of {seconds} s for each tool, one\n\
         after the other within a round. The server answers at once and takes one core of its own where it can; tool and server\n\
         share the machine, as on any developer's. Costs are the time on processors of the tool with all of its processes, for\n\
         perflab those of `perflab run` with judging and terminal; its own start-up is left out of every tool. Median of the\n\
         rounds (smallest to largest); ratios are taken within a round.\n"
    );
    let base = if named(rounds, Tool::Oha.name()) { Tool::Oha } else { Tool::Perflab }.name();
    line!(out, "| tool | requests/s | ÷ {base} | CPU per request, µs | ÷ {base} | failed |\n|---|---|---|---|---|---|");
    for tool in tools(rounds) {
        let of = |value: fn(&Round) -> Option<f64>| -> Vec<f64> {
            rounds.iter().filter(|round| round.tool == tool).filter_map(value).collect()
        };
        let failed: u64 = rounds.iter().filter(|round| round.tool == tool).map(|round| round.failed).sum();
        line!(
            out,
            "| {tool} | {} | {} | {} | {} | {failed} |",
            spread(&of(|round| Some(round.requests_per_s)), 0),
            spread(&ratios(rounds, &tool, base, |round| Some(round.requests_per_s)), 2),
            spread(&of(Round::cpu_us), 2),
            spread(&ratios(rounds, &tool, base, Round::cpu_us), 2),
        );
    }
    line!(
        out,
        "\n`perflab, open` starts by a plan (rates), `perflab, closed` moves users (goose schedules them, the requests are perflab's\n\
         own). `goose alone` is the library with its own client."
    );
}

fn punctuality(out: &mut String, comparison: &Comparison) {
    let rows: Vec<&Steady> = comparison.half.iter().chain(&comparison.steady).collect();
    if rows.is_empty() {
        return;
    }
    line!(out, "\n## Punctuality\n");
    line!(
        out,
        "Lag is the time from the planned instant of a start to the moment its request is sent. First half of the rate above, once\n\
         in each round, then the fixed rate.\n"
    );
    line!(
        out,
        "| starts a second | for | planned | dropped | more than 5 ms late | lag P50, ms | P99, ms | largest, ms | cores |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    for steady in rows {
        line!(
            out,
            "| {} | {} s | {} | {} | {} | {} | {} | {} | {} |",
            number(steady.rate, 0),
            steady.seconds,
            number(steady.planned as f64, 0),
            steady.dropped,
            steady.late,
            maybe(steady.lag_p50_ms, 3),
            maybe(steady.lag_p99_ms, 3),
            maybe(steady.lag_max_ms, 2),
            maybe(steady.cores, 2),
        );
    }
}

fn accuracy(out: &mut String, comparison: &Comparison) {
    let Some(first) = comparison.stalled.first() else { return };
    line!(out, "\n## Accuracy on a stall\n");
    line!(
        out,
        "A target that answers after 100 ms and stands still for one second in ten, {} s for each tool. Visitors who do not wait for\n\
         each other see P50 {STALL_P50_MS} ms, P95 {STALL_P95_MS} ms, P99 {STALL_P99_MS} ms, P99.9 {STALL_P999_MS} ms by the closed form; the errors are\n\
         against that. A tool of users who wait does not ask while the target stands still: it measures rightly what its users see,\n\
         and says nothing of visitors, as P95 shows ([How perflab times requests](timing.md)). oha corrects its latencies here\n\
         (`--latency-correction`).\n",
        first.seconds
    );
    line!(
        out,
        "| tool | asked for | requests | P50, ms | error | P95, ms | error | P99, ms | error | P99.9, ms | error |\n\
         |---|---|---|---|---|---|---|---|---|---|---|"
    );
    for stalled in &comparison.stalled {
        let cell = |value: Option<f64>, expected: f64| {
            format!(
                "{} | {}",
                maybe(value, 1),
                value.map_or_else(|| "–".to_owned(), |_| percent(error(value, expected)))
            )
        };
        line!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            stalled.tool,
            stalled.how,
            number(stalled.requests as f64, 0),
            cell(stalled.p50_ms, STALL_P50_MS),
            cell(stalled.p95_ms, STALL_P95_MS),
            cell(stalled.p99_ms, STALL_P99_MS),
            cell(stalled.p999_ms, STALL_P999_MS),
        );
    }
}

fn machine(out: &mut String, title: &str, machine: &Machine) {
    line!(out, "\n## {title}\n");
    line!(
        out,
        "{} cores of {}, {} GiB, {}; other work before the bench: {} of a core. perflab at {}, measured on {}.",
        machine.cores,
        machine.processor,
        number(machine.memory_gib, 0),
        machine.kernel,
        number(machine.load_before, 2),
        machine.commit,
        machine.measured_at
    );
    let versions: Vec<String> = machine.versions.iter().map(|(tool, version)| format!("{tool} {version}")).collect();
    line!(out, "Versions: {}.", versions.join("; "));
}

fn left_out(out: &mut String, comparison: &Comparison) {
    for (tool, why) in &comparison.left_out {
        line!(out, "\n{tool} was left out: {why}.");
    }
}

fn soaked(out: &mut String, soak: &Soak, described: Option<&Machine>) {
    line!(out, "\n## {} at {} requests a second\n", long(soak.seconds), number(soak.rate, 0));
    line!(
        out,
        "Through a lab on SQLite with its worker, its runner as a process of its own, and one reader of the live data.\n\
         {} starts planned, {} finished, {} dropped, {} failed, {} more than 5 ms late; lag P99 {} ms, largest {} ms.\n",
        number(soak.planned as f64, 0),
        number(soak.finished as f64, 0),
        soak.dropped,
        soak.failed,
        soak.late,
        maybe(soak.lag_p99_ms, 3),
        maybe(soak.lag_max_ms, 2),
    );
    line!(
        out,
        "| process | memory in the first minute | in the last | largest | growth after the first minute | cores |\n|---|---|---|---|---|---|"
    );
    let mut row = |name: &str, memory: &Memory| {
        line!(
            out,
            "| {name} | {} MiB | {} MiB | {} MiB | {} MiB/h | {} |",
            maybe(memory.first_minute_mib, 1),
            maybe(memory.last_minute_mib, 1),
            maybe(memory.peak_mib, 1),
            maybe(memory.slope_mib_per_h, 1),
            maybe(memory.cores, 2),
        );
    };
    row("runner", &soak.runner);
    row("lab", &soak.lab);
    line!(
        out,
        "\nThe live data: {} of {} seconds reached the reader, half of them within {} ms of their end, 99 % within {} ms, the last\n\
         after {} ms.",
        number(soak.seconds.saturating_sub(soak.live.missing as u64) as f64, 0),
        soak.seconds,
        maybe(soak.live.p50_ms, 0),
        maybe(soak.live.p99_ms, 0),
        maybe(soak.live.max_ms, 0),
    );
    let same = |other: &Machine| other.commit == soak.machine.commit && other.processor == soak.machine.processor;
    if !described.is_some_and(same) {
        machine(out, "The machine of the soak", &soak.machine);
    }
}

fn named(rounds: &[Round], tool: &str) -> bool {
    rounds.iter().any(|round| round.tool == tool)
}

/// The tools in the order of their turns.
fn tools(rounds: &[Round]) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for round in rounds {
        if !seen.contains(&round.tool) {
            seen.push(round.tool.clone());
        }
    }
    seen
}

/// A tool's values divided by another's of the same round.
fn ratios(rounds: &[Round], tool: &str, base: &str, value: impl Fn(&Round) -> Option<f64>) -> Vec<f64> {
    let of = |number: u32, tool: &str| {
        rounds.iter().find(|round| round.number == number && round.tool == tool).and_then(&value)
    };
    let numbers = rounds.iter().filter(|round| round.tool == tool).map(|round| round.number);
    numbers
        .filter_map(|number| {
            let below = of(number, base).filter(|below| *below > 0.0)?;
            Some(of(number, tool)? / below)
        })
        .collect()
}

/// `median (smallest to largest)`.
fn spread(values: &[f64], digits: usize) -> String {
    let (Some(median), Some(low), Some(high)) = (quantile(values, 0.5), quantile(values, 0.0), quantile(values, 1.0))
    else {
        return "–".to_owned();
    };
    let text = |value| number(value, digits);
    if values.len() < 2 { text(median) } else { format!("{} ({} to {})", text(median), text(low), text(high)) }
}

fn error(value: Option<f64>, expected: f64) -> Option<f64> {
    Some((value? / expected - 1.0) * 100.0)
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |value| format!("{}{} %", if value < 0.0 { "−" } else { "+" }, number(value.abs(), 2)),
    )
}

fn maybe(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| number(value, digits))
}

/// With a comma between thousands.
fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("−", rest));
    let (whole, rest) = text.split_once('.').map_or((text, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let mut parted = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(digit);
    }
    format!("{sign}{parted}{rest}")
}

fn long(seconds: u64) -> String {
    if seconds == 600 { "Ten minutes".to_owned() } else { format!("{seconds} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(number: u32, tool: &str, requests_per_s: f64) -> Round {
        Round { number, tool: tool.to_owned(), requests_per_s, failed: 0, cores: Some(1.0) }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let rounds =
            [round(1, "a", 10.0), round(1, "b", 20.0), round(2, "a", 40.0), round(2, "b", 40.0), round(3, "b", 1.0)];
        assert_eq!(ratios(&rounds, "b", "a", |round| Some(round.requests_per_s)), [2.0, 1.0]);
        assert_eq!(ratios(&rounds, "b", "a", Round::cpu_us), [0.5, 1.0]);
    }

    #[test]
    fn numbers_are_parted_and_rounded() {
        let shown = [number(1_234_567.4, 0), number(-12.345, 2), number(999.0, 0), percent(error(Some(99.0), 100.0))];
        assert_eq!(shown, ["1,234,567", "−12.35", "999", "−1.00 %"]);
        assert_eq!(spread(&[3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)");
        assert_eq!(spread(&[], 1), "–");
    }

    #[test]
    fn a_page_without_measurements_has_no_numbers() {
        let page = text(None, None);
        assert!(page.contains("not been measured") && page.contains("Not measured yet"), "{page}");
    }
}

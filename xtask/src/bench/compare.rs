//! perflab beside the other tools: throughput and CPU in interleaved rounds, punctuality, accuracy.
//!
//! In:  binaries and options. Out: a [`Comparison`].
//!
//! Rounds are interleaved (every tool has one turn, then all of them the next), so that what a machine does for a while
//! meets all tools alike; ratios are taken within a round.

use std::path::Path;

use anyhow::Result;

use super::machine;
use super::results::{Comparison, Round, Stalled, Steady};
use super::tools::{self, Load, Model, Rate, Ready, Tool};
use super::{CONNECTIONS, Options, loopback};
use crate::report::{fact, step};
use crate::services;

/// Every answer takes 100 ms; one second in ten the target stands still.
const FAULTS: &str = r#"{"stall": {"sleep_ms": 100, "period_ms": 10000, "freeze_ms": 1000}}"#;

/// Starts a second at that target.
const STALL_RATE: f64 = 400.0;

/// The rate that an idle machine of two cores must keep up without a drop.
const STEADY_RATE: f64 = 10_000.0;

/// What is asked of perflab before any tool has shown what the server takes.
const MORE_THAN_ANY: f64 = 300_000.0;

/// So much more than oha's rate is asked of perflab in the same round, that its connections never wait for a start.
const ASK_MORE: f64 = 1.3;

/// Measures.
pub(super) fn measure(binary: &Path, server: &Path, options: &Options) -> Result<Comparison> {
    let scratch = tempfile::tempdir()?;
    let (tools, left_out) = ready(binary, scratch.path(), options);
    let versions = tools.iter().map(|tool| (tool.tool.name().to_owned(), tool.version.clone())).collect();
    let machine = machine::describe(versions);
    let (running, base) = loopback(server)?;
    let mut rounds = Vec::new();
    let mut half = Vec::new();
    for number in 1..=options.rounds {
        step(format_args!(
            "Round {number} of {}: {CONNECTIONS} connections, {} s each",
            options.rounds, options.seconds
        ));
        let ours = round(number, &tools, &base, options.seconds, &mut rounds)?;
        if let Some(top) = ours {
            let steady = tools::steady(binary, &base, (top / 2.0).round(), options.seconds, scratch.path())?;
            told("perflab, half of its rate", &steady);
            half.push(steady);
        }
    }
    let mut steady = None;
    if options.steady_seconds > 0 && tools.iter().any(|tool| tool.tool == Tool::Perflab) {
        step(format_args!("{STEADY_RATE} requests a second for {} s", options.steady_seconds));
        let measured = tools::steady(binary, &base, STEADY_RATE, options.steady_seconds, scratch.path())?;
        told("perflab", &measured);
        steady = Some(measured);
    }
    drop(running);
    let stalled = if options.stall_seconds > 0 { stalled(binary, &tools, options.stall_seconds)? } else { Vec::new() };
    let seconds = options.seconds;
    Ok(Comparison { machine, connections: CONNECTIONS, seconds, rounds, half, steady, stalled, left_out })
}

/// The tools that are wanted and can be had, and those that cannot, with the reason.
fn ready(binary: &Path, scratch: &Path, options: &Options) -> (Vec<Ready>, Vec<(String, String)>) {
    let (mut tools, mut left_out) = (Vec::new(), Vec::new());
    for tool in tools::ALL.into_iter().filter(|tool| options.only.is_empty() || options.only.contains(tool)) {
        match tool.ready(binary, scratch) {
            Ok(ready) => tools.push(ready),
            Err(error) => {
                fact(format_args!("{} is left out: {error:#}", tool.name()));
                left_out.push((tool.name().to_owned(), format!("{error:#}")));
            }
        }
    }
    (tools, left_out)
}

/// One turn of every tool. Gives the rate of perflab's arrivals.
fn round(number: u32, tools: &[Ready], base: &str, seconds: u64, rounds: &mut Vec<Round>) -> Result<Option<f64>> {
    let mut ask = rounds.iter().map(|round| round.requests_per_s).fold(0.0, f64::max);
    let mut ours = None;
    for ready in tools {
        let asked = if ask > 0.0 { ask * ASK_MORE } else { MORE_THAN_ANY };
        let rate = Rate::Top(asked.round());
        let load = Load { base, path: "/", connections: CONNECTIONS, seconds, rate };
        let (reading, cores) = ready.measure(load)?;
        let tool = ready.tool.name().to_owned();
        let round = Round { number, tool, requests_per_s: reading.requests_per_s, failed: reading.failed, cores };
        fact(format_args!(
            "{:<16} {:>9.0} requests/s {:>7} µs each, {} failed",
            round.tool,
            round.requests_per_s,
            round.cpu_us().map_or_else(|| "?".to_owned(), |cpu| format!("{cpu:.2}")),
            round.failed
        ));
        ask = ask.max(round.requests_per_s);
        if ready.tool == Tool::Perflab {
            ours = Some(round.requests_per_s);
        }
        rounds.push(round);
    }
    Ok(ours)
}

fn told(who: &str, steady: &Steady) {
    let ms = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| format!("{value:.3} ms"));
    fact(format_args!(
        "{who}: {:.0}/s, {} planned, {} dropped, lag p50 {}, p99 {}, largest {}",
        steady.rate,
        steady.planned,
        steady.dropped,
        ms(steady.lag_p50_ms),
        ms(steady.lag_p99_ms),
        ms(steady.lag_max_ms)
    ));
}

/// What each tool says of the same stall: by arrivals where it can plan them, else by as many users.
fn stalled(binary: &Path, tools: &[Ready], seconds: u64) -> Result<Vec<Stalled>> {
    step(format_args!("A target that stands still for one second in ten, {seconds} s each"));
    let (running, base) = services::faulty_target(binary, FAULTS)?;
    let mut all = Vec::new();
    for ready in tools {
        let rate = Rate::Planned(STALL_RATE);
        let load = Load { base: &base, path: "/_probe", connections: CONNECTIONS, seconds, rate };
        let (reading, _) = ready.measure(load)?;
        let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
        let how = match ready.tool.model() {
            Model::Open => format!("{STALL_RATE} starts a second"),
            Model::Closed => format!("{CONNECTIONS} users"),
        };
        fact(format_args!(
            "{:<16} p50 {:>7} p99 {:>7} p99.9 {:>7} ms, {how}",
            ready.tool.name(),
            ms(reading.p50_ms),
            ms(reading.p99_ms),
            ms(reading.p999_ms)
        ));
        all.push(Stalled {
            tool: ready.tool.name().to_owned(),
            how,
            seconds,
            requests: reading.requests,
            p50_ms: reading.p50_ms,
            p95_ms: reading.p95_ms,
            p99_ms: reading.p99_ms,
            p999_ms: reading.p999_ms,
        });
    }
    drop(running);
    Ok(all)
}

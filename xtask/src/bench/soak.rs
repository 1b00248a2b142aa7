//! A long run at a fixed rate through a lab: does memory grow, is anything dropped, does the live data keep up?
//!
//! In:  binaries and a duration. Out: a [`Soak`].

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::results::{Memory, Soak};
use super::tools::{self, Tool};
use super::{live, loopback, machine, tree};
use crate::report::{fact, step};
use crate::{process, services};

const RATE: f64 = 5_000.0;

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Measures.
pub(super) fn measure(binary: &Path, server: &Path, seconds: u64) -> Result<Soak> {
    let scratch = tempfile::tempdir()?;
    let ready = Tool::Perflab.ready(binary, scratch.path())?;
    let machine = machine::describe(vec![(ready.tool.name().to_owned(), ready.version)]);
    let (running, target) = loopback(server)?;
    let suites = scratch.path().join("suites");
    std::fs::create_dir(&suites)?;
    std::fs::copy(tools::bench_suite(), suites.join("bench.yaml"))?;
    let (lab, url) = services::lab_of(binary, &scratch.path().join("data"), &suites, &target)?;
    let address = url.strip_prefix("http://").context("the lab has no address")?.to_owned();

    step(format_args!("{RATE} requests a second for {seconds} s, through a lab"));
    let reader = live::follow(address);
    let summary = scratch.path().join("summary.json");
    let mut command = Command::new(binary);
    services::own(&mut command).args(["run", "bench", "--scenario", "steady", "--server", &url, "--wait"]);
    command.args(["--rate", &RATE.to_string(), "--duration", &format!("{seconds}s"), "--json"]).arg(&summary);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut looks = Looks::new(lab.id());
    let status = process::status_while(&mut command, |_| looks.look())?;
    let told = match reader.join() {
        Ok(told) => told?,
        Err(_) => bail!("the reader of the live data broke down"),
    };
    let text = std::fs::read_to_string(&summary).with_context(|| format!("the lab measured nothing: {status}"))?;
    let document: Value = serde_json::from_str(&text)?;
    drop(lab);
    drop(running);

    let steady = tools::reading_of_steady(&document, RATE, seconds, None);
    let (runner, lab) = (looks.runner.summed_up(), looks.lab.summed_up());
    let live = live::summed_up(&told, seconds);
    fact(format_args!(
        "{} planned, {} dropped, {} failed; runner {:?} to {:?} MiB; live data P99 {:?} ms late",
        steady.planned, steady.dropped, steady.failed, runner.first_minute_mib, runner.last_minute_mib, live.p99_ms
    ));
    Ok(Soak {
        machine,
        rate: RATE,
        seconds,
        planned: steady.planned,
        finished: steady.finished,
        dropped: steady.dropped,
        failed: steady.failed,
        late: steady.late,
        lag_p99_ms: steady.lag_p99_ms,
        lag_max_ms: steady.lag_max_ms,
        runner,
        lab,
        live,
    })
}

/// Looks at the lab and its runner, a second apart.
struct Looks {
    lab_id: u32,
    runner_id: Option<u32>,
    last: Option<Instant>,
    lab: Looked,
    runner: Looked,
}

/// What was seen of one process.
struct Looked {
    begun: Instant,
    memory: Vec<(f64, f64)>,
    /// Time on processors at the first and the last look.
    cpu: Option<((Instant, Duration), (Instant, Duration))>,
}

impl Looks {
    fn new(lab_id: u32) -> Self {
        Self { lab_id, runner_id: None, last: None, lab: Looked::new(), runner: Looked::new() }
    }

    fn look(&mut self) {
        if self.last.is_some_and(|last| last.elapsed() < LOOK_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        if self.runner_id.is_none() {
            self.runner_id = tree::descendant_with(self.lab_id, "exec");
        }
        // Only while there is a run: before and after it the lab is idle.
        if let Some(runner) = self.runner_id
            && self.runner.see(runner, None)
        {
            // The lab's tree has the runner in it, whose share is told apart.
            self.lab.see(self.lab_id, Some(runner));
        }
    }
}

impl Looked {
    fn new() -> Self {
        Self { begun: Instant::now(), memory: Vec::new(), cpu: None }
    }

    /// Whether there was anything to see. `without` is a descendant that does not count.
    fn see(&mut self, id: u32, without: Option<u32>) -> bool {
        let Some(memory) = tree::memory_mib(id) else { return false };
        if self.memory.is_empty() {
            self.begun = Instant::now();
        }
        self.memory.push((self.begun.elapsed().as_secs_f64(), memory));
        if let Some(used) = tree::cpu(id) {
            let others = without.and_then(tree::cpu).unwrap_or_default();
            let now = (Instant::now(), used.saturating_sub(others));
            let first = self.cpu.map_or(now, |(first, _)| first);
            self.cpu = Some((first, now));
        }
        true
    }

    fn summed_up(&self) -> Memory {
        let end = self.memory.last().map_or(0.0, |(at, _)| *at);
        let mean = |from: f64, to: f64| {
            let within: Vec<f64> =
                self.memory.iter().filter(|(at, _)| (from..=to).contains(at)).map(|(_, memory)| *memory).collect();
            (!within.is_empty()).then(|| within.iter().sum::<f64>() / within.len() as f64)
        };
        let settled: Vec<(f64, f64)> = self.memory.iter().copied().filter(|(at, _)| *at >= 60.0).collect();
        let cores = self.cpu.and_then(|((begun, before), (ended, after))| {
            let wall = ended.duration_since(begun).as_secs_f64();
            (wall >= 1.0).then(|| after.saturating_sub(before).as_secs_f64() / wall)
        });
        Memory {
            first_minute_mib: mean(0.0, 60.0),
            last_minute_mib: mean(end - 60.0, end),
            peak_mib: self.memory.iter().map(|(_, memory)| *memory).max_by(f64::total_cmp),
            slope_mib_per_h: slope(&settled).map(|a_second| a_second * 3600.0),
            cores,
            samples: self.memory.clone(),
        }
    }
}

/// Growth by least squares; nothing where there are too few points to tell.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 10 {
        return None;
    }
    let n = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        (above + (x - mean_x) * (y - mean_y), below + (x - mean_x) * (x - mean_x))
    });
    (below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_of_the_line_through_its_points() {
        let line: Vec<(f64, f64)> = (0..20).map(|x| (f64::from(x), 3.0 + 0.5 * f64::from(x))).collect();
        assert!(slope(&line).is_some_and(|found| (found - 0.5).abs() < 1e-9));
        assert_eq!(slope(&line[..5]), None);
    }

    #[test]
    fn the_first_and_the_last_minute_are_told_apart() {
        let mut looked = Looked::new();
        looked.memory = (0..=300).map(|at| (f64::from(at), if at <= 60 { 10.0 } else { 20.0 })).collect();
        let memory = looked.summed_up();
        assert_eq!((memory.first_minute_mib, memory.last_minute_mib), (Some(10.0), Some(20.0)));
        assert_eq!(memory.peak_mib, Some(20.0));
    }
}

//! A11: a generator that cannot be believed says so, with the right cause.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use perflab_model::{
    plan::Plan,
    runner::Report,
    summary::LatencyKind,
    validity::{Validity, ValidityState},
};
use perflab_stats::{Accumulator, Context, Health, ReadTick};

use crate::{
    alone, reference_target,
    support::{Outcome, Runner, constant_rate, get, plan, request},
};

/// What the lab makes of the run.
fn validity(plan: &Plan, outcome: &Outcome) -> Validity {
    let (mut health, mut sums) = (Health::default(), Accumulator::new(LatencyKind::Response));
    for tick in &outcome.ticks {
        let read = ReadTick::new(tick, LatencyKind::Response);
        health.add(&read);
        sums.add(&read);
    }
    health.validity(&Context {
        plan,
        done: outcome.done.as_ref(),
        over: true,
        cut_short: false,
        p50_us: sums.latency_histogram().quantile_us(0.5),
        finished: sums.totals().finished,
    })
}

#[track_caller]
fn assert_invalid(validity: &Validity, cause: &str) {
    assert_eq!(validity.state, ValidityState::Invalid, "{validity:#?}");
    let found = validity.signals.iter().find(|signal| signal.code == cause);
    assert_eq!(found.map(|signal| signal.state), Some(ValidityState::Invalid), "{cause} is not a cause: {validity:#?}");
}

fn probe_plan(url: &str, seconds: u64) -> Plan {
    plan(url, constant_rate(50.0, seconds, 50), vec![request(get("probe", "/_probe"))])
}

/// Processes that take all the CPU there is, and belong to nobody here: not to the runner, and not to the target.
struct Hogs(Vec<i32>);

impl Hogs {
    fn start() -> Self {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // The shell in the middle ends at once, so that its children are adopted by somebody else. They end by
        // themselves, too, should this test be killed.
        let script = "for i in $(seq $0); do timeout 60 sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $!; done";
        let mut shell = Command::new("sh")
            .args(["-c", script, &cores.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let told = BufReader::new(shell.stdout.take().expect("it is piped")).lines();
        let pids = told.map_while(Result::ok).filter_map(|line| line.parse().ok()).collect();
        shell.wait().expect("the shell ends");
        Self(pids)
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        for pid in &self.0 {
            // `timeout` passes it on.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGTERM);
        }
    }
}

#[test]
fn accuracy_a11_a_host_that_others_use_makes_the_run_invalid() {
    let _alone = alone();
    let target = reference_target();
    let plan = probe_plan(&target.target().url(), 8);
    let hogs = Hogs::start();
    let outcome = Runner::start(plan.clone()).finish();
    drop(hogs);
    assert_invalid(&validity(&plan, &outcome), "other");
}

#[test]
fn accuracy_a11_a_runner_without_descriptors_refuses_and_says_so() {
    let _alone = alone();
    let target = reference_target();
    let plan = probe_plan(&target.target().url(), 5);
    let outcome = Runner::start_under("ulimit -n 64", plan.clone()).finish();
    assert_eq!(outcome.sum(|tick| tick.point.started), 0, "no load is sent");
    assert_invalid(&validity(&plan, &outcome), "preflight");
}

#[test]
fn accuracy_a11_a_runner_that_stood_still_makes_the_run_invalid() {
    let _alone = alone();
    let target = reference_target();
    let plan = probe_plan(&target.target().url(), 8);
    let mut runner = Runner::start(plan.clone());
    let mut outcome = Outcome::default();
    while outcome.ticks.len() < 3 {
        outcome.take(runner.next().expect("the runner reports"));
    }
    let pid = Pid::from_raw(i32::try_from(runner.pid()).expect("a process id"));
    kill(pid, Signal::SIGSTOP).expect("the runner lives");
    // Not a wait for something to happen: two seconds of standing still are what is measured.
    thread::sleep(Duration::from_secs(2));
    kill(pid, Signal::SIGCONT).expect("the runner lives");
    while let Some(report) = runner.next() {
        let is_last = matches!(report, Report::Done(_));
        outcome.take(report);
        if is_last {
            break;
        }
    }
    assert_invalid(&validity(&plan, &outcome), "gap");
}

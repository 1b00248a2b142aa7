//! A runner's process, looked at from outside.

use std::time::Duration;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::lab::until;

/// A process by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) i32);

impl Process {
    /// The runner of a run, as it said itself.
    pub(crate) fn of_run(run: &Value) -> Self {
        let pid = run["started"]["pid"].as_i64().unwrap_or_else(|| panic!("no runner has started: {run}"));
        Self(i32::try_from(pid).unwrap())
    }

    pub(crate) fn signal(self, signal: Signal) {
        kill(Pid::from_raw(self.0), signal).unwrap_or_else(|error| panic!("{signal} to {}: {error}", self.0));
    }

    /// Whether it has ended. One whose parent has not yet asked for its exit has ended too.
    pub(crate) fn is_gone(self) -> bool {
        match std::fs::read_to_string(format!("/proc/{}/stat", self.0)) {
            Err(_) => true,
            Ok(stat) => stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X'])),
        }
    }

    /// The names of the variables it was started with.
    pub(crate) fn variables(self) -> Vec<String> {
        let all = std::fs::read(format!("/proc/{}/environ", self.0)).unwrap();
        let names = all.split(|byte| *byte == 0).filter_map(|variable| variable.split(|byte| *byte == b'=').next());
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// The processes that it has started.
    pub(crate) fn children(self) -> Vec<Self> {
        let parent = |pid: &i32| -> Option<i32> {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
        };
        let numbers =
            std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| parent(pid) == Some(self.0)).map(Self).collect()
    }

    pub(crate) async fn gone_within(self, time: Duration) {
        until(&format!("process {} is gone", self.0), time, async || self.is_gone().then_some(())).await;
    }
}

//! The machine and the tools that the bench ran on, for its page.

use std::fs;
use std::process::Command;
use std::thread;

use super::results::Machine;
use crate::project;

/// Describes them. What cannot be found out is said to be unknown.
pub(super) fn describe(versions: Vec<(String, String)>) -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let processor = value(&processors, "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory_kib: f64 = value(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0);
    let load_before = read("/proc/loadavg").split_whitespace().next().and_then(|text| text.parse().ok());
    Machine {
        processor,
        cores: thread::available_parallelism().map_or(0, usize::from),
        memory_gib: memory_kib / 1024.0 / 1024.0,
        kernel: first_line(Command::new("uname").args(["-sr"])),
        load_before: load_before.unwrap_or(0.0),
        commit: first_line(
            Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=9"]).current_dir(project::root()),
        ),
        measured_at: first_line(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])),
        versions,
    }
}

/// `name : value` of such a file.
fn value(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The first line that a command says, on whichever output.
pub(super) fn first_line(command: &mut Command) -> String {
    let Ok(output) = command.output() else { return "unknown".to_owned() };
    let said = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&said);
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("unknown").to_owned()
}

//! Locust: closed, its quickest client, one process as it comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{Load, Reading, own_tools};
use crate::bench::machine::first_line;
use crate::report::step;
use crate::{process, setup};

const VERSION: &str = "2.47.0";

pub(super) fn ready() -> Result<(PathBuf, String)> {
    let folder = own_tools().join("locust");
    let program = folder.join("bin/locust");
    let is_there = program.is_file() && first_line(Command::new(&program).arg("--version")).contains(VERSION);
    if !is_there {
        let python = setup::find("python3").context("Locust needs python3 with venv; install it")?;
        step(format_args!("Installing Locust {VERSION} (pip install locust=={VERSION}, in target/tools/locust)"));
        process::run(Command::new(python).args(["-m", "venv"]).arg(&folder))?;
        process::run(Command::new(folder.join("bin/pip")).args(["install", "-q", &format!("locust=={VERSION}")]))?;
    }
    Ok((program, VERSION.to_owned()))
}

pub(super) fn call(command: &mut Command, load: Load<'_>, scratch: &Path) -> Result<()> {
    let file = scratch.join("locustfile.py");
    fs::write(&file, include_str!("../locustfile.py")).with_context(|| format!("cannot write {}", file.display()))?;
    let users = load.connections.to_string();
    command.arg("-f").arg(&file).args(["--headless", "--host", load.base, "-u", &users, "-r", &users]);
    command.args(["-t", &format!("{}s", load.seconds), "--only-summary", "--loglevel", "ERROR", "--csv"]);
    command.arg(scratch.join("locust")).env("BENCH_PATH", load.path).stderr(Stdio::null());
    Ok(())
}

pub(super) fn read(scratch: &Path) -> Result<Reading> {
    let path = scratch.join("locust_stats.csv");
    parse(&fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?)
}

fn parse(table: &str) -> Result<Reading> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().context("an empty table")?.split(',').collect();
    // No name of ours holds a comma.
    let all: Vec<&str> = lines.find(|line| line.contains(",Aggregated,")).context("no sum")?.split(',').collect();
    let number = |name: &str| -> Option<f64> { all.get(names.iter().position(|known| *known == name)?)?.parse().ok() };
    Ok(Reading {
        requests: number("Request Count").context("no number of requests")? as u64,
        requests_per_s: number("Requests/s").context("no rate")?,
        failed: number("Failure Count").unwrap_or(0.0) as u64,
        p50_ms: number("50%"),
        p95_ms: number("95%"),
        p99_ms: number("99%"),
        p999_ms: number("99.9%"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_its_table_is_read() {
        let table = "Type,Name,Request Count,Failure Count,Requests/s,50%,95%,99%,99.9%\nGET,/,10,0,2.0,1,2,2,3\n,Aggregated,20,1,4.5,100,110,1100,N/A\n";
        let expected = Reading {
            requests: 20,
            requests_per_s: 4.5,
            failed: 1,
            p50_ms: Some(100.0),
            p95_ms: Some(110.0),
            p99_ms: Some(1100.0),
            p999_ms: None,
        };
        assert_eq!(parse(table).expect("a table"), expected);
    }
}

//! wrk: closed, two threads as it comes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Load, Reading};
use crate::bench::machine::first_line;
use crate::setup;

pub(super) fn ready() -> Result<(PathBuf, String)> {
    let program = setup::found_or_installed("wrk", || setup::find("wrk"), &["wrk"])?;
    // `wrk debian/4.1.0-3+b2 [epoll] Copyright …`
    let said = first_line(Command::new(&program).arg("-v"));
    let version = said.split_whitespace().nth(1).unwrap_or("unknown").to_owned();
    Ok((program, version))
}

pub(super) fn call(command: &mut Command, load: Load<'_>) {
    command.args(["-t", "2", "-c", &load.connections.to_string(), "-d", &format!("{}s", load.seconds)]);
    command.args(["--timeout", "10s", "--latency"]).arg(format!("{}{}", load.base, load.path));
}

pub(super) fn read(said: &str) -> Result<Reading> {
    let after = |word: &str| said.lines().find_map(|line| line.trim().strip_prefix(word)).map(str::trim);
    let percentile = |word: &str| after(word).and_then(milliseconds);
    let counted = said.lines().find(|line| line.contains(" requests in ")).context("no number of requests")?;
    let other = after("Non-2xx or 3xx responses:").and_then(|text| text.parse().ok()).unwrap_or(0);
    let broken: u64 = after("Socket errors:")
        .map(|text| text.split(',').filter_map(|part| part.trim().rsplit(' ').next()?.parse::<u64>().ok()).sum())
        .unwrap_or(0);
    Ok(Reading {
        requests: counted.split_whitespace().next().and_then(|text| text.parse().ok()).context("no number")?,
        requests_per_s: after("Requests/sec:").and_then(|text| text.parse().ok()).context("no rate")?,
        failed: other + broken,
        p50_ms: percentile("50%"),
        // It prints 50, 75, 90 and 99 % and no other.
        p95_ms: None,
        p99_ms: percentile("99%"),
        p999_ms: None,
    })
}

fn milliseconds(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let number: f64 = digits.parse().ok()?;
    match &text[digits.len()..] {
        "us" => Some(number / 1000.0),
        "ms" => Some(number),
        "s" => Some(number * 1000.0),
        "m" => Some(number * 60_000.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_table_is_read_with_its_units() {
        let said = "Running 5s test @ http://127.0.0.1:8000/\n  2 threads and 50 connections\n  Thread Stats   Avg\n    \
            Latency   269.22us\n  Latency Distribution\n     50%  254.00us\n     75%  300.00us\n     90%  350.00us\n     \
            99%    1.09s \n  882013 requests in 5.10s, 63.93MB read\n  Socket errors: connect 0, read 1, write 0, timeout 2\n\
            Requests/sec: 172946.01\nTransfer/sec:     12.54MB\n";
        let expected = Reading {
            requests: 882_013,
            requests_per_s: 172_946.01,
            failed: 3,
            p50_ms: Some(0.254),
            p95_ms: None,
            p99_ms: Some(1090.0),
            p999_ms: None,
        };
        assert_eq!(read(said).expect("wrk's table"), expected);
    }
}

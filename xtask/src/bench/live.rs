//! A reader of a run's event stream, as a browser is one: how long after its end a second arrives.
//!
//! In:  the address of a lab and the number of a run. Out: the delay of every second, when the stream has ended.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::results::{Live, quantile};

/// How often the stream is asked for before there is a run.
const TRIES: u32 = 200;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// A second that was told: its number and its delay in ms.
type Told = (u64, f64);

/// Follows run 1 of the lab at `host:port` on a thread.
pub(super) fn follow(address: String) -> JoinHandle<Result<Vec<Told>>> {
    thread::spawn(move || {
        for _ in 0..TRIES {
            if let Some(stream) = open(&address)? {
                return read(stream);
            }
            thread::sleep(BETWEEN_TRIES);
        }
        bail!("the lab at {address} shows no run 1")
    })
}

/// The stream, behind its head; nothing while there is no such run.
fn open(address: &str) -> Result<Option<BufReader<TcpStream>>> {
    let mut socket = TcpStream::connect(address).with_context(|| format!("the lab at {address} is not there"))?;
    // In HTTP/1.0 an answer ends with its connection and is not cut into chunks: its lines are the events'.
    write!(socket, "GET /api/v1/runs/1/events HTTP/1.0\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n")?;
    let mut stream = BufReader::new(socket);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if line.split_whitespace().nth(1) != Some("200") {
        return Ok(None);
    }
    while line.trim() != "" {
        line.clear();
        stream.read_line(&mut line)?;
    }
    Ok(Some(stream))
}

fn read(stream: BufReader<TcpStream>) -> Result<Vec<Told>> {
    let mut all = Vec::new();
    for line in stream.lines() {
        let line = line?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
        if let Some((second, at_us)) = second_of(&line) {
            all.push((second, now.as_micros() as f64 / 1000.0 - at_us / 1000.0));
        }
    }
    Ok(all)
}

/// The number of the second that a line tells, and when it ended.
fn second_of(line: &str) -> Option<(u64, f64)> {
    let event: Value = serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()?;
    (event["kind"] == "tick").then_some(())?;
    Some((event.pointer("/body/second")?.as_u64()?, event.pointer("/body/at_us")?.as_f64()?))
}

/// What the delays say, of a run of so many seconds.
pub(super) fn summed_up(told: &[Told], seconds: u64) -> Live {
    let delays: Vec<f64> = told.iter().map(|(_, delay)| *delay).collect();
    let missing = (0..seconds).filter(|second| told.iter().all(|(known, _)| known != second)).count();
    Live {
        told: told.len(),
        missing,
        p50_ms: quantile(&delays, 0.5),
        p99_ms: quantile(&delays, 0.99),
        max_ms: quantile(&delays, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_seconds_count() {
        let tick = r#"data: {"seq":7,"at_us":1,"kind":"tick","body":{"second":3,"at_us":4000000}}"#;
        assert_eq!(second_of(tick), Some((3, 4_000_000.0)));
        for other in ["event: tick", "id: 7", "", r#"data: {"seq":7,"kind":"log","body":{"second":3}}"#] {
            assert_eq!(second_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_second_that_never_came_is_missed() {
        let live = summed_up(&[(0, 10.0), (2, 30.0)], 3);
        assert_eq!((live.told, live.missing, live.max_ms), (2, 1, Some(30.0)));
    }
}

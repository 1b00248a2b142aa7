//! The runner as a process: a job and orders on stdin, reports on stdout, everything else on stderr.

use std::{
    fs::File,
    io::{self, BufRead, BufWriter, Write},
    process::ExitCode,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use perflab_model::runner::{Job, Order, Report};

use crate::{execute::execute, settings::Settings};

/// Reports that may wait for a slow reader. At one tick a second this is several minutes.
const REPORTS: usize = 1024;

/// Orders that may wait to be obeyed.
const ORDERS: usize = 64;

/// Longest line on stdin: a plan with many flows is some hundred kilobytes, but its feeds travel with it.
const MAX_LINE: u64 = 512 * 1024 * 1024;

/// How long the last reports may take to be read.
const LAST_WORD: Duration = Duration::from_secs(5);

/// The whole life of a runner process: reads a [`Job`], carries it out, says how it ended.
///
/// The exit code is 0 when `Done` was said, whatever it says.
pub fn run_child() -> ExitCode {
    bridge_logs();
    // Two providers may be linked, and rustls refuses to choose; an earlier choice of the same one is fine.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match talk() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the runner could not talk to its worker");
            ExitCode::FAILURE
        }
    }
}

fn talk() -> io::Result<()> {
    let out = private_stdout()?;
    let mut line = String::new();
    let mut stdin = io::BufReader::new(io::stdin());
    io::Read::take(&mut stdin, MAX_LINE).read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("the first line is no job: {error}")))?;
    drop(line);
    let (orders, obeyed) = sync_channel(ORDERS);
    thread::spawn(move || listen(stdin, &orders));
    let (reports, told) = sync_channel(REPORTS);
    let writer = thread::spawn(move || write(&told, out));
    execute(job, Settings::from_environment(), obeyed, reports);
    let until = Instant::now() + LAST_WORD;
    while !writer.is_finished() {
        if Instant::now() >= until {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads what the runner says"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    writer.join().unwrap_or_else(|_| Err(io::Error::other("the writer broke down")))
}

/// Takes stdout for ourselves: whatever a library prints goes to stderr, not between two reports.
fn private_stdout() -> io::Result<File> {
    let own = nix::unistd::dup(io::stdout())?;
    nix::unistd::dup2_stdout(io::stderr())?;
    Ok(File::from(own))
}

/// Passes orders on until the pipe ends; dropping the channel then says that the worker is gone.
fn listen(stdin: impl BufRead, orders: &SyncSender<Order>) {
    for line in stdin.lines() {
        let Ok(line) = line else { return };
        match serde_json::from_str::<Order>(&line) {
            Ok(order) => {
                if orders.send(order).is_err() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "a line on stdin is no order and is ignored"),
        }
    }
}

fn write(reports: &Receiver<Report>, out: File) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for report in reports {
        serde_json::to_writer(&mut out, &report)?;
        out.write_all(b"\n")?;
        out.flush()?;
        if matches!(report, Report::Done(_)) {
            break;
        }
    }
    Ok(())
}

/// Hands warnings of libraries that use `log` to `tracing`, before goose installs a logger that prints to stdout.
fn bridge_logs() {
    static BRIDGE: Bridge = Bridge;
    // Another bridge that is there already does as well.
    if log::set_logger(&BRIDGE).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

struct Bridge;

impl log::Log for Bridge {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            tracing::warn!(from = record.target(), "{}", record.args());
        }
    }

    fn flush(&self) {}
}

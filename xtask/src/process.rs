//! Child processes: run to the end, or kept running and stopped by their own id.
//!
//! Each gets a process group of its own, so that Ctrl-C reaches us alone: services are stopped in the right order, and
//! what a command has started (the tests of `cargo test`, the browser of Playwright) is ended with it.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::stop;

/// How often a waiting command looks whether it was asked to stop.
const LOOK: Duration = Duration::from_millis(50);

/// How long a service may take to end. The lab gives requests and runs under way 30 s.
const FAREWELL: Duration = Duration::from_secs(35);

/// Runs a command to its end; an error names the command and its exit status.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed: {status}", Line(command));
    }
    Ok(())
}

/// Runs a command to its end and says how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    status_while(command, |_| ())
}

/// Runs a command to its end and says how it ended; meanwhile `look` is given its id again and again.
pub(crate) fn status_while(command: &mut Command, look: impl FnMut(u32)) -> Result<ExitStatus> {
    let child = start(command)?;
    wait(child, command, look)
}

fn start(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).process_group(0).spawn().with_context(|| format!("cannot start `{}`", Line(command)))
}

/// Which of its two outputs a command reports on.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    /// Standard output.
    Standard,
    /// Standard error.
    Error,
}

/// Runs a command to its end, giving every line that it writes to one of its outputs to `each`, and showing those for
/// which `each` says so.
pub(crate) fn status_with_lines(
    command: &mut Command,
    output: Output,
    each: impl FnMut(&str) -> Show + Send + 'static,
) -> Result<ExitStatus> {
    match output {
        Output::Standard => command.stdout(Stdio::piped()),
        Output::Error => command.stderr(Stdio::piped()),
    };
    let mut child = start(command)?;
    let from: Option<Box<dyn Read + Send>> = match output {
        Output::Standard => child.stdout.take().map(|from| Box::new(from) as _),
        Output::Error => child.stderr.take().map(|from| Box::new(from) as _),
    };
    let reader = from.map(|from| thread::spawn(move || show_lines(from, each)));
    let status = wait(child, command, |_| ())?;
    if let Some(reader) = reader
        && reader.join().is_err()
    {
        bail!("the output of `{}` could not be read to its end", Line(command));
    }
    Ok(status)
}

/// Whether people see a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// As it is.
    Yes,
    /// It is for us.
    No,
}

fn show_lines(from: impl Read, mut each: impl FnMut(&str) -> Show) {
    let mut lines = BufReader::new(from);
    let mut bytes = Vec::new();
    while lines.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes);
        if each(line.trim_end()) == Show::Yes {
            print!("{line}");
        }
        bytes.clear();
    }
}

fn wait(mut child: Child, command: &Command, mut look: impl FnMut(u32)) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if stop::asked() {
            end(&mut child, Signal::SIGTERM, Duration::from_secs(5));
            bail!("stopped while `{}` was running", Line(command));
        }
        look(child.id());
        thread::sleep(LOOK);
    }
}

/// A process that runs until it is dropped.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    stop_with: Signal,
}

impl Service {
    /// Starts a service, which [`Drop`] will end with `stop_with`, and with SIGKILL if that takes longer than [`FAREWELL`].
    pub(crate) fn start(name: &'static str, command: &mut Command, stop_with: Signal) -> Result<Self> {
        let child = start(command).with_context(|| format!("{name} did not start"))?;
        Ok(Self { name, child, stop_with })
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error as soon as the service has ended by itself.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended by itself: {status}", self.name),
        }
    }

    /// Waits until `ready` holds. An error when the service ends before, or when `patience` runs out.
    pub(crate) fn wait_until(&mut self, patience: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let begun = Instant::now();
        while !ready() {
            self.still_runs()?;
            if stop::asked() {
                bail!("stopped while {} was starting", self.name);
            }
            if begun.elapsed() > patience {
                bail!("{} was not ready after {} s", self.name, patience.as_secs());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.child, self.stop_with, FAREWELL);
    }
}

/// Asks a child and everything in its group to end, and kills them when they do not, or when a person insists.
fn end(child: &mut Child, signal: Signal, patience: Duration) {
    // Not yet waited for, so the id is still this child's, and its group's.
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    let Ok(group) = i32::try_from(child.id()).map(Pid::from_raw) else { return };
    // They may end between the calls; then there is nobody to tell, and that is fine.
    let _gone = killpg(group, signal);
    let asked = Instant::now();
    while asked.elapsed() < patience && !stop::insisted() && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(LOOK);
    }
    // What the child has left behind goes with it.
    let _gone = killpg(group, Signal::SIGKILL);
    let _reaped = child.wait();
}

/// A command as one would type it.
pub(crate) struct Line<'a>(pub(crate) &'a Command);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.get_program().to_string_lossy())?;
        for argument in self.0.get_args() {
            write!(f, " {}", argument.to_string_lossy())?;
        }
        Ok(())
    }
}

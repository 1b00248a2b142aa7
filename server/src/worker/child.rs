//! The runner as a child process: started, fed, listened to, ended.
//!
//! In:  a [`Job`] and later [`Order`]s. Out: the child's [`Report`]s, then how it exited.
//! Promise: the child's whole process group is gone when `end` returns. When this process dies, the system ends
//! the child (`perflab exec` asks for it), and where it cannot, the child's stdin ends and the child stops by itself. The
//! child does not inherit what opens the lab's own database, so that no suite can send it to a target.

use std::{
    ffi::OsStr,
    path::PathBuf,
    process::Stdio,
    sync::{LazyLock, mpsc::SyncSender},
    time::Duration,
};

use futures::StreamExt;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use perflab_model::runner::{Job, Order, Report};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufWriter},
    process::{ChildStderr, ChildStdin, Command},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_util::codec::{FramedRead, LinesCodec};

use super::drive::Host;

/// Longest line that is taken from a runner: a tick of 500 requests with full histograms stays far below it.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// Orders that may wait for a runner that does not read.
const MAX_ORDERS: usize = 64;
/// Reports that may wait for us. Past that the runner's writes wait, never its clock.
const MAX_REPORTS: usize = 256;
/// What is kept of the runner's own log, first and last.
const KEPT_LOG_BYTES: usize = 1024 * 1024;
/// The variables of ours that runners inherit. Neither opens anything: their own log needs the one, and the other only makes
/// more targets be asked whether they agree.
const INHERITED: [&str; 2] = ["PERFLAB_LOG", "PERFLAB_LOOPBACK"];

/// Why a runner could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The program itself cannot be found.
    #[error("The running program cannot be found, so no runner can be started from it")]
    Program(#[source] std::io::Error),
    /// The system refused to start it.
    #[error("The runner could not be started from {program}")]
    Spawn {
        /// What was to be started.
        program: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The job does not fit into a line.
    #[error("The plan could not be written as JSON")]
    Job(#[from] serde_json::Error),
    /// A pipe is missing.
    #[error("The runner has no pipes to speak through")]
    Pipes,
    /// The thread that starts runners is gone.
    #[error("The thread that starts runners is gone; restart this process")]
    Starter,
}

/// What comes from a runner.
#[derive(Debug)]
pub enum Heard {
    /// A line that was understood.
    Report(Box<Report>),
    /// A line that was not: the runner is not of this version, or something prints into its output.
    Garbled(String),
}

/// Somebody who carries out a job: a child process, or what stands for one in tests.
pub(super) trait Runner: Send {
    /// Gives an order. A runner that is gone or deaf is noticed by its exit, not here.
    fn order(&self, order: Order);

    /// The next thing heard; `None` when the runner has closed its output.
    fn hear(&mut self) -> impl Future<Output = Option<Heard>> + Send;

    /// Waits for the exit, at most `patience`, then ends the runner with all that it had started.
    /// Gives the exit in words and the runner's own log.
    fn end(self, patience: Duration) -> impl Future<Output = (String, String)> + Send;
}

/// How long is waited for a runner that does not do what it should.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Beyond duration and graceful stop. A runner gives itself up after 60 s (`engine.hung`) and then needs some seconds
    /// for its last words, which tell more than we know.
    pub overtime: Duration,
    /// Between a polite signal and the end of its whole process group.
    pub grace: Duration,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { overtime: Duration::from_secs(70), grace: Duration::from_secs(10) }
    }
}

/// A runner under way.
pub struct Child {
    process: tokio::process::Child,
    group: Pid,
    orders: mpsc::Sender<Order>,
    reports: mpsc::Receiver<Heard>,
    log: JoinHandle<String>,
    grace: Duration,
}

impl Child {
    /// Starts this very program as a runner and gives it its job.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub(super) fn start(job: &Job, host: Host<'_>) -> Result<Self, ChildError> {
        let program = own_program()?;
        let mut first_line = serde_json::to_vec(job)?;
        first_line.push(b'\n');
        let mut command = Command::new(&program);
        for (name, _) in std::env::vars_os()
            .filter(|(name, _)| is_own_variable(name) && INHERITED.iter().all(|inherited| name != inherited))
        {
            command.env_remove(name);
        }
        command
            .arg0("perflab")
            .arg("exec")
            .env("PERFLAB_DENIED_PORTS", host.own_ports.iter().map(u16::to_string).collect::<Vec<_>>().join(","))
            .envs(host.commands.map(|list| ("PERFLAB_COMMANDS", list)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group, so that what it started can be ended with it, and so that Ctrl-C reaches only us.
            .process_group(0)
            .kill_on_drop(true);
        let mut process =
            start_from_lasting_thread(command)?.map_err(|source| ChildError::Spawn { program, source })?;
        let group = process.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw).ok_or(ChildError::Pipes)?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (process.stdin.take(), process.stdout.take(), process.stderr.take())
        else {
            return Err(ChildError::Pipes);
        };
        let (orders, order_queue) = mpsc::channel(MAX_ORDERS);
        let (report_queue, reports) = mpsc::channel(MAX_REPORTS);
        tokio::spawn(speak(stdin, first_line, order_queue));
        tokio::spawn(listen(FramedRead::new(stdout, LinesCodec::new_with_max_length(MAX_LINE_BYTES)), report_queue));
        let log = tokio::spawn(keep_log(stderr));
        Ok(Self { process, group, orders, reports, log, grace: host.allowance.grace })
    }
}

impl Runner for Child {
    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::debug!(?order, "the runner takes no orders any more");
        }
    }

    async fn hear(&mut self) -> Option<Heard> {
        self.reports.recv().await
    }

    /// The whole group: asked first, killed after its grace.
    async fn end(mut self, patience: Duration) -> (String, String) {
        // Closing the pipe tells a runner that still listens that nobody is there any more.
        drop(self.orders);
        let mut exit = tokio::time::timeout(patience, self.process.wait()).await.ok();
        if exit.is_none() {
            signal(self.group, Signal::SIGTERM);
            exit = tokio::time::timeout(self.grace, self.process.wait()).await.ok();
        }
        // Whatever the runner had started goes with it, also after a good exit.
        signal(self.group, Signal::SIGKILL);
        let exit = match exit {
            Some(exit) => exit,
            None => self.process.wait().await,
        };
        let words = match exit {
            Ok(status) => status.to_string(),
            Err(error) => format!("unknown exit: {error}"),
        };
        let log = tokio::time::timeout(Duration::from_secs(1), self.log).await;
        (words, log.ok().and_then(Result::ok).unwrap_or_default())
    }
}

/// Whether a variable is about this lab and its database: `PERFLAB_…`, and what Postgres clients read (`PGPASSWORD`,
/// `PGHOST` …, all of them capitals without a break). Runners do not inherit it, and no suite may name it as a secret.
pub fn is_own_variable(name: impl AsRef<OsStr>) -> bool {
    let Some(name) = name.as_ref().to_str() else { return false };
    name.starts_with("PERFLAB_")
        || name.strip_prefix("PG").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase()))
}

type Start = Box<dyn FnOnce() + Send>;

/// A thread that lives as long as this process and starts all runners. The system ends a child when the *thread* that
/// started it ends, and threads of the runtime come and go.
static STARTER: LazyLock<SyncSender<Start>> = LazyLock::new(|| {
    let (starts, queue) = std::sync::mpsc::sync_channel::<Start>(0);
    let starter = std::thread::Builder::new().name("runners".to_owned());
    // Without the thread the queue has no reader, which whoever asks is told.
    if let Err(error) = starter.spawn(move || queue.into_iter().for_each(|start| start())) {
        tracing::error!(%error, "the thread that starts runners cannot be started");
    }
    starts
});

fn start_from_lasting_thread(mut command: Command) -> Result<std::io::Result<tokio::process::Child>, ChildError> {
    // The pipes belong to the runtime of whoever asks.
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| ChildError::Starter)?;
    let (answer, answers) = std::sync::mpsc::sync_channel(1);
    let start = move || {
        let _entered = runtime.enter();
        // Whoever asked waits for the answer.
        let _ = answer.send(command.spawn());
    };
    STARTER.send(Box::new(start)).map_err(|_| ChildError::Starter)?;
    answers.recv().map_err(|_| ChildError::Starter)
}

/// This very program. On Linux by the link that stays good when the file is replaced under a running lab: the runner is
/// then of the version that asked for it, and speaks its language.
fn own_program() -> Result<PathBuf, ChildError> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() { Ok(link) } else { std::env::current_exe().map_err(ChildError::Program) }
}

fn signal(group: Pid, signal: Signal) {
    match killpg(group, signal) {
        // The group is gone: what was wanted.
        Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
        Err(error) => tracing::warn!(%error, %signal, "the runner's process group could not be signalled"),
    }
}

async fn speak(stdin: ChildStdin, first_line: Vec<u8>, mut orders: mpsc::Receiver<Order>) {
    let mut stdin = BufWriter::new(stdin);
    let mut line = first_line;
    loop {
        // A broken pipe is an exit, which is noticed elsewhere.
        if stdin.write_all(&line).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
        let Some(order) = orders.recv().await else { return };
        line = match serde_json::to_vec(&order) {
            Ok(line) => line,
            Err(error) => {
                tracing::error!(%error, ?order, "an order could not be written");
                continue;
            }
        };
        line.push(b'\n');
    }
}

async fn listen(mut lines: FramedRead<tokio::process::ChildStdout, LinesCodec>, queue: mpsc::Sender<Heard>) {
    while let Some(line) = lines.next().await {
        let heard = match line {
            Ok(line) => match serde_json::from_str::<Report>(&line) {
                Ok(report) => Heard::Report(Box::new(report)),
                Err(error) => Heard::Garbled(format!("{error}: {}", line.chars().take(120).collect::<String>())),
            },
            Err(error) => Heard::Garbled(error.to_string()),
        };
        if queue.send(heard).await.is_err() {
            return;
        }
    }
}

/// Keeps the first and the last mebibyte, so that a flood costs no memory.
async fn keep_log(mut stderr: ChildStderr) -> String {
    let (mut head, mut tail, mut dropped) = (Vec::new(), std::collections::VecDeque::new(), 0_u64);
    let mut buffer = vec![0_u8; 16 * 1024];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        let mut bytes = &buffer[..read];
        if head.len() < KEPT_LOG_BYTES {
            let (first, rest) = bytes.split_at(bytes.len().min(KEPT_LOG_BYTES - head.len()));
            head.extend_from_slice(first);
            bytes = rest;
        }
        tail.extend(bytes);
        let over = tail.len().saturating_sub(KEPT_LOG_BYTES);
        tail.drain(..over);
        dropped += over as u64;
    }
    let mut text = String::from_utf8_lossy(&head).into_owned();
    if dropped > 0 {
        text.push_str(&format!("\n[{dropped} bytes left out]\n"));
    }
    text.push_str(&String::from_utf8_lossy(tail.make_contiguous()));
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("PERFLAB_DATABASE", true)]
    #[case("PERFLAB_TEST_POSTGRES", true)]
    #[case("PGPASSWORD", true)]
    #[case("PGPASSFILE", true)]
    #[case("PGP_KEY", false)]
    #[case("PG", false)]
    #[case("PATH", false)]
    #[case("MITA_PASSWORD", false)]
    fn what_opens_the_lab_is_told_from_what_suites_may_use(#[case] name: &str, #[case] own: bool) {
        assert_eq!(is_own_variable(name), own);
    }
}

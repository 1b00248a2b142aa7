//! A program that an administrator has listed.
//!
//! In:  the name under which it is listed and its arguments. Out: its wall time, or the milliseconds that it prints.
//!
//! No shell is ever involved: the program is started by its absolute path, with arguments that match the listed patterns,
//! an environment of the listed variables only, a folder and a process group of its own, and no descriptors of ours. What it
//! leaves running is ended with it.

use std::{
    collections::BTreeMap,
    io::Read,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use perflab_model::{bench::CommandOutput, hint::nearest};
use regex::Regex;
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use super::{Fault, Perform, PrepareError, Prepared, Wanted, expectation::Expectation};
use crate::stop::Stop;

/// What is kept of an output, from its beginning and from its end.
const KEPT: usize = 64 * 1024;

/// How often a program that runs is looked after.
const LOOK: Duration = Duration::from_millis(20);

/// The longest that a program takes where the list says nothing.
const USUAL_TIMEOUT_S: f64 = 60.0;

/// The programs that may be run, by name. Read from a file that an administrator names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandList {
    commands: BTreeMap<String, Listed>,
    /// Why the file that was named cannot be used: told to every case that asks for a program.
    #[serde(skip)]
    unusable: Option<String>,
}

/// A program that may be run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// Its absolute path.
    program: PathBuf,
    /// A regular expression for each argument; each must match the whole of it.
    #[serde(default)]
    args: Vec<String>,
    /// Names of variables that it gets from the worker's environment.
    #[serde(default)]
    environment: Vec<String>,
    /// The longest that it may take, seconds.
    timeout_s: Option<f64>,
}

/// Why a list of programs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CommandListError {
    /// The file cannot be read.
    #[error("the list of programs `{path}` cannot be read", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no list.
    #[error("the list of programs is not as it should be: {0}")]
    Shape(String),
    /// The system looks for names without a path in places that others may write to.
    #[error("the program of `{0}` must be an absolute path")]
    Relative(String),
    /// A pattern is none.
    #[error("a pattern of `{name}` is no regular expression: {message}")]
    Pattern {
        /// Of which program.
        name: String,
        /// What is wrong.
        message: String,
    },
    /// A time is none.
    #[error("`timeout_s` of `{0}` must be a number of seconds above 0")]
    Timeout(String),
}

impl CommandList {
    /// The list of a file. One that cannot be used allows nothing, and says why when it is asked.
    pub fn named(path: &Path) -> Self {
        Self::read(path).unwrap_or_else(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Self { unusable: Some(format!("{error}{cause}")), ..Self::default() }
        })
    }

    /// Reads a list from its file, YAML or JSON.
    ///
    /// # Errors
    /// When it cannot be read, or a program or pattern in it cannot be used.
    pub fn read(path: &Path) -> Result<Self, CommandListError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| CommandListError::Read { path: path.to_path_buf(), source })?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, CommandListError> {
        let list: Self = serde_saphyr::from_str(text).map_err(|error| CommandListError::Shape(error.to_string()))?;
        for (name, listed) in &list.commands {
            if !listed.program.is_absolute() {
                return Err(CommandListError::Relative(name.clone()));
            }
            listed.patterns(name)?;
            if listed.timeout_s.is_some_and(|seconds| !(seconds > 0.0 && seconds.is_finite())) {
                return Err(CommandListError::Timeout(name.clone()));
            }
        }
        Ok(list)
    }
}

impl Listed {
    fn patterns(&self, name: &str) -> Result<Vec<Regex>, CommandListError> {
        let whole = |pattern: &String| {
            Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|error| CommandListError::Pattern { name: name.to_owned(), message: error.to_string() })
        };
        self.args.iter().map(whole).collect()
    }

    /// Why these arguments are not allowed.
    fn refusal(&self, name: &str, args: &[String]) -> Option<String> {
        if args.len() != self.args.len() {
            return Some(format!("`{name}` takes {} arguments, not {}", self.args.len(), args.len()));
        }
        let patterns = self.patterns(name).ok()?;
        patterns.iter().zip(args).zip(&self.args).enumerate().find_map(|(index, ((pattern, arg), written))| {
            // `$` would match before a newline at the end, and no program expects a NUL.
            let fits = pattern.is_match(arg) && !arg.contains(['\n', '\0']);
            (!fits).then(|| format!("argument {} of `{name}` does not match `{written}`", index + 1))
        })
    }
}

/// Makes a listed program ready.
pub(super) fn prepare(
    wanted: Wanted<'_>,
    (name, args, output): (&str, &[String], CommandOutput),
    list: &CommandList,
    stop: &Arc<Stop>,
) -> Result<Prepared, PrepareError> {
    if let Some(message) = &list.unusable {
        return Err(PrepareError { code: "command.list".into(), message: message.clone() });
    }
    let Some(listed) = list.commands.get(name) else {
        let meant = nearest(name, list.commands.keys().map(String::as_str));
        let meant = meant.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        return Err(PrepareError {
            code: "command.not_listed".into(),
            message: format!(
                "no program `{name}` is listed{meant}: an administrator lists programs in a file, which \
                 `perflab serve`, `worker` and `run` take as --commands FILE"
            ),
        });
    };
    if let Some(message) = listed.refusal(name, args) {
        return Err(PrepareError { code: "command.arguments".into(), message });
    }
    let expectation = Expectation::new(&wanted.case.expect, Some((name, &["exit_code", "output"])))?;
    let timeout = Duration::try_from_secs_f64(listed.timeout_s.unwrap_or(USUAL_TIMEOUT_S)).unwrap_or(Duration::MAX);
    Prepared::each(wanted.case, |_| {
        let folder = TempDir::with_prefix("perflab-command-").map_err(|error| PrepareError {
            code: "command.folder".into(),
            message: format!("no folder for the program can be made: {error}"),
        })?;
        Ok(Program {
            program: listed.program.clone(),
            args: args.to_vec(),
            environment: listed.environment.clone(),
            folder,
            timeout,
            output,
            expectation: expectation.clone(),
            stop: Arc::clone(stop),
        })
    })
}

/// A program with its arguments.
struct Program {
    program: PathBuf,
    args: Vec<String>,
    environment: Vec<String>,
    folder: TempDir,
    timeout: Duration,
    output: CommandOutput,
    expectation: Expectation,
    stop: Arc<Stop>,
}

/// What came of a program.
struct Ran {
    took: Duration,
    told_ms: Option<f64>,
    status: ExitStatus,
    output: String,
}

impl Program {
    fn start(&self) -> std::io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().current_dir(self.folder.path());
        for name in &self.environment {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0).spawn()
    }
}

/// Reads an output to its end and keeps what may be kept.
fn keep(mut output: impl Read) -> String {
    let (mut first, mut last, mut piece) = (Vec::new(), Vec::new(), [0_u8; 8192]);
    while let Ok(count) = output.read(&mut piece) {
        if count == 0 {
            break;
        }
        let room = KEPT.saturating_sub(first.len()).min(count);
        first.extend_from_slice(&piece[..room]);
        last.extend_from_slice(&piece[room..count]);
        if last.len() > 2 * KEPT {
            last.drain(..last.len() - KEPT);
        }
    }
    first.extend_from_slice(&last[last.len().saturating_sub(KEPT)..]);
    String::from_utf8_lossy(&first).into_owned()
}

impl Perform for Program {
    type Answer = Ran;

    fn perform(&mut self, _: u64) -> Result<Ran, Fault> {
        let began = Instant::now();
        let mut child = self
            .start()
            .map_err(|error| Fault::new("command.start", format!("the program cannot be started: {error}")))?;
        let group = i32::try_from(child.id()).map(Pid::from_raw);
        let end_group = || {
            if let Ok(group) = group {
                // Fails when nobody of the group is left, which is what is wanted.
                let _ = killpg(group, Signal::SIGKILL);
            }
        };
        let reader = child.stdout.take().map(|output| thread::spawn(move || keep(output)));
        // The clock stops when the program is waited for, not when somebody looks again: a thread of its own waits.
        let (over, is_over) = mpsc::sync_channel(1);
        let waiting = thread::spawn(move || {
            let status = child.wait();
            let took = began.elapsed();
            let _ = over.send(());
            (status, took)
        });
        let mut cut = None;
        while let Err(mpsc::RecvTimeoutError::Timeout) = is_over.recv_timeout(LOOK) {
            cut = match () {
                () if began.elapsed() >= self.timeout => {
                    Some(Fault::new("timeout", format!("the program was ended after {:?}", self.timeout)))
                }
                () if self.stop.is_cut() => Some(Fault::new("aborted", "the run was ended")),
                () => continue,
            };
            end_group();
            break;
        }
        let waited = waiting.join().map_err(|_| Fault::new("internal", "nobody waited for the program"))?;
        // Whatever it has left running ends with it, and lets go of the output.
        end_group();
        let output = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        if let Some(fault) = cut {
            return Err(fault);
        }
        let (status, took) = waited;
        let status =
            status.map_err(|error| Fault::new("command.wait", format!("the program cannot be waited for: {error}")))?;
        let told_ms = match self.output {
            CommandOutput::WallTime => None,
            CommandOutput::Milliseconds => {
                let line = output.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
                let ms: Option<f64> = line.parse().ok().filter(|ms: &f64| ms.is_finite() && *ms >= 0.0);
                Some(ms.ok_or_else(|| Fault::wrong("a number of milliseconds in the last line", line))?)
            }
        };
        Ok(Ran { took, told_ms, status, output })
    }

    fn check(&self, _: u64, ran: &Ran) -> Result<(), Fault> {
        if !self.expectation.names("exit_code") && !ran.status.success() {
            return Err(Fault::new("command.exit", format!("the program ended with {}", ran.status)));
        }
        self.expectation.check(|name| match name {
            "exit_code" => ran.status.code().map(|code| json!(code)),
            _ => Some(json!(ran.output.trim())),
        })
    }

    fn input(&self, _: u64) -> Option<String> {
        Some(format!("{:?}", self.args))
    }

    fn told_ns(&self, ran: &Ran) -> Option<f64> {
        Some(ran.told_ms.map_or_else(|| ran.took.as_secs_f64() * 1e9, |ms| ms * 1e6))
    }

    fn tells_its_time(&self) -> bool {
        true
    }
}

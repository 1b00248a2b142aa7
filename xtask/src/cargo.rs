//! Calls of cargo, at the root of the workspace and with the toolchain that runs us.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::Line;
use crate::project;

/// `cargo <verb>`, where a verb may be of two words; the lock file is taken as it is where `CI` is set.
pub(crate) fn cargo(verb: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(verb.split(' ')).current_dir(project::root());
    if std::env::var_os("CI").is_some() && verb != "fmt" {
        command.arg("--locked");
    }
    command
}

/// Runs a `cargo build` and says where it put the artifact named `artifact` (a file name such as `perflab`).
pub(crate) fn build(command: &mut Command, artifact: &str) -> Result<PathBuf> {
    command.arg("--message-format=json-render-diagnostics");
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", Line(command)))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", Line(command), output.status);
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message.get("filenames").cloned())
        .filter_map(|names| serde_json::from_value::<Vec<PathBuf>>(names).ok())
        .flatten()
        .find(|path| path.file_name().is_some_and(|name| name == artifact))
        .with_context(|| format!("`{}` did not make {artifact}", Line(command)))
}

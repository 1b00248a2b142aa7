//! Calls of cargo, at the root of the workspace and with the toolchain that runs us.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::process::{self, Line, Output, Show};
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
    // People read what cargo writes to standard error; its messages on standard output are for us.
    command.arg("--message-format=json-render-diagnostics");
    let made = Arc::new(Mutex::new(None));
    let status = process::status_with_lines(command, Output::Standard, {
        let (made, artifact) = (Arc::clone(&made), artifact.to_owned());
        move |message| {
            if let Some(path) = artifact_in(message, &artifact) {
                *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
            }
            Show::No
        }
    })?;
    if !status.success() {
        bail!("`{}` failed: {status}", Line(command));
    }
    let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    made.with_context(|| format!("`{}` did not make {artifact}", Line(command)))
}

/// The path of the file with that name, if this message of cargo's tells of it.
fn artifact_in(message: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let paths = message.get("filenames")?.as_array()?.iter();
    paths
        .filter_map(|path| path.as_str())
        .map(PathBuf::from)
        .find(|path| path.file_name().is_some_and(|file| file == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_file_is_found_among_cargos_messages() {
        let message = r#"{"reason":"compiler-artifact","filenames":["/t/libperflab.rlib","/t/perflab"]}"#;
        assert_eq!(artifact_in(message, "perflab"), Some(PathBuf::from("/t/perflab")));
        assert_eq!(artifact_in(r#"{"reason":"build-finished","success":true}"#, "perflab"), None);
    }
}

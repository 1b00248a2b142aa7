//! The development loop: build, restart, wait for a change, again.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use notify::{Event, RecursiveMode, Watcher};

use crate::cargo::{self, cargo};
use crate::process::Service;
use crate::project::{self, short};
use crate::report::{fact, step, timed};
use crate::{services, site, stop};

/// What a change is looked for in.
const WATCHED: [&str; 6] = ["app", "server", "crates", "migrations", "style", "suites"];

/// What a change of means a rebuild; editors write other files next to these.
const ENDINGS: [&str; 6] = ["rs", "css", "svg", "toml", "sql", "yaml"];

/// Saving all files of an editor, or changing branches, is one change.
const SETTLE: Duration = Duration::from_millis(200);

/// Where the loop runs and what it keeps.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the lab keeps its database.
    #[arg(long, value_name = "DIR", default_value = "data/dev")]
    data_dir: PathBuf,
    /// The port of the lab, or the next free one.
    #[arg(long, default_value_t = 7080)]
    port: u16,
}

/// Builds and restarts until Ctrl-C. A build that fails leaves the last good one running.
pub(crate) fn run(options: &Options) -> Result<()> {
    let data = project::root().join(&options.data_dir);
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", short(&data)))?;

    // One slot: that something changed is all there is to know.
    let (tell, changes) = sync_channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| matters(path))) {
            let _already_told = tell.try_send(());
        }
    })?;
    for folder in WATCHED.map(|folder| project::root().join(folder)) {
        if folder.is_dir() {
            watcher
                .watch(&folder, RecursiveMode::Recursive)
                .with_context(|| format!("cannot watch {}", short(&folder)))?;
        }
    }

    let mut running = Running::default();
    loop {
        let restarted = build().and_then(|binary| running.restart(&binary, &data, options.port));
        match restarted {
            Ok(()) => {}
            Err(_) if stop::asked() => return Ok(()),
            Err(error) => step(format_args!("Not running: {error:#}")),
        }
        step("Waiting for a change (Ctrl-C ends)");
        if !wait(&changes) {
            step("Stopping the lab and the reference target");
            return Ok(());
        }
    }
}

/// What runs while we wait. The lab ends before its target.
#[derive(Default)]
struct Running {
    lab: Option<Service>,
    target: Option<(Service, String)>,
}

impl Running {
    /// Starts the new lab in the place of the old one. The target goes on: it is measured, not developed, here.
    fn restart(&mut self, binary: &Path, data: &Path, port: u16) -> Result<()> {
        self.lab = None;
        let target = match &mut self.target {
            Some((_, url)) => url.clone(),
            none => none.insert(services::target(binary, data)?).1.clone(),
        };
        let (lab, url) = services::lab(binary, data, port, &target)?;
        self.lab = Some(lab);
        step(format_args!("The lab is running at {url}"));
        fact(format_args!("data    {}", data.display()));
        Ok(())
    }
}

fn build() -> Result<PathBuf> {
    site::build()?;
    timed("Building the server", || {
        cargo::build(cargo("build").args(["--package", "perflab-server", "--bin", "perflab"]), "perflab")
    })
}

/// Waits for the next change, then until changes have settled. `false` when asked to stop.
fn wait(changes: &Receiver<()>) -> bool {
    let mut changed = false;
    while !stop::asked() {
        match changes.recv_timeout(SETTLE) {
            Ok(()) => changed = true,
            Err(RecvTimeoutError::Timeout) if changed => return true,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    false
}

fn matters(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let hidden = path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with('.'));
    ENDINGS.contains(&ending) && !hidden
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::source("app/src/shell.rs", true)]
    #[case::style("style/tokens.css", true)]
    #[case::an_editors_copy("app/src/.shell.rs", false)]
    #[case::a_backup("app/src/shell.rs~", false)]
    #[case::something_else("e2e/report.json", false)]
    fn only_sources_cause_a_rebuild(#[case] path: &str, #[case] rebuilds: bool) {
        assert_eq!(matters(Path::new(path)), rebuilds);
    }
}

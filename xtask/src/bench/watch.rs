//! Runs one tool to its end and watches what it uses meanwhile.
//!
//! In:  a command, how long it takes to get going, how long it then sends. Out: its output, and the cores that its
//! processes kept busy while they sent. Start-up and farewell stay out: they are not what a request costs.

use std::io::{Read, Seek};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::tree;
use crate::process;

/// What came of it.
pub(super) struct Watched {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) cores: Option<f64>,
}

/// Runs it.
pub(super) fn watch(command: &mut Command, going_after: Duration, sends: Duration) -> Result<Watched> {
    let mut output = tempfile::tempfile().context("cannot make a file for what a tool says")?;
    command.stdout(output.try_clone()?);
    let begun = Instant::now();
    let (mut first, mut last) = (None, None);
    let status = process::status_while(command, |id| {
        let passed = begun.elapsed();
        if passed < going_after || passed > going_after + sends {
            return;
        }
        if let Some(used) = tree::cpu(id) {
            let look = (Instant::now(), used);
            first.get_or_insert(look);
            last = Some(look);
        }
    })?;
    output.rewind()?;
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes)?;
    Ok(Watched { status, stdout: String::from_utf8_lossy(&bytes).into_owned(), cores: cores(first, last) })
}

/// Cores kept busy between two looks.
fn cores(first: Option<(Instant, Duration)>, last: Option<(Instant, Duration)>) -> Option<f64> {
    let ((begun, before), (ended, after)) = (first?, last?);
    let wall = ended.duration_since(begun).as_secs_f64();
    // Times are counted in hundredths of a second: less than this tells nothing.
    (wall >= 0.5).then(|| after.saturating_sub(before).as_secs_f64() / wall)
}

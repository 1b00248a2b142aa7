//! What a run has said while its database is away, on disk: it outlives this process.
//!
//! In:  letters of an [`Outbox`] that nobody could keep, and the run's end. Out: the same, told to the store by whoever works
//! here next ([`deliver`]).
//! Promise: chunks keep their numbers, so what is told twice is kept once; a run that has another attempt or an end by then
//! stays as it is. A file goes away when all that it holds was told, or when nobody will ever take it.
//!
//! A file for each attempt, a line for each letter, readable by its owner alone. It holds what the database would, so no
//! secrets. The last line may be torn, where its writer was killed.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use perflab_lab::{Lab, judge::Outcome};
use perflab_model::{id::RunId, kill_switch::KillSwitch, run::RunEnd, runner::Started};
use perflab_store::{Conflict, StoreError};
use serde::{Deserialize, Serialize};

use super::{
    ending::{by_a_person, unkept},
    outbox::{Letter, Outbox},
    sink::Chunk,
    store_sink::stored,
};

/// How the files end.
const ENDING: &str = "jsonl";

/// A line of a file.
#[expect(clippy::large_enum_variant, reason = "lines live one at a time")]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// Always the first: whose letters follow.
    Of {
        run: RunId,
        attempt: u32,
    },
    Started(Started),
    Chunk(Chunk),
    Finishing,
    End {
        end: RunEnd,
        outcome: Option<Outcome>,
    },
}

/// The file of one attempt at a run.
#[derive(Debug)]
pub struct Spool {
    run: RunId,
    attempt: u32,
    path: PathBuf,
    written: Mutex<Written>,
}

/// What is in the file.
#[derive(Debug, Default)]
struct Written {
    /// How much of it is whole; 0 where there is none.
    length: u64,
    /// Whether the end is.
    has_end: bool,
}

impl Spool {
    pub(super) fn new(folder: &Path, run: RunId, attempt: u32) -> Self {
        Self { run, attempt, path: folder.join(format!("{run}-{attempt}.{ENDING}")), written: Mutex::default() }
    }

    /// Writes down what waits. `true` when all of it is on disk.
    pub(super) fn put_aside(&self, outbox: &Outbox) -> bool {
        let letters = outbox.not_aside();
        if letters.is_empty() {
            return true;
        }
        let lines: Vec<Line> = letters.iter().map(Line::of).collect();
        let kept = self.append(&mut self.written(), &lines);
        if kept {
            outbox.put_aside(letters.len());
        }
        kept
    }

    /// Writes down the run's end, once. `true` when it is on disk.
    pub(super) fn end(&self, end: &RunEnd, outcome: Option<&Outcome>) -> bool {
        let mut written = self.written();
        if !written.has_end {
            let line = Line::End { end: end.clone(), outcome: outcome.cloned() };
            written.has_end = self.append(&mut written, &[line]);
        }
        written.has_end
    }

    /// Everything was told, or nobody will take it.
    pub(super) fn clear(&self) {
        if std::mem::take(&mut *self.written()).length > 0 {
            remove(&self.path);
        }
    }

    /// No step leaves a half-made state behind.
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, written: &mut Written, lines: &[Line]) -> bool {
        let run = self.run;
        match self.write(written.length, lines) {
            Ok(whole) => {
                if written.length == 0 {
                    tracing::warn!(run.id = %run, file = %self.path.display(), "run {run}: what was measured waits in {} for the database", self.path.display());
                }
                written.length = whole;
                true
            }
            Err(error) => {
                tracing::warn!(run.id = %run, %error, file = %self.path.display(), "run {run}: what was measured cannot be put aside, it is in memory alone");
                false
            }
        }
    }

    /// Adds lines after what is whole; says how long the file is then.
    fn write(&self, whole: u64, lines: &[Line]) -> io::Result<u64> {
        let mut text = Vec::new();
        let head = Line::Of { run: self.run, attempt: self.attempt };
        for line in (whole == 0).then_some(&head).into_iter().chain(lines) {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        // A former try may have been cut off in the middle of a line, for lack of space.
        file.set_len(whole)?;
        file.write_all(&text)?;
        file.sync_data()?;
        Ok(whole + text.len() as u64)
    }
}

impl Line {
    fn of(letter: &Letter) -> Self {
        match letter {
            Letter::Started(started) => Self::Started((**started).clone()),
            Letter::Chunk(chunk) => Self::Chunk((**chunk).clone()),
            Letter::Finishing => Self::Finishing,
        }
    }
}

/// Tells the store what earlier processes could not. Whoever calls holds the host's lock, so none of them lives any more.
///
/// # Errors
/// When the database does not answer: what is left stays where it is.
pub(super) async fn deliver(lab: &Lab, folder: &Path) -> Result<(), StoreError> {
    for path in left_in(folder) {
        let Some((run, attempt, lines)) = read(&path) else {
            set_aside_for_good(&path);
            continue;
        };
        match tell(lab, run, attempt, lines).await {
            Ok(true) => {
                tracing::info!(run.id = %run, attempt, "run {run}: what an earlier process had put aside is kept");
            }
            Ok(false) => {
                tracing::warn!(run.id = %run, attempt, "run {run}: what an earlier process had put aside comes too late and is dropped");
            }
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                tracing::error!(run.id = %run, %error, "run {run}: what an earlier process had put aside is refused");
                refused(lab, run, attempt, &error).await?;
            }
        }
        remove(&path);
    }
    Ok(())
}

/// The files, oldest run first.
fn left_in(folder: &Path) -> Vec<PathBuf> {
    // Where there is no folder, nothing was ever put aside.
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
    paths.sort();
    paths
}

/// What a file holds, up to a line that its writer did not finish.
fn read(path: &Path) -> Option<(RunId, u32, Vec<Line>)> {
    let text = std::fs::read(path).ok()?;
    let mut lines = text.split(|byte| *byte == b'\n').map_while(|line| serde_json::from_slice::<Line>(line).ok());
    let Some(Line::Of { run, attempt }) = lines.next() else { return None };
    Some((run, attempt, lines.collect()))
}

/// Tells all lines in order. `false` when the run is no longer that attempt's, or over.
async fn tell(lab: &Lab, run: RunId, attempt: u32, lines: Vec<Line>) -> Result<bool, StoreError> {
    for line in lines {
        let told = match line {
            Line::Of { .. } => Ok(()),
            Line::Started(started) => match lab.db().start(run, attempt, &started, lab.now_us()).await {
                // It may have been told before, and more after it: the next line will say.
                Err(StoreError::Stale { .. }) => Ok(()),
                told => told,
            },
            Line::Chunk(chunk) => lab.db().write_chunk(run, attempt, chunk.number, &stored(&chunk)).await.map(|_| ()),
            Line::Finishing => lab.db().finishing(run, attempt, lab.now_us()).await,
            Line::End { end, outcome } => finish(lab, run, attempt, &end, outcome.as_ref()).await,
        };
        match told {
            Ok(()) => {}
            Err(StoreError::Stale { .. } | StoreError::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

async fn finish(
    lab: &Lab,
    run: RunId,
    attempt: u32,
    end: &RunEnd,
    outcome: Option<&Outcome>,
) -> Result<(), StoreError> {
    match lab.db().finish(run, attempt, end, outcome, lab.now_us()).await {
        // A person's order was first. What the run was worth was judged without it, so that is not kept.
        Err(StoreError::Conflict(Conflict::Cancelled { how, killed })) => {
            let end = killed.as_deref().map_or_else(|| by_a_person(how), KillSwitch::end);
            lab.db().finish(run, attempt, &end, None, lab.now_us()).await?;
        }
        told => {
            told?;
        }
    }
    if let Err(problem) = lab.advance_search_of(run).await {
        tracing::debug!(run.id = %run, %problem, "run {run}: the keeper makes the next run of its search");
    }
    Ok(())
}

/// Ends a run of which something will never be taken.
async fn refused(lab: &Lab, run: RunId, attempt: u32, why: &StoreError) -> Result<(), StoreError> {
    match lab.db().finish(run, attempt, &unkept(&why.to_string()), None, lab.now_us()).await {
        Err(error) if error.is_transient() => Err(error),
        // Without beats the keeper ends it as lost.
        _ => Ok(()),
    }
}

/// A file of which not even the first line can be read is kept for a person, under another name.
fn set_aside_for_good(path: &Path) {
    tracing::error!(file = %path.display(), "{} cannot be read and is left alone from now on", path.display());
    if let Err(error) = std::fs::rename(path, path.with_extension("unreadable")) {
        tracing::error!(%error, file = %path.display(), "{} cannot be renamed", path.display());
    }
}

fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            // It is told again, which changes nothing.
            tracing::warn!(%error, file = %path.display(), "{} cannot be removed", path.display());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

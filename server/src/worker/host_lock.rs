//! One run at a time on a host: two generators at once would measure each other.
//!
//! A lock file, taken by workers and by `perflab run FILE` alike (and one in its data directory by `perflab serve`). The lock belongs to the process and ends with it, so
//! a killed process leaves nothing to clean up; the file's text only says for whom others wait.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// Why the lock could not be asked for.
#[derive(Debug, thiserror::Error)]
#[error(
    "the lock file {path} cannot be used; see who owns it, or give another (for the host: --host-lock FILE or PERFLAB_HOST_LOCK)"
)]
pub struct HostLockError {
    path: PathBuf,
    source: std::io::Error,
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct HostLock {
    file: File,
}

impl Drop for HostLock {
    fn drop(&mut self) {
        // Emptied, so that a later reader does not name somebody who is gone. The lock itself ends with the file.
        if self.file.set_len(0).is_err() {
            tracing::debug!("the host lock's note could not be cleared");
        }
    }
}

/// What came of asking.
#[derive(Debug)]
pub enum Asked {
    /// It is ours.
    Taken(HostLock),
    /// Somebody has it; the text they left.
    HeldBy(String),
}

/// Where the lock file lies unless a setting says otherwise.
pub fn default_path() -> PathBuf {
    std::env::temp_dir().join("perflab-host.lock")
}

/// Asks for the lock once. `whom` is what others will read, e.g. `run #12 of MITA (pid 4711)`.
///
/// # Errors
/// When the file cannot be opened or written.
pub fn ask(path: &Path, whom: &str) -> Result<Asked, HostLockError> {
    let wrong = |source| HostLockError { path: path.to_owned(), source };
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(wrong)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(wrong)?;
            file.seek(SeekFrom::Start(0)).map_err(wrong)?;
            file.write_all(whom.as_bytes()).map_err(wrong)?;
            Ok(Asked::Taken(HostLock { file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // The holder may be writing its note just now; an empty note is as good as none.
            let _ = file.take(300).read_to_string(&mut text);
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            Ok(Asked::HeldBy(if text.is_empty() { "another run".to_owned() } else { text }))
        }
        Err(TryLockError::Error(source)) => Err(wrong(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_asker_learns_who_has_the_lock_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lock");
        let first = ask(&path, "run #1 of MITA").expect("a usable file");
        assert!(matches!(first, Asked::Taken(_)));
        match ask(&path, "run #2").expect("a usable file") {
            Asked::HeldBy(whom) => assert_eq!(whom, "run #1 of MITA"),
            Asked::Taken(_) => panic!("the lock was given twice"),
        }
        drop(first);
        assert!(matches!(ask(&path, "run #2").expect("a usable file"), Asked::Taken(_)));
    }
}

//! One run at a time on a host: two generators at once would measure each other.
//!
//! A lock file, taken by workers and by `perflab run FILE` alike (and one in its data directory by `perflab serve`). The
//! lock belongs to the process and ends with it, so a killed process leaves nothing to clean up; the file's text only says
//! for whom others wait.
//!
//! Who waits for a turn ([`wait`]) does so in a second file beside it, one after the other: a worker with a long queue
//! would else take the lock again before anybody else looked.

use std::{
    fs::{File, OpenOptions, Permissions, TryLockError},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::fcntl::OFlag;

/// How often somebody who waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Folders in which everybody may make files, best first. `TMPDIR` is not asked, and the first two are the same for
/// services that systemd gives a `/tmp` of their own: processes with different folders would not see each other.
const SHARED_FOLDERS: [&str; 3] = ["/run/lock", "/dev/shm", "/tmp"];
/// Read and write for all, and only the owner of a file may take it away.
const EVERYBODY_STICKY: u32 = 0o1777;

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
            tracing::debug!("the lock's note could not be cleared");
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

/// Who uses a lock file.
#[derive(Clone, Copy)]
enum Reach {
    /// Every user of this host.
    Host,
    /// Whoever the folder belongs to.
    Folder,
}

impl Reach {
    const fn mode(self) -> u32 {
        match self {
            Self::Host => 0o666,
            Self::Folder => 0o644,
        }
    }
}

/// Where the host's lock file lies unless a setting says otherwise: the same place for every user and service.
pub fn default_path() -> PathBuf {
    let shared = SHARED_FOLDERS.map(PathBuf::from).into_iter().find(|folder| {
        std::fs::metadata(folder)
            .is_ok_and(|found| found.is_dir() && found.permissions().mode() & EVERYBODY_STICKY == EVERYBODY_STICKY)
    });
    shared.unwrap_or_else(std::env::temp_dir).join("perflab-host.lock")
}

/// Asks for the host's lock once, unless somebody waits for it already. `whom` is what others will read, e.g.
/// `run #12 of MITA (pid 4711)`.
///
/// # Errors
/// When a file cannot be opened or written.
pub fn ask(path: &Path, whom: &str) -> Result<Asked, HostLockError> {
    let front_path = front_of(path);
    let front = Candidate::open(&front_path, Reach::Host)?;
    // Shared: those who only ask are not in each other's way, and not for longer than this look.
    if !front.try_lock(File::try_lock_shared)? {
        return Ok(Asked::HeldBy(front.note()));
    }
    Candidate::open(path, Reach::Host)?.ask(whom)
}

/// Asks once for the lock of a folder that one process at a time may use.
///
/// # Errors
/// When the file cannot be opened or written.
pub fn ask_in_folder(path: &Path, whom: &str) -> Result<Asked, HostLockError> {
    Candidate::open(path, Reach::Folder)?.ask(whom)
}

/// Waits for the host's lock, after those who waited before. `say` is told for whom, once for each, and not for somebody
/// who only looked whether there is work.
///
/// # Errors
/// When a file cannot be opened or written.
pub async fn wait(path: &Path, whom: &str, mut say: impl FnMut(&str)) -> Result<HostLock, HostLockError> {
    let (mut front, mut seen, mut said) = (None, None, None);
    loop {
        if front.is_none() {
            front = match Candidate::open(&front_of(path), Reach::Host)?.ask(whom)? {
                Asked::Taken(lock) => Some(lock),
                Asked::HeldBy(other) => {
                    notice(other, &mut seen, &mut said, &mut say);
                    None
                }
            };
        }
        if front.is_some() {
            match Candidate::open(path, Reach::Host)?.ask(whom)? {
                Asked::Taken(lock) => return Ok(lock),
                Asked::HeldBy(other) => notice(other, &mut seen, &mut said, &mut say),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Tells of a holder that was there at the last look too.
fn notice(holder: String, seen: &mut Option<String>, said: &mut Option<String>, say: &mut impl FnMut(&str)) {
    if seen.as_ref() == Some(&holder) && said.as_ref() != Some(&holder) {
        say(&holder);
        *said = Some(holder.clone());
    }
    *seen = Some(holder);
}

/// The file in which those who wait for that lock take their turns.
fn front_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

/// An open lock file, not locked yet.
struct Candidate<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Candidate<'a> {
    /// Opens the file, which is made if it is missing. The name can be foreseen and the folder may belong to everybody,
    /// so neither links nor anything but a plain file is taken, and nothing is cut before the lock is ours.
    fn open(path: &'a Path, reach: Reach) -> Result<Self, HostLockError> {
        let wrong = |source| HostLockError { path: path.to_owned(), source };
        let file = open(path, reach).map_err(wrong)?;
        if !file.metadata().map_err(wrong)?.is_file() {
            return Err(wrong(std::io::Error::new(ErrorKind::InvalidInput, "it is not a plain file")));
        }
        Ok(Self { path, file })
    }

    fn wrong(&self, source: std::io::Error) -> HostLockError {
        HostLockError { path: self.path.to_owned(), source }
    }

    fn try_lock(&self, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<bool, HostLockError> {
        match lock(&self.file) {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => Err(self.wrong(source)),
        }
    }

    fn ask(mut self, whom: &str) -> Result<Asked, HostLockError> {
        if !self.try_lock(File::try_lock)? {
            return Ok(Asked::HeldBy(self.note()));
        }
        // A file of another user may be readable only: its lock is as good, and says nothing of us.
        if let Err(error) = self.leave_note(whom) {
            tracing::debug!(%error, path = %self.path.display(), "the lock is held without a note");
        }
        Ok(Asked::Taken(HostLock { file: self.file }))
    }

    fn leave_note(&mut self, whom: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(whom.as_bytes())
    }

    fn note(self) -> String {
        let mut text = String::new();
        // The holder may be writing its note just now; an empty note is as good as none.
        let _ = self.file.take(300).read_to_string(&mut text);
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        if text.is_empty() { "another run".to_owned() } else { text }
    }
}

fn open(path: &Path, reach: Reach) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    // Without waiting: a pipe of that name would keep its reader for ever.
    options.read(true).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    loop {
        // First without making it: where others may make files too, the kernel refuses to open theirs for making.
        match options.clone().write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return options.open(path),
            opened => return opened,
        }
        match options.clone().write(true).create_new(true).mode(reach.mode()).open(path) {
            // Somebody else has made it since.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Ok(file) => {
                if matches!(reach, Reach::Host) {
                    // What the process's mask took away.
                    file.set_permissions(Permissions::from_mode(reach.mode()))?;
                }
                return Ok(file);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock_in(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join("lock")
    }

    fn taken(asked: Result<Asked, HostLockError>) -> HostLock {
        match asked.expect("a usable file") {
            Asked::Taken(lock) => lock,
            Asked::HeldBy(whom) => panic!("{whom} has it"),
        }
    }

    fn holder(asked: Result<Asked, HostLockError>) -> String {
        match asked.expect("a usable file") {
            Asked::HeldBy(whom) => whom,
            Asked::Taken(_) => panic!("the lock was given twice"),
        }
    }

    #[test]
    fn the_second_asker_learns_who_has_the_lock_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = lock_in(&folder);
        let first = taken(ask(&path, "run #1 of MITA"));
        assert_eq!(holder(ask(&path, "run #2")), "run #1 of MITA");
        drop(first);
        taken(ask(&path, "run #2"));
    }

    #[tokio::test]
    async fn who_waits_is_next_however_often_others_ask() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = lock_in(&folder);
        let worker = taken(ask(&path, "a worker"));
        let (said, mut heard) = tokio::sync::mpsc::channel::<String>(4);
        let waiting = tokio::spawn({
            let path = path.clone();
            async move { wait(&path, "a person", |whom| said.try_send(whom.to_owned()).expect("a listener")).await }
        });
        assert_eq!(heard.recv().await.as_deref(), Some("a worker"));
        drop(worker);
        assert_eq!(holder(ask(&path, "a worker")), "a person", "the worker takes no second turn");
        let person = waiting.await.expect("no panic").expect("a usable file");
        assert_eq!(holder(ask(&path, "a worker")), "a person");
        assert!(heard.recv().await.is_none(), "it is told once for whom it waits");
        drop(person);
        taken(ask(&path, "a worker"));
    }

    #[test]
    fn the_file_of_a_host_is_for_all_its_users() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = lock_in(&folder);
        taken(ask(&path, "run #1"));
        let mode = |path: &Path| std::fs::metadata(path).expect("it was made").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&front_of(&path))), (0o666, 0o666));
        let own = folder.path().join("data.lock");
        taken(ask_in_folder(&own, "perflab serve"));
        assert_eq!(mode(&own) & 0o022, 0, "a folder's own lock is not");
    }

    #[test]
    fn a_file_that_may_only_be_read_locks_all_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = lock_in(&folder);
        std::fs::write(&path, "").expect("a file");
        std::fs::set_permissions(&path, Permissions::from_mode(0o444)).expect("a mode");
        let first = taken(ask(&path, "run #1"));
        holder(ask(&path, "run #2"));
        drop(first);
        taken(ask(&path, "run #2"));
    }

    #[test]
    fn a_link_of_that_name_is_not_followed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (path, precious) = (lock_in(&folder), folder.path().join("precious"));
        std::fs::write(&precious, "kept").expect("a file");
        std::os::unix::fs::symlink(&precious, &path).expect("a link");
        ask(&path, "run #1").expect_err("a link");
        assert_eq!(std::fs::read_to_string(&precious).expect("still there"), "kept");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = lock_in(&folder);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        assert!(ask(&path, "run #1").is_err());
    }

    #[test]
    fn every_user_looks_for_the_hosts_lock_at_the_same_place() {
        let path = default_path();
        assert!(path.is_absolute() && path.ends_with("perflab-host.lock"), "{}", path.display());
    }
}

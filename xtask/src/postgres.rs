//! A Postgres of our own for as long as the tests take: in a temporary folder, on a free loopback port.
//!
//! Nothing on disk outlives it, so it need not write safely. It stops when dropped: at the end, after a failure, and
//! after Ctrl-C.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use crate::process::{Line, Service};
use crate::report::timed;
use crate::{services, setup};

/// Names a database that the tests may use, where one was given to us.
pub(crate) const VARIABLE: &str = "PERFLAB_TEST_POSTGRES";

/// Its only user.
const USER: &str = "perflab";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a start is tried.
const TRIES: u32 = 3;

/// Loses everything in a crash, which nobody will miss, and is several times faster for it. Every test opens a pool or
/// two of its own.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=400",
    "listen_addresses=127.0.0.1",
];

/// A running server. It is dropped before its folder.
pub(crate) struct Postgres {
    url: String,
    _server: Option<Service>,
    _folder: Option<TempDir>,
}

impl Postgres {
    /// Where the tests find it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts a server; takes the given one where `PERFLAB_TEST_POSTGRES` names one.
    pub(crate) fn start() -> Result<Self> {
        if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Ok(Self { url, _server: None, _folder: None });
        }
        timed("Starting a Postgres for the tests", || {
            // Somebody else may take the port between our look and its start.
            let mut started = start();
            for _ in 1..TRIES {
                if started.is_ok() || crate::stop::asked() {
                    break;
                }
                started = start();
            }
            started
        })
    }
}

fn start() -> Result<Postgres> {
    let programs = setup::postgres()?;
    let owner = owner()?;
    let folder = TempDir::with_prefix("perflab-postgres-").context("cannot make a folder for Postgres")?;
    if let Some(user) = &owner {
        chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .context("cannot give the folder of Postgres to its user")?;
    }
    let command = |program: &str| {
        let mut command = Command::new(programs.join(program));
        // The folder that we are called from may be closed to the server's user.
        command.current_dir(folder.path());
        if let Some(user) = &owner {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    };

    quietly(command("initdb").args(["--pgdata", "data", "--username", USER, "--auth", "trust"]).args([
        "--encoding",
        "UTF8",
        "--locale",
        "C",
        "--no-sync",
    ]))?;

    let port = services::free()?;
    let log = folder.path().join("log");
    let write = || File::options().create(true).append(true).open(&log).context("cannot write the log of Postgres");
    let mut server = command("postgres");
    server.args(["-D", "data", "-p", &port.to_string(), "-k"]).arg(folder.path());
    for setting in SETTINGS {
        server.args(["-c", setting]);
    }
    // SIGINT: end now, without waiting for clients that forgot to leave.
    let mut server = Service::start("Postgres", server.stdout(write()?).stderr(write()?), Signal::SIGINT)?;
    server
        .wait_until(PATIENCE, || is_ready(&log))
        .with_context(|| format!("Postgres wrote:\n{}", fs::read_to_string(&log).unwrap_or_default()))?;

    let url = format!("postgres://{USER}@127.0.0.1:{port}/postgres");
    Ok(Postgres { url, _server: Some(server), _folder: Some(folder) })
}

/// Postgres refuses to run as root: then it runs as the user that its package has made.
fn owner() -> Result<Option<User>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    match User::from_name("postgres")? {
        Some(user) => Ok(Some(user)),
        None => {
            bail!("Postgres does not run as root, and there is no user `postgres`; make one with `useradd -r postgres`")
        }
    }
}

/// The server accepts connections a moment before it can answer them; its log knows.
fn is_ready(log: &Path) -> bool {
    fs::read_to_string(log).is_ok_and(|log| log.contains("ready to accept connections"))
}

fn quietly(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{}`", Line(command)))?;
    if !output.status.success() {
        bail!("`{}` failed: {}\n{}", Line(command), output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_postgres_answers_while_it_is_needed_and_is_gone_afterwards() {
        let postgres = start().expect("the machine has a Postgres server, or it can be installed");
        let address = postgres.url().split(['@', '/']).nth(3).expect("the address names a host").to_owned();
        let folder = postgres._folder.as_ref().map(|folder| folder.path().to_path_buf()).expect("it has a folder");
        assert!(TcpStream::connect(&address).is_ok(), "{address}");
        drop(postgres);
        assert!(TcpStream::connect(&address).is_err(), "{address}");
        assert!(!folder.exists(), "{}", folder.display());
    }
}

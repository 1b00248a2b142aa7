//! What the tests need from the machine: found, else installed (as root, with apt), else named with the command that
//! installs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::geteuid;

use crate::process;
use crate::project;
use crate::report::step;

/// Names under which distributions install Chromium.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where Debian keeps the servers of all installed versions; they are not in `PATH`.
const DEBIAN_POSTGRES: &str = "/usr/lib/postgresql";

/// The path of a program in `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The browser of the browser tests.
pub(crate) fn chromium() -> Result<PathBuf> {
    let look = || {
        let named = std::env::var_os("CHROMIUM").map(PathBuf::from).filter(|path| path.is_file());
        named.or_else(|| CHROMIUM.iter().find_map(|name| find(name)))
    };
    found_or_installed("Chromium", look, &["chromium"])
}

/// The folder with `initdb` and `postgres`, of the newest version there is.
pub(crate) fn postgres() -> Result<PathBuf> {
    let look = || {
        let is_complete = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
        let in_path = find("initdb").and_then(|path| path.parent().map(Path::to_path_buf));
        in_path.filter(is_complete).or_else(|| {
            let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN_POSTGRES)
                .ok()?
                .filter_map(|entry| {
                    let entry = entry.ok()?;
                    let version = entry.file_name().to_str()?.parse().ok()?;
                    Some((version, entry.path().join("bin"))).filter(|(_, folder)| is_complete(folder))
                })
                .collect();
            versions.sort();
            versions.pop().map(|(_, folder)| folder)
        })
    };
    found_or_installed("the Postgres server", look, &["postgresql"])
}

/// The Redis server.
pub(crate) fn redis() -> Result<PathBuf> {
    found_or_installed("the Redis server", || find("redis-server"), &["redis-server"])
}

/// Node with npm, and the packages that `e2e/package-lock.json` names.
pub(crate) fn node_packages() -> Result<PathBuf> {
    let npm = found_or_installed("npm", || find("node").and_then(|_| find("npm")), &["nodejs", "npm"])?;
    let folder = project::root().join("e2e");
    let changed = |path: &str| fs::metadata(folder.join(path)).and_then(|file| file.modified()).ok();
    // npm writes this file last.
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_none() || installed < changed("package-lock.json") {
        step("Installing the packages of the browser tests (npm ci)");
        process::run(Command::new(npm).arg("ci").current_dir(&folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    }
    Ok(folder)
}

/// What `look` finds, after an installation where it finds nothing at first.
pub(crate) fn found_or_installed(what: &str, look: impl Fn() -> Option<PathBuf>, packages: &[&str]) -> Result<PathBuf> {
    if let Some(path) = look() {
        return Ok(path);
    }
    install(what, packages)?;
    look().with_context(|| format!("{what} is still not found after installing {}", packages.join(" ")))
}

fn install(what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get update && apt-get install -y {}", packages.join(" "));
    let Some(apt) = find("apt-get") else {
        bail!("{what} is missing; install it (on Debian: `{by_hand}`)");
    };
    if !geteuid().is_root() {
        bail!("{what} is missing; install it with `sudo sh -c '{by_hand}'`");
    }
    step(format_args!("Installing {what} ({by_hand})"));
    process::run(Command::new(&apt).args(["update", "-q"]))?;
    process::run(
        Command::new(&apt)
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
    .with_context(|| format!("{what} could not be installed"))
}

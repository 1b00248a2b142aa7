//! What can be said about the code without running it.

use std::process::{Command, Stdio};

use super::counts::Counts;
use super::{Outcome, record};
use crate::cargo::cargo;
use crate::{process, project, setup, site};

/// Format, lints of both halves, and the rules for dependencies where their tool is installed.
pub(super) fn all(outcomes: &mut Vec<Outcome>) {
    record(outcomes, "format", || Counts::of_check(process::run(cargo("fmt").args(["--all", "--check"]))));
    record(outcomes, "clippy", || {
        Counts::of_check(process::run(cargo("clippy").args([
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ])))
    });
    record(outcomes, "clippy wasm", || {
        site::ensure_target()?;
        Counts::of_check(process::run(
            cargo("clippy").args(["--package", "perflab-app", "--lib", "--target", site::TARGET]).args([
                "--no-default-features",
                "--features",
                "hydrate",
                "--",
                "--deny",
                "warnings",
            ]),
        ))
    });
    if setup::find("cargo-deny").is_some() && project::root().join("deny.toml").is_file() {
        record(outcomes, "dependencies", || {
            // Advisories come from the web; the hosted workflow asks for them.
            Counts::of_check(process::run(
                Command::new("cargo-deny")
                    .args(["--offline", "check", "bans", "licenses", "sources"])
                    .current_dir(project::root())
                    .stdin(Stdio::null()),
            ))
        });
    }
}

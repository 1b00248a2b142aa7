//! The release binary: one file that holds the server, the worker, the command line and the site.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::cargo::{self, cargo};
use crate::project::short;
use crate::report::{Size, fact, step, timed};
use crate::site;

/// Builds the site, then the server around it. Returns the path of the binary.
pub(crate) fn build() -> Result<PathBuf> {
    let site = site::build()?;
    let binary = timed("Building the release binary", || {
        cargo::build(
            // Cargo does not see that files were added to the site; the build script sees this variable change.
            cargo("build")
                .args(["--release", "--package", "perflab-server", "--bin", "perflab"])
                .env("PERFLAB_SITE", site),
            "perflab",
        )
    })?;
    step(format_args!("Built {}", short(&binary)));
    fact(Size(fs::metadata(&binary)?.len()));
    Ok(binary)
}

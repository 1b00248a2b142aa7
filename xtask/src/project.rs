//! Where things lie in this checkout.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one level below the root")
}

/// Where the built site goes. Always below the root, whatever `CARGO_TARGET_DIR` says: the server's debug build reads
/// it from there, the release build embeds it from there.
pub(crate) fn site_files() -> PathBuf {
    root().join("target/site/pkg")
}

/// A path as people read it: from the root, where it lies below it.
pub(crate) fn short(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}

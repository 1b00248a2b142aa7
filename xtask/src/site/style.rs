//! One style sheet from the files of `style/`: an `@import` each would cost the browser a round trip each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::short;

/// Declares the order of the layers, so it comes first. The order of the others then does not matter to the browser;
/// they come by name.
const FIRST: &str = "tokens.css";

/// The style sheet of all pages.
pub(super) fn sheet(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .with_context(|| format!("cannot list {}", short(folder)))?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "css"));
    files.sort_by_key(|path| (!path.ends_with(FIRST), path.clone()));
    files.iter().map(|path| fs::read_to_string(path).with_context(|| format!("cannot read {}", short(path)))).collect()
}

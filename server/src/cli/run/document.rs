//! The summary document as a file (`--json FILE`).
//!
//! Promise: what lies there after a run is that run's, or nothing: a pipeline never reads the numbers of an earlier one.

use std::path::Path;

use anyhow::Context as _;
use perflab_model::summary::Summary;

/// Removes an older document before the run.
///
/// # Errors
/// When it cannot be removed.
pub(super) fn clear(path: &Path) -> anyhow::Result<()> {
    // Only a file: whoever names /dev/stdout or a pipe wants it kept.
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    if is_file {
        std::fs::remove_file(path)
            .with_context(|| format!("the older summary {} cannot be removed", path.display()))?;
    }
    Ok(())
}

/// Writes the document after the run.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(path: &Path, summary: &Summary) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(summary)?;
    std::fs::write(path, text + "\n").with_context(|| format!("the summary cannot be written to {}", path.display()))
}

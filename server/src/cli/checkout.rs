//! What is measured, as git knows it: read from the checkout that a command is given in.
//!
//! In:  the current directory. Out: branch, commit, where the branch left the baseline branch, and whether something is not
//! committed; nothing where there is no git or no checkout.

use std::process::{Command, Stdio};

use perflab_model::run::Revision;

/// Names under which the baseline branch is looked for.
const BASELINES: [&str; 4] = ["origin/main", "main", "origin/master", "master"];
/// What pipelines call the branch: they check out a commit, not a branch.
const PIPELINES: [&str; 3] = ["GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME"];

/// The revision of the checkout, if there is one.
pub(super) fn revision() -> Revision {
    let Some(commit) = git(&["rev-parse", "HEAD"]) else { return Revision::default() };
    let pipeline = || PIPELINES.iter().find_map(|name| std::env::var(name).ok().filter(|branch| !branch.is_empty()));
    Revision {
        branch: git(&["symbolic-ref", "--short", "--quiet", "HEAD"]).or_else(pipeline),
        merge_base: BASELINES.iter().find_map(|baseline| git(&["merge-base", "HEAD", baseline])),
        dirty: git(&["status", "--porcelain", "--untracked-files=no"]).is_some(),
        commit: Some(commit),
    }
}

/// What git says in its first line; nothing when it fails or says nothing.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}

//! A revision as one line of text, the way the form and its addresses hold it.

use perflab_model::run::Revision;

/// Reads `main@c93e5aa`, `main` or `c93e5aa`: what looks like a commit is one. `main@` and `@c93e5aa` leave no doubt.
pub fn read(text: &str) -> Revision {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match text.rsplit_once('@') {
        Some((branch, commit)) => Revision { branch: some(branch), commit: some(commit), ..Revision::default() },
        None if looks_like_commit(text) => Revision { commit: some(text), ..Revision::default() },
        None => Revision { branch: some(text), ..Revision::default() },
    }
}

/// Writes what [`read`] reads as the same revision, with the whole commit.
pub fn written(revision: &Revision) -> String {
    match (&revision.branch, &revision.commit) {
        (Some(branch), Some(commit)) => format!("{branch}@{commit}"),
        (Some(branch), None) if branch.contains('@') || looks_like_commit(branch) => format!("{branch}@"),
        (Some(branch), None) => branch.clone(),
        (None, Some(commit)) if looks_like_commit(commit) => commit.clone(),
        (None, Some(commit)) => format!("@{commit}"),
        (None, None) => String::new(),
    }
}

fn looks_like_commit(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn revision(branch: Option<&str>, commit: Option<&str>) -> Revision {
        Revision { branch: branch.map(str::to_owned), commit: commit.map(str::to_owned), ..Revision::default() }
    }

    #[rstest]
    #[case::both("main@c93e5aa", Some("main"), Some("c93e5aa"))]
    #[case::a_branch("release/1.1", Some("release/1.1"), None)]
    #[case::a_commit("c93e5aa", None, Some("c93e5aa"))]
    #[case::nothing("", None, None)]
    fn a_revision_is_a_branch_a_commit_or_both(
        #[case] text: &str,
        #[case] branch: Option<&str>,
        #[case] commit: Option<&str>,
    ) {
        assert_eq!(read(text), revision(branch, commit));
        assert_eq!(written(&read(text)), text);
    }

    #[rstest]
    #[case::a_branch_like_a_commit(Some("deadbeef"), None)]
    #[case::a_branch_with_an_at_sign(Some("user@fix"), None)]
    #[case::a_commit_of_another_system(None, Some("r1234"))]
    #[case::a_whole_commit(Some("main"), Some("0123456789abcdef0123456789abcdef01234567"))]
    fn what_is_written_is_read_as_the_same_revision(#[case] branch: Option<&str>, #[case] commit: Option<&str>) {
        let asked = revision(branch, commit);
        assert_eq!(read(&written(&asked)), asked);
    }
}

//! The list of suites, and one suite with its versions.

use perflab_model::{
    name::{ProjectName, SuiteName},
    problem::{Problem, ProblemKind},
    suites::{SuitePage, SuiteRow, SuiteVersion},
};
use perflab_store::VersionRow;

use super::{
    difference::difference,
    row::{data_sets, stored_row},
};
use crate::{Lab, trouble::Told as _};

impl Lab {
    /// The newest version of every suite of a project, by name.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer.
    pub async fn suites(&self, project: Option<&ProjectName>) -> Result<Vec<SuiteRow>, Problem> {
        let (project, _) = self.project(project).await?;
        Ok(self.db.newest_suites(project).await.told()?.iter().map(stored_row).collect())
    }

    /// A suite with all its versions; shown is that of a hash (its first seven digits do) or the newest.
    ///
    /// # Errors
    /// When there is no such suite or version, or the store does not answer.
    pub async fn suite(
        &self,
        project: Option<&ProjectName>,
        name: &SuiteName,
        version: Option<&str>,
    ) -> Result<SuitePage, Problem> {
        let (id, project) = self.project(project).await?;
        let versions = self.db.suite_versions(id, name).await.told()?;
        let Some(newest) = versions.first() else {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "suite.not_found",
                format!("There is no suite `{name}`"),
                Some("Look for it in the list of suites".to_owned()),
            ));
        };
        let at = match version {
            None => 0,
            Some(wanted) => find(&versions, wanted).ok_or_else(|| {
                let shown: String = wanted.chars().take(64).collect();
                Problem::new(
                    ProblemKind::NotFound,
                    "suite_version.not_found",
                    format!("Suite `{name}` has no version `{shown}`"),
                    Some("Choose one of its versions".to_owned()),
                )
            })?,
        };
        let gone = || {
            Problem::new(
                ProblemKind::NotFound,
                "suite_version.not_found",
                format!("That version of suite `{name}` is not there any more"),
                Some("Load the page again".to_owned()),
            )
        };
        let newest = self.db.suite_version(newest.id).await.told()?.ok_or_else(gone)?;
        let shown = self.db.suite_version(versions[at].id).await.told()?.ok_or_else(gone)?;
        let before = match versions.get(at + 1) {
            Some(before) => self.db.suite_version(before.id).await.told()?,
            None => None,
        };
        Ok(SuitePage {
            project,
            suite: stored_row(&newest),
            versions: versions
                .into_iter()
                .map(|row| SuiteVersion { version: row.sha256, since_us: row.since_us, runs: row.runs })
                .collect(),
            before: before.map(|before| difference(&before, &shown)),
            files: data_sets(&shown.files),
            shown: shown.sha256,
            text: shown.text,
        })
    }
}

/// The version of a hash or of the first digits of one.
fn find(versions: &[VersionRow], wanted: &str) -> Option<usize> {
    let long_enough = wanted.len() >= 7 && wanted.chars().all(|digit| digit.is_ascii_hexdigit());
    long_enough.then(|| versions.iter().position(|row| row.sha256.starts_with(wanted))).flatten()
}

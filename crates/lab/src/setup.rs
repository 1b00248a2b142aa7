//! What a lab starts with: a project, an environment, suites from a folder.
//!
//! Said at every start and the same each time: what is there already stays as it is, a suite whose text has changed
//! gets a new version.

use std::collections::BTreeMap;

use perflab_model::{
    environment::Environment,
    id::{EnvironmentId, ProjectId, SuiteVersionId},
    name::{ProjectName, SuiteName},
    problem::Problem,
    suite::Suite,
};

use crate::{Lab, trouble::Told as _};

/// A suite as it lies on disk: its text and the files beside it, by name.
#[derive(Clone, Debug)]
pub struct SuiteSource {
    /// Its name, as the text says.
    pub name: SuiteName,
    /// The checked suite's content hash.
    pub sha256: String,
    /// YAML.
    pub text: String,
    /// Feed files.
    pub files: BTreeMap<String, String>,
}

impl SuiteSource {
    /// A checked suite with what it was read from.
    pub fn new(suite: &Suite, text: String, files: BTreeMap<String, String>) -> Self {
        Self { name: suite.name.clone(), sha256: suite.version_hash(), text, files }
    }
}

impl Lab {
    /// The project of that name, made if it is missing.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ensure_project(&self, name: &ProjectName) -> Result<ProjectId, Problem> {
        self.db.ensure_project(name, self.now_us()).await.told()
    }

    /// Keeps an environment under its name, over an earlier one of that name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn put_environment(
        &self,
        project: ProjectId,
        environment: &Environment,
    ) -> Result<EnvironmentId, Problem> {
        self.db.put_environment(project, environment, self.now_us()).await.told()
    }

    /// Keeps a suite as a new version, unless its newest version says the same.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn put_suite(&self, project: ProjectId, suite: &SuiteSource) -> Result<SuiteVersionId, Problem> {
        self.db.put_suite(project, &suite.name, &suite.text, &suite.files, &suite.sha256, self.now_us()).await.told()
    }
}

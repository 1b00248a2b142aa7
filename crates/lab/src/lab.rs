//! The lab: its store, its clock, and what it knows of its own worker.

use std::sync::Arc;

use perflab_model::{
    id::ProjectId,
    name::ProjectName,
    problem::{Problem, ProblemKind},
};
use perflab_store::Db;

use crate::{
    clock::{SharedClock, SystemClock},
    trouble::Told as _,
};

/// Whether the worker in this process has a secret of that name. The value itself is never asked for.
pub type SecretCheck = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// One lab. Cheap to clone.
#[derive(Clone)]
pub struct Lab {
    pub(crate) db: Db,
    pub(crate) clock: SharedClock,
    pub(crate) secrets: Option<SecretCheck>,
}

impl Lab {
    /// A lab on an open store, with the machine's clock and no worker of its own.
    pub fn new(db: Db) -> Self {
        Self { db, clock: Arc::new(SystemClock), secrets: None }
    }

    /// The same lab with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// The same lab with a worker in this process, whose secrets can be asked for by name.
    #[must_use]
    pub fn with_worker(mut self, secrets: SecretCheck) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// The store behind the lab, for the worker.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Microseconds since the epoch, by the lab's clock.
    pub fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    /// The project that is named, or the only one there is.
    pub(crate) async fn project(&self, name: Option<&ProjectName>) -> Result<(ProjectId, ProjectName), Problem> {
        let mut projects = self.db.projects().await.told()?;
        match name {
            Some(name) => {
                let known = projects.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
                projects.into_iter().find(|(_, known)| known == name).ok_or_else(|| {
                    Problem::new(
                        ProblemKind::NotFound,
                        "project.not_found",
                        format!("There is no project `{name}`"),
                        Some(format!("Projects of this lab: {known}")),
                    )
                })
            }
            None if projects.len() == 1 => Ok(projects.remove(0)),
            None if projects.is_empty() => Err(Problem::new(
                ProblemKind::NotFound,
                "project.none",
                "This lab has no project yet",
                Some("Start it with `perflab serve --suites DIR --target URL`, or run `cargo xtask demo`".to_owned()),
            )),
            None => Err(Problem::new(
                ProblemKind::Invalid,
                "project.which",
                "This lab has several projects, and the request names none",
                Some(format!(
                    "Name one of {}",
                    projects.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
                )),
            )),
        }
    }
}

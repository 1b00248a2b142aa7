//! Environments, and who waits for them.

use perflab_model::{
    environment::Environment,
    id::{EnvironmentId, ProjectId},
};

use crate::{
    Db, StoreError,
    sql::{json, sql},
};

/// Who has an environment and who waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentQueue {
    /// Number of the run that has it now.
    pub running: Option<u64>,
    /// How many runs wait for it.
    pub waiting: u64,
}

impl Db {
    /// Keeps an environment under its name, over an earlier one of that name. Runs keep the one they were launched
    /// with: it is frozen in their plans.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_environment(
        &self,
        project: ProjectId,
        environment: &Environment,
        now_us: i64,
    ) -> Result<EnvironmentId, StoreError> {
        let mut tx = self.begin().await?;
        let row = sql("INSERT INTO environment (id, project_id, name, document, changed_us) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (project_id, name) DO UPDATE SET document = excluded.document, \
             changed_us = excluded.changed_us RETURNING id")
        .bind(EnvironmentId::new(uuid::Uuid::now_v7()))
        .bind(project)
        .bind(environment.name.as_str())
        .bind(json("environment", environment)?)
        .bind(now_us)
        .first(&mut tx)
        .await?;
        tx.commit().await?;
        row.ok_or_else(|| StoreError::NotFound { what: "environment", id: environment.name.to_string() })?.parse("id")
    }

    /// The environments of a project, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn environments(&self, project: ProjectId) -> Result<Vec<(EnvironmentId, Environment)>, StoreError> {
        let rows = sql("SELECT id, document FROM environment WHERE project_id = $1 ORDER BY name")
            .bind(project)
            .all(self)
            .await?;
        rows.iter().map(|row| Ok((row.parse("id")?, row.json("document")?))).collect()
    }

    /// One environment, as it is now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn environment(&self, id: EnvironmentId) -> Result<Option<Environment>, StoreError> {
        let row = sql("SELECT document FROM environment WHERE id = $1").bind(id).first(self).await?;
        row.map(|row| row.json("document")).transpose()
    }

    /// Who has an environment and who waits for it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn environment_queue(&self, id: EnvironmentId) -> Result<EnvironmentQueue, StoreError> {
        let row = sql("SELECT (SELECT number FROM run WHERE environment_id = $1 \
             AND state IN ('claimed', 'running', 'finishing')) AS running, \
             (SELECT COUNT(*) FROM run WHERE environment_id = $1 AND state = 'queued') AS waiting")
        .bind(id)
        .first(self)
        .await?;
        let Some(row) = row else { return Ok(EnvironmentQueue::default()) };
        let running = row.get::<Option<i64>>("running")?.and_then(|number| u64::try_from(number).ok());
        Ok(EnvironmentQueue { running, waiting: row.count("waiting")? })
    }
}

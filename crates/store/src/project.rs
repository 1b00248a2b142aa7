//! Projects.

use perflab_model::{id::ProjectId, name::ProjectName};

use crate::{Db, StoreError, sql::sql};

impl Db {
    /// The project of that name, made if it is missing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ensure_project(&self, name: &ProjectName, now_us: i64) -> Result<ProjectId, StoreError> {
        let mut tx = self.begin().await?;
        // Changes nothing where it exists, but gives its id either way.
        let row = sql("INSERT INTO project (id, name, created_us) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id")
        .bind(ProjectId::new(uuid::Uuid::now_v7()))
        .bind(name.as_str())
        .bind(now_us)
        .first(&mut tx)
        .await?;
        tx.commit().await?;
        row.ok_or_else(|| StoreError::NotFound { what: "project", id: name.to_string() })?.parse("id")
    }

    /// All projects, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn projects(&self) -> Result<Vec<(ProjectId, ProjectName)>, StoreError> {
        let rows = sql("SELECT id, name FROM project ORDER BY name").all(self).await?;
        rows.iter().map(|row| Ok((row.parse("id")?, row.parse("name")?))).collect()
    }
}

//! Versions of suites: each text once, by its hash.

use std::collections::BTreeMap;

use perflab_model::{
    id::{DraftId, ProjectId, SuiteVersionId},
    name::SuiteName,
};
use sha2::{Digest, Sha256};

use crate::{
    Db, StoreError,
    db::Tx,
    sql::{Row, json, sql},
};

/// A version of a suite as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSuite {
    /// Its id.
    pub id: SuiteVersionId,
    /// The suite's name.
    pub name: SuiteName,
    /// SHA-256 of the text and its files, lower-case hex.
    pub sha256: String,
    /// YAML.
    pub text: String,
    /// Feed files, by name.
    pub files: BTreeMap<String, String>,
    /// When it became the newest version.
    pub created_us: i64,
}

/// A version without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// Its id.
    pub id: SuiteVersionId,
    /// SHA-256 of the text and its files.
    pub sha256: String,
    /// When it became the newest version, last.
    pub since_us: i64,
    /// How many runs used it.
    pub runs: u64,
}

/// The text of a suite on its way to a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// YAML, perhaps wrong.
    pub text: String,
    /// Files beside it, by name.
    pub files: BTreeMap<String, String>,
    /// When it was kept last.
    pub changed_us: i64,
}

impl Db {
    /// Keeps a suite as its newest version. A text that is kept already gives its id again; one that was replaced
    /// meanwhile becomes the newest once more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_suite(
        &self,
        project: ProjectId,
        name: &SuiteName,
        text: &str,
        files: &BTreeMap<String, String>,
        sha256: &str,
        now_us: i64,
    ) -> Result<SuiteVersionId, StoreError> {
        let mut tx = self.begin().await?;
        let known = sql("SELECT id, sha256 FROM suite_version WHERE project_id = $1 AND name = $2 \
             ORDER BY newest_us DESC, id DESC LIMIT 1")
        .bind(project)
        .bind(name.as_str())
        .first(&mut tx)
        .await?;
        if let Some(newest) = known
            && newest.get::<String>("sha256")? == sha256
        {
            return newest.parse("id");
        }
        let made = SuiteVersionId::new(uuid::Uuid::now_v7());
        let row = sql("INSERT INTO suite_version (id, project_id, name, sha256, text, newest_us) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (project_id, name, sha256) DO UPDATE SET newest_us = excluded.newest_us RETURNING id")
        .bind(made)
        .bind(project)
        .bind(name.as_str())
        .bind(sha256)
        .bind(text)
        .bind(now_us)
        .first(&mut tx)
        .await?;
        let row = row.ok_or_else(|| StoreError::NotFound { what: "suite", id: name.to_string() })?;
        let id: SuiteVersionId = row.parse("id")?;
        if id == made {
            keep_files(&mut tx, id, files).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// The newest version of each suite of a project, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_suites(&self, project: ProjectId) -> Result<Vec<StoredSuite>, StoreError> {
        let rows = sql("SELECT id, name, sha256, text, newest_us FROM suite_version AS version \
             WHERE project_id = $1 AND NOT EXISTS (SELECT 1 FROM suite_version AS later \
             WHERE later.project_id = version.project_id AND later.name = version.name \
             AND (later.newest_us, later.id) > (version.newest_us, version.id)) ORDER BY name")
        .bind(project)
        .all(self)
        .await?;
        let mut suites = Vec::with_capacity(rows.len());
        for row in rows {
            suites.push(self.with_files(&row).await?);
        }
        Ok(suites)
    }

    /// All versions of a suite, newest first, without their texts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn suite_versions(&self, project: ProjectId, name: &SuiteName) -> Result<Vec<VersionRow>, StoreError> {
        let rows = sql("SELECT suite_version.id, suite_version.sha256, suite_version.newest_us, \
             (SELECT COUNT(*) FROM run WHERE run.suite_version_id = suite_version.id) AS runs \
             FROM suite_version WHERE project_id = $1 AND name = $2 ORDER BY newest_us DESC, id DESC")
        .bind(project)
        .bind(name.as_str())
        .all(self)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(VersionRow {
                    id: row.parse("id")?,
                    sha256: row.get("sha256")?,
                    since_us: row.get("newest_us")?,
                    runs: row.count("runs")?,
                })
            })
            .collect()
    }

    /// Keeps a draft, in the place of an earlier one of that id, and forgets those that nobody touched since `oldest_us`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_draft(&self, project: ProjectId, draft: &Draft, oldest_us: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("DELETE FROM suite_draft WHERE changed_us < $1").bind(oldest_us).run(&mut tx).await?;
        sql("INSERT INTO suite_draft (id, project_id, text, files, changed_us) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET text = excluded.text, files = excluded.files, \
             changed_us = excluded.changed_us")
        .bind(draft.id)
        .bind(project)
        .bind(&draft.text)
        .bind(json("draft", &draft.files)?)
        .bind(draft.changed_us)
        .run(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// A draft with its project, while it is kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn draft(&self, id: DraftId) -> Result<Option<(ProjectId, Draft)>, StoreError> {
        let row = sql("SELECT project_id, text, files, changed_us FROM suite_draft WHERE id = $1")
            .bind(id)
            .first(self)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let draft = Draft { id, text: row.get("text")?, files: row.json("files")?, changed_us: row.get("changed_us")? };
        Ok(Some((row.parse("project_id")?, draft)))
    }

    /// Forgets a draft that has become a version.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_draft(&self, id: DraftId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql("DELETE FROM suite_draft WHERE id = $1").bind(id).run(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One version of a suite.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn suite_version(&self, id: SuiteVersionId) -> Result<Option<StoredSuite>, StoreError> {
        let row = sql("SELECT id, name, sha256, text, newest_us FROM suite_version WHERE id = $1")
            .bind(id)
            .first(self)
            .await?;
        match row {
            Some(row) => Ok(Some(self.with_files(&row).await?)),
            None => Ok(None),
        }
    }

    async fn with_files(&self, row: &Row) -> Result<StoredSuite, StoreError> {
        let id: SuiteVersionId = row.parse("id")?;
        let rows = sql("SELECT suite_file.name AS name, file.body AS body FROM suite_file \
             JOIN file ON file.sha256 = suite_file.sha256 WHERE suite_file.suite_version_id = $1")
        .bind(id)
        .all(self)
        .await?;
        let mut files = BTreeMap::new();
        for file in rows {
            let body = String::from_utf8(file.get("body")?)
                .map_err(|source| StoreError::Unreadable { what: "file", source: source.into() })?;
            files.insert(file.get("name")?, body);
        }
        Ok(StoredSuite {
            id,
            name: row.parse("name")?,
            sha256: row.get("sha256")?,
            text: row.get("text")?,
            files,
            created_us: row.get("newest_us")?,
        })
    }
}

async fn keep_files(tx: &mut Tx, id: SuiteVersionId, files: &BTreeMap<String, String>) -> Result<(), StoreError> {
    for (name, body) in files {
        let sha256 = hex::encode(Sha256::digest(body.as_bytes()));
        sql("INSERT INTO file (sha256, body) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING")
            .bind(&sha256)
            .bind(body.clone().into_bytes())
            .run(tx)
            .await?;
        sql("INSERT INTO suite_file (suite_version_id, name, sha256) VALUES ($1, $2, $3)")
            .bind(id)
            .bind(name)
            .bind(sha256)
            .run(tx)
            .await?;
    }
    Ok(())
}

//! Drafts: what a person works on. Nothing that was typed or brought is lost by an error.

use std::collections::BTreeMap;

use perflab_model::{
    id::{DraftId, ProjectId},
    name::{ProjectName, SuiteName},
    problem::{Problem, ProblemKind},
    suites::{DraftPage, Pushed, SuiteText},
};
use perflab_store::Draft;

use super::{
    push::small_enough,
    row::{checked, data_sets},
};
use crate::{Lab, trouble::Told as _};

/// Drafts that nobody touched for so long are forgotten: 14 days, in microseconds.
const KEPT_US: i64 = 14 * 86_400 * 1_000_000;

/// What a new suite begins with.
const BEGINNING: &str = "# `perflab suite schema` explains every key; so does the guide on suites.
version: 1
suite: my-suite
title: What it is for
scenarios:
  smoke:
    executor: constant_vus
    users: 5
    spawn_rate: 1
    duration: 1m
    warmup: ramp
    thresholds: [\"p95 < 200ms\", \"error_rate < 1%\"]
classes:
  visitor: {think: {uniform: [1s, 5s]}, flows: {home: 1}}
flows:
  home: {steps: [{get: /, name: home, expect: [200]}]}
";

impl Lab {
    /// The text that a person begins with: that of a suite, or a small one to change.
    ///
    /// # Errors
    /// When the suite is not known or the store does not answer.
    pub async fn begin_draft(
        &self,
        project: Option<&ProjectName>,
        of: Option<&SuiteName>,
    ) -> Result<DraftPage, Problem> {
        let (_, project) = self.project(project).await?;
        let (text, files) = match of {
            Some(name) => {
                let page = self.suite(Some(&project), name, None).await?;
                (page.text, page.files)
            }
            None => (BEGINNING.to_owned(), Vec::new()),
        };
        Ok(DraftPage { project, id: None, of: of.cloned(), text, files, checked: None })
    }

    /// A draft, with everything that is wrong with it.
    ///
    /// # Errors
    /// When it is not kept any more or the store does not answer.
    pub async fn draft(&self, id: DraftId) -> Result<DraftPage, Problem> {
        let (project, draft) = self.db.draft(id).await.told()?.ok_or_else(gone)?;
        let projects = self.db.projects().await.told()?;
        let project = projects.into_iter().find(|(known, _)| *known == project).map(|(_, name)| name);
        Ok(DraftPage {
            project: project.ok_or_else(gone)?,
            id: Some(id),
            of: None,
            files: data_sets(&draft.files),
            checked: Some(checked(&draft.text, &draft.files, draft.changed_us)),
            text: draft.text,
        })
    }

    /// Keeps what a person has typed or brought, whatever is wrong with it. Without a draft a new one is made; files of the
    /// draft, or of the suite that it began from, stay unless others of their names come.
    ///
    /// # Errors
    /// When it is too large, or the store does not answer.
    pub async fn keep_draft(
        &self,
        id: Option<DraftId>,
        of: Option<&SuiteName>,
        brought: SuiteText,
    ) -> Result<DraftId, Problem> {
        let (project, _) = self.project(brought.project.as_ref()).await?;
        let known = match id {
            Some(id) => self.db.draft(id).await.told()?.filter(|(of, _)| *of == project),
            None => None,
        };
        // A draft that was forgotten meanwhile is simply made anew: the text is here.
        let id = known.as_ref().map_or_else(|| DraftId::new(uuid::Uuid::now_v7()), |(_, draft)| draft.id);
        let mut files = match known {
            Some((_, draft)) => draft.files,
            None => self.files_of(project, of).await?,
        };
        files.extend(brought.files);
        let text = SuiteText { project: brought.project, text: brought.text, files };
        small_enough(&text)?;
        let now_us = self.now_us();
        let draft = Draft { id, text: text.text, files: text.files, changed_us: now_us };
        self.db.put_draft(project, &draft, now_us - KEPT_US).await.told()?;
        Ok(id)
    }

    /// Makes a draft the newest version of the suite that it names.
    ///
    /// # Errors
    /// With everything that is wrong with it: then it stays a draft.
    pub async fn save_draft(&self, id: DraftId) -> Result<Pushed, Problem> {
        let (project, draft) = self.db.draft(id).await.told()?.ok_or_else(gone)?;
        let projects = self.db.projects().await.told()?;
        let project = projects.into_iter().find(|(known, _)| *known == project).map(|(_, name)| name);
        // Files that the text does not name are no part of the version.
        let text = SuiteText { project, text: draft.text, files: draft.files };
        let pushed = self.push_suite(None, &text).await?;
        self.db.forget_draft(id).await.told()?;
        Ok(pushed)
    }

    /// The files beside the newest version of a suite: who changes its text keeps its data.
    async fn files_of(&self, project: ProjectId, of: Option<&SuiteName>) -> Result<BTreeMap<String, String>, Problem> {
        let Some(name) = of else { return Ok(BTreeMap::new()) };
        let stored = self.db.newest_suites(project).await.told()?;
        Ok(stored.into_iter().find(|suite| suite.name == *name).map(|suite| suite.files).unwrap_or_default())
    }
}

fn gone() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "draft.not_found",
        "This draft is not kept any more",
        Some("Begin again from the suite".to_owned()),
    )
}

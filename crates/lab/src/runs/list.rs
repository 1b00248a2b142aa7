//! The list of runs.

use perflab_model::{
    problem::Problem,
    run::RunState,
    view::{RunsPage, RunsQuery},
};
use perflab_store::RunFilter;

use super::query;
use crate::{Lab, trouble::Told as _};

/// Rows of a page where nothing is said.
const DEFAULT_LIMIT: u32 = 50;
/// Most rows of a page.
const MAX_LIMIT: u32 = 200;

impl Lab {
    /// A page of runs, newest first, with those under way apart.
    ///
    /// # Errors
    /// When the project is not known, the cursor is not one of ours, or the store does not answer.
    pub async fn runs(&self, query: &RunsQuery) -> Result<RunsPage, Problem> {
        let project = match &query.project {
            Some(name) => Some(self.project(Some(name)).await?.0),
            None => None,
        };
        let (mut filter, warnings) = query::read(&query.q);
        filter.project = project;
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
        let page = self.db.runs(&filter, query.cursor.as_deref(), limit).await.told()?;
        let under_way = RunFilter {
            project,
            states: vec![RunState::Queued, RunState::Claimed, RunState::Running, RunState::Finishing],
            ..RunFilter::default()
        };
        let active = self.db.runs(&under_way, None, MAX_LIMIT).await.told()?.rows;
        let any = !page.rows.is_empty()
            || !active.is_empty()
            || !self.db.runs(&RunFilter { project, ..RunFilter::default() }, None, 1).await.told()?.rows.is_empty();
        Ok(RunsPage { active, rows: page.rows, next: page.next, warnings, any })
    }
}

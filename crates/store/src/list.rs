//! The list of runs, newest first, page by page.

use perflab_model::{
    id::{ProjectId, RunId},
    run::{RunRow, RunState, Trigger},
    verdict::Verdict,
};

use crate::{
    Db, Refusal, StoreError,
    run::{run_row, select_rows},
    sql::{Sql, sql},
};

/// Which runs a list holds; what is left open admits all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFilter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// In one of these states.
    pub states: Vec<RunState>,
    /// Of this suite.
    pub suite: Option<String>,
    /// Of this scenario.
    pub scenario: Option<String>,
    /// On this environment.
    pub environment: Option<String>,
    /// From this branch.
    pub branch: Option<String>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
    /// Asked for by this.
    pub trigger: Option<Trigger>,
    /// With this tag.
    pub tag: Option<String>,
    /// Made to decide this run.
    pub repeat_of: Option<RunId>,
    /// Whether runs of capacity searches are left out: their load is the search's and not the scenario's.
    pub outside_searches: bool,
    /// With each of these words somewhere in number, suite, scenario, environment, revision or tags.
    pub text: Option<String>,
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunList {
    /// The runs, newest first.
    pub rows: Vec<RunRow>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl Db {
    /// A page of at most `limit` runs after the cursor of an earlier page.
    ///
    /// # Errors
    /// [`Refusal::Cursor`] when the cursor is not from an earlier page; when the database does not answer.
    pub async fn runs(&self, filter: &RunFilter, cursor: Option<&str>, limit: u32) -> Result<RunList, StoreError> {
        let mut select = sql(select_rows!());
        select.push(" WHERE 1 = 1");
        filter.narrow(&mut select);
        if let Some(cursor) = cursor {
            let (created_us, id) = read_cursor(cursor).ok_or(Refusal::Cursor)?;
            select.push(" AND (run.created_us, run.id) < (");
            select.push_bind(created_us);
            select.push(", ");
            select.push_bind(id);
            select.push(")");
        }
        select.push(" ORDER BY run.created_us DESC, run.id DESC LIMIT ");
        // One more than asked tells whether there is a next page.
        select.push_bind(limit.saturating_add(1));
        let rows = select.all(self).await?;
        let mut list = RunList { rows: rows.iter().map(run_row).collect::<Result<_, _>>()?, next: None };
        if list.rows.len() > limit as usize {
            list.rows.truncate(limit as usize);
            list.next = list.rows.last().map(|row| format!("{:x}.{}", row.created_us, row.id.uuid().as_simple()));
        }
        Ok(list)
    }

    /// How many runs are in each state, for the home page; states without runs are left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn counts(&self, project: Option<ProjectId>) -> Result<Vec<(RunState, u64)>, StoreError> {
        let mut select = sql("SELECT state, COUNT(*) AS runs FROM run");
        if let Some(project) = project {
            select.push(" WHERE project_id = ");
            select.push_bind(project);
        }
        select.push(" GROUP BY state");
        let rows = select.all(self).await?;
        let mut counts = rows
            .iter()
            .map(|row| Ok((row.word("state", RunState::from_code)?, row.count("runs")?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        counts.sort_by_key(|(state, _)| RunState::ALL.iter().position(|known| known == state));
        Ok(counts)
    }
}

impl RunFilter {
    fn narrow(&self, select: &mut Sql) {
        if let Some(project) = self.project {
            select.push(" AND run.project_id = ");
            select.push_bind(project);
        }
        for (index, state) in self.states.iter().enumerate() {
            select.push(if index == 0 { " AND run.state IN (" } else { ", " });
            select.push_bind(state.code());
            if index + 1 == self.states.len() {
                select.push(")");
            }
        }
        let mut equal = |column: &'static str, value: Option<&str>| {
            if let Some(value) = value {
                select.push(column);
                select.push_bind(value);
            }
        };
        equal(" AND run.suite = ", self.suite.as_deref());
        equal(" AND run.scenario = ", self.scenario.as_deref());
        equal(" AND environment.name = ", self.environment.as_deref());
        equal(" AND run.revision_branch = ", self.branch.as_deref());
        equal(" AND run.verdict = ", self.verdict.map(Verdict::code));
        equal(" AND run.asked_by = ", self.trigger.map(Trigger::code));
        if let Some(tag) = &self.tag {
            select.push(" AND run.id IN (SELECT run_id FROM run_tag WHERE tag = ");
            select.push_bind(tag);
            select.push(")");
        }
        if let Some(run) = self.repeat_of {
            select.push(" AND run.repeat_of = ");
            select.push_bind(run);
        }
        if self.outside_searches {
            select.push(" AND run.search_id IS NULL");
        }
        for word in self.text.iter().flat_map(|text| text.split_whitespace()) {
            select.push(" AND run.search LIKE ");
            select.push_bind(containing(word));
            select.push(" ESCAPE '\\'");
        }
    }
}

/// The pattern for texts that hold a word, whatever signs are in it.
fn containing(word: &str) -> String {
    let mut pattern = String::from("%");
    for letter in word.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn read_cursor(cursor: &str) -> Option<(i64, RunId)> {
    let (created_us, id) = cursor.split_once('.')?;
    Some((i64::from_str_radix(created_us, 16).ok()?, id.parse().ok()?))
}

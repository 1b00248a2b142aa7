//! Findings as people see them: the inbox, one finding with its notes, and what people change about it.

use perflab_model::{
    comparison::Band,
    finding::{Finding, FindingKind, FindingNote, FindingState, NamedRun, SeriesKey},
    id::{FindingId, ProjectId, RunId},
    run::Revision,
};

use crate::{
    Db, Refusal, StoreError,
    follow::{add_note, better},
    sql::{Row, Sql, Value, sql},
};

/// Which findings a list holds; what is left open admits all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingFilter {
    /// Of this project.
    pub project: Option<ProjectId>,
    /// In one of these states.
    pub states: Vec<FindingState>,
    /// Of this suite.
    pub suite: Option<String>,
    /// Of this scenario.
    pub scenario: Option<String>,
    /// On this environment.
    pub environment: Option<String>,
    /// Seen to by this person.
    pub assignee: Option<String>,
    /// For the worse, or for the better.
    pub worse: Option<bool>,
    /// Seen in this run.
    pub run: Option<RunId>,
}

/// A page of findings, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingPage {
    /// The findings.
    pub findings: Vec<Finding>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// What a person changes; what is nothing stays. An inner nothing takes a value away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingUpdate {
    /// The state.
    pub state: Option<FindingState>,
    /// Who sees to it.
    pub assignee: Option<Option<String>>,
    /// Where it is dealt with.
    pub url: Option<Option<String>>,
    /// Until when.
    pub due_us: Option<Option<i64>>,
    /// What is noted about it, one by one.
    pub notes: Vec<String>,
}

macro_rules! run_columns {
    ($run:literal) => {
        concat!(
            ", ",
            $run,
            "_run.id AS ",
            $run,
            "_id, ",
            $run,
            "_run.number AS ",
            $run,
            "_number, ",
            $run,
            "_run.revision_commit AS ",
            $run,
            "_commit, ",
            $run,
            "_run.revision_branch AS ",
            $run,
            "_branch, ",
            $run,
            "_run.ended_us AS ",
            $run,
            "_ended_us"
        )
    };
}

const FINDING: &str = concat!(
    "SELECT finding.*, project.name AS project, environment.name AS environment",
    run_columns!("first"),
    run_columns!("from"),
    run_columns!("to"),
    run_columns!("good"),
    " FROM finding JOIN project ON project.id = finding.project_id \
     JOIN environment ON environment.id = finding.environment_id \
     JOIN run first_run ON first_run.id = finding.first_run_id \
     JOIN run from_run ON from_run.id = finding.from_run_id \
     JOIN run to_run ON to_run.id = finding.to_run_id \
     LEFT JOIN run good_run ON good_run.id = finding.good_run_id"
);

/// The columns of a named run.
struct Columns {
    id: &'static str,
    number: &'static str,
    commit: &'static str,
    branch: &'static str,
    ended_us: &'static str,
}

macro_rules! columns {
    ($run:literal) => {
        &Columns {
            id: concat!($run, "_id"),
            number: concat!($run, "_number"),
            commit: concat!($run, "_commit"),
            branch: concat!($run, "_branch"),
            ended_us: concat!($run, "_ended_us"),
        }
    };
}

fn named(row: &Row, columns: &Columns) -> Result<NamedRun, StoreError> {
    Ok(NamedRun {
        id: row.parse(columns.id)?,
        number: row.count(columns.number)?,
        revision: Revision {
            commit: row.get(columns.commit)?,
            branch: row.get(columns.branch)?,
            ..Revision::default()
        },
        ended_us: row.get::<Option<i64>>(columns.ended_us)?.unwrap_or(0),
    })
}

fn finding(row: &Row) -> Result<Finding, StoreError> {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(Finding {
        id: row.parse("id")?,
        project: row.parse("project")?,
        series: SeriesKey {
            suite: row.parse("suite")?,
            scenario: row.parse("scenario")?,
            environment: row.parse("environment")?,
            worker_class: row.get("worker_class")?,
            branch: some(row.get("branch")?),
            request: some(row.get("request")?),
            measure: row.get("measure")?,
            stat: row.get("stat")?,
        },
        unit: row.get("unit")?,
        better: better(row)?,
        kind: row.word("kind", FindingKind::from_code)?,
        state: row.word("state", FindingState::from_code)?,
        band: row.optional_word("band", Band::from_word)?,
        worse: row.count("worse")? > 0,
        first: named(row, columns!("first"))?,
        from: named(row, columns!("from"))?,
        to: named(row, columns!("to"))?,
        good: row.get::<Option<String>>("good_id")?.map(|_| named(row, columns!("good"))).transpose()?,
        before: row.get("level_before")?,
        after: row.get("level_after")?,
        shift: row.get("shift")?,
        evidence: row.get("evidence")?,
        closed_by: row.get("closed_by")?,
        assignee: row.get("assignee")?,
        url: row.get("url")?,
        due_us: row.get("due_us")?,
        created_us: row.get("created_us")?,
        changed_us: row.get("changed_us")?,
    })
}

impl Db {
    /// A page of at most `limit` findings after the cursor of an earlier page.
    ///
    /// # Errors
    /// [`Refusal::Cursor`] when the cursor is not from an earlier page; when the database does not answer.
    pub async fn findings(
        &self,
        filter: &FindingFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<FindingPage, StoreError> {
        let mut select = sql(FINDING);
        select.push(" WHERE 1 = 1");
        filter.narrow(&mut select);
        if let Some(cursor) = cursor {
            let (created_us, id) = read_cursor(cursor).ok_or(Refusal::Cursor)?;
            select.push(" AND (finding.created_us, finding.id) < (");
            select.push_bind(created_us);
            select.push(", ");
            select.push_bind(id);
            select.push(")");
        }
        select.push(" ORDER BY finding.created_us DESC, finding.id DESC LIMIT ");
        // One more than asked tells whether there is a next page.
        select.push_bind(limit.saturating_add(1));
        let rows = select.all(self).await?;
        let mut page = FindingPage { findings: rows.iter().map(finding).collect::<Result<_, _>>()?, next: None };
        if page.findings.len() > limit as usize {
            page.findings.truncate(limit as usize);
            page.next =
                page.findings.last().map(|last| format!("{:x}.{}", last.created_us, last.id.uuid().as_simple()));
        }
        Ok(page)
    }

    /// One finding.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finding(&self, id: FindingId) -> Result<Option<Finding>, StoreError> {
        let mut select = sql(FINDING);
        select.push(" WHERE finding.id = ");
        select.push_bind(id);
        select.first(self).await?.as_ref().map(finding).transpose()
    }

    /// How many findings wait for somebody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_findings(&self, project: Option<ProjectId>) -> Result<u64, StoreError> {
        let mut select = sql("SELECT COUNT(*) AS findings FROM finding \
             WHERE state IN ('new', 'acknowledged', 'in_progress') AND worse = 1");
        if let Some(project) = project {
            select.push(" AND project_id = ");
            select.push_bind(project);
        }
        select.first(self).await?.map_or(Ok(0), |row| row.count("findings"))
    }

    /// What was said of a finding and done with it, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finding_notes(&self, id: FindingId) -> Result<Vec<FindingNote>, StoreError> {
        let rows = sql("SELECT at_us, said_by, text FROM finding_note WHERE finding_id = $1 ORDER BY number")
            .bind(id)
            .all(self)
            .await?;
        rows.iter()
            .map(|row| Ok(FindingNote { at_us: row.get("at_us")?, by: row.get("said_by")?, text: row.get("text")? }))
            .collect()
    }

    /// The newest `limit` runs in which a finding showed, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finding_runs(&self, id: FindingId, limit: u32) -> Result<Vec<NamedRun>, StoreError> {
        let rows = sql(concat!(
            "SELECT finding_run.finding_id",
            run_columns!("first"),
            " FROM finding_run JOIN run first_run ON first_run.id = finding_run.run_id \
             WHERE finding_run.finding_id = $1 ORDER BY first_run.ended_us DESC, first_run.id DESC LIMIT $2"
        ))
        .bind(id)
        .bind(limit)
        .all(self)
        .await?;
        rows.iter().map(|row| named(row, columns!("first"))).collect()
    }

    /// Changes a finding by a person's word; `false` when there is no such finding.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change_finding(
        &self,
        id: FindingId,
        update: &FindingUpdate,
        by: &str,
        now_us: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let mut change = sql("UPDATE finding SET changed_us = ");
        // Never the same number twice: whoever read it before must see that it has changed.
        change.push("CASE WHEN changed_us >= ");
        change.push_bind(now_us);
        change.push(" THEN changed_us + 1 ELSE ");
        change.push_bind(now_us);
        change.push(" END");
        if let Some(state) = update.state {
            change.push(", state = ");
            change.push_bind(state.code());
            change.push(", unsupported = 0, closed_by = ");
            change.push_bind(Value::Text((!state.is_open()).then(|| by.to_owned())));
        }
        if let Some(assignee) = &update.assignee {
            change.push(", assignee = ");
            change.push_bind(Value::Text(assignee.clone()));
        }
        if let Some(url) = &update.url {
            change.push(", url = ");
            change.push_bind(Value::Text(url.clone()));
        }
        if let Some(due_us) = update.due_us {
            change.push(", due_us = ");
            change.push_bind(Value::Int(due_us));
        }
        change.push(" WHERE id = ");
        change.push_bind(id);
        if change.run(&mut tx).await? == 0 {
            return Ok(false);
        }
        for note in &update.notes {
            add_note(&mut tx, id, by, note, now_us).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

impl FindingFilter {
    fn narrow(&self, select: &mut Sql) {
        if let Some(project) = self.project {
            select.push(" AND finding.project_id = ");
            select.push_bind(project);
        }
        for (index, state) in self.states.iter().enumerate() {
            select.push(if index == 0 { " AND finding.state IN (" } else { ", " });
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
        equal(" AND finding.suite = ", self.suite.as_deref());
        equal(" AND finding.scenario = ", self.scenario.as_deref());
        equal(" AND environment.name = ", self.environment.as_deref());
        equal(" AND finding.assignee = ", self.assignee.as_deref());
        if let Some(worse) = self.worse {
            select.push(" AND finding.worse = ");
            select.push_bind(u32::from(worse));
        }
        if let Some(run) = self.run {
            select.push(" AND finding.id IN (SELECT finding_id FROM finding_run WHERE run_id = ");
            select.push_bind(run);
            select.push(")");
        }
    }
}

fn read_cursor(cursor: &str) -> Option<(i64, FindingId)> {
    let (created_us, id) = cursor.split_once('.')?;
    Some((i64::from_str_radix(created_us, 16).ok()?, id.parse().ok()?))
}

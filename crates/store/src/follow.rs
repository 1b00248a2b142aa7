//! Looking at histories after a run: what is to be looked at, the values, and writing what was found.
//!
//! A run says itself that it is still to be followed (`to_follow`), from the transaction of its end to the one that writes what
//! was found; whoever finds it may do it. Two who looked at the same state would both raise the same: each raises
//! `environment.followed` from the number that it had seen, and only one is heard.

use perflab_model::{
    blocks::Better,
    comparison::Band,
    finding::{FindingKind, FindingState},
    id::{EnvironmentId, FindingId, ProjectId, RunId},
    run::Revision,
};

use crate::{
    Change, Created, Db, NewRun, StoreError,
    create::queue,
    db::Tx,
    run::revision,
    sql::{Row, Sql, Value, sql},
};

/// The series of one line: one scenario on one environment by one class of workers along one branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesGroup {
    /// The project.
    pub project: ProjectId,
    /// The suite.
    pub suite: String,
    /// The scenario.
    pub scenario: String,
    /// The environment.
    pub environment: EnvironmentId,
    /// The class of the workers.
    pub worker_class: String,
    /// The branch; empty for runs that name none.
    pub branch: String,
}

/// One value of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesValue {
    /// The run.
    pub run: RunId,
    /// Its number.
    pub number: u64,
    /// What it measured.
    pub revision: Revision,
    /// What the run or case did, by hash.
    pub family: String,
    /// The value in the base unit.
    pub value: f64,
}

/// A finding as it is kept: of a series of a known line.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFinding {
    /// Its id.
    pub id: FindingId,
    /// When it was last changed: who writes it says which state it had seen.
    pub changed_us: i64,
    /// Who closed it, if a person did.
    pub closed_by: Option<String>,
    /// What it says.
    pub content: NewFinding,
    /// What became of it.
    pub state: FindingState,
    /// Looks in a row that did not show it.
    pub unsupported: u32,
}

/// What a finding says.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFinding {
    /// The request or case; nothing for all together.
    pub request: Option<String>,
    /// The measure.
    pub measure: String,
    /// Which number of it.
    pub stat: String,
    /// Its base unit.
    pub unit: String,
    /// Which direction is good.
    pub better: Better,
    /// How it was seen.
    pub kind: FindingKind,
    /// How bad it is; nothing of an improvement.
    pub band: Option<Band>,
    /// Whether it is for the worse.
    pub worse: bool,
    /// The first run of the new level.
    pub first: RunId,
    /// The first that may be it as well.
    pub from: RunId,
    /// The last.
    pub to: RunId,
    /// The newest that surely has the old level.
    pub good: Option<RunId>,
    /// The level before.
    pub before: f64,
    /// The level after.
    pub after: f64,
    /// By how much it moved, as a share of the level before.
    pub shift: f64,
    /// q or p.
    pub evidence: Option<f64>,
}

/// What came out of following a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followed {
    /// Findings that nobody was told of.
    pub raised: Vec<NewFinding>,
    /// Known ones as they are now, those that differ; with what is noted about it.
    pub changed: Vec<(StoredFinding, Option<String>)>,
    /// Known ones that show in the run.
    pub shown: Vec<FindingId>,
    /// Runs to be made once more.
    pub repeats: Vec<NewRun>,
}

impl SeriesGroup {
    fn runs(&self, select: &mut Sql) {
        select.push("run.verdict IS NOT NULL AND run.project_id = ");
        select.push_bind(self.project);
        select.push(" AND run.suite = ");
        select.push_bind(&self.suite);
        select.push(" AND run.scenario = ");
        select.push_bind(&self.scenario);
        select.push(" AND run.environment_id = ");
        select.push_bind(self.environment);
        select.push(" AND COALESCE(run.revision_branch, '') = ");
        select.push_bind(&self.branch);
        select.push(
            " AND run.state = 'finished' AND run.validity = 'valid' AND run.adjusted = 0 AND run.search_id IS NULL \
             AND run.rejected IS NULL AND run.worker_class = ",
        );
        select.push_bind(&self.worker_class);
    }

    fn of_finding(&self, select: &mut Sql) {
        select.push("project_id = ");
        select.push_bind(self.project);
        select.push(" AND suite = ");
        select.push_bind(&self.suite);
        select.push(" AND scenario = ");
        select.push_bind(&self.scenario);
        select.push(" AND environment_id = ");
        select.push_bind(self.environment);
        select.push(" AND worker_class = ");
        select.push_bind(&self.worker_class);
        select.push(" AND branch = ");
        select.push_bind(&self.branch);
    }
}

pub(crate) fn better(row: &Row) -> Result<Better, StoreError> {
    row.word("better", |word| match word {
        "lower" => Some(Better::Lower),
        "higher" => Some(Better::Higher),
        _ => None,
    })
}

const fn better_word(better: Better) -> &'static str {
    match better {
        Better::Lower => "lower",
        Better::Higher => "higher",
    }
}

fn stored(row: &Row) -> Result<StoredFinding, StoreError> {
    Ok(StoredFinding {
        id: row.parse("id")?,
        changed_us: row.get("changed_us")?,
        closed_by: row.get("closed_by")?,
        state: row.word("state", FindingState::from_code)?,
        unsupported: u32::try_from(row.count("unsupported")?).unwrap_or(u32::MAX),
        content: NewFinding {
            request: Some(row.get("request")?).filter(|request: &String| !request.is_empty()),
            measure: row.get("measure")?,
            stat: row.get("stat")?,
            unit: row.get("unit")?,
            better: better(row)?,
            kind: row.word("kind", FindingKind::from_code)?,
            band: row.optional_word("band", Band::from_word)?,
            worse: row.count("worse")? > 0,
            first: row.parse("first_run_id")?,
            from: row.parse("from_run_id")?,
            to: row.parse("to_run_id")?,
            good: row.optional_word("good_run_id", |id| id.parse().ok())?,
            before: row.get("level_before")?,
            after: row.get("level_after")?,
            shift: row.get("shift")?,
            evidence: row.get("evidence")?,
        },
    })
}

impl Db {
    /// Runs whose histories are still to be looked at, those that ended first first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn runs_to_follow(&self, limit: u32) -> Result<Vec<RunId>, StoreError> {
        let rows =
            sql("SELECT id FROM run WHERE to_follow = 1 ORDER BY ended_us, id LIMIT $1").bind(limit).all(self).await?;
        rows.iter().map(|row| row.parse("id")).collect()
    }

    /// Whether a run is still to be followed, and how often its environment's findings were written.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_to_follow(&self, run: RunId) -> Result<Option<u64>, StoreError> {
        let row = sql("SELECT environment.followed FROM run JOIN environment ON environment.id = run.environment_id \
             WHERE run.id = $1 AND run.to_follow = 1")
        .bind(run)
        .first(self)
        .await?;
        row.map(|row| row.count("followed")).transpose()
    }

    /// The newest `limit` values of a series, oldest first. `family` names the case whose family parts it; empty for the
    /// whole run's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn series_values(
        &self,
        group: &SeriesGroup,
        (request, measure, stat): (Option<&str>, &str, &str),
        family: &str,
        limit: u32,
    ) -> Result<Vec<SeriesValue>, StoreError> {
        let mut select = sql("SELECT run.id, run.number, run.revision_commit, run.revision_branch, \
             run.revision_merge_base, run.revision_dirty, result.value, run_family.family \
             FROM run JOIN result ON result.run_id = run.id JOIN run_family ON run_family.run_id = run.id \
             WHERE result.request = ");
        select.push_bind(request.unwrap_or_default());
        select.push(" AND result.measure = ");
        select.push_bind(measure);
        select.push(" AND result.stat = ");
        select.push_bind(stat);
        select.push(" AND run_family.name = ");
        select.push_bind(family);
        select.push(" AND ");
        group.runs(&mut select);
        select.push(" ORDER BY run.ended_us DESC, run.id DESC LIMIT ");
        select.push_bind(limit);
        let rows = select.all(self).await?;
        rows.iter()
            .rev()
            .map(|row| {
                Ok(SeriesValue {
                    run: row.parse("id")?,
                    number: row.count("number")?,
                    revision: revision(row)?,
                    family: row.get("family")?,
                    value: row.get("value")?,
                })
            })
            .collect()
    }

    /// Every finding of a line, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn findings_of(&self, group: &SeriesGroup) -> Result<Vec<StoredFinding>, StoreError> {
        let mut select = sql("SELECT * FROM finding WHERE ");
        group.of_finding(&mut select);
        select.push(" ORDER BY created_us, id");
        select.all(self).await?.iter().map(stored).collect()
    }

    /// How many repeats were made so far of what this run measured: of its revision where it names a commit, of itself
    /// otherwise.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn repeats_made(
        &self,
        group: &SeriesGroup,
        first: RunId,
        commit: Option<&str>,
    ) -> Result<u32, StoreError> {
        let mut select = sql("SELECT COUNT(*) AS repeats FROM run WHERE (run.repeat_of = ");
        select.push_bind(first);
        if let Some(commit) = commit {
            select.push(" OR (run.repeat_of IS NOT NULL AND run.project_id = ");
            select.push_bind(group.project);
            select.push(" AND run.suite = ");
            select.push_bind(&group.suite);
            select.push(" AND run.scenario = ");
            select.push_bind(&group.scenario);
            select.push(" AND run.environment_id = ");
            select.push_bind(group.environment);
            select.push(" AND run.revision_commit = ");
            select.push_bind(commit);
            select.push(")");
        }
        select.push(")");
        let row = select.first(self).await?;
        let repeats = row.map(|row| row.count("repeats")).transpose()?.unwrap_or(0);
        Ok(u32::try_from(repeats).unwrap_or(u32::MAX))
    }

    /// Writes what was found after a run, all of it or nothing, and that it need not be looked for any more. `seen` is how
    /// often the environment's findings had been written when they were read. Nothing when somebody else has written since:
    /// look again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write_followed(
        &self,
        run: RunId,
        group: &SeriesGroup,
        seen: u64,
        followed: &Followed,
        now_us: i64,
    ) -> Result<Option<Vec<Created>>, StoreError> {
        let mut tx = self.begin().await?;
        let raised = sql("UPDATE environment SET followed = followed + 1 WHERE id = $1 AND followed = $2")
            .bind(group.environment)
            .bind(seen)
            .run(&mut tx)
            .await?;
        let still = sql("UPDATE run SET to_follow = 0 WHERE id = $1 AND to_follow = 1").bind(run).run(&mut tx).await?;
        if raised == 0 || still == 0 {
            return Ok(None);
        }
        for new in &followed.raised {
            let id = insert(&mut tx, group, new, now_us).await?;
            show(&mut tx, run, id).await?;
        }
        for (finding, note) in &followed.changed {
            if !update(&mut tx, finding, now_us).await? {
                // A person was quicker: their word is not to be overwritten.
                return Ok(None);
            }
            if let Some(note) = note {
                add_note(&mut tx, finding.id, "perflab", note, now_us).await?;
            }
        }
        for finding in &followed.shown {
            show(&mut tx, run, *finding).await?;
        }
        let mut made = Vec::new();
        for repeat in &followed.repeats {
            let number = queue(&mut tx, repeat).await?;
            made.push(Created { id: repeat.id, number, replayed: false });
        }
        tx.changed(Change::Run(run));
        tx.commit().await?;
        Ok(Some(made))
    }
}

/// Raises a finding; of one that is there already for this series and run its id.
async fn insert(tx: &mut Tx, group: &SeriesGroup, new: &NewFinding, now_us: i64) -> Result<FindingId, StoreError> {
    let mut insert =
        sql("INSERT INTO finding (id, project_id, suite, scenario, environment_id, worker_class, branch, \
         request, measure, stat, unit, better, kind, state, band, worse, first_run_id, from_run_id, to_run_id, \
         good_run_id, level_before, level_after, shift, evidence, created_us, changed_us) VALUES");
    insert.push_row::<26>([
        FindingId::new(uuid::Uuid::now_v7()).into(),
        group.project.into(),
        (&group.suite).into(),
        (&group.scenario).into(),
        group.environment.into(),
        (&group.worker_class).into(),
        (&group.branch).into(),
        new.request.as_deref().unwrap_or_default().into(),
        (&new.measure).into(),
        (&new.stat).into(),
        (&new.unit).into(),
        better_word(new.better).into(),
        new.kind.code().into(),
        FindingState::New.code().into(),
        Value::Text(new.band.map(|band| band.word().to_owned())),
        u32::from(new.worse).into(),
        new.first.into(),
        new.from.into(),
        new.to.into(),
        Value::Text(new.good.map(|run| run.to_string())),
        new.before.into(),
        new.after.into(),
        new.shift.into(),
        Value::Real(new.evidence),
        now_us.into(),
        now_us.into(),
    ]);
    insert.push(
        " ON CONFLICT (project_id, suite, scenario, environment_id, worker_class, branch, request, measure, stat, \
         first_run_id) DO UPDATE SET unsupported = 0 RETURNING id",
    );
    let row = insert.first(&mut *tx).await?;
    row.ok_or_else(|| StoreError::NotFound { what: "finding", id: new.first.to_string() })?.parse("id")
}

/// `false` when somebody has changed it since it was read.
async fn update(tx: &mut Tx, finding: &StoredFinding, now_us: i64) -> Result<bool, StoreError> {
    let new = &finding.content;
    let written = sql("UPDATE finding SET kind = $3, state = $4, band = $5, worse = $6, from_run_id = $7, \
         to_run_id = $8, good_run_id = $9, level_before = $10, level_after = $11, shift = $12, evidence = $13, \
         unsupported = $14, changed_us = $15, first_run_id = CASE WHEN EXISTS (SELECT 1 FROM finding other \
         WHERE other.id <> finding.id AND other.first_run_id = $16 AND other.project_id = finding.project_id \
         AND other.suite = finding.suite AND other.scenario = finding.scenario \
         AND other.environment_id = finding.environment_id AND other.worker_class = finding.worker_class \
         AND other.branch = finding.branch AND other.request = finding.request AND other.measure = finding.measure \
         AND other.stat = finding.stat) THEN first_run_id ELSE $16 END \
         WHERE id = $1 AND changed_us = $2")
    .bind(finding.id)
    .bind(finding.changed_us)
    .bind(new.kind.code())
    .bind(finding.state.code())
    .bind(new.band.map(Band::word))
    .bind(u32::from(new.worse))
    .bind(new.from)
    .bind(new.to)
    .bind(new.good.map(|run| run.to_string()))
    .bind(new.before)
    .bind(new.after)
    .bind(new.shift)
    .bind(Value::Real(new.evidence))
    .bind(finding.unsupported)
    .bind(now_us)
    // Two findings of a series never share their first run: then this one keeps the run that it was told with.
    .bind(new.first)
    .run(tx)
    .await?;
    Ok(written > 0)
}

async fn show(tx: &mut Tx, run: RunId, finding: FindingId) -> Result<(), StoreError> {
    sql("INSERT INTO finding_run (run_id, finding_id) VALUES ($1, $2) ON CONFLICT (run_id, finding_id) DO NOTHING")
        .bind(run)
        .bind(finding)
        .run(tx)
        .await?;
    Ok(())
}

/// Notes something about a finding.
pub(crate) async fn add_note(
    tx: &mut Tx,
    finding: FindingId,
    by: &str,
    text: &str,
    now_us: i64,
) -> Result<(), StoreError> {
    sql("INSERT INTO finding_note (finding_id, number, at_us, said_by, text) \
         VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM finding_note WHERE finding_id = $1), $2, $3, $4)")
    .bind(finding)
    .bind(now_us)
    .bind(by)
    .bind(text)
    .run(tx)
    .await?;
    Ok(())
}

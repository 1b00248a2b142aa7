//! The culprit card: everything that helps to find the cause of a finding.

use perflab_model::{
    comparison::BaselineRun,
    finding::{Finding, FindingCard, NamedRun},
    id::{FindingId, RunId},
    problem::{Problem, ProblemKind},
    run::Run,
};
use serde_json::{Value, json};

use super::{baseline::line, differences::differences};
use crate::{Lab, trouble::Told as _};

/// Most runs between that are listed.
const MOST_RUNS: u32 = 100;
/// What differs from run to run by nature, or judges instead of measuring.
const OF_NO_MATTER: [&str; 7] = ["run", "seed", "project", "rules", "overrides", "environment", "suite_version"];

impl Lab {
    /// A finding with what may have caused it.
    ///
    /// # Errors
    /// When there is no such finding, or the store does not answer.
    pub async fn finding(&self, id: &str) -> Result<FindingCard, Problem> {
        let id = finding_id(id)?;
        let finding = self.db.finding(id).await.told()?.ok_or_else(|| unknown(&id.to_string()))?;
        let good = match &finding.good {
            Some(good) => self.db.run(good.id).await.told()?,
            None => None,
        };
        let first = self.db.run(finding.first.id).await.told()?;
        let (mut configuration, mut environment) = (Vec::new(), Vec::new());
        if let (Some(good), Some(first)) = (&good, &first) {
            configuration = differences(&plan(good)?, &plan(first)?, &OF_NO_MATTER);
            environment = differences(&place(good)?, &place(first)?, &[]);
        }
        let suspects = match &first {
            Some(first) => self.suspects(&finding, first).await?,
            None => Vec::new(),
        };
        Ok(FindingCard {
            suspects,
            configuration,
            environment,
            runs: self.db.finding_runs(id, MOST_RUNS).await.told()?,
            notes: self.db.finding_notes(id).await.told()?,
            finding,
        })
    }

    async fn suspects(&self, finding: &Finding, first: &Run) -> Result<Vec<NamedRun>, Problem> {
        let mut query = line(first, &finding.series.worker_class, None, &[]).query;
        query.branch.clone_from(&finding.series.branch);
        let from_us = finding.good.as_ref().map_or(finding.from.ended_us, |good| good.ended_us);
        let stretch = (from_us.min(finding.from.ended_us), finding.to.ended_us);
        let named = |run: BaselineRun| NamedRun {
            id: run.id,
            number: run.number,
            revision: run.revision,
            ended_us: run.ended_us,
        };
        let mut runs: Vec<NamedRun> =
            self.db.runs_between(&query, stretch, MOST_RUNS).await.told()?.into_iter().map(named).collect();
        // A run of a branch is compared with the baseline's, which is of another line.
        let is_there = |id: RunId| runs.iter().any(|run| run.id == id);
        if let Some(good) = finding.good.clone().filter(|good| !is_there(good.id)) {
            runs.insert(0, good);
        }
        Ok(runs)
    }
}

/// The id that an address names.
pub(super) fn finding_id(text: &str) -> Result<FindingId, Problem> {
    text.parse().map_err(|_| unknown(text))
}

pub(super) fn unknown(text: &str) -> Problem {
    let shown: String = text.chars().take(60).collect();
    Problem::new(
        ProblemKind::NotFound,
        "finding.not_found",
        format!("There is no finding `{shown}`"),
        Some("Look for it in the list of findings".to_owned()),
    )
}

/// What a run was asked to do.
fn plan(run: &Run) -> Result<Value, Problem> {
    document(&run.plan)
}

/// Where and by what it was made.
fn place(run: &Run) -> Result<Value, Problem> {
    Ok(json!({
        "environment": document(&run.plan.environment)?,
        "worker class": run.row.worker_class,
        "started": run.started.as_ref().map(document).transpose()?.map(without_time),
    }))
}

fn without_time(mut started: Value) -> Value {
    if let Some(fields) = started.as_object_mut() {
        fields.remove("at_us");
        fields.remove("pid");
    }
    started
}

fn document<T: serde::Serialize>(value: &T) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| {
        Problem::new(ProblemKind::Internal, "run.unreadable", format!("A stored run cannot be told: {error}"), None)
    })
}

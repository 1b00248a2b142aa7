//! After the end of a run: its histories are looked at, findings raised or followed, repeats queued.
//!
//! A run says in its row that it is still to be followed. Its worker does it before it takes the next run, since looking takes
//! CPU that would be missing there; the keeper does what an end of the worker cut off. What is found is written in one
//! transaction with the word that the run is done; of two who looked at the same state only one is heard, the other looks
//! again.

use perflab_model::{
    blocks::BlockSeries,
    comparison::{RunComparison, Standing},
    id::RunId,
    load::Load,
    problem::Problem,
    run::Run,
};
use perflab_stats::steps::MOST_RUNS;
use perflab_store::{Followed, SeriesGroup, SeriesValue};

use super::{
    changes::{Looked, Looking, look},
    repeat,
};
use crate::{Lab, trouble::Told as _};

/// How often it is tried when others write at the same time; then the keeper comes back to it.
const TRIES: u32 = 5;
/// Runs that are followed in one look of the keeper.
const AT_ONCE: u32 = 20;

impl Lab {
    /// Follows every run that still is to be. For the keeper, every few seconds.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn follow_runs(&self) -> Result<(), Problem> {
        let mut all = Ok(());
        for run in self.db.runs_to_follow(AT_ONCE).await.told()? {
            // One that cannot be followed must not hold up the others.
            if let Err(problem) = self.follow_run(run).await {
                all = Err(problem);
            }
        }
        all
    }

    /// Looks at the histories of a run that is over; does nothing when that was done.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn follow_run(&self, id: RunId) -> Result<(), Problem> {
        for _ in 0..TRIES {
            let Some(seen) = self.db.is_to_follow(id).await.told()? else { return Ok(()) };
            let Some(run) = self.db.run(id).await.told()? else { return Ok(()) };
            let group = group_of(&run);
            let followed = self.look_after(&run, &group).await?;
            if let Some(made) = self.db.write_followed(id, &group, seen, &followed, self.now_us()).await.told()? {
                if !followed.raised.is_empty() {
                    tracing::info!(run.id = %id, findings = followed.raised.len(), "run {id}: findings were raised");
                }
                for repeat in made {
                    tracing::info!(run.id = %repeat.id, of = %id, "run {}: queued to decide run {id}", repeat.id);
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// What follows from a run.
    async fn look_after(&self, run: &Run, group: &SeriesGroup) -> Result<Followed, Problem> {
        let mut followed = Followed::default();
        // Runs of before there were histories have nothing to look at.
        let Some(blocks) = self.db.blocks(&[run.row.id]).await.told()?.remove(&run.row.id) else { return Ok(followed) };
        let comparison = self.db.comparison(run.row.id).await.told()?.unwrap_or_default();
        let known = self.db.findings_of(group).await.told()?;
        let mut suspected = false;
        for series in &blocks.series {
            let values = self.values_of(run, group, series).await?;
            let of_series = |request: &Option<String>, measure: &str, stat: &str| {
                (request, measure, stat) == (&series.name, series.measure.as_str(), series.stat.as_str())
            };
            let known: Vec<_> = known
                .iter()
                .filter(|finding| of_series(&finding.content.request, &finding.content.measure, &finding.content.stat))
                .cloned()
                .collect();
            let compared =
                comparison.series.iter().find(|told| of_series(&told.name, &told.measure, &told.stat)).cloned();
            let of_run = OfRun {
                run: run.row.id,
                first: run.row.repeat_of.unwrap_or(run.row.id),
                good: comparison.baseline.runs.last().map(|run| run.id),
            };
            let series = series.clone();
            // A long history takes a tenth of a second: not on a thread that others wait for.
            let looked = tokio::task::spawn_blocking(move || {
                look(&Looking {
                    request: series.name.as_deref(),
                    measure: &series.measure,
                    stat: &series.stat,
                    unit: &series.unit,
                    better: series.better,
                    values: &values,
                    compared: compared.as_ref(),
                    good: of_run.good,
                    run: of_run.run,
                    first: of_run.first,
                    known: &known,
                })
            })
            .await;
            let Ok(Looked { raised, changed, shown, suspected: this }) = looked else { continue };
            followed.raised.extend(raised);
            followed.changed.extend(changed);
            followed.shown.extend(shown);
            suspected |= this;
        }
        if repeat::are_made(run) && (suspected || is_undecided(&comparison)) {
            followed.repeats = self.repeats_of(run, group).await?;
        }
        Ok(followed)
    }

    /// The history of a number along the baseline branch; none of a run of another branch.
    async fn values_of(
        &self,
        run: &Run,
        group: &SeriesGroup,
        series: &BlockSeries,
    ) -> Result<Vec<SeriesValue>, Problem> {
        let branch = run.row.revision.branch.as_ref();
        if branch.is_some_and(|branch| *branch != run.plan.environment.history.baseline_branch) {
            return Ok(Vec::new());
        }
        let is_benchmark = matches!(run.plan.load, Load::Cases(_));
        let family = if is_benchmark { series.name.as_deref().unwrap_or_default() } else { "" };
        let number = (series.name.as_deref(), series.measure.as_str(), series.stat.as_str());
        let most = u32::try_from(MOST_RUNS).unwrap_or(u32::MAX);
        self.db.series_values(group, number, family, most).await.told()
    }
}

/// What a look needs to know of the run.
#[derive(Clone, Copy)]
struct OfRun {
    run: RunId,
    first: RunId,
    good: Option<RunId>,
}

fn is_undecided(comparison: &RunComparison) -> bool {
    comparison.series.iter().any(|series| series.standing == Standing::Undecided)
}

fn group_of(run: &Run) -> SeriesGroup {
    SeriesGroup {
        project: run.project_id,
        suite: run.row.suite.to_string(),
        scenario: run.row.scenario.to_string(),
        environment: run.environment_id,
        worker_class: run.row.worker_class.clone().unwrap_or_default(),
        branch: run.row.revision.branch.clone().unwrap_or_default(),
    }
}

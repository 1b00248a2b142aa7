//! The choice of a baseline.
//!
//! The newest accepted runs of the same suite family, environment and worker class on the baseline branch, before the
//! revision left it; or a pinned run. Never the run itself. Which runs are accepted stands in the store's query.

use perflab_model::{
    blocks::Blocks,
    comparison::{Baseline, BaselinePair, BaselineRun, PinRequest, RejectRequest},
    finding::FindingState,
    id::RunId,
    load::Load,
    problem::{Problem, ProblemKind},
    run::{Run, RunState, Trigger},
    threshold::Limit,
};
use perflab_store::{BaselineQuery, NewPin, SeriesGroup, StoredFinding};

use crate::{
    Lab,
    judge::Against,
    trouble::Told as _,
    who::{who, wrong_field},
};

/// Runs of a baseline.
const RUNS: u32 = 10;
/// Longest reason of a pin or rejection.
const MAX_REASON_CHARS: usize = 500;

/// What a run is looked for by.
pub(super) struct Line {
    pub(super) query: BaselineQuery,
    /// Whether it is a run of the baseline branch itself, or of no branch at all.
    pub(super) is_baseline: bool,
}

impl Lab {
    /// What a run that is about to begin will be compared with.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn against(&self, run: &Run) -> Result<Option<Against>, Problem> {
        // A level of a search has the search's load: it is no point of its scenario's history.
        let (None, Some(class)) = (run.row.search, &run.row.worker_class) else { return Ok(None) };
        let mut together = Vec::new();
        let mut until_us = None;
        if let Some(first) = run.row.repeat_of {
            together = self.db.repeats_with(first).await.told()?;
            together.retain(|other| other.id != run.row.id);
            // The baseline of the run that is to be decided, whatever has ended since.
            let earlier = self.db.run(first).await.told()?;
            until_us = earlier.and_then(|earlier| earlier.row.started_us.or(earlier.row.ended_us));
        }
        let Line { query, is_baseline } = line(run, class, until_us, &together);
        let pinned = self
            .db
            .pinned(run.project_id, (run.row.suite.as_str(), run.row.scenario.as_str()), run.environment_id)
            .await
            .told()?
            .filter(|pinned| pinned.run != run.row.id);
        let baseline = match pinned {
            Some(pinned) => {
                let runs = self.db.baseline_runs(&[pinned.run]).await.told()?;
                let why = self.told_of_pin(run, &pinned).await?;
                Baseline { runs, pinned: true, why, ..Baseline::default() }
            }
            None => self.newest_accepted(run, query, is_baseline).await?,
        };
        self.material(run, Baseline { together_with: together, ..baseline }).await.map(Some)
    }

    async fn newest_accepted(
        &self,
        run: &Run,
        mut query: BaselineQuery,
        is_baseline: bool,
    ) -> Result<Baseline, Problem> {
        let branch = query.branch.clone().map_or("no branch".to_owned(), |branch| format!("`{branch}`"));
        let mut before = String::new();
        if let Some(commit) = run.row.revision.merge_base.as_deref().filter(|_| !is_baseline) {
            let short: String = commit.chars().take(7).collect();
            match self.db.ended_at_commit(&query, commit).await.told()? {
                Some(ended_us) => {
                    query.until_us = Some(query.until_us.map_or(ended_us, |until| until.min(ended_us)));
                    before = format!(", up to the merge base {short}");
                }
                None => before = format!("; no run of the merge base {short} is known, so they may be newer than it"),
            }
        }
        let runs = self.db.accepted_runs(&query, RUNS).await.told()?;
        let place = format!("on `{}` by workers of class `{}`", run.row.environment, query.worker_class);
        let why = match runs.as_slice() {
            [] => format!("No baseline: this run can become it. No accepted run of {branch} did the same {place}"),
            [one] => {
                format!("Run #{}, the only accepted run of {branch} that did the same {place}{before}", one.number)
            }
            several => {
                format!("The last {} accepted runs of {branch} that did the same {place}{before}", several.len())
            }
        };
        let line_of_baseline = SeriesGroup {
            project: query.project,
            suite: query.suite,
            scenario: query.scenario,
            environment: query.environment,
            worker_class: query.worker_class,
            branch: query.branch.unwrap_or_default(),
        };
        let findings = self.db.findings_of(&line_of_baseline).await.told()?;
        Ok(Baseline { pairs: pairs(&runs, &findings), runs, why, ..Baseline::default() })
    }

    async fn told_of_pin(&self, run: &Run, pinned: &perflab_store::Pinned) -> Result<String, Problem> {
        let Some(other) = self.db.run(pinned.run).await.told()? else {
            return Ok("No baseline: the pinned run is gone".to_owned());
        };
        let mut why = format!("Run #{}, pinned by {}: {}", other.row.number, pinned.by, pinned.reason);
        if other.environment_id != run.environment_id {
            why += &format!(". It ran on another environment, `{}`", other.row.environment);
        }
        if other.row.worker_class != run.row.worker_class {
            let class = other.row.worker_class.as_deref().unwrap_or("unknown");
            why += &format!(". It ran on another class of workers, `{class}`");
        }
        Ok(why)
    }

    /// Adds the blocks of a baseline's runs.
    async fn material(&self, run: &Run, mut baseline: Baseline) -> Result<Against, Problem> {
        let ids = |runs: &[BaselineRun]| runs.iter().map(|run| run.id).collect::<Vec<RunId>>();
        let all: Vec<RunId> = ids(&baseline.runs).into_iter().chain(ids(&baseline.together_with)).collect();
        let mut blocks = self.db.blocks(&all).await.told()?;
        let families = self.db.families(&[all.as_slice(), &[run.row.id]].concat()).await.told()?;
        let own = families.get(&run.row.id).cloned().unwrap_or_default();
        let is_benchmark = matches!(run.plan.load, Load::Cases(_));
        let mut of = |id: RunId| {
            let mut found = blocks.remove(&id).unwrap_or_default();
            if is_benchmark {
                let theirs = families.get(&id);
                // A case of the same name that does something else is another case.
                found.series.retain(|series| {
                    series.name.as_deref().is_none_or(|name| {
                        own.get(name).is_some_and(|family| theirs.and_then(|all| all.get(name)) == Some(family))
                    })
                });
            }
            found
        };
        let runs: Vec<Blocks> = baseline.runs.iter().map(|run| of(run.id)).collect();
        let together = baseline.together_with.iter().map(|run| of(run.id)).collect();
        if baseline.pinned
            && own.get("").is_some_and(|family| {
                baseline.runs.iter().any(|other| families.get(&other.id).and_then(|all| all.get("")) != Some(family))
            })
        {
            baseline.why += ". It did something else than this run: the suite, the load or the test data differ";
        }
        let mut results = Vec::new();
        if run.plan.rules.iter().any(|rule| matches!(rule.threshold.limit, Limit::Baseline(_))) {
            for id in ids(&baseline.runs) {
                results.push(self.db.results_of(id).await.told()?);
            }
        }
        Ok(Against { baseline, runs, together, results, repeats: super::repeat::are_made(run) })
    }

    /// Pins a run as the baseline of its scenario, on its own environment or on another one, and says who did it.
    ///
    /// # Errors
    /// When the run cannot be a baseline, the environment is not known, or the store does not answer.
    pub async fn pin_baseline(&self, address: &str, request: &PinRequest, by: Trigger) -> Result<(), Problem> {
        let by = who(by, request.name.as_deref())?;
        let run = self.run(address).await?;
        let reason = checked_reason(&request.reason)?;
        if run.row.state != RunState::Finished || run.row.search.is_some() {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "baseline.unfit",
                format!(
                    "Run #{} did not carry out what it was asked to, so nothing can be compared with it",
                    run.row.number
                ),
                Some("Pin a run that finished by itself and is no level of a capacity search".to_owned()),
            ));
        }
        let mut on = run.environment_id;
        if let Some(name) = request.environment.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
            let known = self.db.environments(run.project_id).await.told()?;
            let found = known.iter().find(|(_, known)| known.name.as_str() == name);
            on = found.map(|(id, _)| *id).ok_or_else(|| {
                wrong_field(
                    "environment",
                    format!("There is no environment `{name}`"),
                    "Use one of the project's environments",
                )
            })?;
        }
        let pin = NewPin {
            project: run.project_id,
            suite: run.row.suite.to_string(),
            scenario: run.row.scenario.to_string(),
            environment: on,
            run: run.row.id,
            reason,
            by,
            now_us: self.now_us(),
        };
        self.db.pin(&pin).await.told()
    }

    /// Takes the pins of a run away; says whether there was one.
    ///
    /// # Errors
    /// When there is no such run, or the store does not answer.
    pub async fn unpin_baseline(&self, address: &str) -> Result<bool, Problem> {
        let run = self.run(address).await?;
        self.db.unpin(run.row.id).await.told()
    }

    /// Says that no run is to be compared with this one, or takes that back.
    ///
    /// # Errors
    /// When there is no such run, the reason is none, or the store does not answer.
    pub async fn reject_baseline(
        &self,
        address: &str,
        request: Option<&RejectRequest>,
        by: Trigger,
    ) -> Result<(), Problem> {
        let run = self.run(address).await?;
        let why = match request {
            Some(request) => {
                Some(format!("{} ({})", checked_reason(&request.reason)?, who(by, request.name.as_deref())?))
            }
            None => None,
        };
        self.db.reject(run.row.id, why.as_deref()).await.told()
    }
}

fn checked_reason(reason: &str) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS || reason.chars().any(char::is_control) {
        return Err(wrong_field(
            "reason",
            "This is not a reason",
            "Say why in 1 to 500 characters without line breaks",
        ));
    }
    Ok(reason.to_owned())
}

/// The line whose runs a run is compared with: the baseline branch; of runs that name no branch their own.
pub(super) fn line(run: &Run, class: &str, until_us: Option<i64>, together: &[BaselineRun]) -> Line {
    let baseline_branch = &run.plan.environment.history.baseline_branch;
    let branch = run.row.revision.branch.as_ref();
    let is_benchmark = matches!(run.plan.load, Load::Cases(_));
    Line {
        is_baseline: branch.is_none_or(|branch| branch == baseline_branch),
        query: BaselineQuery {
            project: run.project_id,
            suite: run.row.suite.to_string(),
            scenario: run.row.scenario.to_string(),
            environment: run.environment_id,
            worker_class: class.to_owned(),
            family: (!is_benchmark).then(|| run.plan.family()),
            branch: branch.map(|_| baseline_branch.clone()),
            until_us,
            without: together.iter().map(|run| run.id).chain([run.row.id]).collect(),
        },
    }
}

/// Neighbouring runs, with what moved between them: a finding whose new level begins at the later run, or may.
fn pairs(runs: &[BaselineRun], findings: &[StoredFinding]) -> Vec<BaselinePair> {
    let counts = |finding: &&StoredFinding| !matches!(finding.state, FindingState::FalseAlarm | FindingState::Faded);
    let place = |id: RunId| runs.iter().position(|run| run.id == id);
    (1..runs.len())
        .map(|later| {
            let moved = findings.iter().filter(counts).filter(|finding| {
                let content = &finding.content;
                let from = place(content.from).or_else(|| place(content.first));
                let to = place(content.to).or_else(|| place(content.first));
                from.zip(to).is_some_and(|(from, to)| (from..=to).contains(&later))
            });
            let number = |finding: &StoredFinding| {
                let content = &finding.content;
                (content.request.clone(), content.measure.clone(), content.stat.clone())
            };
            let at = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
            BaselinePair { earlier: at(later - 1), later: at(later), moved: moved.map(number).collect() }
        })
        .collect()
}

//! Runs side by side, as a person has chosen them.
//!
//! In:  two to five groups of runs, or one run and what it is to be compared with. Out: every number of each group beside the
//! reference, what differs about the runs, and the answer in a sentence.
//! Compared by the same function as runs on arrival ([`crate::compare::compare_blocks`]). Nothing is judged again here.

mod facts;
mod sentence;

use std::collections::{BTreeMap, HashMap};

use perflab_model::{
    blocks::Blocks,
    compare::{
        Compare, CompareGroup, CompareQuery, CompareResult, CompareSide, FEWEST_GROUPS, MOST_GROUPS, MOST_RUNS, With,
    },
    comparison::ComparedSeries,
    id::RunId,
    problem::{Problem, ProblemKind},
    run::Run,
    tick::Point,
};
use perflab_stats::quantile_of_sorted;
use perflab_store::{HistoryQuery, ResultRow};

use crate::{Lab, compare::compare_blocks, trouble::Told as _};

/// Runs that are looked through for the one before.
const LOOKED_THROUGH: u32 = 1_000;

/// Runs of a group whose course is drawn: more lines of one colour would be a carpet.
const MOST_COURSES: usize = 3;

/// How a run went.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Place of its group.
    pub group: u32,
    /// Its number.
    pub number: u64,
    /// Its seconds.
    pub points: Vec<Point>,
}

impl Lab {
    /// Puts runs side by side.
    ///
    /// # Errors
    /// When the question names too few or too many groups or a run that is not there, or the store does not answer.
    pub async fn compare(&self, query: &CompareQuery) -> Result<Compare, Problem> {
        let groups = self.groups(query).await?;
        let reference = match query.reference {
            None => 0,
            Some(place) => usize::try_from(place)
                .ok()
                .and_then(|place| place.checked_sub(1))
                .filter(|place| *place < groups.len())
                .ok_or_else(|| {
                    asked_wrongly(
                        format!("There is no group {place} to compare with"),
                        format!("Name one from 1 to {}", groups.len()),
                    )
                })?,
        };
        let ids: Vec<RunId> = groups.iter().flatten().map(|run| run.row.id).collect();
        let blocks = self.db.blocks(&ids).await.told()?;
        let earlier = self.earlier(&groups, reference).await?;
        let pairs: Vec<(&Blocks, &Blocks)> = earlier.iter().map(|(one, other)| (one, other)).collect();
        let of_group = |group: &[Run]| group.iter().filter_map(|run| blocks.get(&run.row.id)).collect::<Vec<_>>();
        let base = groups.get(reference).map(|group| of_group(group)).unwrap_or_default();
        let others = groups.iter().enumerate().filter(|(place, _)| *place != reference);
        let sides: Vec<CompareSide> = others
            .map(|(place, group)| {
                let candidate = of_group(group);
                let series: Vec<ComparedSeries> =
                    compare_blocks(&base, &candidate, &pairs).into_iter().map(|compared| compared.told).collect();
                let first = candidate.first();
                let values = |series: &ComparedSeries| {
                    let found =
                        first.and_then(|blocks| blocks.find(series.name.as_deref(), &series.measure, &series.stat));
                    found.map(|series| series.values.clone()).unwrap_or_default()
                };
                CompareSide {
                    group: u32::try_from(place).unwrap_or(u32::MAX),
                    blocks: series.iter().map(values).collect(),
                    series,
                }
            })
            .collect();
        let families = self.db.families(&ids).await.told()?;
        let single = self.db.projects().await.told()?.len() == 1;
        let results = self.raw(&groups).await?;
        let mut compare = Compare {
            query: CompareQuery {
                runs: address(&groups, single),
                reference: (reference > 0).then_some(u32::try_from(reference + 1).unwrap_or(1)),
                with: None,
                show: query.show,
            },
            warnings: facts::warnings(&groups, &families, &blocks),
            facts: facts::facts(&groups),
            groups: ('A'..)
                .zip(&groups)
                .map(|(letter, group)| CompareGroup {
                    letter: letter.to_string(),
                    runs: group.iter().map(|run| run.row.clone()).collect(),
                })
                .collect(),
            reference: u32::try_from(reference).unwrap_or(0),
            sentences: Vec::new(),
            sides,
            results,
        };
        compare.sentences = compare.sides.iter().map(|side| sentence::of_side(&compare, side)).collect();
        Ok(compare)
    }

    /// How each of the compared runs went, second by second; of a large group its first runs.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn courses(&self, compare: &Compare) -> Result<Vec<Course>, Problem> {
        let mut courses = Vec::new();
        for (place, group) in (0_u32..).zip(&compare.groups) {
            for run in group.runs.iter().take(MOST_COURSES) {
                let points = self.points(run.id).await?;
                if !points.is_empty() {
                    courses.push(Course { group: place, number: run.number, points });
                }
            }
        }
        Ok(courses)
    }

    /// The runs of every group.
    async fn groups(&self, query: &CompareQuery) -> Result<Vec<Vec<Run>>, Problem> {
        let mut groups: Vec<Vec<Run>> = Vec::new();
        for group in read(&query.runs)? {
            let mut runs: Vec<Run> = Vec::with_capacity(group.len());
            for address in group {
                let run = self.run(&address).await?;
                if runs.iter().all(|known| known.row.id != run.row.id) {
                    runs.push(run);
                }
            }
            groups.push(runs);
        }
        if let (Some(with), [only]) = (query.with, groups.as_slice()) {
            let reference = self.counterpart(only, with).await?;
            groups.insert(0, reference);
        }
        if groups.len() < FEWEST_GROUPS {
            return Err(asked_wrongly(
                "One run alone cannot be compared".to_owned(),
                "Choose two to five in the list of runs".to_owned(),
            ));
        }
        Ok(groups)
    }

    /// What a run is compared with when its page asks.
    async fn counterpart(&self, group: &[Run], with: With) -> Result<Vec<Run>, Problem> {
        let Some(run) = group.first() else { return Ok(Vec::new()) };
        let ids: Vec<RunId> = match with {
            With::Baseline => {
                let comparison = self.db.comparison(run.row.id).await.told()?;
                comparison.map(|compared| compared.baseline.runs.iter().map(|run| run.id).collect()).unwrap_or_default()
            }
            With::Previous => self.previous(run).await?.into_iter().collect(),
        };
        let mut runs = Vec::new();
        for id in ids.iter().rev().take(MOST_RUNS).rev() {
            if let Some(run) = self.db.run(*id).await.told()? {
                runs.push(run);
            }
        }
        if runs.is_empty() {
            let (what, hint) = match with {
                With::Baseline => ("no baseline", "Compare it with the run before, or choose runs in the list"),
                With::Previous => ("no run before it that may be compared with it", "Choose runs in the list"),
            };
            return Err(Problem::new(
                ProblemKind::NotFound,
                "compare.nothing",
                format!("Run #{} has {what}", run.row.number),
                Some(hint.to_owned()),
            ));
        }
        Ok(runs)
    }

    /// The newest valid run of the same history and load that ended before a run.
    async fn previous(&self, run: &Run) -> Result<Option<RunId>, Problem> {
        let history = HistoryQuery {
            project: run.project_id,
            suite: run.row.suite.clone(),
            scenario: run.row.scenario.clone(),
            environment: run.row.environment.clone(),
            branch: run.row.revision.branch.clone(),
        };
        let runs = self.db.history_runs(&history, LOOKED_THROUGH).await.told()?;
        let ended = run.row.ended_us.unwrap_or(i64::MAX);
        let before = runs.iter().rev().find(|other| {
            other.run != run.row.id
                && (other.at_us, other.number) < (ended, run.row.number)
                && other.load == run.row.load
                && other.validity == Some(perflab_model::validity::ValidityState::Valid)
                && other.state == perflab_model::run::RunState::Finished
                && !other.adjusted
        });
        Ok(before.map(|before| before.run))
    }

    /// Pairs of earlier runs of the same code on this environment: those that the newest of the compared runs was held
    /// against when it ended.
    async fn earlier(&self, groups: &[Vec<Run>], reference: usize) -> Result<Vec<(Blocks, Blocks)>, Problem> {
        // The candidates first: they are newer, as a rule.
        let (mut order, mut last): (Vec<RunId>, Vec<RunId>) = (Vec::new(), Vec::new());
        for (place, group) in groups.iter().enumerate() {
            let to = if place == reference { &mut last } else { &mut order };
            to.extend(group.iter().map(|run| run.row.id));
        }
        order.append(&mut last);
        for run in order {
            let Some(comparison) = self.db.comparison(run).await.told()? else { continue };
            let runs = &comparison.baseline.runs;
            let blocks = self.db.blocks(&runs.iter().map(|run| run.id).collect::<Vec<_>>()).await.told()?;
            let of = |place: u32| blocks.get(&runs.get(place as usize)?.id).cloned();
            // A pair between which something moved tells of the code, not of the machine.
            let unmoved = comparison.baseline.pairs.iter().filter(|pair| pair.moved.is_empty());
            let pairs: Vec<_> = unmoved.filter_map(|pair| Some((of(pair.earlier)?, of(pair.later)?))).collect();
            if !pairs.is_empty() {
                return Ok(pairs);
            }
        }
        Ok(Vec::new())
    }

    /// Stored results, those of several runs as their median.
    async fn raw(&self, groups: &[Vec<Run>]) -> Result<Vec<CompareResult>, Problem> {
        type Key = (Option<String>, String, String, String);
        let mut found: BTreeMap<Key, Vec<Vec<f64>>> = BTreeMap::new();
        for (place, group) in groups.iter().enumerate() {
            for run in group {
                for ResultRow { request, measure, stat, unit, value, .. } in
                    self.db.results_of(run.row.id).await.told()?
                {
                    let values =
                        found.entry((request, measure, stat, unit)).or_insert_with(|| vec![Vec::new(); groups.len()]);
                    if let Some(values) = values.get_mut(place) {
                        values.push(value);
                    }
                }
            }
        }
        Ok(found
            .into_iter()
            .map(|((name, measure, stat, unit), values)| CompareResult {
                name,
                measure,
                stat,
                unit,
                values: values.into_iter().map(median).collect(),
            })
            .collect())
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    quantile_of_sorted(&values, 0.5)
}

fn asked_wrongly(message: String, hint: String) -> Problem {
    Problem::new(ProblemKind::Unreadable, "compare.unreadable", message, Some(hint))
}

/// The groups that an address names. In addresses a `+` may arrive as a space.
fn read(runs: &str) -> Result<Vec<Vec<String>>, Problem> {
    let groups: Vec<Vec<String>> = runs
        .split(',')
        .map(|group| {
            group.split(['+', ' ']).map(str::trim).filter(|run| !run.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|group| !group.is_empty())
        .collect();
    if groups.is_empty() {
        return Err(asked_wrongly(
            "No runs are named that could be compared".to_owned(),
            "Choose two to five in the list of runs".to_owned(),
        ));
    }
    if groups.len() > MOST_GROUPS {
        return Err(asked_wrongly(
            format!("{} groups are more than can be told apart", groups.len()),
            format!("Choose {MOST_GROUPS} or fewer; runs joined by `+` are one group"),
        ));
    }
    if let Some(group) = groups.iter().find(|group| group.len() > MOST_RUNS) {
        return Err(asked_wrongly(
            format!("A group of {} runs is too large", group.len()),
            format!("Name {MOST_RUNS} or fewer for each group"),
        ));
    }
    Ok(groups)
}

/// The groups as an address names them: by number where there is only one project.
fn address(groups: &[Vec<Run>], single: bool) -> String {
    let name = |run: &Run| if single { run.row.number.to_string() } else { run.row.id.to_string() };
    let group = |group: &Vec<Run>| group.iter().map(name).collect::<Vec<_>>().join("+");
    groups.iter().map(group).collect::<Vec<_>>().join(",")
}

/// What runs did, by hash: of each case, or of the whole run.
type Families = HashMap<RunId, HashMap<String, String>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_also_where_a_browser_has_made_a_space_of_the_sign() {
        let expected = vec![vec!["12".to_owned()], vec!["13".to_owned(), "14".to_owned()]];
        assert_eq!(read("12,13+14"), Ok(expected.clone()));
        assert_eq!(read("12, 13 14,"), Ok(expected));
    }

    #[test]
    fn more_than_can_be_told_apart_is_refused_with_the_limit() {
        let problem = read("1,2,3,4,5,6").expect_err("six");
        assert!(problem.hint.is_some_and(|hint| hint.contains('5')));
        assert!(read("1+2+3+4+5+6+7+8+9+10+11,12").is_err());
        assert!(read(" , ").is_err());
    }
}

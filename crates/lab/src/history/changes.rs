//! What a series says once another run is over: new findings, what became of the known ones, whether the newest run is out
//! of its level.
//!
//! In:  the values of the series, its known findings, and how the run stood beside its baseline.
//! Out: [`Looked`]. No clock, no I/O.
//!
//! A run that is worse than its baseline raises a finding at once. Three runs later the history knows better: the same finding
//! becomes a step, dated by the whole history, or fades.

use perflab_model::{
    blocks::Better,
    comparison::{Band, ComparedSeries, Standing},
    finding::{FindingKind, FindingState},
    id::{FindingId, RunId},
};
use perflab_stats::{
    Series,
    compare::Level,
    steps::{
        Change, Drift, Part, Preset, find_steps,
        track::{self, Known, State},
    },
};
use perflab_store::{NewFinding, SeriesValue, StoredFinding};

/// Runs at a new level before the history can tell.
const RUNS_OF_A_LEVEL: usize = 3;
/// Looks in a row without it after which a finding has faded.
const FADES_AFTER: u32 = 2;
/// A drift whose beginning lies within so many runs of a known one's is the known one.
const SAME_WITHIN: usize = 5;
/// A run this much worse than the level of a known finding is news.
const MOVED_AGAIN: f64 = 0.1;

/// One number of a history, with all that is known of it.
pub(super) struct Looking<'a> {
    /// The request or case.
    pub(super) request: Option<&'a str>,
    /// The measure.
    pub(super) measure: &'a str,
    /// Which number of it.
    pub(super) stat: &'a str,
    /// Its base unit.
    pub(super) unit: &'a str,
    /// Which direction is good.
    pub(super) better: Better,
    /// The values of the baseline's line, oldest first; none of a run of another branch, which has no history of its own.
    pub(super) values: &'a [SeriesValue],
    /// How the run stood beside its baseline.
    pub(super) compared: Option<&'a ComparedSeries>,
    /// The newest run of that baseline.
    pub(super) good: Option<RunId>,
    /// The run that has just ended.
    pub(super) run: RunId,
    /// The first run that measured the same revision, where it was made to decide that one.
    pub(super) first: RunId,
    /// Findings of the series, oldest first.
    pub(super) known: &'a [StoredFinding],
}

/// What came of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Looked {
    /// Nobody was told of these.
    pub(super) raised: Vec<NewFinding>,
    /// Known ones as they are now, with a note where people should know why.
    pub(super) changed: Vec<(StoredFinding, Option<String>)>,
    /// Known ones that show in the run.
    pub(super) shown: Vec<FindingId>,
    /// Whether the run lies outside of what its level lets one expect.
    pub(super) suspected: bool,
}

/// Looks at a series.
pub(super) fn look(at: &Looking<'_>) -> Looked {
    let mut looked = Looked::default();
    let parts = at.parts();
    let mut now: Vec<StoredFinding> = at.known.to_vec();
    let mut notes: Vec<Option<String>> = vec![None; now.len()];
    let changes: Vec<Change> = parts.iter().flat_map(|part| part.changes.iter().cloned()).collect();
    let drifts: Vec<Drift> = parts.iter().flat_map(|part| part.drifts.iter().cloned()).collect();
    if !at.values.is_empty() {
        at.follow_steps(&changes, &mut now, &mut notes, &mut looked);
        at.follow_drifts(&drifts, &mut now, &mut notes, &mut looked);
        let newest = parts.last().and_then(|part| part.newest);
        let is_newest = at.values.last().is_some_and(|value| value.run == at.run);
        looked.suspected = is_newest && newest.is_some_and(|newest| newest.is_suspected);
    }
    at.arrive(&mut now, &mut notes, &mut looked);
    let differ = |(now, before): (&StoredFinding, &StoredFinding)| now != before;
    looked.changed = now
        .iter()
        .zip(notes)
        .zip(at.known)
        .filter(|((now, _), before)| differ((now, before)))
        .map(|((now, note), _)| (now.clone(), note))
        .collect();
    looked
}

impl Looking<'_> {
    /// The history, parted where the suite began to do something else.
    fn parts(&self) -> Vec<Part> {
        let starts: Vec<usize> =
            (1..self.values.len()).filter(|at| self.values[*at].family != self.values[at - 1].family).collect();
        Series::new(self.values.iter().map(|value| value.value).collect())
            .map(|series| find_steps(&series, &starts, Preset::Balanced))
            .unwrap_or_default()
    }

    fn place(&self, run: RunId) -> Option<usize> {
        self.values.iter().position(|value| value.run == run)
    }

    /// By how much a move is worse, as a share of the level before; negative is better.
    fn worse(&self, before: f64, after: f64) -> f64 {
        let share = if before == 0.0 { 0.0 } else { (after - before) / before.abs() };
        match self.better {
            Better::Lower => share,
            Better::Higher => -share,
        }
    }

    fn follow_steps(
        &self,
        changes: &[Change],
        now: &mut [StoredFinding],
        notes: &mut [Option<String>],
        looked: &mut Looked,
    ) {
        // Findings of comparisons are the history's once it is long enough to see them, or not to.
        let told: Vec<(usize, Known)> = now
            .iter()
            .enumerate()
            .filter(|(_, finding)| finding.content.kind != FindingKind::Drift)
            .filter_map(|(place, finding)| {
                let index = self.place(finding.content.first)?;
                let young = finding.content.kind == FindingKind::Arrival && self.values.len() - index < RUNS_OF_A_LEVEL;
                (!young).then(|| (place, self.known(finding, index)))
            })
            .collect();
        let known: Vec<Known> = told.iter().map(|(_, known)| known.clone()).collect();
        let followed = track::follow(&known, changes);
        for ((place, before), after) in told.iter().zip(&followed.known) {
            let finding = &mut now[*place];
            // The comparison still shows what the history does not see yet.
            if after.unsupported > 0 && finding.content.kind == FindingKind::Arrival && self.is_worse() {
                continue;
            }
            // Of what is over nobody counts how often it did not show.
            if after.unsupported > 0 && !finding.state.is_open() {
                continue;
            }
            finding.unsupported = after.unsupported;
            if after.unsupported == 0 {
                let was = finding.content.kind;
                self.describe(&mut finding.content, &after.change);
                if was == FindingKind::Arrival {
                    notes[*place] = Some("The history shows it too: the level moved and stayed".to_owned());
                }
            }
            let (state, note) = match (before.state, after.state) {
                (State::Faded, State::Open) => (FindingState::New, Some("It shows again".to_owned())),
                (State::Open, State::Faded) => {
                    (FindingState::Faded, Some("More runs took the evidence away".to_owned()))
                }
                (State::Open, State::Fixed) => {
                    let back = changes.iter().rfind(|change| change.index > after.change.index);
                    let number = back.and_then(|change| self.values.get(change.index)).map(|value| value.number);
                    let at = number.map(|number| format!(" at run #{number}")).unwrap_or_default();
                    (FindingState::Fixed, Some(format!("The level came back{at}")))
                }
                _ => continue,
            };
            finding.state = state;
            notes[*place] = note;
        }
        looked.raised.extend(followed.raised.iter().map(|change| {
            let mut new = self.blank(FindingKind::Step, self.values[change.index].run);
            self.describe(&mut new, change);
            new
        }));
    }

    fn known(&self, finding: &StoredFinding, index: usize) -> Known {
        let content = &finding.content;
        let at = |run: RunId| self.place(run).unwrap_or(index);
        let (from, to) = (at(content.from).min(index), at(content.to).max(index));
        let both_positive = content.before > 0.0 && content.after > 0.0;
        let step = if both_positive { (content.after / content.before).ln() } else { content.shift };
        Known {
            change: Change {
                index,
                plausible: from..=to,
                before: content.before,
                after: content.after,
                shift: content.shift,
                step,
                p: content.evidence.unwrap_or(1.0),
            },
            state: match (finding.state, &finding.closed_by) {
                (state, _) if state.is_open() => State::Open,
                (_, Some(_)) => State::Closed,
                (FindingState::Faded, None) => State::Faded,
                (FindingState::Fixed, None) => State::Fixed,
                _ => State::Closed,
            },
            unsupported: finding.unsupported,
        }
    }

    /// Puts a change of the history into a finding.
    fn describe(&self, content: &mut NewFinding, change: &Change) {
        let run = |index: usize| self.values.get(index).map(|value| value.run);
        let first = run(change.index).unwrap_or(content.first);
        content.kind = FindingKind::Step;
        content.first = first;
        content.from = run(*change.plausible.start()).unwrap_or(first);
        content.to = run(*change.plausible.end()).unwrap_or(first);
        content.good = change.plausible.start().checked_sub(1).and_then(run);
        (content.before, content.after, content.shift) = (change.before, change.after, change.shift);
        content.evidence = Some(change.p);
        self.weigh(content);
    }

    fn weigh(&self, content: &mut NewFinding) {
        let worse = self.worse(content.before, content.after);
        content.worse = worse > 0.0;
        content.band = content.worse.then(|| Level::of(worse).map_or(Band::Small, band));
    }

    fn blank(&self, kind: FindingKind, first: RunId) -> NewFinding {
        NewFinding {
            request: self.request.map(str::to_owned),
            measure: self.measure.to_owned(),
            stat: self.stat.to_owned(),
            unit: self.unit.to_owned(),
            better: self.better,
            kind,
            band: None,
            worse: false,
            first,
            from: first,
            to: first,
            good: None,
            before: 0.0,
            after: 0.0,
            shift: 0.0,
            evidence: None,
        }
    }

    fn follow_drifts(
        &self,
        drifts: &[Drift],
        now: &mut [StoredFinding],
        notes: &mut [Option<String>],
        looked: &mut Looked,
    ) {
        let mut taken = vec![false; drifts.len()];
        for (finding, note) in now.iter_mut().zip(notes) {
            if finding.content.kind != FindingKind::Drift {
                continue;
            }
            let Some(index) = self.place(finding.content.first) else { continue };
            let nearest = (0..drifts.len())
                .filter(|at| !taken[*at] && (drifts[*at].shift > 0.0) == (finding.content.shift > 0.0))
                .filter(|at| {
                    let drift = &drifts[*at];
                    drift.index.abs_diff(index) <= SAME_WITHIN || (drift.index..=drift.last).contains(&index)
                })
                .min_by_key(|at| drifts[*at].index.abs_diff(index));
            match nearest {
                Some(at) => {
                    taken[at] = true;
                    finding.unsupported = 0;
                    // Where it began stays as it was told: the beginning of something that creeps moves with every run.
                    let first = finding.content.first;
                    self.describe_drift(&mut finding.content, &drifts[at]);
                    finding.content.first = first;
                    if finding.state == FindingState::Faded && finding.closed_by.is_none() {
                        finding.state = FindingState::New;
                        *note = Some("It shows again".to_owned());
                    }
                }
                None if !finding.state.is_open() => {}
                None => {
                    finding.unsupported = finding.unsupported.saturating_add(1);
                    if finding.unsupported >= FADES_AFTER {
                        finding.state = FindingState::Faded;
                        *note = Some("More runs took the evidence away".to_owned());
                    }
                }
            }
        }
        for (drift, _) in drifts.iter().zip(taken).filter(|(_, taken)| !taken) {
            let Some(first) = self.values.get(drift.index) else { continue };
            let mut new = self.blank(FindingKind::Drift, first.run);
            self.describe_drift(&mut new, drift);
            looked.raised.push(new);
        }
    }

    fn describe_drift(&self, content: &mut NewFinding, drift: &Drift) {
        let run = |index: usize| self.values.get(index).map(|value| value.run);
        content.first = run(drift.index).unwrap_or(content.first);
        content.from = content.first;
        content.to = run(drift.last).unwrap_or(content.first);
        content.good = drift.index.checked_sub(1).and_then(run);
        (content.before, content.after, content.shift) = (drift.before, drift.after, drift.shift);
        self.weigh(content);
    }

    /// Whether the comparison shows a change for the worse that needs somebody.
    fn is_worse(&self) -> bool {
        self.compared.is_some_and(|one| one.standing == Standing::Worse && one.band >= Some(Band::Minor))
    }

    /// What the comparison with the baseline adds.
    fn arrive(&self, now: &mut [StoredFinding], notes: &mut [Option<String>], looked: &mut Looked) {
        let Some(compared) = self.compared else { return };
        let (Some(before), Some(after)) = (compared.baseline, compared.candidate) else { return };
        if !self.is_worse() {
            // Without a history of its own the next run of a branch says that it is mended; undecided ones say nothing.
            let is_back = matches!(compared.standing, Standing::Noise | Standing::Improvement | Standing::SmallButReal);
            if self.values.is_empty() && is_back {
                for (finding, note) in now.iter_mut().zip(notes).filter(|(finding, _)| finding.state.is_open()) {
                    let same_revision = finding.content.first == self.first;
                    (finding.state, *note) = if same_revision {
                        (FindingState::Faded, Some("Measured again, it does not show".to_owned()))
                    } else {
                        (FindingState::Fixed, Some("A later run does not show it".to_owned()))
                    };
                }
            }
            return;
        }
        let is_told = |finding: &StoredFinding| {
            let holds = finding.state.is_open() || finding.closed_by.is_some();
            holds && finding.content.worse && self.worse(finding.content.after, after) <= MOVED_AGAIN
        };
        let mut told = false;
        for finding in now.iter().filter(|finding| is_told(finding)) {
            looked.shown.push(finding.id);
            told = true;
        }
        let stepped = looked.raised.iter().any(|new| new.worse && self.worse(new.after, after) <= MOVED_AGAIN);
        if told || stepped {
            return;
        }
        let mut new = self.blank(FindingKind::Arrival, self.first);
        new.good = self.good;
        (new.before, new.after) = (before, after);
        new.shift = compared.ratio.map_or(0.0, |ratio| ratio - 1.0);
        new.evidence = compared.q;
        self.weigh(&mut new);
        new.worse = true;
        new.band = compared.band;
        looked.raised.push(new);
    }
}

const fn band(level: Level) -> Band {
    match level {
        Level::Small => Band::Small,
        Level::Minor => Band::Minor,
        Level::Significant => Band::Significant,
        Level::Critical => Band::Critical,
    }
}

#[cfg(test)]
mod tests;

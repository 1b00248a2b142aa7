//! The cases of a benchmark run: what is known of each while it runs, and what that makes of the run.
//!
//! In:  how cases go, and what was measured of those that are over. Out: rows of the live table, counts, rules as they
//! stand, summaries; the signal that says which cases can be trusted.
//!
//! A case can be invalid alone: then its rules are undecided and the others stand. The run as a whole is invalid when no
//! case can be trusted, and suspect when a critical case cannot, when one was not carried out, or when the numbers of one
//! are suspect. A case whose every operation failed tells of its errors, and so does not make a run invalid.

use std::collections::VecDeque;

use perflab_model::{
    bench::{Amount, BudgetSummary, CasePhase, CaseProgress, CaseStanding, CaseSummary, Cases, CurvePoint, Measured},
    display::count,
    load::Load,
    plan::Plan,
    summary::Totals,
    validity::{Signal, ValidityState},
};
use perflab_stats::{
    CaseJudgement, CaseRules,
    bench::{ReadCase, budgets},
};

/// Points of the case under way that the live page draws.
const RECENT: usize = 200;
/// Cases that a sentence names.
pub(super) const NAMED: usize = 3;
/// Why a case has no numbers when its run ended early: it had no turn, or its runner died in it. Which of both is not kept,
/// so that a run judged again from what is kept says the same.
const NOT_OVER: &str = "the run ended before it was over";

/// All cases of a run.
#[derive(Clone, Debug)]
pub(super) struct CaseBook {
    cases: Cases,
    rules: CaseRules,
    done: Vec<ReadCase>,
    /// Rules by the cases that are over. Made anew when one more is, and not with every second: the machine that judges is
    /// the one that measures.
    standing: CaseJudgement,
    under_way: Option<CaseProgress>,
    recent: VecDeque<CurvePoint>,
}

impl CaseBook {
    /// Those of a plan; nothing for a load.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let Load::Cases(cases) = &plan.load else { return None };
        let rules = CaseRules::new(plan)?;
        Some(Self {
            cases: cases.clone(),
            standing: rules.judge(&[]),
            rules,
            done: Vec::new(),
            under_way: None,
            recent: VecDeque::new(),
        })
    }

    /// How a case goes.
    pub(super) fn progress(&mut self, progress: CaseProgress) {
        if self.under_way.as_ref().is_none_or(|known| known.case != progress.case) {
            self.recent.clear();
        }
        self.recent.extend(progress.recent.iter().copied());
        let beyond = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..beyond);
        self.under_way = Some(progress);
    }

    /// A case is over. What is told twice counts once.
    pub(super) fn over(&mut self, measured: &Measured) {
        if self.under_way.as_ref().is_some_and(|known| known.case == measured.case) {
            self.under_way = None;
            self.recent.clear();
        }
        let known = self.cases.cases.iter().find(|case| case.name == measured.case);
        let Some(case) = known.filter(|case| self.read(case.name.as_str()).is_none()) else { return };
        self.done.push(ReadCase::new(case, measured.clone()));
        self.standing = self.rules.judge(&self.done);
    }

    fn read(&self, name: &str) -> Option<&ReadCase> {
        self.done.iter().find(|read| read.case().name.as_str() == name)
    }

    /// Whether any case is over.
    pub(super) fn is_judged(&self) -> bool {
        !self.done.is_empty()
    }

    /// Every case in the order of the plan, as it stands at the end of the run: those that are not over say so.
    pub(super) fn at_the_end(&self) -> Vec<ReadCase> {
        let read = |case: &perflab_model::bench::Case| {
            self.read(case.name.as_str()).cloned().unwrap_or_else(|| ReadCase::never(case, NOT_OVER))
        };
        self.cases.cases.iter().map(read).collect()
    }

    /// The cases that are over.
    pub(super) fn so_far(&self) -> &[ReadCase] {
        &self.done
    }

    /// Rules as they stand.
    pub(super) const fn standing(&self) -> &CaseJudgement {
        &self.standing
    }

    /// Rules at the end of the run.
    pub(super) fn judge(&self, reads: &[ReadCase]) -> CaseJudgement {
        self.rules.judge(reads)
    }

    /// Operations done and failed, of all cases together. What is planned is known only where no case goes by time.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for read in &self.done {
            totals.finished += read.operations();
            totals.failed += read.failed();
            totals.measured_seconds += read.measured().seconds;
        }
        if let Some(going) = &self.under_way {
            totals.finished += going.done;
            totals.failed += going.failed;
        }
        totals.started = totals.finished;
        let planned = self.cases.cases.iter().map(|case| match case.amount {
            Amount::Iterations(iterations) => Some(iterations.saturating_mul(case.work.operations().len() as u64)),
            Amount::Time(_) => None,
        });
        totals.planned = planned.sum::<Option<u64>>().unwrap_or(totals.finished);
        totals
    }

    /// Rows of the live table, in the order in which the cases run.
    pub(super) fn standings(&self) -> Vec<CaseStanding> {
        let row = |case: &perflab_model::bench::Case| {
            let name = case.name.as_str();
            let planned = match case.amount {
                Amount::Iterations(iterations) => Some(iterations),
                Amount::Time(_) => None,
            };
            let waiting = CaseStanding {
                name: name.to_owned(),
                title: case.title.clone(),
                critical: case.critical,
                planned,
                target: case.target_ns.map(|ns| ns / 1e6),
                max: case.max_ns.map(|ns| ns / 1e6),
                ..CaseStanding::default()
            };
            if let Some(read) = self.read(name) {
                return CaseStanding {
                    phase: CasePhase::Done,
                    done: read.right() + read.failed(),
                    failed: read.failed(),
                    mean: read.headline_ms(),
                    gate: read.gate(self.standing.gate(name)),
                    ..waiting
                };
            }
            match self.under_way.as_ref().filter(|going| going.case == case.name) {
                Some(going) => CaseStanding {
                    phase: going.phase,
                    done: going.done,
                    planned: going.planned.or(planned),
                    failed: going.failed,
                    mean: going.mean_ns.map(|ns| ns / 1e6),
                    recent: self.recent.iter().copied().collect(),
                    ..waiting
                },
                None => waiting,
            }
        };
        self.cases.cases.iter().map(row).collect()
    }

    /// Every case in numbers.
    pub(super) fn summaries(reads: &[ReadCase], judgement: &CaseJudgement) -> Vec<CaseSummary> {
        let summary = |read: &ReadCase| {
            let name = read.case().name.as_str();
            read.summary(judgement.gate(name), judgement.missed(name))
        };
        reads.iter().map(summary).collect()
    }

    /// Every budget with what its parts took.
    pub(super) fn budgets(&self, reads: &[ReadCase]) -> Vec<BudgetSummary> {
        budgets(&self.cases.budgets, reads)
    }
}

/// Which cases can be trusted, as a signal of the run. Before its end none of them can be missed.
pub(super) fn signal(reads: &[ReadCase], is_over: bool) -> Option<Signal> {
    let trusted = reads.iter().filter(|read| read.is_trusted()).count();
    let tells_nothing = |read: &&ReadCase| !read.is_trusted() && !has_only_errors(read);
    let lost: Vec<&ReadCase> = reads.iter().filter(tells_nothing).collect();
    let troubled = |read: &&ReadCase| match read.validity().state {
        ValidityState::Valid => false,
        ValidityState::Suspect => true,
        ValidityState::Invalid => read.case().critical || !read.was_run() || has_only_errors(read),
    };
    let first = reads.iter().find(troubled);
    let (state, cause) = if reads.is_empty() {
        return None;
    } else if is_over && lost.len() == reads.len() {
        (ValidityState::Invalid, format!("No case can be trusted. {}", causes(&lost)))
    } else if let Some(first) = first {
        (ValidityState::Suspect, causes(&[first]))
    } else {
        (ValidityState::Valid, String::new())
    };
    Some(Signal {
        code: "cases".to_owned(),
        label: "Cases that can be trusted".to_owned(),
        value: format!("{} of {}", count(trusted as u64), count(reads.len() as u64)),
        limit: "all".to_owned(),
        state,
        cause: (state != ValidityState::Valid).then_some(cause),
    })
}

/// It was carried out, and nothing it did was right: its errors are the result.
fn has_only_errors(read: &ReadCase) -> bool {
    read.was_run() && read.operations() > 0 && read.right() == 0
}

/// `login: Its second half has a trend …`, of the first cases.
fn causes(reads: &[&ReadCase]) -> String {
    let cause = |read: &&ReadCase| {
        let causes = read.validity().causes();
        let first = causes.first()?;
        let told = first.cause.clone().unwrap_or_else(|| first.label.clone());
        let end = if told.ends_with(['.', '!', '?']) { "" } else { "." };
        Some(format!("{}: {told}{end}", read.case().name))
    };
    let mut told: Vec<String> = reads.iter().take(NAMED).filter_map(cause).collect();
    if reads.len() > NAMED {
        told.push(format!("{} more cases are no better.", reads.len() - NAMED));
    }
    told.join(" ")
}

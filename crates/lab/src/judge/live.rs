//! A run under way, added up second by second.

use perflab_model::{
    bench::{CaseProgress, Measured},
    blocks::Blocks,
    comparison::RunComparison,
    id::RunId,
    mark::Mark,
    order::RateChange,
    plan::Plan,
    run::{Headline, Revision, RunEnd, RunState},
    runner::{ErrorExample, Started},
    summary::{ErrorSummary, LatencyKind, Progress, SCHEMA, Summary, SummaryRun, Totals},
    tick::{PartPoint, Phase, Tick},
    unit::Millis,
    validity::{Validity, ValidityState},
    verdict::{Judgement, LedgerRow},
};
use perflab_stats::{Accumulator, Context, Gone, Health, Judged, LoadBlocks, ReadTick, Rules, bench::ReadCase};

use super::{
    Against, Conclusion, Outcome, against, case_results, case_sentence,
    cases::{self, CaseBook},
    gone, ladder, results, sentence,
};

/// Examples kept of one kind of error.
const MAX_EXAMPLES: usize = 3;

/// Everything that is known of a run so far.
#[derive(Clone, Debug)]
pub struct Live {
    plan: Plan,
    revision: Revision,
    kind: LatencyKind,
    sums: Accumulator,
    rules: Rules,
    health: Health,
    blocks: LoadBlocks,
    /// What it is compared with at its end.
    against: Option<Against>,
    examples: Vec<ErrorExample>,
    changes: Vec<RateChange>,
    started: Option<Started>,
    /// What each of several loads has done so far.
    parts: Vec<PartPoint>,
    /// The cases of a benchmark suite, which are judged in the place of ticks.
    cases: Option<CaseBook>,
}

impl Live {
    /// A run before its first second.
    pub fn new(plan: &Plan, revision: Revision) -> Self {
        let kind = if plan.load.has_rate() { LatencyKind::Response } else { LatencyKind::Service };
        Self {
            rules: Rules::new(plan),
            plan: plan.clone(),
            revision,
            kind,
            sums: Accumulator::new(kind),
            health: Health::default(),
            blocks: LoadBlocks::new(plan, kind),
            against: None,
            examples: Vec::new(),
            changes: Vec::new(),
            started: None,
            parts: Vec::new(),
            cases: CaseBook::of(plan),
        }
    }

    /// The same run, to be compared with these at its end.
    #[must_use]
    pub fn against(mut self, against: Option<Against>) -> Self {
        if let Some(against) = &against {
            self.plan.rules = against.resolved(&self.plan);
            self.rules = Rules::new(&self.plan);
            self.cases = CaseBook::of(&self.plan);
        }
        self.against = against;
        self
    }

    /// The runner has begun.
    pub fn started(&mut self, started: &Started) {
        self.started = Some(started.clone());
    }

    /// A second has passed.
    pub fn tick(&mut self, tick: &Tick) {
        self.parts.resize(tick.point.parts.len(), PartPoint::default());
        for (sum, part) in self.parts.iter_mut().zip(&tick.point.parts) {
            sum.has_rate = part.has_rate;
            sum.then(part);
        }
        let tick = ReadTick::new(tick, self.kind);
        self.sums.add(&tick);
        self.rules.add(&tick, self.kind);
        self.health.add(&tick);
        self.blocks.add(&tick);
    }

    /// How a case of a benchmark suite goes.
    pub fn case_progress(&mut self, progress: CaseProgress) {
        if let Some(cases) = &mut self.cases {
            cases.progress(progress);
        }
    }

    /// A case of a benchmark suite is over.
    pub fn case(&mut self, measured: &Measured) {
        if let Some(cases) = &mut self.cases {
            cases.over(measured);
        }
    }

    /// A person's change of the rate has taken effect.
    pub fn adjusted(&mut self, change: &RateChange) {
        self.changes.push(change.clone());
    }

    /// An example of a failure.
    pub fn example(&mut self, example: &ErrorExample) {
        let alike = |known: &&ErrorExample| known.code == example.code && known.request == example.request;
        if self.examples.iter().filter(alike).count() < MAX_EXAMPLES {
            self.examples.push(example.clone());
        }
    }

    /// The rule that asks for the run to end, once one does.
    pub fn stop_rule(&self) -> Option<String> {
        // A case is judged when it is over: no rule ends it.
        self.rules.stop().filter(|_| self.cases.is_none()).map(str::to_owned)
    }

    /// The few numbers of the list of runs.
    pub fn headline(&self) -> Headline {
        let totals = self.totals();
        // Cases do different things: no percentile or rate of all together means anything.
        let is_load = self.cases.is_none();
        Headline {
            finished: totals.finished,
            failed: totals.failed,
            rate_per_s: totals.rate_per_s.filter(|_| is_load),
            p95_ms: self.sums.latency().p95.filter(|_| is_load),
            seconds: self.seconds(),
        }
    }

    /// How things stand: the live page, complete for late joiners.
    pub fn progress(&self) -> Progress {
        let newest = self.sums.newest();
        let first_phase = if self.plan.warmup_time() > Millis::ZERO { Phase::WarmUp } else { Phase::Measured };
        let validity = self.validity(None, self.cases.as_ref().map_or(&[], |book| book.so_far()));
        let (judged, gone) = match &self.cases {
            Some(book) => (book.standing().ledger.clone(), None),
            None => (self.rules.ledger(), self.health.gone()),
        };
        let verdict = self.is_judged().then(|| ladder::climb(None, &validity, gone.as_ref(), &judged).verdict());
        Progress {
            second: newest.map_or(0, |point| point.end()),
            phase: newest.map_or(first_phase, |point| point.phase),
            totals: self.totals(),
            target: newest.map_or_else(|| self.plan.load.planned_at(0.0), |point| point.target),
            users: newest.map_or(0, |point| point.users),
            in_flight: newest.map_or(0, |point| point.in_flight),
            recent: self.sums.recent(),
            latency: self.sums.latency(),
            requests: self.sums.requests(),
            classes: self.sums.classes(&self.plan),
            errors: self.errors(),
            parts: self.parts.clone(),
            cases: self.cases.as_ref().map_or_else(Vec::new, CaseBook::standings),
            ledger: rows(gone.as_ref(), judged),
            verdict,
            validity,
        }
    }

    /// What the run was worth.
    pub fn conclude(&self, conclusion: &Conclusion) -> Outcome {
        let reads = self.cases.as_ref().map_or_else(Vec::new, CaseBook::at_the_end);
        let validity = self.validity(Some(conclusion), &reads);
        let of_cases = self.cases.as_ref().map(|book| (book, book.judge(&reads)));
        let (mut judged, gone, blocks) = match &of_cases {
            Some((_, judgement)) => (judgement.ledger.clone(), None, case_results::blocks(&reads)),
            None => (self.rules.ledger(), self.health.gone(), self.blocks.blocks()),
        };
        if let Some(against) = &self.against {
            against.tell_baseline(&mut judged);
        }
        let comparison = self.compared(conclusion, &validity, &blocks);
        if let (Some(against), Some(comparison)) = (&self.against, &comparison) {
            judged.extend(against.rows(comparison));
            against::in_order(&mut judged);
        }
        let rung = ladder::climb(Some(&conclusion.end), &validity, gone.as_ref(), &judged);
        let told = sentence::Told {
            rung,
            end: &conclusion.end,
            validity: &validity,
            judged: &judged,
            gone: gone.as_ref(),
            errors: &self.errors(),
            seconds: self.seconds(),
            last_answer: self.health.last_answer(),
        };
        let told = match &self.cases {
            Some(_) => case_sentence::tell(&told, &reads),
            None => sentence::tell(&told),
        };
        let verdict = rung.verdict();
        let ledger = rows(gone.as_ref(), judged);
        let mut summary = self.summary(conclusion, &validity, verdict, &told, ledger.clone());
        if let Some((book, judgement)) = &of_cases {
            summary.cases = CaseBook::summaries(&reads, judgement);
            summary.budgets = book.budgets(&reads);
        }
        Outcome {
            results: match &self.cases {
                Some(_) => case_results::rows(&reads),
                None => results::rows(&summary, &self.sums),
            },
            summary,
            validity,
            judgement: Judgement { verdict, sentence: told, ledger },
            blocks,
            comparison,
        }
    }

    /// The run beside its baseline; nothing where its numbers say nothing about what it was launched to measure.
    fn compared(&self, conclusion: &Conclusion, validity: &Validity, blocks: &Blocks) -> Option<RunComparison> {
        let fits = is_judgeable(&conclusion.end)
            && validity.state != ValidityState::Invalid
            && self.health.gone().is_none()
            && self.changes.is_empty();
        self.against.as_ref().filter(|_| fits).map(|against| against.compare(blocks))
    }

    fn summary(
        &self,
        conclusion: &Conclusion,
        validity: &Validity,
        verdict: perflab_model::verdict::Verdict,
        told: &str,
        ledger: Vec<LedgerRow>,
    ) -> Summary {
        // What was measured while warming up is never told as a result.
        let nothing = Accumulator::new(self.kind);
        let sums = if self.sums.is_judged() { &self.sums } else { &nothing };
        let mut totals = self.totals();
        if !self.is_judged() {
            let empty = nothing.totals();
            totals.finished = empty.finished;
            totals.failed = empty.failed;
            totals.aborted = empty.aborted;
            totals.rate_per_s = empty.rate_per_s;
            totals.measured_seconds = empty.measured_seconds;
        }
        Summary {
            schema: SCHEMA.to_owned(),
            run: self.identity(self.plan.run, conclusion),
            marks: self.plan.marks().into_iter().chain(Mark::of_changes(&self.changes)).collect(),
            rate_changes: self.changes.clone(),
            validity: validity.clone(),
            verdict,
            sentence: told.to_owned(),
            gate: verdict.gate(),
            ledger,
            totals,
            latency: sums.latency(),
            service: sums.service(),
            requests: sums.requests(),
            classes: sums.classes(&self.plan),
            errors: self.errors(),
            cases: Vec::new(),
            budgets: Vec::new(),
        }
    }

    fn identity(&self, id: RunId, conclusion: &Conclusion) -> SummaryRun {
        let started = conclusion.started.as_ref().or(self.started.as_ref());
        SummaryRun {
            id,
            suite: self.plan.suite.clone(),
            suite_version: self.plan.suite_version.chars().take(7).collect(),
            scenario: self.plan.scenario.clone(),
            revision: (self.revision != Revision::default()).then(|| self.revision.clone()),
            seed: self.plan.seed,
            started: started
                .and_then(|started| jiff::Timestamp::from_microsecond(started.at_us).ok())
                .map(|instant| instant.to_string()),
            seconds: self.seconds(),
        }
    }

    fn validity(&self, conclusion: Option<&Conclusion>, reads: &[ReadCase]) -> Validity {
        let validity = self.health.validity(&Context {
            plan: &self.plan,
            done: conclusion.and_then(|conclusion| conclusion.done.as_ref()),
            over: conclusion.is_some(),
            cut_short: conclusion.is_some_and(|conclusion| !is_judgeable(&conclusion.end)),
            p50_us: self.sums.latency_histogram().quantile_us(0.5),
            finished: if self.is_judged() { self.totals().finished } else { 0 },
        });
        match cases::signal(reads, conclusion.is_some()) {
            None => validity,
            Some(of_cases) => Validity::from_signals(validity.signals.into_iter().chain([of_cases]).collect()),
        }
    }

    /// Whether there is anything to judge yet.
    fn is_judged(&self) -> bool {
        self.cases.as_ref().map_or_else(|| self.sums.is_judged(), CaseBook::is_judged)
    }

    fn totals(&self) -> Totals {
        self.cases.as_ref().map_or_else(|| self.sums.totals(), CaseBook::totals)
    }

    fn errors(&self) -> Vec<ErrorSummary> {
        let mut errors = self.sums.errors();
        for error in &mut errors {
            let alike = |example: &&ErrorExample| example.code == error.code && example.request == error.request;
            error.examples = self.examples.iter().filter(alike).map(|example| example.message.clone()).collect();
        }
        errors
    }

    fn seconds(&self) -> f64 {
        self.sums.newest().map_or(0.0, |point| f64::from(point.end()))
    }
}

/// The ledger: what is built in first, then the rules.
fn rows(gone: Option<&Gone>, judged: Vec<Judged>) -> Vec<LedgerRow> {
    gone.map(gone::row).into_iter().chain(judged.into_iter().map(|judged| judged.row)).collect()
}

/// Whether a run ended in a way that can be judged by its rules.
pub(super) fn is_judgeable(end: &RunEnd) -> bool {
    end.state == RunState::Finished
}

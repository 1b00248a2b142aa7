//! One case from its preparation to what was measured of it.
//!
//! In:  a [`Case`] and the workshop. Out: [`Measured`], whatever happens; what was begun is cleaned up, whatever happened.
//!
//! The order: make ready, try a few operations to see how they are to be timed, warm up, measure, find where the steady part
//! begins and measure as much again as is left out, count allocations, clean up.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};
use perflab_model::{
    bench::{Amount, Case, CaseOutcome, CasePhase, CaseWarmup, Measured, PairTimes, QueryPlan, Steadiness, Work},
    runner::LogLevel,
};
use perflab_stats::summary::{self, Unsteady};

use super::{
    allocations,
    faults::Faults,
    fold,
    hand::{Book, Hand, Pair, Room, Tally, Turn},
    live::LiveCase,
    memory::MemoryLog,
    operation::{CleanUp, PrepareError, Prepared, Wanted},
    pass::{Pass, Passed, Why},
    samples::merged,
    session::Session,
    shape::{self, Shape},
};
use crate::{
    flow::{Domain, stream},
    vitals::Probe,
};

/// Samples of a case that are kept, all hands together: 32 MB.
const SAMPLES: usize = 2_000_000;

/// Pairs that are told.
const PAIRS: usize = 10_000;

/// Operations that are tried at most, and for how long, to see how they are to be timed.
const TRIALS: u64 = 2_000;
const TRYING: Duration = Duration::from_millis(20);

/// After one that takes this long no more are tried.
const LONG: Duration = Duration::from_millis(1);

/// How often a case that is not steady is given more time, by half of what was measured.
const EXTENSIONS: u32 = 3;

/// Carries out a case.
pub(super) fn carry_out(session: &Session<'_>, case: &Case) -> Measured {
    let began = Instant::now();
    let planned = match case.amount {
        Amount::Iterations(planned) => Some(planned),
        Amount::Time(_) => None,
    };
    let live = Arc::new(LiveCase::new(case.name.clone(), began, planned, case.concurrency.max(1)));
    session.board.begin(Arc::clone(&live));
    let mut probe = Probe::new(session.cores, session.here.clone());
    probe.sample();
    let mut after = Vec::new();
    let mut measured = match make_ready(session, case, &mut after) {
        Ok((hands, plans)) => {
            let under_way = UnderWay::new(session, case, began, live, hands);
            Measured { plans, ..under_way.measure() }
        }
        Err(PrepareError { code, message }) => {
            let failed = CaseOutcome::Failed { code: code.into_owned(), message: session.redactor.redact(&message) };
            nothing(case, failed)
        }
    };
    let vitals = probe.sample();
    (measured.steal, measured.other) = (vitals.steal, vitals.other);
    // The last that was begun is undone first.
    for clean_up in after.into_iter().rev() {
        if let Err(message) = clean_up() {
            let message = session.redactor.redact(&message);
            session.log(LogLevel::Warn, format!("case `{}` could not be cleaned up: {message}", case.name));
        }
    }
    session.board.end();
    measured
}

/// What is told of a case of which nothing was measured.
pub(super) fn nothing(case: &Case, outcome: CaseOutcome) -> Measured {
    Measured {
        case: case.name.clone(),
        outcome,
        steadiness: Steadiness::Unknown,
        warmup_operations: 0,
        seconds: 0.0,
        side: None,
        without: None,
        pairs: Vec::new(),
        curve: Vec::new(),
        clock_ns: 0.0,
        cpu_ns: None,
        memory: Vec::new(),
        heap: Vec::new(),
        allocations: None,
        faults: Vec::new(),
        plans: Vec::new(),
        steal: None,
        other: None,
    }
}

type Sides = Vec<(Box<dyn super::Timed>, Option<Box<dyn super::Timed>>)>;

/// Has the operations of a case made ready; notes what is to be undone even where one of them fails.
fn make_ready(
    session: &Session<'_>,
    case: &Case,
    after: &mut Vec<CleanUp>,
) -> Result<(Sides, Vec<QueryPlan>), PrepareError> {
    let (mut all, mut plans) = (Vec::new(), Vec::new());
    for (position, operation) in case.work.operations().into_iter().enumerate() {
        let prepared = session.workshop.prepare(Wanted { case, operation, position })?;
        let Prepared { timed, plans: of_it, after: clean_up } = prepared;
        after.extend(clean_up);
        if timed.len() != case.concurrency.max(1) as usize {
            let message = format!("{} operations were made ready for {} threads", timed.len(), case.concurrency);
            return Err(PrepareError { code: "internal".into(), message });
        }
        plans.extend(of_it);
        all.push(timed);
    }
    let first = std::mem::take(&mut all[0]);
    let sides = match &case.work {
        Work::Single(_) => first.into_iter().map(|with| (with, None)).collect(),
        Work::Pair { .. } => {
            let second = std::mem::take(&mut all[1]);
            first.into_iter().zip(second).map(|(without, with)| (with, Some(without))).collect()
        }
    };
    Ok((sides, plans))
}

/// A case whose operations are being done.
struct UnderWay<'a> {
    session: &'a Session<'a>,
    case: &'a Case,
    began: Instant,
    deadline: Instant,
    live: Arc<LiveCase>,
    hands: Vec<Hand>,
    memory: MemoryLog,
    shape: Shape,
    /// The number of the next operation.
    next: u64,
    left_out: u64,
    /// Passes that were measured, in order.
    passes: Vec<Passed>,
    /// When the steady part began, nanoseconds since the case did.
    steady_from: u64,
    outcome: CaseOutcome,
    cpu_ns: f64,
    cpu_operations: u64,
}

impl<'a> UnderWay<'a> {
    fn new(session: &'a Session<'a>, case: &'a Case, began: Instant, live: Arc<LiveCase>, sides: Sides) -> Self {
        let room = Room { samples: SAMPLES / sides.len(), pairs: PAIRS / sides.len() };
        let name = u32::from_le_bytes(seed_of(case));
        let hand = |(index, (with, without))| {
            let live = Arc::clone(&live.hands[index]);
            let faults = Faults::new(session.redactor.clone());
            let book = Book::new(room, faults, live, began, session.clock_ns);
            Hand { with, without, book, lot: stream(session.seed, Domain::Pair, name, index as u64) }
        };
        let hands = sides.into_iter().enumerate().map(hand).collect();
        let own_end = began + case.at_most.duration();
        Self {
            session,
            case,
            began,
            deadline: session.until.map_or(own_end, |until| own_end.min(until)),
            live,
            hands,
            memory: MemoryLog::new(case.leak_check),
            shape: Shape::OneByOne,
            next: 0,
            left_out: 0,
            passes: Vec::new(),
            steady_from: 0,
            outcome: CaseOutcome::Completed,
            cpu_ns: 0.0,
            cpu_operations: 0,
        }
    }

    fn measure(mut self) -> Measured {
        let tried = self.try_some();
        let shape = self.shape_by_trials();
        // What one hand did while the others waited, or what was not timed as the rest will be, is no sample.
        let keeps_trials = shape == Shape::OneByOne && self.hands.len() == 1;
        let keeps_trials = keeps_trials && !matches!(self.case.warmup, CaseWarmup::Iterations(_));
        if !keeps_trials {
            self.leave_out_all();
        }
        self.shape = shape;
        let steadiness = self.measure_after(tried, if keeps_trials { tried } else { 0 }).unwrap_or_else(|message| {
            self.outcome = CaseOutcome::Failed { code: "internal".to_owned(), message };
            Steadiness::Unknown
        });
        let allocations = if self.session.stop.starts_over() {
            None
        } else {
            allocations::count(self.hands[0].with.as_mut(), self.next)
        };
        self.tell(steadiness, allocations)
    }

    /// Warms up and measures, after so many trials, some of which are kept; where the steady part began.
    fn measure_after(&mut self, tried: u64, kept: u64) -> Result<Steadiness, String> {
        if let CaseWarmup::Iterations(declared) = self.case.warmup {
            self.pass(Some(declared.saturating_sub(tried)), None)?;
            self.leave_out_all();
        }
        self.live.enter(CasePhase::Measuring);
        match self.case.amount {
            Amount::Iterations(wanted) => self.pass(Some(wanted.saturating_sub(kept)), None)?,
            Amount::Time(time) => self.pass(None, Some(time.duration()))?,
        }
        match self.case.warmup {
            CaseWarmup::Auto => self.find_steadiness(),
            CaseWarmup::None | CaseWarmup::Iterations(_) => Ok(Steadiness::Declared),
        }
    }

    /// Looks where the steady part begins and measures as much again as is left out for it.
    fn find_steadiness(&mut self) -> Result<Steadiness, String> {
        let (mut extended, mut is_filled) = (0, false);
        loop {
            let samples = merged(self.hands.iter().map(|hand| &hand.book.with.samples));
            let may_go_on = self.outcome == CaseOutcome::Completed;
            let (from, unsteady) = match summary::steadiness(&fold::series(&samples)) {
                summary::Steadiness::Unknown => return Ok(Steadiness::Unknown),
                summary::Steadiness::From(0) => return Ok(Steadiness::Steady),
                // Once it has been steady, a slow block at its beginning is noise, and noise is measured too.
                summary::Steadiness::From(_) if is_filled => return Ok(Steadiness::Steady),
                summary::Steadiness::From(from) => (from, None),
                summary::Steadiness::NotSteady(why) => (samples.len() / 2, Some(why)),
            };
            if let Some(why) = unsteady {
                if extended == EXTENSIONS || !may_go_on {
                    return Ok(match why {
                        Unsteady::StillWarming => Steadiness::StillWarming,
                        Unsteady::Trend => Steadiness::Trend,
                    });
                }
                extended += 1;
            }
            let share = from as f64 / samples.len() as f64;
            let left_out = self.leave_out_before(samples[from].ended);
            if !may_go_on {
                return Ok(Steadiness::Steady);
            }
            is_filled |= unsteady.is_none();
            match self.case.amount {
                Amount::Iterations(_) => self.pass(Some(left_out), None)?,
                Amount::Time(time) => self.pass(None, Some(time.duration().mul_f64(share)))?,
            }
        }
    }

    /// Tries a few operations with one hand.
    fn try_some(&mut self) -> u64 {
        let begun = Instant::now();
        let most = match self.case.amount {
            Amount::Iterations(wanted) => TRIALS.min(wanted.max(1)),
            Amount::Time(_) => TRIALS,
        };
        let mut tried = 0;
        while tried < most {
            if self.session.stop.starts_over() {
                self.outcome = CaseOutcome::CutShort;
                break;
            }
            let now = Instant::now();
            if now >= self.deadline {
                self.outcome = CaseOutcome::TimeUp;
                break;
            }
            if now.duration_since(begun) > TRYING {
                break;
            }
            self.hands[0].turn(Turn { shape: Shape::OneByOne, from: self.next, count: 1 });
            self.next += 1;
            tried += 1;
            self.memory.look(self.next);
            if now.elapsed() > LONG {
                break;
            }
        }
        self.passes.push(Passed { why: Why::Enough, began: begun, ended: Instant::now(), next: self.next });
        tried
    }

    /// How the operations are to be timed, by the later half of the trials, since the first are slow.
    fn shape_by_trials(&self) -> Shape {
        let hand = &self.hands[0];
        let sides = std::iter::once(&hand.with).chain(&hand.without);
        if sides.into_iter().any(|timed| timed.tells_its_time()) {
            return Shape::OneByOne;
        }
        let typical = |tally: &Tally| {
            let samples = merged(std::iter::once(&tally.samples));
            let mut later: Vec<f64> = samples[samples.len() / 2..].iter().map(|sample| sample.ns).collect();
            later.sort_by(f64::total_cmp);
            later.get(later.len() / 2).copied()
        };
        let times = [typical(&hand.book.with), typical(&hand.book.without)];
        let Some(shortest) = times.into_iter().flatten().min_by(f64::total_cmp) else { return Shape::OneByOne };
        let is_pair = hand.without.is_some();
        let wanted = match (self.case.amount, is_pair) {
            (Amount::Iterations(operations), false) => shape::Wanted::Operations(operations),
            (Amount::Iterations(pairs), true) => shape::Wanted::Pairs(pairs),
            (Amount::Time(time), false) => shape::Wanted::Time(time.duration()),
            (Amount::Time(time), true) => shape::Wanted::TimeOfPairs(time.duration()),
        };
        Shape::of(shortest, self.session.clock_ns, wanted)
    }

    /// Lets all hands work. What is wanted is counted in operations, of a pair in pairs.
    fn pass(&mut self, wanted: Option<u64>, time: Option<Duration>) -> Result<(), String> {
        if wanted == Some(0) || self.outcome != CaseOutcome::Completed {
            return Ok(());
        }
        let per_turn = self.shape.operations();
        let is_pair = self.hands[0].without.is_some();
        let pass = Pass {
            shape: self.shape,
            first: self.next,
            operations: wanted.map(|wanted| if is_pair { wanted.saturating_mul(per_turn) } else { wanted }),
            until: time.map(|time| Instant::now() + time),
            deadline: self.deadline,
            stop: self.session.stop,
            memory: &self.memory,
        };
        let cpu = cpu_ns();
        let passed = pass.work(&mut self.hands)?;
        if let (Some(before), Some(after)) = (cpu, cpu_ns()) {
            self.cpu_ns += after - before;
            self.cpu_operations += (passed.next - self.next) * if is_pair { 2 } else { 1 };
        }
        self.next = passed.next;
        match passed.why {
            Why::Enough => {}
            Why::TimeUp => self.outcome = CaseOutcome::TimeUp,
            Why::Stopped => self.outcome = CaseOutcome::CutShort,
        }
        self.passes.push(passed);
        Ok(())
    }

    /// What is right so far, in the unit of what is wanted.
    fn right(&self) -> u64 {
        let is_pair = self.hands[0].without.is_some();
        let of = |hand: &Hand| match is_pair {
            true => hand.book.with.samples.count(),
            false => fold::right(&hand.book.with, self.shape),
        };
        self.hands.iter().map(of).sum()
    }

    /// Leaves out all that was right so far.
    fn leave_out_all(&mut self) {
        self.passes.clear();
        self.leave_out_before(u64::MAX);
        self.steady_from = self.since(Instant::now());
    }

    /// Leaves out what ended before an instant; how much that was.
    fn leave_out_before(&mut self, ended: u64) -> u64 {
        let before = self.right();
        self.hands.iter_mut().for_each(|hand| hand.book.forget_before(ended));
        let left_out = before - self.right();
        self.left_out += left_out;
        self.live.leave_out(left_out);
        self.steady_from = ended;
        left_out
    }

    fn since(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }

    fn tell(self, steadiness: Steadiness, allocations: Option<perflab_model::bench::AllocationCount>) -> Measured {
        let seconds = self.passes.iter().map(|pass| {
            let from = self.since(pass.began).max(self.steady_from);
            self.since(pass.ended).saturating_sub(from) as f64 / 1e9
        });
        let seconds = seconds.sum();
        let (side, curve) = fold::side(self.hands.iter().map(|hand| &hand.book.with), self.shape);
        let is_pair = self.hands[0].without.is_some();
        let without = is_pair.then(|| fold::side(self.hands.iter().map(|hand| &hand.book.without), self.shape).0);
        let mut faults = Faults::new(self.session.redactor.clone());
        self.hands.iter().for_each(|hand| faults.merge(&hand.book.faults));
        Measured {
            outcome: self.outcome.clone(),
            steadiness,
            warmup_operations: self.left_out,
            seconds,
            side: Some(side),
            without,
            pairs: pairs(&self.hands),
            curve,
            clock_ns: self.session.clock_ns,
            cpu_ns: (self.cpu_operations > 0).then(|| self.cpu_ns / self.cpu_operations as f64),
            memory: self.memory.readings(),
            allocations,
            faults: faults.told(),
            ..nothing(self.case, CaseOutcome::Completed)
        }
    }
}

/// The pairs of all hands in order.
fn pairs(hands: &[Hand]) -> Vec<PairTimes> {
    let every = hands.iter().map(|hand| hand.book.pairs.every()).max().unwrap_or(1);
    let mut pairs: Vec<Pair> = Vec::new();
    for hand in hands {
        let step = usize::try_from(every / hand.book.pairs.every()).unwrap_or(1).max(1);
        pairs.extend(hand.book.pairs.kept().iter().step_by(step));
    }
    pairs.sort_by_key(|pair| pair.ended);
    pairs.into_iter().map(|pair| pair.times).collect()
}

/// CPU time of this process, nanoseconds.
fn cpu_ns() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64;
    Some((micros(usage.user_time()) + micros(usage.system_time())) * 1e3)
}

/// What tells the lots of one case from those of another, the same in every run.
fn seed_of(case: &Case) -> [u8; 4] {
    // FNV-1a: the name only has to be told from other names.
    let hash = case
        .name
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_le_bytes()
}

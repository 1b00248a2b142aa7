//! Benchmark cases for tests: plans of cases, and a workshop whose operations are the test's own.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
    thread,
};

use indexmap::IndexMap;
use perflab_engine::{
    Settings,
    bench::{Fault, Perform, PrepareError, Prepared, Wanted, Workshop},
    execute_with,
};
use perflab_model::{
    bench::{Amount, Case, CaseProgress, CaseWarmup, Cases, Measured, Operation, Work},
    load::Load,
    plan::Plan,
    runner::{Job, Order, Report},
    unit::Millis,
};

use super::support::{Outcome, plan};

/// A case of one operation, named alike: so many of them, without warm-up.
pub(crate) fn case(name: &str, operations: u64) -> Case {
    Case {
        name: name.parse().expect("a name"),
        base: name.parse().expect("a name"),
        title: None,
        combination: IndexMap::new(),
        work: Work::Single(operation(name)),
        expect: IndexMap::new(),
        amount: Amount::Iterations(operations),
        warmup: CaseWarmup::None,
        concurrency: 1,
        leak_check: false,
        target_ns: None,
        max_ns: None,
        rationale: None,
        category: None,
        critical: false,
        hints: Vec::new(),
        at_most: Millis::from_secs(60),
    }
}

/// A case of pairs.
pub(crate) fn pair(name: &str, without: &str, with: &str, pairs: u64) -> Case {
    let work = Work::Pair { without: operation(without), with: operation(with) };
    Case { work, ..case(name, pairs) }
}

fn operation(name: &str) -> Operation {
    Operation::Builtin { name: name.to_owned(), parameters: IndexMap::new() }
}

/// A plan of these cases.
pub(crate) fn plan_of(cases: Vec<Case>) -> Plan {
    let load = Load::Cases(Cases { cases, budgets: Vec::new(), at_most: None });
    Plan { classes: Vec::new(), flows: Vec::new(), ..plan("http://127.0.0.1:9/", load, Vec::new()) }
}

type Make = Box<dyn Fn(&Case) -> Result<Prepared, PrepareError> + Send + Sync>;

/// A workshop that knows what a test has told it.
#[derive(Default)]
pub(crate) struct Shop(HashMap<String, Make>);

impl Shop {
    /// Knows an operation; each thread gets one that `make` has made.
    pub(crate) fn knows<O: Perform>(self, name: &str, make: impl Fn() -> O + Send + Sync + 'static) -> Self {
        self.makes(name, move |case| Prepared::each(case, |_| Ok(make())))
    }

    /// Knows an operation that is made ready in a way of its own.
    pub(crate) fn makes(
        mut self,
        name: &str,
        make: impl Fn(&Case) -> Result<Prepared, PrepareError> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(name.to_owned(), Box::new(make));
        self
    }
}

impl Workshop for Shop {
    fn prepare(&self, wanted: Wanted<'_>) -> Result<Prepared, PrepareError> {
        let Operation::Builtin { name, .. } = wanted.operation else { panic!("only builtins here") };
        self.0[name](wanted.case)
    }
}

/// An operation by two closures.
pub(crate) struct Does<P, C> {
    /// Does it.
    pub(crate) perform: P,
    /// What is wrong with the answer.
    pub(crate) check: C,
}

impl<A: Send, P, C> Perform for Does<P, C>
where
    P: FnMut(u64) -> Result<A, Fault> + Send + 'static,
    C: Fn(u64, &A) -> Result<(), Fault> + Send + 'static,
{
    type Answer = A;

    fn perform(&mut self, nth: u64) -> Result<A, Fault> {
        (self.perform)(nth)
    }

    fn check(&self, nth: u64, answer: &A) -> Result<(), Fault> {
        (self.check)(nth, answer)
    }

    fn input(&self, nth: u64) -> Option<String> {
        Some(format!("input {nth}"))
    }

    fn is_local(&self) -> bool {
        true
    }
}

/// Finds nothing wrong.
type Trusts<A> = fn(u64, &A) -> Result<(), Fault>;

/// An operation that is never wrong.
pub(crate) fn does<A: Send + 'static>(
    perform: impl FnMut(u64) -> A + Send + 'static,
) -> Does<impl FnMut(u64) -> Result<A, Fault> + Send + 'static, Trusts<A>> {
    let mut perform = perform;
    Does { perform: move |nth| Ok(perform(nth)), check: |_, _| Ok(()) }
}

/// Carries out cases in this process; `hear` is told of every report and may order.
pub(crate) fn carry_out(plan: Plan, shop: Shop, mut hear: impl FnMut(&Report, &mpsc::Sender<Order>)) -> Outcome {
    let (alive, orders) = mpsc::channel();
    let (reports, told) = mpsc::sync_channel(1024);
    let job = Job { plan, feeds: std::collections::BTreeMap::new() };
    let run = thread::spawn(move || execute_with(job, Settings::default(), Some(Arc::new(shop)), orders, reports));
    let mut outcome = Outcome::default();
    for report in told {
        // A run that has just ended hears nothing any more.
        let _ = alive.send(Order::Alive);
        hear(&report, &alive);
        outcome.take(report);
    }
    run.join().expect("the run does not panic");
    outcome
}

/// What was measured of each case, nobody interfering.
pub(crate) fn measure(cases: Vec<Case>, shop: Shop) -> Vec<Measured> {
    measured(&carry_out(plan_of(cases), shop, |_, _| {}))
}

/// What was measured of each case.
pub(crate) fn measured(outcome: &Outcome) -> Vec<Measured> {
    let one = |report: &Report| match report {
        Report::Case(measured) => Some((**measured).clone()),
        _ => None,
    };
    outcome.rest.iter().filter_map(one).collect()
}

/// How each case went.
pub(crate) fn progress(outcome: &Outcome) -> Vec<CaseProgress> {
    let one = |report: &Report| match report {
        Report::CaseProgress(progress) => Some((**progress).clone()),
        _ => None,
    };
    outcome.rest.iter().filter_map(one).collect()
}

//! What a run was worth: from ticks to a verdict, by one ladder.
//!
//! In:  the plan, ticks one by one (of benchmark suites also what was measured of each case), and how the run ended.
//! Out: how things stand at any moment ([`Live`]), and at the end an [`Outcome`]: summary, validity, verdict with its
//! ledger, and the results that trends are made of.
//! Promise: no clock, no I/O. The live page and the final verdict come from the same sums, so they never disagree;
//! ticks read back from the store give the same outcome ([`judge`]).

pub(crate) mod against;
mod case_results;
mod case_sentence;
mod cases;
mod gone;
mod ladder;
mod live;
mod results;
mod sentence;

use perflab_model::{
    bench::Measured,
    plan::Plan,
    run::{Revision, RunEnd},
    runner::{Done, ErrorExample, Started},
    tick::Tick,
};
pub use perflab_store::Outcome;

pub use against::Against;
pub use live::Live;

/// How a run ended, for its judgement.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// The state it ended in, and why.
    pub end: RunEnd,
    /// The runner's last word, if it had one.
    pub done: Option<Done>,
    /// What the runner found before its first start, if it came so far.
    pub started: Option<Started>,
}

/// A run that is over.
#[derive(Clone, Copy, Debug)]
pub struct JudgeInput<'a> {
    /// What was to be carried out.
    pub plan: &'a Plan,
    /// What was measured.
    pub revision: &'a Revision,
    /// Every second, in order.
    pub ticks: &'a [Tick],
    /// What was measured of each case, in order; nothing of load runs.
    pub cases: &'a [Measured],
    /// Examples of failures.
    pub examples: &'a [ErrorExample],
    /// What it is compared with.
    pub against: Option<&'a Against>,
    /// How it ended.
    pub conclusion: &'a Conclusion,
}

/// Judges a run from its kept ticks, as it was judged live.
pub fn judge(input: &JudgeInput<'_>) -> Outcome {
    let mut live = Live::new(input.plan, input.revision.clone()).against(input.against.cloned());
    for tick in input.ticks {
        live.tick(tick);
    }
    for measured in input.cases {
        live.case(measured);
    }
    for example in input.examples {
        live.example(example);
    }
    live.conclude(input.conclusion)
}

#[cfg(test)]
mod tests;

//! The open-model executor: starts iterations at planned instants, whether or not earlier ones were answered.
//!
//! In:  a [`Schedule`] (instants fixed before the run) and a program. Out: samples and counts of starts, to the recorder.
//! Not here: judging (`stats`), storing (`store`).
//!
//! Invariant: the first request of an iteration is timed from its *planned* start; else a stalled target delays our own
//! starts and so hides its stall (coordinated omission). Always planned = started + dropped.

mod iteration;
mod lanes;
mod pacer;
mod schedule;
mod threads;

use std::{sync::Arc, thread};

use perflab_model::{
    load::{OpenLimits, RateStage},
    runner::Ending,
    unit::Nanos,
};

pub(crate) use self::pacer::Adjustments;
use self::{lanes::Lanes, pacer::Pacer, schedule::Schedule, threads::Threads};
use super::{Crew, drain};
use crate::record::Ticker;

/// What an open run adds to what every run has.
pub(crate) struct OpenPlan {
    pub(crate) stages: Vec<RateStage>,
    pub(crate) limits: OpenLimits,
    /// From the start of the run to that of the load.
    pub(crate) begin: Nanos,
    /// The end of the last stage.
    pub(crate) end: Nanos,
    /// The environment's highest rate.
    pub(crate) cap: f64,
}

/// Carries out an open run, to the end of its last iteration.
pub(crate) async fn drive(plan: OpenPlan, crew: Arc<Crew>, adjustments: Arc<Adjustments>, ticker: &Ticker) {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let lanes = Arc::new(Lanes::new(plan.limits, Arc::clone(&crew.context.recorder), cores));
    let threads = match Threads::start(&crew, &lanes, cores) {
        Ok(threads) => threads,
        Err(error) => {
            let message = format!("the threads that do the iterations could not be started: {error}");
            crew.stop.cut(Ending::Failed { code: "internal".to_owned(), message });
            return;
        }
    };
    let ended = pace(&plan, &crew, &lanes, adjustments, ticker).await;
    ticker.starts_ended(ended);
    let stop = &crew.stop;
    if stop.starts_over() {
        lanes.drop_queue();
    }
    // Queued starts still have their time; then thinking ends too.
    drain(stop, crew.graceful, lanes.all_idle()).await;
    lanes.drop_queue();
    drop(threads);
}

/// Runs the pacer on a thread of its own; gives back when the starts ended.
async fn pace(
    plan: &OpenPlan,
    crew: &Arc<Crew>,
    lanes: &Arc<Lanes>,
    adjustments: Arc<Adjustments>,
    ticker: &Ticker,
) -> Nanos {
    let schedule = Schedule::new(&plan.stages, plan.limits.arrivals, crew.program.seed);
    let (clock, begin, end, cap) = (crew.context.clock, plan.begin, plan.end, plan.cap);
    let stopped = Arc::clone(&crew.stop);
    let (stop, lanes) = (Arc::clone(&crew.stop), Arc::clone(lanes));
    let adjusted = ticker.adjuster();
    let paced = tokio::task::spawn_blocking(move || {
        Pacer { schedule, clock, begin, end, stop, lanes, adjustments, cap, adjusted: &adjusted }.run()
    });
    match paced.await {
        Ok(ended) => ended,
        Err(error) => {
            let message = format!("the pacer broke down: {error}");
            stopped.cut(Ending::Failed { code: "internal".to_owned(), message });
            Nanos::new(0)
        }
    }
}

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

use std::sync::Arc;

use perflab_model::{
    load::{OpenLimits, RateStage},
    runner::Ending,
    unit::Nanos,
};

pub(crate) use self::pacer::Adjustments;
use self::{iteration::Worker, lanes::Lanes, pacer::Pacer, schedule::Schedule};
use super::{Crew, Model, drain};
use crate::{
    flow::{Domain, Session, stream},
    record::Ticker,
};

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
    let lanes = Arc::new(Lanes::new(plan.limits, Arc::clone(&crew.context.recorder)));
    let ended = pace(&plan, &crew, &lanes, adjustments, ticker).await;
    ticker.starts_ended(ended);
    let stop = &crew.stop;
    if stop.starts_over() {
        lanes.drop_queue();
    }
    // Queued starts still have their time; then thinking ends too.
    drain(stop, crew.graceful, lanes.all_idle()).await;
    lanes.drop_queue();
    lanes.close();
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
    let (stop, crew, lanes) = (Arc::clone(&crew.stop), Arc::clone(crew), Arc::clone(lanes));
    let runtime = tokio::runtime::Handle::current();
    let adjusted = ticker.adjuster();
    let paced = tokio::task::spawn_blocking(move || {
        let open_lane = |start| {
            // Timers and sockets of the lane belong to the runtime.
            let _inside = runtime.enter();
            let (index, lane) = lanes.open(start);
            let worker = Worker {
                index,
                lane,
                lanes: Arc::clone(&lanes),
                program: Arc::clone(&crew.program),
                shelf: Arc::clone(&crew.shelf),
                stop: Arc::clone(&crew.stop),
                performer: crew.performer(Arc::clone(&crew.h2), Model::Open),
                session: Session::new(
                    Arc::clone(&crew.program),
                    0,
                    stream(crew.program.seed, Domain::Iteration, u32::MAX, index as u64),
                ),
            };
            runtime.spawn(worker.run());
        };
        Pacer {
            schedule,
            clock,
            begin,
            end,
            stop,
            lanes: Arc::clone(&lanes),
            adjustments,
            cap,
            adjusted: &adjusted,
            open_lane: &open_lane,
        }
        .run()
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

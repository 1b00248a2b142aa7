//! The threads that do the iterations of an open run, each with a runtime and lanes of its own.
//!
//! In:  lanes that are called. Out: an iteration for each start, to the recorder.
//!
//! Not the runtime of the run, whose threads share their tasks: at 100,000 requests a second they wake each other all the
//! time to share what is done before they have come. Here a lane stays where its connections are polled.

use std::{io, sync::Arc, thread};

use perflab_model::runner::Ending;
use tokio::runtime::{Builder, Runtime};

use super::{
    iteration::Worker,
    lanes::{Handed, Lane, Lanes},
};
use crate::{
    flow::{Domain, Session, stream},
    load::{Crew, Model},
};

/// After how many tasks of its own a thread looks whether it has been called.
const LOOK_FOR_CALLS_EVERY: u32 = 7;

/// The threads at work. Dropped, they end, with whatever they are doing.
pub(super) struct Threads {
    lanes: Arc<Lanes>,
}

impl Threads {
    /// Starts a thread for each of those that the lanes know of.
    pub(super) fn start(crew: &Arc<Crew>, lanes: &Arc<Lanes>, threads: usize) -> io::Result<Self> {
        // Those that were started before one could not be end with it.
        let all = Self { lanes: Arc::clone(lanes) };
        for index in 0..threads {
            let runtime =
                Builder::new_current_thread().enable_all().global_queue_interval(LOOK_FOR_CALLS_EVERY).build()?;
            let (crew, lanes) = (Arc::clone(crew), Arc::clone(lanes));
            thread::Builder::new().name("load".to_owned()).spawn(move || work(runtime, index, crew, lanes))?;
        }
        Ok(all)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.lanes.close();
    }
}

fn work(runtime: Runtime, thread: usize, crew: Arc<Crew>, lanes: Arc<Lanes>) {
    // A task among those of the lanes: what the runtime is blocked on is looked at less often.
    let stop = Arc::clone(&crew.stop);
    let coming = runtime.spawn(come(thread, crew, lanes));
    if let Err(error) = runtime.block_on(coming) {
        let message = format!("a thread that does iterations broke down: {error}");
        stop.cut(Ending::Failed { code: "internal".to_owned(), message });
    }
    // Names that are still being looked up must not hold anybody.
    runtime.shutdown_background();
}

/// Comes for starts whenever the thread is called.
async fn come(thread: usize, crew: Arc<Crew>, lanes: Arc<Lanes>) {
    while lanes.called(thread).await {
        while let Some(Handed { lane, is_new }) = lanes.come(thread) {
            if is_new {
                tokio::spawn(worker(thread, lane, &crew, &lanes).run());
            }
        }
    }
}

/// Must be called inside the runtime that the lane's timers and sockets shall belong to.
fn worker(thread: usize, lane: Arc<Lane>, crew: &Arc<Crew>, lanes: &Arc<Lanes>) -> Worker {
    let rng = stream(crew.program.seed, Domain::Iteration, u32::MAX, lane.index as u64);
    Worker {
        thread,
        lane,
        lanes: Arc::clone(lanes),
        program: Arc::clone(&crew.program),
        shelf: Arc::clone(&crew.shelf),
        stop: Arc::clone(&crew.stop),
        performer: crew.performer(Arc::clone(&crew.h2), Model::Open),
        session: Session::new(Arc::clone(&crew.program), 0, rng),
    }
}

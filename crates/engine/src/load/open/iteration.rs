//! One lane at work: class, row and flow of each start, then the flow itself.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use perflab_model::unit::Nanos;

use super::lanes::{Lane, Lanes, Start};
use crate::{
    flow::{Domain, Entry, Performer, Place, Program, Session, stream},
    load::{panicked, tokens::Shelf, weighted},
    record::StartEvent,
};

/// A start this late, although a lane was free, is counted against the generator.
pub(crate) const LATE: Duration = Duration::from_millis(5);

/// A lane with everything it needs.
pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) lane: Arc<Lane>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) program: Arc<Program>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) performer: Performer,
    pub(crate) session: Session,
}

impl Worker {
    /// Works until the lanes are closed.
    pub(crate) async fn run(mut self) {
        let lanes = Arc::clone(&self.lanes);
        let lane = Arc::clone(&self.lane);
        while let Some(mut start) = lanes.next(&lane).await {
            loop {
                self.begin(start);
                let done = AssertUnwindSafe(self.iterate(start)).catch_unwind().await;
                if done.is_err() {
                    panicked(&mut self.performer);
                }
                match lanes.release(self.index, self.now()) {
                    Some(next) => start = next,
                    None => break,
                }
            }
        }
    }

    fn now(&self) -> Nanos {
        self.performer.client.context.clock.now()
    }

    fn begin(&self, start: Start) {
        let lag = self.now().since(start.planned).duration();
        if !start.queued && lag > LATE {
            self.lanes.count(start, StartEvent::Late);
        }
    }

    async fn iterate(&mut self, start: Start) {
        let program = Arc::clone(&self.program);
        let seed = program.seed;
        let classes = program.classes.iter().enumerate().map(|(class, code)| (class, code.weight));
        let Some(class) = weighted(classes, &mut stream(seed, Domain::Class, 0, start.index)) else { return };
        // No plan has four billion classes.
        let class_key = u32::try_from(class).unwrap_or(u32::MAX);
        self.session.begin_iteration(class, stream(seed, Domain::Iteration, class_key, start.index));
        let prefetched = program.classes[class].auth.map_or(0, |auth| self.shelf.len(auth));
        let persona = if prefetched > 0 { start.index % prefetched } else { self.index as u64 };
        self.session.turn_rows(Place { persona, turn: start.index });
        if let Some(feed) = self.session.exhausted_feed() {
            self.shelf.tell_exhausted(feed);
            return;
        }
        self.shelf.lend(&mut self.session, start.index);
        let flows = program.classes[class].flows.iter().copied();
        let Some(flow) = weighted(flows, &mut self.session.rng) else { return };
        self.session.planned = Some(start.planned);
        self.performer.run(&mut self.session, Entry { flow, needs_login: true }).await;
        self.session.planned = None;
        self.shelf.take_back(&self.session, start.index);
    }
}

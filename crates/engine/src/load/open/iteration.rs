//! One lane at work: class, row and flow of each start, then the flow itself.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use perflab_model::unit::Nanos;

use super::lanes::{Lane, Lanes, Start};
use crate::{
    code::ErrorCode,
    flow::{Domain, Entry, IterationEnd, Performer, Place, Program, Session, stream},
    http::Failure,
    load::{panicked, tokens::Shelf, weighted},
    record::{Planned, StartEvent},
    stop::Stop,
};

/// A start this late is counted; where it did not wait for a lane, against the generator.
pub(crate) const LATE: Duration = Duration::from_millis(5);

/// A lane with everything it needs.
pub(crate) struct Worker {
    /// On which thread it lives.
    pub(crate) thread: usize,
    pub(crate) lane: Arc<Lane>,
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) program: Arc<Program>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) performer: Performer,
    pub(crate) session: Session,
}

impl Worker {
    /// Works for as long as its thread lives.
    pub(crate) async fn run(mut self) {
        let (lanes, lane, program) = (Arc::clone(&self.lanes), Arc::clone(&self.lane), Arc::clone(&self.program));
        loop {
            let mut start = lane.next().await;
            let mut now = self.now();
            loop {
                self.begin(start, now);
                let end = AssertUnwindSafe(self.iterate(&program, start)).catch_unwind().await.unwrap_or_else(|_| {
                    panicked(&mut self.performer);
                    IterationEnd::Broken
                });
                now = self.now();
                self.performer.end_iteration(end, now);
                match lanes.release(self.thread, &lane, now, self.stop.starts_over()) {
                    Some(next) => start = next,
                    None => break,
                }
            }
        }
    }

    fn now(&self) -> Nanos {
        self.performer.client.context.clock.now()
    }

    fn begin(&self, start: Start, now: Nanos) {
        let lag = now.since(start.planned).duration();
        if lag > LATE {
            self.lanes.count(start, StartEvent::Late);
            if !start.queued {
                self.lanes.count(start, StartEvent::LateOwn);
            }
        }
    }

    async fn iterate(&mut self, program: &Program, start: Start) -> IterationEnd {
        let seed = program.seed;
        let class = match program.classes.as_slice() {
            // Nothing to draw: its random numbers would cost more than everything else here, and nobody else reads them.
            [only] if only.weight > 0 => 0,
            classes => {
                let weights = classes.iter().enumerate().map(|(class, code)| (class, code.weight));
                match weighted(weights, &mut stream(seed, Domain::Class, 0, start.index)) {
                    Some(class) => class,
                    None => return IterationEnd::Broken,
                }
            }
        };
        // No plan has four billion classes.
        let class_key = u32::try_from(class).unwrap_or(u32::MAX);
        self.session.begin_iteration(class, stream(seed, Domain::Iteration, class_key, start.index));
        let prefetched = program.classes[class].auth.map_or(0, |auth| self.shelf.len(auth));
        let persona = if prefetched > 0 { start.index % prefetched } else { self.lane.index as u64 };
        self.session.turn_rows(Place { persona, turn: start.index });
        if let Some(feed) = self.session.exhausted_feed().map(str::to_owned) {
            self.shelf.tell_exhausted(&feed);
            // Plans are checked for it. Should it come so far, the start must not look like load, but belongs to its flow.
            if let Some(flow) = weighted(program.classes[class].flows.iter().copied(), &mut self.session.rng) {
                self.performer.begin_iteration(program.groups.flow(class, flow), start.planned);
            }
            let failure = Failure::new(ErrorCode::PlanNoRow, format!("feed `{feed}` has no row left"));
            self.performer.note_unsent(&self.session, self.performer.stray, "(iteration)", &failure);
            return IterationEnd::Unsent;
        }
        self.shelf.lend(&mut self.session, start.index);
        let flows = program.classes[class].flows.iter().copied();
        let Some(flow) = weighted(flows, &mut self.session.rng) else { return IterationEnd::Broken };
        let group = program.groups.flow(class, flow);
        self.performer.begin_iteration(group, start.planned);
        self.session.planned = Some(Planned { at: start.planned, queued: start.queued });
        let end = self.performer.run(program, &mut self.session, Entry { flow, needs_login: true, group }).await;
        self.session.planned = None;
        self.shelf.take_back(&self.session, start.index);
        end
    }
}

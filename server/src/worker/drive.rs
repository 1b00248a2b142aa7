//! One run from its job to its end: starts the runner, keeps what it says, passes on what people ask, judges at the end.
//!
//! In:  a [`Job`], a [`Sink`] that keeps what is said, and orders of a person at the terminal.
//! Out: how the run ended and what it was worth.
//! The same function serves the worker (sink: the store) and `perflab run FILE` (sink: the terminal), so both measure,
//! stop and judge alike.
//!
//! Promise: everything the runner said has been kept when this returns, or nothing could be done about it: the sink was
//! tried for a day, the run is no longer ours, or this process ends.

use perflab_lab::judge::{Conclusion, Live, Outcome};
use perflab_model::{
    run::{Cancel, Revision, RunEnd, RunState},
    runner::{Done, Job, Started},
};
use tokio::sync::watch;

use super::{
    child::{Child, is_own_variable},
    ending::by_a_person,
    follow::{Following, Patience},
};

pub use super::sink::{Chunk, Sink, SinkError};

/// What is asked of a run from this process, besides what the sink brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A person at the terminal wants it to end.
    Person(Cancel),
    /// This process is about to end, so the run must.
    Ending,
}

/// How a run ended.
#[derive(Debug)]
pub struct Driven {
    /// Its end.
    pub end: RunEnd,
    /// What it was worth.
    pub outcome: Outcome,
    /// Whether the run is still ours, so that the end may be written.
    pub ours: bool,
    live: Live,
    started: Option<Started>,
    done: Option<Done>,
}

impl Driven {
    pub(super) fn new(end: RunEnd, ours: bool, live: Live, started: Option<Started>, done: Option<Done>) -> Self {
        let conclusion = Conclusion { end: end.clone(), done: done.clone(), started: started.clone() };
        Self { outcome: live.conclude(&conclusion), end, ours, live, started, done }
    }

    /// The same run when it turns out that a person had asked for its end before it came: judged as such.
    #[must_use]
    pub fn cancelled(self, how: Cancel) -> Self {
        Self::new(by_a_person(how), self.ours, self.live, self.started, self.done)
    }
}

/// Carries out a job. `own_ports` are the lab's own on this machine.
pub async fn drive<S: Sink>(
    job: &Job,
    revision: &Revision,
    sink: &mut S,
    mut local: watch::Receiver<Option<Asked>>,
    own_ports: &[u16],
    now_us: impl Fn() -> i64 + Send + Sync,
) -> Driven {
    let live = Live::new(&job.plan, revision.clone());
    match start(job, own_ports) {
        Ok(child) => {
            let following = Following::new(&job.plan, live, Patience::default());
            following.follow(child, sink, &mut local, &now_us).await
        }
        Err(end) => Driven::new(end, true, live, None, None),
    }
}

/// Starts the runner, unless it would be asked to send what is not the suite's.
fn start(job: &Job, own_ports: &[u16]) -> Result<Child, RunEnd> {
    let failed = |code: &str, message| RunEnd { state: RunState::Failed, code: code.to_owned(), message };
    if let Some(name) = job.plan.secrets().into_iter().find(|name| is_own_variable(name)) {
        let message = format!(
            "The suite asks for the secret `{name}`, but a variable of that name belongs to perflab or its database and is \
             never sent to a target; give the secret another name."
        );
        return Err(failed("secret.denied", message));
    }
    Child::start(job, own_ports).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        failed("runner", format!("{error}{cause}"))
    })
}

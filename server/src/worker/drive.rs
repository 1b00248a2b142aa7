//! One run from its job to its end: starts the runner, keeps what it says, passes on what people ask, judges at the end.
//!
//! In:  a [`Job`], a [`Sink`] that keeps what is said, and orders of a person at the terminal.
//! Out: how the run ended and what it was worth.
//! The same function serves the worker (sink: the store) and `perflab run FILE` (sink: the terminal), so both measure,
//! stop and judge alike.
//!
//! Promise: everything the runner said has been kept when this returns, or waits on disk, or nothing could be done about
//! it: the sink was tried for a day, the run is no longer ours, or this process ends.

use std::time::Duration;

use perflab_lab::judge::{Against, Conclusion, Live, Outcome};
use perflab_model::{
    kill_switch::KillSwitch,
    run::{Cancel, Revision, RunEnd, RunState},
    runner::{Done, Job, Started},
};
use tokio::sync::watch;

use super::{
    child::{Allowance, Child, is_own_variable},
    ending::by_a_person,
    follow::{Following, Patience},
    several::Several,
};

pub use super::sink::{Chunk, Sink, SinkError};

/// What is asked of a run from this process, besides what the sink brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A person at the terminal wants it to end.
    Person(Cancel),
    /// This process is about to end, so the run must: by itself within that time, else at once.
    Ending {
        /// How long the run may still go on to its planned end.
        drain: Duration,
    },
}

/// What is to be known of the machine that a run is made on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host<'a> {
    /// The lab's own ports here: no load goes there, whatever the plan says.
    pub own_ports: &'a [u16],
    /// The file with the programs that suites may run; without it none.
    pub commands: Option<&'a std::path::Path>,
    /// How long is waited for runners.
    pub allowance: Allowance,
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
    /// Whether some of what it said waits on disk for a later process. Its end waits there too, or it would overtake.
    pub(super) is_aside: bool,
    live: Live,
    started: Option<Started>,
    done: Option<Done>,
}

impl Driven {
    pub(super) fn new(end: RunEnd, ours: bool, live: Live, started: Option<Started>, done: Option<Done>) -> Self {
        let conclusion = Conclusion { end: end.clone(), done: done.clone(), started: started.clone() };
        Self { outcome: live.conclude(&conclusion), end, ours, is_aside: false, live, started, done }
    }

    /// The same run when it turns out that a person, or a kill switch, had asked for its end before it came: judged as such.
    #[must_use]
    pub fn cancelled(self, how: Cancel, killed: Option<&KillSwitch>) -> Self {
        let end = killed.map_or_else(|| by_a_person(how), KillSwitch::end);
        Self::new(end, self.ours, self.live, self.started, self.done)
    }
}

/// Carries out a job; at its end it is compared with `against`.
pub async fn drive<S: Sink>(
    job: &Job,
    revision: &Revision,
    against: Option<Against>,
    sink: &mut S,
    mut local: watch::Receiver<Option<Asked>>,
    host: Host<'_>,
    now_us: impl Fn() -> i64 + Send + Sync,
) -> Driven {
    let live = Live::new(&job.plan, revision.clone()).against(against);
    let following = |live| Following::new(&job.plan, live, Patience::of(host.allowance));
    match start(job, host) {
        Ok(Runners::One(child)) => following(live).follow(child, sink, &mut local, &now_us).await,
        Ok(Runners::Several(several)) => following(live).follow(several, sink, &mut local, &now_us).await,
        Err(end) => Driven::new(end, true, live, None, None),
    }
}

/// What carries out a job: one runner, or one for each part.
enum Runners {
    One(Child),
    Several(Several<Child>),
}

/// Starts the runner, unless it would be asked to send what is not the suite's.
fn start(job: &Job, host: Host<'_>) -> Result<Runners, RunEnd> {
    let failed = |code: &str, message| RunEnd { state: RunState::Failed, code: code.to_owned(), message };
    if let Some(name) = job.plan.secrets().into_iter().find(|name| is_own_variable(name)) {
        let message = format!(
            "The suite asks for the secret `{name}`, but a variable of that name belongs to perflab or its database and is \
             never sent to a target; give the secret another name."
        );
        return Err(failed("secret.denied", message));
    }
    let started = if job.plan.load.parts().is_empty() {
        Child::start(job, host).map(Runners::One)
    } else {
        Several::start(job, host).map(Runners::Several)
    };
    started.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        failed("runner", format!("{error}{cause}"))
    })
}

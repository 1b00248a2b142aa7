//! One request to the environment's target, sent and checked as in a load suite: through the same client, with pinned
//! addresses, the same guard and the same checks.
//!
//! In:  the request's flow in the compiled program. Out: an operation for each thread, logged in where the case says so.
//!
//! The time of an operation is that of the request itself, from its sending to the last byte of its answer: checks and the
//! runtime are not in it.

use std::{sync::Arc, time::Duration};

use tokio::runtime::{Builder, Runtime};

use super::{Fault, Perform, PrepareError, Prepared, Wanted};
use crate::{
    bench::flows::flow_name,
    flow::{Domain, Login, Op, Performer, Place, Session, stream},
    http::H2Pool,
    load::{Crew, Model},
};

/// Makes a request ready: each thread has connections and a log-in of its own.
pub(super) fn prepare(wanted: Wanted<'_>, crew: &Arc<Crew>) -> Result<Prepared, PrepareError> {
    let invalid = |message: String| PrepareError { code: "plan.invalid".into(), message };
    let name = flow_name(&wanted.case.name, wanted.position);
    let flow = crew.program.flow_names.iter().position(|flow| *flow == name);
    let operations = flow.and_then(|flow| crew.program.flows.get(flow));
    let operations = operations.ok_or_else(|| invalid(format!("there is no request of `{name}`")))?;
    let request = operations.iter().find_map(|operation| match operation {
        Op::Request(index) => Some(*index),
        _ => None,
    });
    let request = request.ok_or_else(|| invalid(format!("`{name}` sends nothing")))?;
    let auth = operations.iter().find_map(|operation| match operation {
        Op::Auth { auth, .. } => Some(*auth),
        _ => None,
    });
    Prepared::each(wanted.case, |thread| {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| PrepareError {
            code: "internal".into(),
            message: format!("no runtime for requests can be started: {error}"),
        })?;
        let mut sender = {
            let _inside = runtime.enter();
            let performer = crew.performer(Arc::new(H2Pool::default()), Model::Closed);
            let rng = stream(crew.program.seed, Domain::User, 0, u64::from(thread));
            Sender { performer, session: Session::new(Arc::clone(&crew.program), 0, rng), request, runtime }
        };
        sender.turn(u64::from(thread), 0);
        if let Some(auth) = auth {
            sender.log_in(auth)?;
        }
        Ok(sender)
    })
}

/// Sends the request again and again.
struct Sender {
    performer: Performer,
    session: Session,
    request: usize,
    // Dropped last: connections belong to it.
    runtime: Runtime,
}

impl Sender {
    fn turn(&mut self, persona: u64, turn: u64) {
        self.session.turn_rows(Place { persona, turn });
    }

    fn log_in(&mut self, auth: usize) -> Result<(), PrepareError> {
        let program = Arc::clone(&self.session.program);
        let became = self.runtime.block_on(self.performer.log_in(&program, &mut self.session, auth, true));
        let failed = |message: &str| Err(PrepareError { code: "auth.failed".into(), message: message.to_owned() });
        match became {
            Login::Ready => {
                self.session.active_auth = Some(auth);
                self.took();
                Ok(())
            }
            Login::Refused => failed("the target refused the log-in of this case"),
            Login::Unavailable => failed("the target did not answer the log-in of this case rightly"),
            Login::Stopped => failed("the run was ended while the case logged in"),
        }
    }

    /// How long the requests since the last look took, redirects one after the other.
    fn took(&mut self) -> Option<Duration> {
        let observed = self.performer.observed.as_mut().map(std::mem::take).unwrap_or_default();
        (!observed.is_empty()).then(|| observed.iter().map(|request| request.took).sum())
    }
}

impl Perform for Sender {
    type Answer = Duration;

    fn perform(&mut self, nth: u64) -> Result<Duration, Fault> {
        self.turn(nth, nth);
        let program = Arc::clone(&self.session.program);
        let performed = self.runtime.block_on(self.performer.request(&program, &mut self.session, self.request));
        let took = self.took();
        match performed.code {
            Some(code) => Err(Fault::new(code.as_str(), format!("the request failed: {code}", code = code.as_str()))),
            None if performed.lacks_value => Err(Fault::new("extract.missing", "a value was not in the answer")),
            None => took.ok_or_else(|| Fault::new("internal", "the request was not timed")),
        }
    }

    fn check(&self, _: u64, _: &Duration) -> Result<(), Fault> {
        // The request's own checks have judged it already: only a right answer comes this far.
        Ok(())
    }

    fn input(&self, nth: u64) -> Option<String> {
        Some(format!("request {nth}"))
    }

    fn told_ns(&self, took: &Duration) -> Option<f64> {
        Some(took.as_secs_f64() * 1e9)
    }

    fn tells_its_time(&self) -> bool {
        true
    }
}

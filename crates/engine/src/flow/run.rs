//! Does the operations of a flow.

use std::time::Instant;

use rand::Rng;

use super::{
    compile::{ConditionCode, Op, Program},
    perform::Performer,
    session::Session,
    think::think_time,
};
use crate::{code::ErrorCode, http::Failure, record::GroupId, stop::Heed};

/// Most operations of one iteration: a repetition inside a repetition must not keep a user for ever.
const MAX_OPERATIONS: u64 = 1_000_000;

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IterationEnd {
    /// All steps were done, whatever their answers.
    Done,
    /// A value that later steps need was missing, or nobody could be logged in.
    Broken,
    /// No connection came about.
    Unreachable,
    /// A request could not be sent, because of what the plan says. Users pause, as after `Unreachable`: else they would
    /// try again at once, for ever, without a word to the target.
    Unsent,
    /// The run ended first.
    Stopped,
}

/// What became of a log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// There is a token.
    Ready,
    /// The target refused: it would refuse again.
    Refused,
    /// The target did not answer rightly: it may later.
    Unavailable,
    /// The run ended first.
    Stopped,
}

/// What an iteration begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The flow.
    pub(crate) flow: usize,
    /// Whether the class's log-in has to be there before.
    pub(crate) needs_login: bool,
    /// Under which class and part its requests are counted.
    pub(crate) group: GroupId,
}

impl Performer {
    /// Does one flow of the session's program, which comes besides: to count who holds it for every request would cost more
    /// than to pass it on.
    pub(crate) async fn run(&mut self, program: &Program, session: &mut Session, entry: Entry) -> IterationEnd {
        if entry.needs_login
            && let Some(auth) = program.classes[session.class].auth
        {
            self.group = program.groups.log_in(session.class);
            match self.log_in(program, session, auth, false).await {
                Login::Ready => {}
                Login::Refused => return IterationEnd::Broken,
                Login::Unavailable => return IterationEnd::Unreachable,
                Login::Stopped => return IterationEnd::Stopped,
            }
        }
        self.group = entry.group;
        let operations = &program.flows[entry.flow];
        let (mut at, mut rounds, mut done) = (0, Vec::new(), 0_u64);
        while let Some(operation) = operations.get(at) {
            at += 1;
            done += 1;
            // Its first request finds that out by itself, and is counted as cut off: a start is never without an end.
            if done > 1 && self.client.watch.stop().is_cut() {
                return IterationEnd::Stopped;
            }
            if done > MAX_OPERATIONS {
                let why = format!("cut off after {MAX_OPERATIONS} operations: its repetitions do not come to an end");
                let failure = Failure::new(ErrorCode::PlanEndless, why);
                self.note_unsent(session, self.stray, &program.flow_names[entry.flow], &failure);
                return IterationEnd::Broken;
            }
            match operation {
                Op::Request(index) => {
                    let performed = self.request(program, session, *index).await;
                    match performed.code {
                        _ if performed.lacks_value => return IterationEnd::Broken,
                        Some(ErrorCode::Aborted) => return IterationEnd::Stopped,
                        Some(code) if code.is_unsent() => return IterationEnd::Unsent,
                        Some(code) if code.is_unreachable() => return IterationEnd::Unreachable,
                        _ => {}
                    }
                }
                Op::Auth { auth, fresh } => match self.log_in(program, session, *auth, *fresh).await {
                    Login::Ready => session.active_auth = Some(*auth),
                    Login::Refused => return IterationEnd::Broken,
                    Login::Unavailable => return IterationEnd::Unreachable,
                    Login::Stopped => return IterationEnd::Stopped,
                },
                Op::Think(think) => {
                    // After a pause there is no planned instant any more that a request could be late for.
                    session.planned = None;
                    let until = Instant::now() + think_time(*think, &mut session.rng);
                    if !self.client.watch.sleep_until(until, Heed::Starts).await {
                        return IterationEnd::Stopped;
                    }
                }
                Op::Begin { times: 0, after } => at = *after,
                Op::Begin { times, .. } => rounds.push(*times),
                Op::Next { body } => match rounds.pop() {
                    Some(left) if left > 1 => {
                        rounds.push(left - 1);
                        at = *body;
                    }
                    _ => {}
                },
                Op::Unless { condition, target } => {
                    if !holds(condition, session) {
                        at = *target;
                    }
                }
                Op::Jump(target) => at = *target,
            }
        }
        IterationEnd::Done
    }

    /// Makes sure that the session has a token of this entry.
    pub(crate) async fn log_in(&mut self, program: &Program, session: &mut Session, auth: usize, fresh: bool) -> Login {
        if !fresh && session.tokens[auth].is_some() {
            return Login::Ready;
        }
        let code = &program.auth[auth];
        let performed = self.send(program, session, code.login, Some(&code.bearer_from)).await;
        match (performed.token, performed.code) {
            (Some(token), _) => {
                session.tokens[auth] = Some(token);
                Login::Ready
            }
            (None, Some(ErrorCode::Aborted)) => Login::Stopped,
            (None, Some(ErrorCode::AuthFailed | ErrorCode::ExtractMissing)) => Login::Refused,
            (None, Some(code)) if code.is_unsent() => Login::Refused,
            (None, _) => Login::Unavailable,
        }
    }
}

fn holds(condition: &ConditionCode, session: &mut Session) -> bool {
    match condition {
        ConditionCode::Chance(share) => session.rng.random::<f64>() < *share,
        ConditionCode::Exists(var) => session.var(*var).is_some(),
        ConditionCode::Equals { var, value } => session.var(*var) == Some(value),
    }
}

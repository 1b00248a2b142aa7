//! Sends one request of a flow for a session and counts what came of it, redirects and refreshed log-ins included.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::SyncSender,
    },
    time::Duration,
};

use http::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use perflab_model::{
    runner::{Ending, Report},
    tick::Counted,
    unit::Nanos,
};

use super::{
    compile::Program,
    judge::{Verdict, json_of, judge},
    redirect::{becomes_get, drop_private, url_of},
    request::{Prepared, RequestCode, Unsendable},
    run::IterationEnd,
    session::{Session, Token},
};
use crate::{
    code::ErrorCode,
    http::{Answer, Client, Exchange, Failure, Outgoing},
    record::{
        Counts, Examples, Failed, GroupId, Iteration, Key, Micros, NameId, Planned, Sample, Stamps, second_of,
        service_time,
    },
};

/// A request as goose is told of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observed {
    pub(crate) name: NameId,
    pub(crate) took: Duration,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<ErrorCode>,
}

/// Sends requests for sessions and counts them. One for each user or slot.
pub(crate) struct Performer {
    pub(crate) client: Client,
    pub(crate) examples: Arc<Examples>,
    pub(crate) reports: SyncSender<Report>,
    /// Requests that goose has not been told of yet; none in open runs.
    pub(crate) observed: Option<Vec<Observed>>,
    /// Closed runs show requests under way, open runs iterations.
    pub(crate) gauges_requests: bool,
    /// Under which iterations are counted that broke down by our own fault.
    pub(crate) stray: NameId,
    /// Under which class and flow what it sends is counted.
    pub(crate) group: GroupId,
    /// The iteration under way.
    pub(crate) iteration: Option<Underway>,
}

/// An iteration that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Underway {
    group: GroupId,
    /// Its planned start (open) or its first step (closed).
    from: Nanos,
    /// Whether a request in it failed by the target's fault.
    failed: bool,
}

/// What became of a request, as far as the flow cares.
#[derive(Debug)]
pub(crate) struct Performed {
    pub(crate) code: Option<ErrorCode>,
    /// Whether a value that later steps need was not in the answer.
    pub(crate) lacks_value: bool,
    /// The token of a log-in.
    pub(crate) token: Option<Token>,
    status: Option<u16>,
}

impl Performer {
    /// An iteration begins, by the plan or now.
    pub(crate) fn begin_iteration(&mut self, group: GroupId, from: Nanos) {
        self.group = group;
        self.iteration = Some(Underway { group, from, failed: false });
        self.client.context.recorder.iteration_begins(group);
    }

    /// The iteration under way is over. One that never got as far as to have a flow is counted all the same.
    pub(crate) fn end_iteration(&mut self, end: IterationEnd, now: Nanos) {
        if self.iteration.is_none() {
            self.begin_iteration(GroupId::OTHER, now);
        }
        if let Some(Underway { group, from, failed }) = self.iteration.take() {
            let took = Micros::of(now.since(from));
            self.client.context.recorder.iteration_ends(Iteration { group, second: second_of(now), end, failed, took });
        }
        self.group = GroupId::OTHER;
    }

    /// Sends a request of a flow; logs in again when the answer asks for it.
    pub(crate) async fn request(&mut self, program: &Program, session: &mut Session, index: usize) -> Performed {
        let performed = self.send(program, session, index, None).await;
        if let Some(active) = session.active_auth
            && let Some(token) = &mut session.tokens[active]
        {
            let auth = &program.auth[active];
            let is_refused = performed.status.is_some() && performed.status == auth.refresh_on;
            if performed.code.is_none() {
                token.unproven = false;
            }
            // The answer stays a failure: the user saw it. What follows uses the new token.
            if is_refused && token.may_refresh() {
                let flow = std::mem::replace(&mut self.group, program.groups.log_in(session.class));
                let renewed = self.send(program, session, auth.login, Some(&auth.bearer_from)).await;
                self.group = flow;
                match (renewed.token, &mut session.tokens[active]) {
                    (Some(mut token), slot) => {
                        token.unproven = true;
                        *slot = Some(token);
                    }
                    (None, Some(old)) => old.could_not_refresh(),
                    (None, None) => {}
                }
            }
        }
        performed
    }

    /// Sends a request; `bearer_from` says where a log-in's token stands.
    pub(crate) async fn send(
        &mut self,
        program: &Program,
        session: &mut Session,
        index: usize,
        bearer_from: Option<&str>,
    ) -> Performed {
        let request = &program.requests[index];
        let planned = session.planned.take();
        let prepared = match request.prepare(program, session, &self.client.context.guard) {
            Ok(prepared) => prepared,
            Err(unsendable) => return self.unsendable(session, request, unsendable),
        };
        self.follow(session, request, prepared, planned, bearer_from).await
    }

    fn unsendable(&mut self, session: &Session, request: &RequestCode, unsendable: Unsendable) -> Performed {
        let code = match unsendable {
            Unsendable::Failure(failure) => {
                self.note_unsent(session, request.id, &request.name, &failure);
                failure.code
            }
            Unsendable::Denied(denied) => {
                let message = self.examples.redact(&denied.to_string(), session.private_values());
                self.client.watch.stop().cut(Ending::Failed { code: "target.denied".to_owned(), message });
                ErrorCode::Aborted
            }
        };
        Performed { code: Some(code), lacks_value: false, token: None, status: None }
    }

    /// Counts what the plan makes impossible. The target has not seen it: its code keeps it out of every rate and time,
    /// and goose is not told of it.
    pub(crate) fn note_unsent(&self, session: &Session, id: NameId, name: &str, failure: &Failure) {
        let key = Key::new(id, 0, Some(failure.code));
        let now = self.client.context.clock.now();
        let stamps = Stamps { planned: None, sent: now, first_byte: None, ended: now };
        self.client.context.recorder.record(Sample::new(key, stamps, Counts::default()).of(self.group));
        self.tell(key, name, failure, Some(session));
    }

    async fn follow(
        &mut self,
        session: &mut Session,
        request: &RequestCode,
        prepared: Prepared<'_>,
        mut planned: Option<Planned>,
        bearer_from: Option<&str>,
    ) -> Performed {
        let Prepared { mut place, method, mut headers, mut body } = prepared;
        let mut method = method.clone();
        let active = session.active_auth.filter(|_| bearer_from.is_none() && !headers.contains_key(AUTHORIZATION));
        let mut token = active.and_then(|auth| session.tokens[auth].as_ref()).map(|token| token.header.clone());
        let mut hops = 0_u8;
        loop {
            let mut sent = HeaderMap::clone(&headers);
            if let Some(token) = &token {
                sent.insert(AUTHORIZATION, token.clone());
            }
            session.cookies.add_to(&mut sent, || url_of(&place));
            let outgoing = Outgoing {
                origin: &place.origin,
                method: method.clone(),
                target: place.target.clone(),
                headers: sent,
                body: body.clone(),
                keep: request.keep,
                timeout: request.timeout,
            };
            let exchange = self.exchange(outgoing).await;
            if let Ok(answer) = &exchange.outcome {
                self.obey(answer);
                session.cookies.take_from(&answer.headers, || url_of(&place));
            }
            let id = if hops == 0 { request.id } else { request.redirect_id };
            let status = exchange.status.map(|status| status.as_u16());
            let carries_values = request.private_body && !body.is_empty() && !becomes_get(status, &method);
            let next = self.redirect(request, &place, &exchange, hops, carries_values);
            let verdict = match &next {
                Some(Ok(_)) => Verdict::unchecked(None),
                Some(Err(failure)) => Verdict::unchecked(Some(failure.clone())),
                None => {
                    let json = json_of(request, &exchange, bearer_from).await;
                    judge(request, session, &exchange, json.as_ref(), bearer_from)
                }
            };
            let stamps = Stamps {
                planned: planned.take(),
                sent: exchange.sent,
                first_byte: exchange.first_byte,
                ended: exchange.ended,
            };
            let key = self.record(id, stamps, verdict.counts(&exchange), exchange.status, verdict.failure.as_ref());
            if let Some(failure) = &verdict.failure {
                self.tell(key, &request.name, failure, Some(session));
            }
            match next {
                Some(Ok(to)) => {
                    hops += 1;
                    let headers = headers.to_mut();
                    if to.origin != place.origin {
                        drop_private(headers);
                        token = None;
                    }
                    headers.insert(HOST, to.host.clone());
                    if becomes_get(status, &method) {
                        method = Method::GET;
                        body = bytes::Bytes::new();
                        headers.remove(CONTENT_TYPE);
                    }
                    place = Cow::Owned(to);
                }
                _ => {
                    let code = verdict.failure.map(|failure| failure.code);
                    return Performed { code, lacks_value: verdict.lacks_value, token: verdict.token, status };
                }
            }
        }
    }

    async fn exchange(&mut self, outgoing: Outgoing<'_>) -> Exchange {
        if !self.gauges_requests {
            return self.client.send(outgoing).await;
        }
        let recorder = Arc::clone(&self.client.context.recorder);
        let _under_way = UnderWay::new(&recorder.in_flight);
        self.client.send(outgoing).await
    }

    fn obey(&self, answer: &Answer) {
        if answer.asks_to_stop() {
            self.client.watch.stop().cut(Ending::TargetAsked);
        }
    }

    /// Counts something that ended outside a session.
    pub(crate) fn count(
        &mut self,
        id: NameId,
        name: &str,
        stamps: Stamps,
        counts: Counts,
        status: Option<StatusCode>,
        failure: Option<&Failure>,
    ) {
        let key = self.record(id, stamps, counts, status, failure);
        if let Some(failure) = failure {
            self.tell(key, name, failure, None);
        }
    }

    /// Makes a sample of a request that ended.
    fn record(
        &mut self,
        id: NameId,
        stamps: Stamps,
        counts: Counts,
        status: Option<StatusCode>,
        failure: Option<&Failure>,
    ) -> Key {
        let status = status.map(|status| status.as_u16());
        let code = failure.map(|failure| failure.code);
        let class = status.map_or(0, |status| u8::try_from(status / 100).unwrap_or(0));
        let key = Key::new(id, class, code);
        self.client.context.recorder.record(Sample::new(key, stamps, counts).of(self.group));
        if let (Some(code), Some(iteration)) = (code, &mut self.iteration) {
            iteration.failed |= Counted::of(Some(code.as_str())).is_failed();
        }
        if let Some(observed) = &mut self.observed {
            observed.push(Observed { name: id, took: service_time(&stamps), status, code });
        }
        key
    }

    /// Keeps a failure as an example, if it is worth it.
    fn tell(&self, key: Key, name: &str, failure: &Failure, session: Option<&Session>) {
        let second = second_of(self.client.context.clock.now());
        let private = session.into_iter().flat_map(Session::private_values);
        // Examples are for people; when the pipe is full the ticks go first.
        if let Some(example) = self.examples.note(&Failed { key, request: name, second, failure }, private) {
            let _ = self.reports.try_send(example);
        }
    }
}

/// A request that is counted as under way, however it ends.
struct UnderWay<'a>(&'a AtomicU32);

impl<'a> UnderWay<'a> {
    fn new(gauge: &'a AtomicU32) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // Once a run is settled nothing is under way any more, whatever still comes to its end.
        let _settled = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_request_that_breaks_down_is_under_way_no_more() {
        let gauge = AtomicU32::new(4);
        let broken = catch_unwind(|| {
            let _under_way = UnderWay::new(&gauge);
            assert_eq!(gauge.load(Ordering::Relaxed), 5);
            panic!("as a fault of ours would");
        });
        assert!(broken.is_err());
        assert_eq!(gauge.load(Ordering::Relaxed), 4);
    }
}

//! Sends one request of a flow for a session and counts what came of it, redirects and refreshed log-ins included.

use std::{
    sync::{Arc, atomic::Ordering, mpsc::SyncSender},
    time::Duration,
};

use cookie_store::CookieStore;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE},
};
use perflab_model::{
    runner::{Ending, Report},
    unit::Nanos,
};
use url::Url;

use super::{
    check::{self, CheckCode, Checked},
    extract::text_of,
    request::{Place, Prepared, RequestCode, Unsendable, place_of},
    session::{Session, Token},
};
use crate::{
    code::ErrorCode,
    http::{Answer, Client, Exchange, Failure, Outgoing},
    record::{Counts, Examples, Failed, Key, NameId, Sample, Stamps, second_of, service_time},
};

/// Characters of an answer's first line that an example of its failure may show.
const FIRST_LINE: usize = 200;

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
}

/// What became of a request, as far as the flow cares.
#[derive(Debug)]
pub(crate) struct Performed {
    pub(crate) code: Option<ErrorCode>,
    /// The token of a log-in.
    pub(crate) token: Option<Token>,
    status: Option<u16>,
}

/// What a finished exchange comes to.
struct Verdict {
    failure: Option<Failure>,
    passed: u16,
    failed: u16,
    token: Option<Token>,
}

impl Performer {
    /// Sends a request of a flow; logs in again when the answer asks for it.
    pub(crate) async fn request(&mut self, session: &mut Session, index: usize) -> Performed {
        let performed = self.send(session, index, None).await;
        let program = Arc::clone(&session.program);
        if let Some(active) = session.active_auth
            && let Some(token) = &mut session.tokens[active]
        {
            let auth = &program.auth[active];
            let is_refused = performed.status.is_some() && performed.status == auth.refresh_on;
            if performed.code.is_none() {
                token.unproven = false;
            }
            // The answer stays a failure: the user saw it. What follows uses the new token.
            if is_refused && !token.unproven {
                let renewed = self.send(session, auth.login, Some(&auth.bearer_from)).await;
                if let Some(token) = renewed.token {
                    session.tokens[active] = Some(Token { unproven: true, ..token });
                }
            }
        }
        performed
    }

    /// Sends a request; `bearer_from` says where a log-in's token stands.
    pub(crate) async fn send(&mut self, session: &mut Session, index: usize, bearer_from: Option<&str>) -> Performed {
        let program = Arc::clone(&session.program);
        let request = &program.requests[index];
        let planned = session.planned.take();
        let prepared = match request.prepare(session, &self.client.context.guard) {
            Ok(prepared) => prepared,
            Err(unsendable) => return self.unsendable(request, planned, unsendable),
        };
        self.follow(session, request, prepared, planned, bearer_from).await
    }

    fn unsendable(&mut self, request: &RequestCode, planned: Option<Nanos>, unsendable: Unsendable) -> Performed {
        let failure = match unsendable {
            Unsendable::Failure(failure) => failure,
            Unsendable::Denied(message) => {
                let ending = Ending::Failed { code: "target.denied".to_owned(), message: message.clone() };
                self.client.watch.stop().cut(ending);
                Failure::new(ErrorCode::Aborted, message)
            }
        };
        let now = self.client.context.clock.now();
        let stamps = Stamps { planned, sent: now, first_byte: None, ended: now };
        self.count(request.id, &request.name, stamps, Counts::default(), None, Some(&failure));
        Performed { code: Some(failure.code), token: None, status: None }
    }

    async fn follow(
        &mut self,
        session: &mut Session,
        request: &RequestCode,
        prepared: Prepared,
        mut planned: Option<Nanos>,
        bearer_from: Option<&str>,
    ) -> Performed {
        let Prepared { mut place, mut method, mut headers, mut body } = prepared;
        if bearer_from.is_none()
            && let Some(token) = session.active_auth.and_then(|auth| session.tokens[auth].as_ref())
            && !headers.contains_key(AUTHORIZATION)
        {
            headers.insert(AUTHORIZATION, token.header.clone());
        }
        let mut hops = 0_u8;
        loop {
            add_cookies(session, &place, &mut headers);
            let outgoing = Outgoing {
                origin: &place.origin,
                method: method.clone(),
                target: place.target.clone(),
                headers: headers.clone(),
                body: body.clone(),
                keep: request.keep,
                timeout: request.timeout,
            };
            let exchange = self.exchange(outgoing).await;
            if let Ok(answer) = &exchange.outcome {
                self.obey(answer);
                store_cookies(session, &place, &answer.headers);
            }
            let id = if hops == 0 { request.id } else { request.redirect_id };
            let next = self.redirect(request, &place, &exchange, hops);
            let verdict = match &next {
                Some(Ok(_)) => Verdict { failure: None, passed: 0, failed: 0, token: None },
                Some(Err(failure)) => Verdict { failure: Some(failure.clone()), passed: 0, failed: 0, token: None },
                None => judge(request, session, &exchange, bearer_from),
            };
            let status = exchange.status.map(|status| status.as_u16());
            self.count_exchange(id, request, &exchange, planned.take(), &verdict);
            match next {
                Some(Ok(to)) => {
                    hops += 1;
                    if to.origin != place.origin {
                        headers.remove(AUTHORIZATION);
                    }
                    headers.remove(COOKIE);
                    headers.insert(http::header::HOST, to.host.clone());
                    if becomes_get(status, &method) {
                        method = Method::GET;
                        body = bytes::Bytes::new();
                        headers.remove(http::header::CONTENT_TYPE);
                    }
                    place = to;
                }
                _ => {
                    let code = verdict.failure.map(|failure| failure.code);
                    return Performed { code, token: verdict.token, status };
                }
            }
        }
    }

    async fn exchange(&mut self, outgoing: Outgoing<'_>) -> Exchange {
        if !self.gauges_requests {
            return self.client.send(outgoing).await;
        }
        let recorder = Arc::clone(&self.client.context.recorder);
        recorder.in_flight.fetch_add(1, Ordering::Relaxed);
        let exchange = self.client.send(outgoing).await;
        recorder.in_flight.fetch_sub(1, Ordering::Relaxed);
        exchange
    }

    /// A target may send its visitors away.
    fn obey(&self, answer: &Answer) {
        let asks = answer.status == StatusCode::SERVICE_UNAVAILABLE
            && answer.headers.get("x-perflab-stop").is_some_and(|value| value.as_bytes() == b"1");
        if asks {
            self.client.watch.stop().cut(Ending::TargetAsked);
        }
    }

    /// Where the answer sends us, if it does and we follow.
    fn redirect(
        &self,
        request: &RequestCode,
        from: &Place,
        exchange: &Exchange,
        hops: u8,
    ) -> Option<Result<Place, Failure>> {
        let answer = exchange.outcome.as_ref().ok()?;
        let follows = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        // A suite that expects the redirect itself wants to see it, not where it leads.
        let is_wanted = request.checks.iter().any(
            |check| matches!(check, CheckCode::Status(list) if list.iter().any(|one| one.fits(answer.status.as_u16()))),
        );
        let most = self.client.context.policy.max_redirects;
        if !follows || is_wanted || most == 0 {
            return None;
        }
        let location = answer.headers.get(LOCATION)?.to_str().ok()?;
        if hops >= most {
            return Some(Err(Failure::new(ErrorCode::RedirectLoop, format!("more than {most} redirects"))));
        }
        let blocked = |why: String| Failure::new(ErrorCode::RedirectBlocked, why);
        let to = url_of(from).and_then(|url| url.join(location).ok());
        Some(match to {
            None => Err(blocked("the redirect names no URL".to_owned())),
            Some(url) => place_of(&url, &self.client.context.guard).map_err(|denied| blocked(denied.to_string())),
        })
    }

    fn count_exchange(
        &mut self,
        id: NameId,
        request: &RequestCode,
        exchange: &Exchange,
        planned: Option<Nanos>,
        verdict: &Verdict,
    ) {
        let stamps = Stamps { planned, sent: exchange.sent, first_byte: exchange.first_byte, ended: exchange.ended };
        let counts = Counts {
            bytes_sent: exchange.bytes_sent,
            bytes_received: exchange.bytes_received,
            checks_passed: verdict.passed,
            checks_failed: verdict.failed,
        };
        self.count(id, &request.name, stamps, counts, exchange.status, verdict.failure.as_ref());
    }

    /// Counts a request that ended.
    pub(crate) fn count(
        &mut self,
        id: NameId,
        name: &str,
        stamps: Stamps,
        counts: Counts,
        status: Option<StatusCode>,
        failure: Option<&Failure>,
    ) {
        let status = status.map(|status| status.as_u16());
        let code = failure.map(|failure| failure.code);
        let class = status.map_or(0, |status| u8::try_from(status / 100).unwrap_or(0));
        let key = Key::new(id, class, code);
        self.client.context.recorder.record(Sample::new(key, stamps, counts));
        if let Some(observed) = &mut self.observed {
            observed.push(Observed { name: id, took: service_time(&stamps), status, code });
        }
        if let Some(failure) = failure {
            let example = self.examples.note(&Failed {
                key,
                code: failure.code,
                request: name,
                second: second_of(stamps.ended),
                message: &failure.message,
            });
            // Examples are for people; when the pipe is full the ticks go first.
            if let Some(example) = example {
                let _ = self.reports.try_send(example);
            }
        }
    }
}

/// Applies checks and extractions, and looks for a log-in's token.
fn judge(request: &RequestCode, session: &mut Session, exchange: &Exchange, bearer_from: Option<&str>) -> Verdict {
    let answer = match &exchange.outcome {
        Ok(answer) => answer,
        Err(failure) => {
            return Verdict { failure: Some(failure.clone()), passed: 0, failed: 0, token: None };
        }
    };
    let wants_json = bearer_from.is_some()
        || request.checks.iter().any(|check| matches!(check, CheckCode::Json { .. }))
        || request.extracts.iter().any(super::extract::ExtractCode::needs_body);
    let json: Option<serde_json::Value> = if wants_json { serde_json::from_slice(&answer.body).ok() } else { None };
    let checked = Checked {
        status: answer.status.as_u16(),
        headers: &answer.headers,
        body: &answer.body,
        json: json.as_ref(),
        took: exchange.ended.since(exchange.sent).duration(),
    };
    let outcome = check::apply(&request.checks, &checked);
    let mut failure = outcome.failure.map(|(code, why)| described(code, &why, answer));
    for extract in &request.extracts {
        match extract.find(&answer.headers, &answer.body, json.as_ref()) {
            Some(value) => session.set_var(extract.var, value),
            None if extract.required && failure.is_none() => {
                let why = format!("`{}` is not in the answer", extract.name);
                failure = Some(described(ErrorCode::ExtractMissing, &why, answer));
            }
            None => {}
        }
    }
    let mut token = None;
    if let Some(pointer) = bearer_from {
        // Refused by the target's own decision: the log-in failed. A broken target stays `http.5xx`.
        if let Some(refused) = failure.as_mut().filter(|failure| failure.code == ErrorCode::Http4xx) {
            refused.code = ErrorCode::AuthFailed;
        }
        if failure.is_none() {
            token = json.as_ref().and_then(|json| json.pointer(pointer)).and_then(text_of).and_then(|text| {
                let mut header = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
                header.set_sensitive(true);
                Some(Token { header, unproven: false })
            });
            if token.is_none() {
                let message = format!("{}: no token at `{pointer}` of the answer", answer.status);
                failure = Some(Failure::new(ErrorCode::AuthFailed, message));
            }
        }
    }
    Verdict { failure, passed: outcome.passed, failed: outcome.failed, token }
}

/// Status, reason, and the first line of the body: enough to recognise a failure, too little to carry data away.
fn described(code: ErrorCode, why: &str, answer: &Answer) -> Failure {
    let text = String::from_utf8_lossy(&answer.body);
    let line: String = text.lines().next().unwrap_or_default().chars().take(FIRST_LINE).collect();
    let status = answer.status;
    let reason = if why == format!("status {}", status.as_u16()) { String::new() } else { format!(", {why}") };
    Failure::new(code, if line.is_empty() { format!("{status}{reason}") } else { format!("{status}{reason}: {line}") })
}

/// As browsers do: a POST becomes a GET except after 307 and 308.
fn becomes_get(status: Option<u16>, method: &Method) -> bool {
    match status {
        Some(303) => *method != Method::HEAD,
        Some(301 | 302) => *method == Method::POST,
        _ => false,
    }
}

fn url_of(place: &Place) -> Option<Url> {
    Url::parse(&format!("{}{}", place.origin, place.target)).ok()
}

fn add_cookies(session: &Session, place: &Place, headers: &mut HeaderMap) {
    let Some(store) = &session.cookies else { return };
    let Some(url) = url_of(place) else { return };
    let pairs: Vec<String> = store.get_request_values(&url).map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() {
        return;
    }
    // A suite's own Cookie header is kept and goes first.
    let own = headers.get(COOKIE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let all: Vec<String> = own.into_iter().chain(pairs).collect();
    if let Ok(mut value) = HeaderValue::from_str(&all.join("; ")) {
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

fn store_cookies(session: &mut Session, place: &Place, headers: &HeaderMap) {
    if !headers.contains_key(SET_COOKIE) {
        return;
    }
    let Some(url) = url_of(place) else { return };
    let store = session.cookies.get_or_insert_with(CookieStore::default);
    for line in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
        // A cookie for another domain, or one that cannot be read, is ignored as browsers ignore it.
        let _ = store.parse(line, &url);
    }
}

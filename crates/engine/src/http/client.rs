//! Sends one request and times it.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::Full;
use hyper::body::Incoming;
use perflab_model::{
    plan::{HttpPolicy, HttpVersion},
    unit::Nanos,
};

use super::{
    body::Intake,
    connect::{Spoken, connect},
    failure::Failure,
    h1::H1,
    h2::{H2Pool, Lease},
    resolve::Resolver,
    tls::TlsSetup,
};
use crate::{
    clock::RunClock,
    code::ErrorCode,
    guard::{Guard, Origin},
    permission::{Permission, Turn},
    record::Recorder,
    stop::{Heed, Interrupt, Watch},
};

/// Idle connections that one user or slot keeps; a flow rarely talks to more places.
const MAX_IDLE: usize = 8;

/// What all clients of a run share.
#[derive(Debug)]
pub(crate) struct HttpContext {
    pub(crate) policy: HttpPolicy,
    pub(crate) guard: Guard,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) tls: Option<TlsSetup>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) clock: RunClock,
    /// Whether targets agree; nothing where that is what is being found out.
    pub(crate) permission: Option<Arc<Permission>>,
}

/// How much of the body the caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The beginning, for examples of failures.
    Prefix,
    /// All of it, up to the policy's limit.
    Body,
}

/// A request, ready to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) keep: Keep,
    /// Limit of the whole request where it differs from the policy's.
    pub(crate) timeout: Option<Duration>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// As much of the body as was to be kept.
    pub(crate) body: Bytes,
    /// Whether there was more of it.
    pub(crate) is_cut: bool,
}

impl Answer {
    /// A target may send its visitors away.
    pub(crate) fn asks_to_stop(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && self.headers.get("x-perflab-stop").is_some_and(|value| value.as_bytes() == b"1")
    }
}

/// What became of a request.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) sent: Nanos,
    pub(crate) first_byte: Option<Nanos>,
    pub(crate) ended: Nanos,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// The status, also of an answer that broke off later.
    pub(crate) status: Option<StatusCode>,
    pub(crate) outcome: Result<Answer, Failure>,
}

/// The connections of one user (closed) or slot (open) and its way of waiting.
pub(crate) struct Client {
    pub(crate) context: Arc<HttpContext>,
    pub(crate) watch: Watch,
    /// Connections that no request uses now, the one used last at the end.
    idle: Vec<Held>,
    h2: Arc<H2Pool>,
}

/// A connection and where it leads. Boxed: with its buffers it is moved in and out for every request.
type Held = (Origin, Box<H1>);

/// The time limits of one request.
#[derive(Clone, Copy)]
struct Limits {
    total: Instant,
    idle: Duration,
}

impl Limits {
    /// Until when to wait now, and what it means when that passes.
    fn next(self) -> (Instant, ErrorCode) {
        self.after(Instant::now())
    }

    /// The same where the clock has just been read.
    fn after(self, now: Instant) -> (Instant, ErrorCode) {
        let idle = now + self.idle;
        if self.total <= idle { (self.total, ErrorCode::TimeoutTotal) } else { (idle, ErrorCode::TimeoutRead) }
    }
}

/// Progress of an exchange, filled in as far as it comes.
#[derive(Default)]
struct Progress {
    first_byte: Option<Nanos>,
    status: Option<StatusCode>,
    bytes_sent: u64,
    bytes_received: u64,
}

impl Client {
    pub(crate) fn new(context: Arc<HttpContext>, watch: Watch, h2: Arc<H2Pool>) -> Self {
        Self { context, watch, idle: Vec::new(), h2 }
    }

    /// Forgets every connection: the next request is that of a new visitor.
    pub(crate) fn hang_up(&mut self) {
        self.idle.clear();
    }

    /// Sends a request and reads its answer to the last byte.
    pub(crate) async fn send(&mut self, outgoing: Outgoing<'_>) -> Exchange {
        if let Some(Turn::At(turn)) = self.context.permission.as_ref().map(|known| known.turn(outgoing.origin)) {
            // Cut off or not: what follows looks at that.
            self.watch.sleep_until(turn, Heed::Cut).await;
        }
        let started = Instant::now();
        let clock = self.context.clock;
        let total = outgoing.timeout.unwrap_or(self.context.policy.total_timeout.duration());
        let limits = Limits { total: started + total, idle: self.context.policy.read_timeout.duration() };
        let mut progress = Progress::default();
        let outcome = if self.watch.stop().is_cut() {
            Err(Failure::new(ErrorCode::Aborted, "cut off before it was sent"))
        } else {
            self.exchange(outgoing, started, limits, &mut progress).await
        };
        Exchange {
            sent: clock.at(started),
            first_byte: progress.first_byte,
            ended: clock.now(),
            bytes_sent: progress.bytes_sent,
            bytes_received: progress.bytes_received,
            status: progress.status,
            outcome,
        }
    }

    async fn exchange(
        &mut self,
        outgoing: Outgoing<'_>,
        started: Instant,
        limits: Limits,
        progress: &mut Progress,
    ) -> Result<Answer, Failure> {
        let Outgoing { origin, method, target, headers, body, keep, .. } = outgoing;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = target;
        *request.headers_mut() = headers;

        if let Some(lease) = self.lease_h2(origin) {
            return self.over_h2(lease, origin, request, keep, limits, progress).await;
        }
        if let Some(held) = self.take_idle(origin).await {
            match self.over_h1(held, request, keep, started, limits, progress).await {
                Ok(answer) => return answer,
                // The server hung up between our look and the sending, and nothing was written: sending it on a new
                // connection is the first time, not a second one.
                Err(unsent) => request = unsent,
            }
        }
        let h2 = Arc::clone(&self.h2);
        let opening = if self.context.policy.reuse && self.expects_h2() {
            let (deadline, code) = limits.next();
            let turn = Box::pin(h2.opening.lock());
            let turn = self.watch.until(deadline, Heed::Cut, turn).await.map_err(|i| interrupted(i, code))?;
            if let Some(lease) = self.h2.lease(origin) {
                drop(turn);
                return self.over_h2(lease, origin, request, keep, limits, progress).await;
            }
            Some(turn)
        } else {
            None
        };
        let (stream, spoken) = connect(&self.context, origin, &mut self.watch, limits.total).await?;
        match spoken {
            Spoken::Http1 => {
                // Nobody can share this one: who waits for a turn must not wait for our answer.
                drop(opening);
                let held = (origin.clone(), Box::new(H1::over(stream).await?));
                let sent = self.over_h1(held, request, keep, Instant::now(), limits, progress).await;
                sent.unwrap_or_else(|_| {
                    Err(Failure::new(ErrorCode::ConnectReset, "closed by the target before anything was sent"))
                })
            }
            Spoken::Http2 => {
                let reuse = self.context.policy.reuse;
                let (deadline, code) = limits.next();
                let handshake = Box::pin(h2.open(origin, stream, reuse));
                let lease =
                    self.watch.until(deadline, Heed::Cut, handshake).await.map_err(|i| interrupted(i, code))??;
                drop(opening);
                self.over_h2(lease, origin, request, keep, limits, progress).await
            }
        }
    }

    /// Whether new connections are known to speak HTTP/2 before they are made.
    fn expects_h2(&self) -> bool {
        matches!(self.context.policy.version, HttpVersion::H2 | HttpVersion::H2c)
    }

    /// A place on an open HTTP/2 connection. Its pool belongs to all: who speaks HTTP/1.1 must not stand in line for it.
    fn lease_h2(&self, origin: &Origin) -> Option<Lease> {
        if self.context.policy.version == HttpVersion::Http1 { None } else { self.h2.lease(origin) }
    }

    /// The most recently used idle connection to the origin that is still open.
    async fn take_idle(&mut self, origin: &Origin) -> Option<Held> {
        while let Some(index) = self.idle.iter().rposition(|(other, _)| other == origin) {
            let mut held = self.idle.remove(index);
            if held.1.is_usable().await {
                return Some(held);
            }
        }
        None
    }

    fn keep(&mut self, held: Held) {
        if !self.context.policy.reuse || !held.1.is_open() {
            return;
        }
        if self.idle.len() >= MAX_IDLE {
            self.idle.remove(0);
        }
        self.idle.push(held);
    }

    /// `Err` gives the request back: not a byte of it was written.
    async fn over_h1(
        &mut self,
        mut held: Held,
        request: Request<Full<Bytes>>,
        keep: Keep,
        now: Instant,
        limits: Limits,
        progress: &mut Progress,
    ) -> Result<Result<Answer, Failure>, Request<Full<Bytes>>> {
        let connection = &mut held.1;
        let passed = Arc::clone(&connection.passed);
        let (sent_before, received_before) = (passed.sent(), passed.received());
        let (deadline, code) = limits.after(now);
        let sending = pin!(connection.sender.try_send_request(request));
        let head = self.watch.until(deadline, Heed::Cut, connection.drive(sending)).await;
        let outcome = match head {
            Err(interrupt) => Err(interrupted(interrupt, code)),
            Ok(Err(mut error)) => match error.take_message() {
                Some(unsent) if passed.sent() == sent_before => return Err(unsent),
                _ => Err(Failure::before_answer(error.error())),
            },
            Ok(Ok(response)) => {
                let now = Instant::now();
                progress.first_byte = Some(self.context.clock.at(now));
                progress.status = Some(response.status());
                self.read_body(response, keep, now, limits, &mut Some(connection)).await
            }
        };
        progress.bytes_sent = passed.sent() - sent_before;
        progress.bytes_received = passed.received() - received_before;
        if outcome.is_ok() {
            self.keep(held);
        }
        Ok(outcome)
    }

    async fn over_h2(
        &mut self,
        mut lease: Lease,
        origin: &Origin,
        mut request: Request<Full<Bytes>>,
        keep: Keep,
        limits: Limits,
        progress: &mut Progress,
    ) -> Result<Answer, Failure> {
        to_absolute_form(origin, &mut request)?;
        // On a shared connection bytes cannot be told apart; heads are counted as HTTP/1.1 would write them.
        progress.bytes_sent = head_bytes(request.headers()) + request.body().size_hint().lower();
        let (deadline, code) = limits.next();
        let ready = Box::pin(lease.sender.ready());
        self.watch
            .until(deadline, Heed::Cut, ready)
            .await
            .map_err(|interrupt| interrupted(interrupt, code))?
            .map_err(|error| Failure::before_answer(&error))?;
        let (deadline, code) = limits.next();
        let sending = Box::pin(lease.sender.send_request(request));
        let response = self
            .watch
            .until(deadline, Heed::Cut, sending)
            .await
            .map_err(|interrupt| interrupted(interrupt, code))?
            .map_err(|error| Failure::before_answer(&error))?;
        let now = Instant::now();
        progress.first_byte = Some(self.context.clock.at(now));
        progress.status = Some(response.status());
        progress.bytes_received = head_bytes(response.headers());
        let content_length = response.body().size_hint().lower();
        let answer = self.read_body(response, keep, now, limits, &mut None).await?;
        progress.bytes_received += content_length.max(answer.body.len() as u64);
        Ok(answer)
    }

    async fn read_body(
        &mut self,
        response: Response<Incoming>,
        keep: Keep,
        mut now: Instant,
        limits: Limits,
        connection: &mut Option<&mut Box<H1>>,
    ) -> Result<Answer, Failure> {
        let (head, mut body) = response.into_parts();
        let policy = &self.context.policy;
        let mut intake = Intake::new(&head.headers, keep, policy.max_kept_bytes, policy.max_body_bytes);
        while !body.is_end_stream() {
            let (deadline, code) = limits.after(now);
            let frame = http_body_util::BodyExt::frame(&mut body);
            let next = match connection {
                Some(connection) => self.watch.until(deadline, Heed::Cut, connection.drive(frame)).await,
                None => self.watch.until(deadline, Heed::Cut, frame).await,
            };
            match next.map_err(|interrupt| interrupted(interrupt, code))? {
                None => break,
                Some(Err(error)) => return Err(Failure::in_body(&error)),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        intake.take(piece)?;
                    }
                    if !body.is_end_stream() {
                        now = Instant::now();
                    }
                }
            }
        }
        let kept = intake.finish()?;
        Ok(Answer { status: head.status, headers: head.headers, body: kept.bytes, is_cut: kept.is_cut })
    }
}

fn interrupted(interrupt: Interrupt, code: ErrorCode) -> Failure {
    match interrupt {
        Interrupt::Stopped => Failure::new(ErrorCode::Aborted, "cut off at the end of the run"),
        Interrupt::Deadline if code == ErrorCode::TimeoutRead => {
            Failure::new(code, "nothing was received for too long")
        }
        Interrupt::Deadline => Failure::new(code, "the whole request took too long"),
    }
}

/// HTTP/2 wants scheme and authority in the URI; the `Host` header would say it twice.
fn to_absolute_form(origin: &Origin, request: &mut Request<Full<Bytes>>) -> Result<(), Failure> {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let uri = format!("{origin}{path}");
    *request.uri_mut() =
        uri.parse().map_err(|error: http::uri::InvalidUri| Failure::new(ErrorCode::ProtoRequest, error.to_string()))?;
    request.headers_mut().remove(http::header::HOST);
    Ok(())
}

fn head_bytes(headers: &HeaderMap) -> u64 {
    headers.iter().map(|(name, value)| name.as_str().len() as u64 + value.len() as u64 + 4).sum()
}

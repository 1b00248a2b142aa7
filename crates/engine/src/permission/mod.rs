//! Permission: whether targets on other machines agree to the load.
//!
//! In:  the plan's project, and every target that load is about to go to. Out: yes, or how the run ends instead.
//!
//! A target that is not this machine is asked before its first request: `GET /.well-known/perflab.txt` by the same guarded
//! client that sends the load. It is asked again as long as the load goes on: what it takes back, or lets expire, ends the
//! run. A target that does not answer has taken nothing back (the load may be what keeps it from answering); only when it
//! has said nothing for minutes is the load cut off. Targets that the plan names are asked before the log-ins, those that a
//! redirect or a filled-in address leads to before the first connection there.
//!
//! Nobody is asked where an administrator vouches for the environment, nor on loopback.

mod grant;
mod pace;
mod watch;

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use parking_lot::{Mutex, RwLock};
use perflab_model::{
    display,
    plan::{Plan, PlanProject},
    runner::Ending,
    unit::Millis,
};
use tokio::task::JoinSet;
use url::Url;

use self::{
    grant::{Grant, of_header, of_text},
    pace::{Above, Pace},
};
pub(crate) use self::{pace::Turn, watch::Watching};
use crate::{
    code::ErrorCode,
    flow::host_header,
    guard::Origin,
    http::{Answer, Client, Failure, H2Pool, HttpContext, Keep, Outgoing},
    redact::Redactor,
    stop::{Heed, Stop, Watch},
};

/// What a target is asked for.
const PATH: &str = "/.well-known/perflab.txt";

/// The header that says the same as the text.
const HEADER: &str = "x-perflab-allow";

/// Longest text that is read.
const MAX_TEXT: u64 = 64 * 1024;

/// How often a target that does not answer is asked before the run is refused.
const FIRST_TRIES: u32 = 3;

/// When targets are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Time between two readings.
    pub every: Duration,
    /// Time until the next reading after one that brought no answer.
    pub again: Duration,
    /// How long the load may go on without any answer.
    pub patience: Duration,
    /// Longest wait for an answer.
    pub answer_within: Duration,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            again: Duration::from_secs(10),
            patience: Duration::from_secs(300),
            answer_within: Duration::from_secs(10),
        }
    }
}

/// What a reading brought.
#[derive(Debug)]
enum Reading {
    Granted(Grant),
    /// An answer that is no permission.
    Refused(String),
    /// No answer, or one that says only that the target is in trouble.
    Unread(String),
    /// The target wants the load to stop (`X-Perflab-Stop`).
    AsksToStop,
    /// The run was cut off meanwhile.
    Interrupted,
}

/// What is known of a target.
#[derive(Clone, Debug)]
enum Known {
    Granted(Arc<Pace>),
    Refused(String),
}

/// Knows which targets have agreed.
#[derive(Debug)]
pub(crate) struct Permission {
    vouched: bool,
    project: Option<PlanProject>,
    environment: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Where paths start: what the plan's rate is held against.
    base: Origin,
    /// Requests a second that are planned at the peak of those parts of the run that have a rate.
    planned: f64,
    /// The same of this runner's own part, and how many parts there are.
    own: f64,
    parts: f64,
    above: Above,
    times: Asking,
    /// Its own books: what is asked here is no load.
    context: HttpContextOfAsks,
    stop: Arc<Stop>,
    /// Where load goes may be a secret, and everything that is said here names it.
    redactor: Redactor,
    known: RwLock<Vec<(Origin, Known)>>,
    /// One target at a time, and none twice.
    asking: tokio::sync::Mutex<()>,
    has_limit: AtomicBool,
    watching: Mutex<Option<JoinSet<()>>>,
}

/// The context in which nobody has to be asked for permission to ask.
type HttpContextOfAsks = Arc<HttpContext>;

type Asked<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

impl Permission {
    /// `context` is taken over for the asking; its policy is made fit for that.
    pub(crate) fn new(
        plan: &Plan,
        base: &Origin,
        headers: &[(HeaderName, HeaderValue)],
        mut context: HttpContext,
        stop: Arc<Stop>,
        redactor: Redactor,
        times: Asking,
    ) -> Self {
        let limit = Millis::new(u64::try_from(times.answer_within.as_millis()).unwrap_or(u64::MAX));
        context.policy.reuse = false;
        context.policy.total_timeout = limit;
        context.policy.read_timeout = limit;
        context.policy.max_body_bytes = MAX_TEXT;
        context.policy.max_kept_bytes = MAX_TEXT;
        context.permission = None;
        let own = plan.planned_requests_per_s().unwrap_or(0.0);
        Self {
            vouched: plan.environment.vouched.is_some(),
            project: plan.project.clone(),
            environment: plan.environment.name.to_string(),
            headers: headers.to_vec(),
            base: base.clone(),
            planned: plan.whole.map_or(own, |whole| whole.requests_per_s),
            own,
            parts: plan.whole.map_or(1.0, |whole| f64::from(whole.parts.max(1))),
            above: if plan.load.has_rate() { Above::End } else { Above::Wait },
            times,
            context: Arc::new(context),
            stop,
            redactor,
            known: RwLock::default(),
            asking: tokio::sync::Mutex::default(),
            has_limit: AtomicBool::new(false),
            watching: Mutex::default(),
        }
    }

    /// Asks every target that the plan names; what they agree to comes back as sentences for the log.
    pub(crate) async fn before_the_run(self: &Arc<Self>, origins: &[&Origin]) -> Result<Vec<String>, Ending> {
        let mut told = Vec::new();
        for origin in origins {
            let resolved = self.context.resolver.addresses(&self.context.guard, origin).await;
            let addresses = resolved.map_err(|failure| self.failed("dns", &failure.message))?;
            if self.is_free(&addresses) {
                continue;
            }
            match self.read_patiently(origin).await {
                Reading::Granted(grant) => {
                    self.check_plan(origin, &grant)?;
                    told.push(self.agreed(origin, &grant));
                    self.grant(origin, &grant);
                }
                Reading::Refused(why) | Reading::Unread(why) => {
                    return Err(self.failed("target.not_opted_in", &self.refusal(origin, &why)));
                }
                Reading::AsksToStop => return Err(Ending::TargetAsked),
                Reading::Interrupted => return Err(self.stop.ending()),
            }
        }
        Ok(told)
    }

    /// What is known already about connecting to these addresses; nothing where the target has to be asked first.
    pub(crate) fn knows(&self, origin: &Origin, addresses: &[SocketAddr]) -> Option<Result<(), Failure>> {
        if self.is_free(addresses) { Some(Ok(())) } else { self.recall(origin) }
    }

    /// What a target has said.
    fn recall(&self, origin: &Origin) -> Option<Result<(), Failure>> {
        self.known.read().iter().find(|(known, _)| known == origin).map(|(_, known)| match known {
            Known::Granted(_) => Ok(()),
            Known::Refused(why) => Err(Failure::new(ErrorCode::RedirectBlocked, why.clone())),
        })
    }

    /// Asks a target that load has come to on its way. Boxed: the asking itself makes a connection.
    pub(crate) fn ask<'a>(self: &'a Arc<Self>, origin: &'a Origin) -> Asked<'a> {
        Box::pin(async move {
            let _turn = self.asking.lock().await;
            if self.recall(origin).is_none() {
                match self.read(origin).await {
                    Reading::Granted(grant) => self.grant(origin, &grant),
                    Reading::Refused(why) | Reading::Unread(why) => {
                        let refusal = self.refusal(origin, &why);
                        self.known.write().push((origin.clone(), Known::Refused(refusal)));
                    }
                    Reading::AsksToStop => self.stop.cut(Ending::TargetAsked),
                    Reading::Interrupted => {}
                }
            }
            let interrupted = || Err(Failure::new(ErrorCode::Aborted, "cut off while the target was asked"));
            self.recall(origin).unwrap_or_else(interrupted)
        })
    }

    /// When a request may be sent to a target. Above the limit of an open run it ends the run.
    pub(crate) fn turn(&self, origin: &Origin) -> Turn {
        if !self.has_limit.load(Ordering::Relaxed) {
            return Turn::Now;
        }
        let pace = self.known.read().iter().find_map(|(known, what)| match what {
            Known::Granted(pace) if known == origin => Some(Arc::clone(pace)),
            _ => None,
        });
        let turn = pace.map_or(Turn::Now, |pace| pace.turn(Instant::now()));
        if turn == Turn::Over {
            let message = format!(
                "{origin} takes fewer requests a second than were about to be sent: the load was cut off; ask for less, or \
                 have its owner raise max-rps"
            );
            self.stop.cut(self.failed("target.max_rps", &message));
        }
        turn
    }

    /// Whether nobody has to be asked.
    fn is_free(&self, addresses: &[SocketAddr]) -> bool {
        self.vouched || addresses.iter().all(|address| self.context.guard.is_loopback(address.ip()))
    }

    fn grant(self: &Arc<Self>, origin: &Origin, grant: &Grant) {
        let pace = Arc::new(Pace::new(self.above));
        pace.set(self.share_of(grant));
        if grant.max_rps.is_some() {
            self.has_limit.store(true, Ordering::Relaxed);
        }
        self.known.write().push((origin.clone(), Known::Granted(Arc::clone(&pace))));
        self.keep_watch(origin, *grant, pace);
    }

    /// This runner's share of a limit: what it plans itself, and an even part of what nobody plans. The shares of all
    /// parts of a run are the limit.
    fn share_of(&self, grant: &Grant) -> Option<f64> {
        grant.max_rps.map(|most| self.own + (most - self.planned).max(0.0) / self.parts)
    }

    /// A plan that asks for more than the target takes is refused rather than cut off later.
    fn check_plan(&self, origin: &Origin, grant: &Grant) -> Result<(), Ending> {
        match grant.max_rps {
            Some(most) if *origin == self.base && self.planned > most => Err(self.failed(
                "target.max_rps",
                &format!(
                    "{origin} takes at most {} requests a second (max-rps), and the plan asks for up to {}: ask for less, or \
                     have its owner raise the limit",
                    display::exact(most),
                    display::number(self.planned)
                ),
            )),
            _ => Ok(()),
        }
    }

    fn agreed(&self, origin: &Origin, grant: &Grant) -> String {
        let limit = grant.max_rps.map(|rate| match self.above {
            Above::Wait => format!(", at most {} requests a second: users wait for their turn", display::exact(rate)),
            Above::End => format!(", at most {} requests a second", display::exact(rate)),
        });
        let end = grant.expires.map(|instant| format!(", until {instant}"));
        let told = format!("{origin} agrees to load{}{}", limit.unwrap_or_default(), end.unwrap_or_default());
        self.redactor.redact(&told)
    }

    fn refusal(&self, origin: &Origin, why: &str) -> String {
        let name = self.project.as_ref().map_or("PROJECT", |project| project.name.as_str());
        format!(
            "{origin} is not this machine and has not agreed to load by project {name}: {why}. Whoever runs it agrees by \
             answering GET {origin}{PATH} with a text that has the line `allow: {name}` (lines `max-rps: 100` and `expires: \
             2027-01-31` set limits); or an administrator vouches for the environment {}",
            self.environment
        )
    }

    fn failed(&self, code: &str, message: &str) -> Ending {
        Ending::Failed { code: code.to_owned(), message: self.redactor.redact(message) }
    }

    /// Asks a few times before a silent target counts as one that does not agree.
    async fn read_patiently(&self, origin: &Origin) -> Reading {
        let mut watch = Watch::new(Arc::clone(&self.stop));
        let mut tries = 1;
        loop {
            match self.read(origin).await {
                Reading::Unread(_) if tries < FIRST_TRIES => tries += 1,
                reading => return reading,
            }
            if !watch.sleep_until(Instant::now() + self.times.again.min(Duration::from_secs(1)), Heed::Starts).await {
                return Reading::Interrupted;
            }
        }
    }

    async fn read(&self, origin: &Origin) -> Reading {
        let watch = Watch::new(Arc::clone(&self.stop));
        let mut client = Client::new(Arc::clone(&self.context), watch, Arc::new(H2Pool::default()));
        let mut headers = HeaderMap::new();
        headers.extend(self.headers.iter().cloned());
        let host = Url::parse(&origin.to_string()).ok().and_then(|url| host_header(&url));
        headers.extend(host.map(|host| (header::HOST, host)));
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/plain"));
        let outgoing = Outgoing {
            origin,
            method: Method::GET,
            target: Uri::from_static(PATH),
            headers,
            body: Bytes::new(),
            keep: Keep::Body,
            timeout: None,
        };
        match client.send(outgoing).await.outcome {
            Ok(answer) if answer.asks_to_stop() => Reading::AsksToStop,
            Ok(answer) => self.judge(&answer),
            Err(failure) => match failure.code {
                ErrorCode::Aborted => Reading::Interrupted,
                ErrorCode::RedirectBlocked => Reading::Refused(failure.message),
                ErrorCode::BodyTooLarge => Reading::Refused(format!("its {PATH} is longer than 64 KiB")),
                _ => Reading::Unread(format!("GET {PATH} failed ({}): {}", failure.code, failure.message)),
            },
        }
    }

    fn judge(&self, answer: &Answer) -> Reading {
        let (project, now) = (self.project.as_ref(), jiff::Timestamp::now());
        let mut refused = None;
        for value in answer.headers.get_all(HEADER) {
            match of_header(&String::from_utf8_lossy(value.as_bytes()), project, now) {
                Ok(grant) => return Reading::Granted(grant),
                Err(why) => refused = Some(Reading::Refused(why.to_string())),
            }
        }
        let status = answer.status;
        let is_in_trouble =
            status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        match refused {
            Some(refused) => refused,
            None if status.is_success() => match of_text(&String::from_utf8_lossy(&answer.body), project, now) {
                Ok(grant) => Reading::Granted(grant),
                Err(why) => Reading::Refused(why.to_string()),
            },
            None => {
                let why = format!("GET {PATH} was answered with {}", status.as_u16());
                if is_in_trouble { Reading::Unread(why) } else { Reading::Refused(why) }
            }
        }
    }
}

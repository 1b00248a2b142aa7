//! What protection costs: the same work without it and with it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::auth::{subject, tokens};
use super::parameters::Parameters;
use super::{AtHand, CleanUp, Failure, Fields, NotReady, Operation, Ready, Receiver, now_us, unlisted};
use crate::auth::{Demand, TokenKind, Tokens, Version};
use crate::config::Secret;
use crate::security::audit::{AuditLog, Event, EventType, Sensitivity};
use crate::security::blacklist::Blacklist;
use crate::security::client::client;
use crate::security::limiter::{Decision, Fallback, Limiter};
use crate::security::limits::{
    Attempt, Limit, RateTier, admin_paths, auth_paths, burst, hourly, is_exempt, login_route,
};
use crate::security::store::{Memory, Redis, Store};

/// A store that handles for several threads can be had of.
#[derive(Clone)]
pub(super) enum Kept {
    InProcess(Memory),
    Redis { address: Secret, prefix: String },
}

impl Kept {
    /// A handle.
    pub(super) fn handle(&self) -> Result<Box<dyn Store>, NotReady> {
        Ok(match self {
            Self::InProcess(memory) => Box::new(memory.clone()),
            Self::Redis { address, prefix } => {
                let connected = Redis::connect(address.reveal(), prefix);
                Box::new(connected.map_err(|error| {
                    // The source tells an address at most, and addresses with passwords are secrets that are taken out.
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    NotReady::new("builtin.redis", format!("Redis (variable REDIS_URL) cannot be used: {cause}"))
                })?)
            }
        })
    }

    fn word(&self) -> &'static str {
        match self {
            Self::InProcess(_) => "in process",
            Self::Redis { .. } => "redis",
        }
    }
}

/// The store of a case: in Redis where an address is given, else in this process; and what empties it.
pub(super) fn stores(at_hand: &AtHand) -> Result<(Kept, CleanUp), NotReady> {
    if let Some(refusal) = at_hand.refusal() {
        return Err(refusal);
    }
    let kept = match &at_hand.redis {
        None => Kept::InProcess(Memory::default()),
        Some(address) => {
            let prefix = format!("perflab:{:016x}:", rand::random::<u64>());
            Kept::Redis { address: address.clone(), prefix }
        }
    };
    // Asked now, so that a store that is away is told before the case begins.
    let mut store = kept.handle()?;
    let clean_up: CleanUp = Box::new(move || {
        let cleared = store.clear().and_then(|()| store.entries());
        match cleared {
            Ok(0) => Ok(()),
            Ok(left) => Err(format!("{left} entries stay behind in the store of this case")),
            Err(error) => Err(format!("the entries of this case stay behind in the store until they expire: {error}")),
        }
    });
    Ok((kept, clean_up))
}

/// What a request does apart from its protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Waits, as for another service.
    Sleep,
    /// Checks a token.
    Token,
    /// A multiplication of money.
    Finance,
    /// Looks whether an e-mail address has the form of one.
    Email,
    Nothing,
}

const WORKS: [(&str, Work); 5] = [
    ("sleep", Work::Sleep),
    ("token", Work::Token),
    ("finance", Work::Finance),
    ("email", Work::Email),
    ("nothing", Work::Nothing),
];

/// What protects it.
const FEATURES: [&str; 5] = ["limiter", "auth_limiter", "blacklist", "audit", "tracking"];

/// Named combinations of protection.
fn features_of(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "security.plain" => &[],
        "security.limited" => &["limiter"],
        "security.auth_limited" => &["auth_limiter"],
        "security.blacklisted" => &["blacklist"],
        "security.audited" => &["audit"],
        "security.middleware" => &["limiter", "audit"],
        "security.complete" => &["limiter", "blacklist", "audit", "tracking"],
        _ => return None,
    })
}

pub(super) fn prepare<R: Receiver>(
    name: &str,
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    if let Some(features) = features_of(name) {
        return request(features, parameters, at_hand, receiver);
    }
    match name {
        "security.rate_limit" => {
            let tier = tier(parameters)?;
            let limit = match parameters.one_of("scope", &SCOPES)? {
                "hourly" => hourly(tier),
                "burst" => burst(tier),
                "auth_paths" => auth_paths(tier),
                "admin_paths" => admin_paths(tier),
                "login_route" => login_route(false),
                "login_route_in_tests" => login_route(true),
                _ => limit(parameters, 10, 60.0)?,
            };
            let path = parameters.text("path", "/api/auth/login")?;
            let is_user = parameters.flag("user", false)?;
            let clients = parameters.whole("clients", 1, 1..=1_000_000)?;
            let fallback = if parameters.flag("fail_secure", false)? { Fallback::Deny } else { Fallback::InProcess };
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                let limiter = Limiter::new(kept.handle()?, fallback);
                Ok(RateLimit { limiter, limit, tier, path: path.clone(), is_user, clients })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "security.attempt" => {
            let word = parameters.text("attempt", "login")?;
            let attempt = Attempt::from_word(&word)
                .ok_or_else(|| NotReady::new("builtin.parameter", format!("`{word}` is no kind of attempt")))?;
            let clients = parameters.whole("clients", 1000, 1..=1_000_000)?;
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                Ok(Tried { limiter: Limiter::new(kept.handle()?, Fallback::InProcess), attempt, clients })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "security.legitimate" => {
            let tier = tier(parameters)?;
            let per_minute = parameters.whole("per_minute", burst(tier).requests, 1..=100_000)?;
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                Ok(Legitimate {
                    limiter: Limiter::new(kept.handle()?, Fallback::InProcess),
                    tier,
                    per_minute,
                    begun_us: now_us(),
                })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "security.audit" => {
            let event_type = word::<EventType>(parameters, "event", "data_access")?;
            let sensitivity = word::<Sensitivity>(parameters, "sensitivity", "confidential")?;
            receiver.take(Ready::of(move |_| Ok(Recorded { audit: audit()?, event_type, sensitivity })))
        }
        "security.health" => {
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| Ok(Health { store: kept.handle()?, place: kept.word() }));
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        _ => Err(unlisted(name)),
    }
}

/// A word that stands for a value of this type.
fn word<T: DeserializeOwned>(parameters: &Parameters, name: &str, default: &str) -> Result<T, NotReady> {
    let word = parameters.text(name, default)?;
    serde_json::from_value(json!(word))
        .map_err(|error| NotReady::new("builtin.parameter", format!("parameter `{name}` cannot be `{word}`: {error}")))
}

/// What a limit may be for.
const SCOPES: [&str; 7] =
    ["given", "hourly", "burst", "auth_paths", "admin_paths", "login_route", "login_route_in_tests"];

fn tier(parameters: &Parameters) -> Result<RateTier, NotReady> {
    let word = parameters.text("tier", "basic")?;
    RateTier::from_word(&word)
        .ok_or_else(|| NotReady::new("builtin.parameter", format!("`{word}` is no tier of callers")))
}

fn limit(parameters: &Parameters, requests: u64, window_s: f64) -> Result<Limit, NotReady> {
    let window_s = parameters.number("window_s", window_s, 0.001..=86_400.0)?;
    let requests = parameters.whole("limit", requests, 1..=u64::MAX)?;
    let window = Duration::try_from_secs_f64(window_s)
        .map_err(|_| NotReady::new("builtin.parameter", "`window_s` is no span of time"))?;
    Ok(Limit { requests, window })
}

fn request<R: Receiver>(
    features: &[&'static str],
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    let words = WORKS.map(|(word, _)| word);
    let word = parameters.one_of("work", &words)?;
    let work = WORKS.iter().find(|(named, _)| *named == word).map_or(Work::Sleep, |(_, work)| *work);
    let work_ms = parameters.number("work_ms", 1.0, 0.0..=10_000.0)?;
    let sleep = Duration::try_from_secs_f64(work_ms / 1000.0).unwrap_or_default();
    let limit = limit(parameters, 100, 60.0)?;
    let clients = parameters.whole("clients", 1, 1..=1_000_000)?;
    let (subject, tokens) = (subject(parameters)?, tokens(at_hand));
    let token = tokens
        .issue(&subject, TokenKind::Access, now_us().div_euclid(1_000_000))
        .map_err(|error| NotReady::new("builtin.failed", error.to_string()))?;
    let (kept, clean_up) = stores(at_hand)?;
    let has = |feature: &str| features.contains(&feature);
    let (limited, auth_limited, blacklisted, audited, tracked) =
        (has(FEATURES[0]), has(FEATURES[1]), has(FEATURES[2]), has(FEATURES[3]), has(FEATURES[4]));
    let ready = Ready::of(move |_| {
        Ok(Request {
            work,
            sleep,
            tokens: Arc::clone(&tokens),
            token: token.clone(),
            limiter: if limited || auth_limited {
                Some(Limiter::new(kept.handle()?, Fallback::InProcess))
            } else {
                None
            },
            limit: if auth_limited { auth_paths(RateTier::Anonymous) } else { limit },
            clients,
            blacklist: if blacklisted || tracked { Some(Blacklist::new(kept.handle()?)) } else { None },
            looks_up: blacklisted,
            tracks: tracked,
            audit: if audited { Some(audit()?) } else { None },
        })
    });
    receiver.take(Ready { clean_up: Some(clean_up), ..ready })
}

/// An audit log in a file of its own, removed with it.
struct Audit {
    log: AuditLog,
    // Dropped after the log, which writes to it until then.
    _folder: TempDir,
}

fn audit() -> Result<Audit, NotReady> {
    let failed = |error: std::io::Error| NotReady::new("builtin.failed", format!("no audit log can be made: {error}"));
    let folder = TempDir::with_prefix("perflab-mita-").map_err(failed)?;
    let path: PathBuf = folder.path().join("audit.jsonl");
    Ok(Audit { log: AuditLog::to_file(&path).map_err(failed)?, _folder: folder })
}

/// The address of the client with this number.
fn address(number: u64) -> IpAddr {
    let [.., a, b, c] = number.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, a, b, c))
}

/// One request with its protection.
struct Request {
    work: Work,
    sleep: Duration,
    tokens: Arc<Tokens>,
    token: String,
    limiter: Option<Limiter>,
    limit: Limit,
    clients: u64,
    blacklist: Option<Blacklist>,
    looks_up: bool,
    tracks: bool,
    audit: Option<Audit>,
}

/// What came of it.
struct Handled {
    limited: Option<Decision>,
    is_revoked: bool,
    is_done: bool,
}

impl Request {
    fn client(&self, nth: u64) -> String {
        client(None, address(nth % self.clients), "perflab")
    }

    fn jti(&self) -> Result<Uuid, Failure> {
        let demand = Demand {
            kind: TokenKind::Access,
            scopes: &["read:budget"],
            version: Version::Unasked,
            now_s: now_us().div_euclid(1_000_000),
        };
        Ok(self.tokens.check(&self.token, demand, |_| false)?.jti)
    }
}

impl Operation for Request {
    type Answer = Handled;

    fn perform(&mut self, nth: u64) -> Result<Handled, Failure> {
        let now = now_us();
        let client = self.client(nth);
        let limit = self.limit;
        let limited = match &mut self.limiter {
            None => None,
            Some(limiter) => {
                let unanswered = limiter.unanswered();
                let decision = limiter.check(&client, limit, now);
                // The service goes on counting in its own process; a time without an answer is no time of the limiter.
                if limiter.unanswered() > unanswered {
                    return Err(Failure { code: "store.failed", message: "the store did not answer".into() });
                }
                Some(decision)
            }
        };
        let mut done = true;
        let mut jti = None;
        match self.work {
            Work::Sleep => std::thread::sleep(self.sleep),
            Work::Token => jti = Some(self.jti()?),
            Work::Finance => {
                let kept = std::hint::black_box(1234.56_f64) * std::hint::black_box(0.85);
                done = kept > 1049.0 && kept < 1050.0;
            }
            Work::Email => done = is_email(std::hint::black_box("perf_test_user_50@example.com")),
            Work::Nothing => {}
        }
        let jti = match (jti, self.blacklist.is_some()) {
            (Some(jti), _) => Some(jti),
            (None, true) => Some(self.jti()?),
            (None, false) => None,
        };
        let mut is_revoked = false;
        if let (Some(blacklist), Some(jti)) = (&mut self.blacklist, jti) {
            if self.looks_up {
                let unanswered = blacklist.unanswered();
                is_revoked = blacklist.is_revoked(&jti, now);
                if blacklist.unanswered() > unanswered {
                    return Err(Failure { code: "store.failed", message: "the store did not answer".into() });
                }
            }
            if self.tracks {
                blacklist
                    .track(50, &jti, now)
                    .map_err(|error| Failure { code: "store.failed", message: error.to_string().into() })?;
            }
        }
        if let Some(audit) = &self.audit {
            let stamp = jiff::Timestamp::now().to_string();
            let mut event = Event::new(EventType::DataAccess, Sensitivity::Confidential, stamp);
            event.user_id = Some(50);
            event.client_ip = Some(client);
            event.endpoint = Some("/api/budget/current".to_owned());
            event.additional_context.insert("operation".to_owned(), json!("budget_calculation"));
            event.additional_context.insert("amount".to_owned(), json!(1234.56));
            audit.log.record(event);
        }
        Ok(Handled { limited, is_revoked, is_done: done })
    }

    fn fields(&self, _: u64, handled: &Handled) -> Fields {
        let mut fields = vec![
            ("done", json!(handled.is_done)),
            ("revoked", json!(handled.is_revoked)),
            ("allowed", json!(handled.limited.is_none_or(|decision| decision.allowed))),
        ];
        if let Some(audit) = &self.audit {
            let counts = audit.log.counts();
            fields.push(("audit_failed", json!(counts.failed)));
            fields.push(("audit_dropped", json!(counts.dropped)));
        }
        fields
    }

    fn input(&self, nth: u64) -> String {
        format!("client {}, {:?}", self.client(nth), self.work)
    }

    fn is_local(&self) -> bool {
        self.audit.is_none()
    }
}

/// The audit log alone.
struct Recorded {
    audit: Audit,
    event_type: EventType,
    sensitivity: Sensitivity,
}

impl Operation for Recorded {
    type Answer = ();

    fn perform(&mut self, nth: u64) -> Result<(), Failure> {
        let mut event = Event::new(self.event_type, self.sensitivity, jiff::Timestamp::now().to_string());
        event.user_id = Some(50);
        event.additional_context.insert("number".to_owned(), json!(nth));
        event.additional_context.insert("access_token".to_owned(), json!("never written"));
        self.audit.log.record(event);
        Ok(())
    }

    fn fields(&self, _: u64, (): &()) -> Fields {
        let counts = self.audit.log.counts();
        vec![("taken", json!(counts.taken)), ("failed", json!(counts.failed)), ("dropped", json!(counts.dropped))]
    }

    fn input(&self, nth: u64) -> String {
        format!("event {nth}, {:?}, {:?}", self.event_type, self.sensitivity)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Whether a text has the form of an e-mail address.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.split_once('.').is_some_and(|(domain, top)| !domain.is_empty() && top.len() >= 2)
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._%+-@".contains(&byte))
    })
}

fn decision_fields(decision: &Decision, tier: RateTier) -> Fields {
    vec![
        ("allowed", json!(decision.allowed)),
        ("status", json!(decision.status())),
        ("limit", json!(decision.limit)),
        ("remaining", json!(decision.remaining)),
        ("retry_after_s", json!(decision.retry_after_s)),
        ("headers", json!(decision.headers(tier).len())),
    ]
}

/// The limiter alone.
struct RateLimit {
    limiter: Limiter,
    limit: Limit,
    tier: RateTier,
    path: String,
    is_user: bool,
    clients: u64,
}

impl Operation for RateLimit {
    /// Nothing where the path is never limited.
    type Answer = Option<Decision>;

    fn perform(&mut self, nth: u64) -> Result<Option<Decision>, Failure> {
        if is_exempt(&self.path) {
            return Ok(None);
        }
        let unanswered = self.limiter.unanswered();
        let number = nth % self.clients;
        let decision = if self.is_user {
            self.limiter.check_user(i64::try_from(number).unwrap_or(0), self.limit, now_us())
        } else {
            self.limiter.check(&client(None, address(number), "perflab"), self.limit, now_us())
        };
        if self.limiter.unanswered() > unanswered {
            return Err(Failure { code: "store.failed", message: "the store did not answer".into() });
        }
        Ok(Some(decision))
    }

    fn fields(&self, _: u64, decision: &Option<Decision>) -> Fields {
        decision.as_ref().map_or_else(
            || vec![("allowed", json!(true)), ("status", json!(200)), ("headers", json!(0))],
            |decision| decision_fields(decision, self.tier),
        )
    }

    fn input(&self, nth: u64) -> String {
        format!("client {}, {} in {:?}", address(nth % self.clients), self.limit.requests, self.limit.window)
    }
}

/// An attempt to log in, register and so on, limited by client and e-mail.
struct Tried {
    limiter: Limiter,
    attempt: Attempt,
    clients: u64,
}

impl Operation for Tried {
    type Answer = Decision;

    fn perform(&mut self, nth: u64) -> Result<Decision, Failure> {
        let number = nth % self.clients;
        let client = client(None, address(number), "perflab");
        let email = format!("perf_test_user_{number}@example.com");
        Ok(self.limiter.attempt(self.attempt, &client, Some(&email), now_us()))
    }

    fn fields(&self, _: u64, decision: &Decision) -> Fields {
        decision_fields(decision, RateTier::Anonymous)
    }

    fn input(&self, nth: u64) -> String {
        format!("client {}, {}", address(nth % self.clients), self.attempt.text())
    }
}

/// Somebody who asks as often as they may, by a clock of their own that runs as fast as the machine does.
struct Legitimate {
    limiter: Limiter,
    tier: RateTier,
    per_minute: u64,
    begun_us: i64,
}

impl Legitimate {
    fn asked_us(&self, nth: u64) -> i64 {
        let step = i64::try_from(60_000_000_u64.div_ceil(self.per_minute)).unwrap_or(i64::MAX);
        self.begun_us.saturating_add(i64::try_from(nth).unwrap_or(i64::MAX).saturating_mul(step))
    }
}

impl Operation for Legitimate {
    type Answer = Decision;

    fn perform(&mut self, nth: u64) -> Result<Decision, Failure> {
        Ok(self.limiter.check("legitimate", burst(self.tier), self.asked_us(nth)))
    }

    fn fields(&self, _: u64, decision: &Decision) -> Fields {
        let mut fields = decision_fields(decision, self.tier);
        fields.push(("blocked", json!(u8::from(!decision.allowed))));
        fields
    }

    fn input(&self, nth: u64) -> String {
        format!("request {nth} of a {} caller, {} a minute", self.tier.text(), self.per_minute)
    }
}

/// Whether what protects the service is there.
struct Health {
    store: Box<dyn Store>,
    place: &'static str,
}

/// How much is kept.
struct Status {
    entries: u64,
    is_answering: bool,
}

impl Operation for Health {
    type Answer = Status;

    fn perform(&mut self, _: u64) -> Result<Status, Failure> {
        let now = now_us();
        let failed = |error: crate::security::store::StoreError| Failure {
            code: "store.failed",
            message: error.to_string().into(),
        };
        self.store.put("health", "1", Duration::from_secs(60), now).map_err(failed)?;
        let is_answering = self.store.get("health", now).map_err(failed)?.is_some();
        Ok(Status { entries: self.store.entries().map_err(failed)?, is_answering })
    }

    fn fields(&self, _: u64, status: &Status) -> Fields {
        let word = if status.is_answering { "healthy" } else { "degraded" };
        vec![("status", json!(word)), ("store", json!(self.place)), ("entries", json!(status.entries))]
    }

    fn input(&self, _: u64) -> String {
        self.place.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("perf_test_user_50@example.com", true)]
    #[case("no-at.example.com", false)]
    #[case("a@b", false)]
    #[case("a b@example.com", false)]
    fn addresses_are_judged_by_their_form(#[case] text: &str, #[case] shaped: bool) {
        assert_eq!(is_email(text), shaped);
    }
}

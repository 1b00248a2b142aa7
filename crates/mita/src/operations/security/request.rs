//! One request, without protection and with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::super::auth::{subject, tokens};
use super::super::parameters::Parameters;
use super::super::{AtHand, Failure, Fields, NotReady, Operation, Ready, Receiver, now_us};
use super::{address, limit, stores};
use crate::auth::{Demand, TokenKind, Tokens, Version};
use crate::security::audit::{AuditLog, Event, EventType, Sensitivity};
use crate::security::blacklist::Blacklist;
use crate::security::client::client;
use crate::security::limiter::{Decision, Fallback, Limiter};
use crate::security::limits::{Limit, RateTier, auth_paths};

/// What a request does apart from its protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
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

pub(super) const WORKS: [(&str, Work); 5] = [
    ("sleep", Work::Sleep),
    ("token", Work::Token),
    ("finance", Work::Finance),
    ("email", Work::Email),
    ("nothing", Work::Nothing),
];

/// What protects it.
pub(super) const FEATURES: [&str; 5] = ["limiter", "auth_limiter", "blacklist", "audit", "tracking"];

/// Named combinations of protection.
pub(super) fn features_of(name: &str) -> Option<&'static [&'static str]> {
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

pub(super) fn request<R: Receiver>(
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
pub(super) struct Audit {
    pub(super) log: AuditLog,
    // Dropped after the log, which writes to it until then.
    pub(super) _folder: TempDir,
}

pub(super) fn audit() -> Result<Audit, NotReady> {
    let failed = |error: std::io::Error| NotReady::new("builtin.failed", format!("no audit log can be made: {error}"));
    let folder = TempDir::with_prefix("perflab-mita-").map_err(failed)?;
    let path: PathBuf = folder.path().join("audit.jsonl");
    Ok(Audit { log: AuditLog::to_file(&path).map_err(failed)?, _folder: folder })
}

/// One request with its protection.
pub(super) struct Request {
    pub(super) work: Work,
    pub(super) sleep: Duration,
    pub(super) tokens: Arc<Tokens>,
    pub(super) token: String,
    pub(super) limiter: Option<Limiter>,
    pub(super) limit: Limit,
    pub(super) clients: u64,
    pub(super) blacklist: Option<Blacklist>,
    pub(super) looks_up: bool,
    pub(super) tracks: bool,
    pub(super) audit: Option<Audit>,
}

/// What came of it.
pub(super) struct Handled {
    pub(super) limited: Option<Decision>,
    pub(super) is_revoked: bool,
    pub(super) is_done: bool,
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
        let counts = self.audit.as_ref().map(|audit| audit.log.counts()).unwrap_or_default();
        vec![
            ("done", json!(handled.is_done)),
            ("revoked", json!(handled.is_revoked)),
            ("allowed", json!(handled.limited.is_none_or(|decision| decision.allowed))),
            ("audit_failed", json!(counts.failed)),
            ("audit_dropped", json!(counts.dropped)),
        ]
    }

    fn input(&self, nth: u64) -> String {
        format!("client {}, {:?}", self.client(nth), self.work)
    }

    fn is_local(&self) -> bool {
        self.audit.is_none()
    }
}

/// Whether a text has the form of an e-mail address.
pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.split_once('.').is_some_and(|(domain, top)| !domain.is_empty() && top.len() >= 2)
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._%+-@".contains(&byte))
    })
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

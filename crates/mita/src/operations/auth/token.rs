//! Tokens: made, and checked in every way.

use std::sync::Arc;

use serde_json::json;

use super::super::{AtHand, Failure, Fields, NotReady, Operation, Ready, Receiver, now_us};
use super::account::cleaning;
use super::{SCOPES, now_s, unsigned};
use crate::auth::{Claims, Demand, Subject, TokenError, TokenKind, Tokens, Version};
use crate::ledger::{Fixture, Seed, Session};
use crate::lru::Lru;
use crate::security::blacklist::Blacklist;

/// What a token that was just made is worth.
pub(super) fn token_fields(checked: Result<Claims, TokenError>) -> Fields {
    match checked {
        Ok(claims) => vec![
            ("token", json!("valid")),
            ("user_id", json!(claims.user_id)),
            ("token_type", json!(claims.token_type)),
            ("scopes", json!(claims.scope.split(' ').count())),
            ("seconds", json!(claims.exp - claims.iat)),
        ],
        Err(error) => vec![("token", json!(error.to_string()))],
    }
}

/// A new token.
pub(super) struct Issue {
    pub(super) tokens: Arc<Tokens>,
    pub(super) subject: Subject,
    pub(super) kind: TokenKind,
}

impl Operation for Issue {
    type Answer = String;

    fn perform(&mut self, _: u64) -> Result<String, Failure> {
        Ok(self.tokens.issue(&self.subject, self.kind, now_s())?)
    }

    fn fields(&self, _: u64, token: &String) -> Fields {
        token_fields(self.tokens.verify(token, self.kind))
    }

    fn input(&self, _: u64) -> String {
        format!("user {}, {:?} token", self.subject.user_id, self.kind)
    }
}

/// Whether a token holds: every check, the blacklist included; where answers are kept, the signature is checked once and
/// the blacklist still always.
pub(super) struct Validate {
    pub(super) tokens: Arc<Tokens>,
    pub(super) kind: TokenKind,
    pub(super) token: String,
    pub(super) blacklist: Blacklist,
    pub(super) cache: Option<Lru<String, Claims>>,
}

impl Operation for Validate {
    type Answer = Claims;

    fn perform(&mut self, _: u64) -> Result<Claims, Failure> {
        let now_us = now_us();
        let now_s = now_us.div_euclid(1_000_000);
        let blacklist = &mut self.blacklist;
        if let Some(claims) = self.cache.as_mut().and_then(|cache| cache.get(&self.token)) {
            return if claims.exp <= now_s {
                Err(TokenError::Expired.into())
            } else if blacklist.is_revoked(&claims.jti, now_us) {
                Err(TokenError::Revoked.into())
            } else {
                Ok(claims.clone())
            };
        }
        let scopes: &[&str] = if self.kind == TokenKind::Access { &SCOPES } else { &["refresh:token"] };
        let demand = Demand { kind: self.kind, scopes, version: Version::Unasked, now_s };
        let claims = self.tokens.check(&self.token, demand, |jti| blacklist.is_revoked(jti, now_us))?;
        if let Some(cache) = &mut self.cache {
            cache.put(self.token.clone(), claims.clone());
        }
        Ok(claims)
    }

    fn fields(&self, _: u64, claims: &Claims) -> Fields {
        token_fields(Ok(claims.clone()))
    }

    fn input(&self, _: u64) -> String {
        format!("a token of {} characters", self.token.len())
    }
}

pub(super) fn validate_with_version<R: Receiver>(
    always: bool,
    kind: TokenKind,
    subject: Subject,
    tokens: Arc<Tokens>,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    if let Some(refusal) = at_hand.refusal() {
        return Err(refusal);
    }
    let seed = Seed { number: 1, users: 100, transactions: 0, days: 1, password_hash: String::new() };
    let (fixture, clean_up) = cleaning(Fixture::open(at_hand.database.as_ref(), &seed, true)?);
    let user_id = fixture.generated().users.first().map_or(1, |(id, _)| *id);
    let token = tokens.issue(&Subject { user_id, ..subject }, kind, now_s()).map_err(unsigned)?;
    let ready = Ready::of(move |_| {
        let session = fixture.session()?;
        Ok(ValidateVersion { tokens: Arc::clone(&tokens), kind, token: token.clone(), session, always })
    });
    receiver.take(Ready { clean_up: Some(clean_up), ..ready })
}

/// Whether a token holds and is of the version that its user has now.
pub(super) struct ValidateVersion {
    pub(super) tokens: Arc<Tokens>,
    pub(super) kind: TokenKind,
    pub(super) token: String,
    pub(super) session: Session,
    pub(super) always: bool,
}

impl Operation for ValidateVersion {
    type Answer = Claims;

    fn perform(&mut self, _: u64) -> Result<Claims, Failure> {
        let mut failed = None;
        let session = &mut self.session;
        let mut version_of = |user_id| {
            session.token_version(user_id).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        };
        let version = if self.always { Version::AtHand(&mut version_of) } else { Version::ToBeOpened(&mut version_of) };
        let demand = Demand { kind: self.kind, scopes: &[], version, now_s: now_s() };
        let checked = self.tokens.check(&self.token, demand, |_| false);
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(checked?),
        }
    }

    fn fields(&self, _: u64, claims: &Claims) -> Fields {
        token_fields(Ok(claims.clone()))
    }

    fn input(&self, _: u64) -> String {
        format!("a token of {} characters", self.token.len())
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Two tokens made and two checked; where they are kept, memory grows with each round.
pub(super) struct TokenRound {
    pub(super) tokens: Arc<Tokens>,
    pub(super) subject: Subject,
    pub(super) kept: Option<Vec<(String, Claims)>>,
}

impl Operation for TokenRound {
    type Answer = u64;

    fn perform(&mut self, _: u64) -> Result<u64, Failure> {
        let mut valid = 0;
        for kind in [TokenKind::Access, TokenKind::Refresh] {
            let token = self.tokens.issue(&self.subject, kind, now_s())?;
            let claims = self.tokens.verify(&token, kind)?;
            valid += 1;
            if let Some(kept) = &mut self.kept {
                kept.push((token, claims));
            }
        }
        Ok(valid)
    }

    fn fields(&self, _: u64, valid: &u64) -> Fields {
        vec![("valid", json!(valid)), ("kept", json!(self.kept.as_ref().map_or(0, Vec::len)))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {}", self.subject.user_id)
    }
}

//! Tokens that are refused: looked up, tracked, ended all at once.

use serde_json::json;
use uuid::Uuid;

use super::super::parameters::Parameters;
use super::super::security::stores;
use super::super::{AtHand, Failure, Fields, NotReady, Operation, Ready, Receiver, now_us};
use super::now_s;
use crate::auth::TokenKind;
use crate::security::blacklist::{Blacklist, Reason};

pub(super) fn blacklist<R: Receiver>(
    name: &str,
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    let (kept, clean_up) = stores(at_hand)?;
    let jti = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    if name == "auth.track" {
        let ready = Ready::of(move |_| Ok(Track { blacklist: Blacklist::new(kept.handle()?) }));
        return receiver.take(Ready { clean_up: Some(clean_up), ..ready });
    }
    if name == "auth.revoke_all" {
        let in_use = parameters.whole("tokens", 10, 1..=10_000)?;
        let ready = Ready::of(move |thread| {
            Ok(RevokeAll { blacklist: Blacklist::new(kept.handle()?), in_use, user_id: i64::from(thread) << 32 })
        });
        return receiver.take(Ready { clean_up: Some(clean_up), ..ready });
    }
    if parameters.flag("revoked", false)? {
        let word = parameters.text("reason", Reason::UserLogout.text())?;
        let reason = Reason::from_word(&word)
            .ok_or_else(|| NotReady::new("builtin.parameter", format!("`{word}` is no reason to revoke a token")))?;
        Blacklist::new(kept.handle()?)
            .revoke(&jti.to_string(), Some(now_s() + TokenKind::Access.life_s()), reason, now_us())
            .map_err(|error| NotReady::new("builtin.redis", error.to_string()))?;
    }
    let ready = Ready::of(move |_| Ok(Revoked { blacklist: Blacklist::new(kept.handle()?), jti }));
    receiver.take(Ready { clean_up: Some(clean_up), ..ready })
}

/// Whether a token is on the blacklist.
pub(super) struct Revoked {
    pub(super) blacklist: Blacklist,
    pub(super) jti: Uuid,
}

impl Operation for Revoked {
    type Answer = bool;

    fn perform(&mut self, _: u64) -> Result<bool, Failure> {
        let unanswered = self.blacklist.unanswered();
        let is_revoked = self.blacklist.is_revoked(&self.jti, now_us());
        // The service lets such a token pass; a time without an answer would not be a time of the lookup.
        if self.blacklist.unanswered() > unanswered {
            return Err(Failure { code: "store.failed", message: "the store did not answer".into() });
        }
        Ok(is_revoked)
    }

    fn fields(&self, _: u64, is_revoked: &bool) -> Fields {
        vec![("revoked", json!(is_revoked))]
    }

    fn input(&self, _: u64) -> String {
        format!("token {}", self.jti)
    }
}

/// Notes that a token is in use.
pub(super) struct Track {
    pub(super) blacklist: Blacklist,
}

/// Tokens that a user has in use at most, users that have any.
pub(super) const TRACKED: u64 = 10;

impl Operation for Track {
    type Answer = u64;

    fn perform(&mut self, nth: u64) -> Result<u64, Failure> {
        let jti = uuid::Builder::from_random_bytes(u128::from(nth % TRACKED).to_be_bytes()).into_uuid();
        let user_id = i64::try_from(nth / TRACKED % 100).unwrap_or(0);
        self.blacklist
            .track(user_id, &jti, now_us())
            .map_err(|error| Failure { code: "store.failed", message: error.to_string().into() })
    }

    fn fields(&self, _: u64, in_use: &u64) -> Fields {
        vec![("in_use", json!(in_use))]
    }

    fn input(&self, nth: u64) -> String {
        format!("user {}", nth / TRACKED % 100)
    }
}

/// All tokens of a user that are in use are ended, another user's each time.
pub(super) struct RevokeAll {
    pub(super) blacklist: Blacklist,
    pub(super) in_use: u64,
    pub(super) user_id: i64,
}

/// How many were ended, and whether the last of them is refused.
pub(super) struct Ended {
    pub(super) count: u64,
    pub(super) is_refused: bool,
}

impl Operation for RevokeAll {
    type Answer = Ended;

    fn perform(&mut self, _: u64) -> Result<Ended, Failure> {
        let now_us = now_us();
        self.user_id += 1;
        let failed = |error: crate::security::store::StoreError| Failure {
            code: "store.failed",
            message: error.to_string().into(),
        };
        let mut last = Uuid::nil();
        for _ in 0..self.in_use {
            last = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
            self.blacklist.track(self.user_id, &last, now_us).map_err(failed)?;
        }
        let count = self.blacklist.revoke_user(self.user_id, Reason::SecurityIncident, now_us).map_err(failed)?;
        Ok(Ended { count, is_refused: self.blacklist.is_revoked(&last, now_us) })
    }

    fn fields(&self, _: u64, ended: &Ended) -> Fields {
        vec![("ended", json!(ended.count)), ("refused", json!(ended.is_refused))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} with {} tokens", self.user_id, self.in_use)
    }
}

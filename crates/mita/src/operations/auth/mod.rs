//! Passwords, tokens, logging in and registering.

mod account;
mod password;
mod revocation;
mod token;

use std::collections::HashMap;
use std::sync::Arc;

pub(super) use self::account::cleaning;
use self::account::{login, register};
use self::password::{Hash, Verify};
use self::revocation::blacklist;
use self::token::{Issue, TokenRound, Validate, validate_with_version};
use super::parameters::Parameters;
use super::security::stores;
use super::{AtHand, Failure, NotReady, Ready, Receiver, now_us, unlisted};
use crate::auth::{Subject, TokenError, TokenKind, Tokens};
use crate::ledger::LedgerError;
use crate::lru::Lru;
use crate::security::blacklist::Blacklist;

/// The password of the original suite, with what registration asks for.
const PASSWORD: &str = "Testpassword123!";
/// What a token must allow.
const SCOPES: [&str; 1] = ["read:budget"];

/// The kinds of tokens.
const KINDS: [&str; 2] = ["access", "refresh"];

fn kind(parameters: &Parameters) -> Result<TokenKind, NotReady> {
    Ok(if parameters.one_of("kind", &KINDS)? == "refresh" { TokenKind::Refresh } else { TokenKind::Access })
}

fn cost(parameters: &Parameters) -> Result<u32, NotReady> {
    // More than 16 is a minute a password.
    Ok(u32::try_from(parameters.whole("cost", 12, 4..=16)?).unwrap_or(12))
}

/// With the key of this process, or one of the case's own.
pub(super) fn tokens(at_hand: &AtHand) -> Arc<Tokens> {
    let tokens = Tokens::new(at_hand.jwt_secret.as_ref(), HashMap::new());
    Arc::new(match &at_hand.jwt_previous {
        Some(previous) => tokens.with_previous(previous),
        None => tokens,
    })
}

/// Somebody whose token is made.
pub(super) fn subject(parameters: &Parameters) -> Result<Subject, NotReady> {
    Ok(Subject {
        user_id: 50,
        role: parameters.one_of("role", &["user", "admin"])?.to_owned(),
        is_premium: parameters.flag("premium", false)?,
        country: "US".to_owned(),
        token_version_id: 1,
    })
}

fn now_s() -> i64 {
    now_us().div_euclid(1_000_000)
}

pub(super) fn prepare<R: Receiver>(
    name: &str,
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
    match name {
        "auth.hash" => {
            let (cost, password) = (cost(parameters)?, parameters.text("password", PASSWORD)?);
            receiver.take(Ready::of(move |_| Ok(Hash { cost, password: password.clone() })))
        }
        "auth.verify" => {
            let (cost, password) = (cost(parameters)?, parameters.text("password", PASSWORD)?);
            let hash = hashed(&password, cost)?;
            let given = if parameters.flag("right", true)? { password } else { format!("{password}x") };
            receiver.take(Ready::of(move |_| Ok(Verify { cost, hash: hash.clone(), given: given.clone() })))
        }
        "auth.issue" => {
            let (kind, subject, tokens) = (kind(parameters)?, subject(parameters)?, tokens(at_hand));
            receiver.take(Ready::of(move |_| Ok(Issue { tokens: Arc::clone(&tokens), subject: subject.clone(), kind })))
        }
        "auth.validate" => {
            let (kind, subject, tokens) = (kind(parameters)?, subject(parameters)?, tokens(at_hand));
            let is_cached = parameters.flag("cache", false)?;
            let version = parameters.one_of("version", &["unasked", "when_old", "always"])?;
            if version != "unasked" {
                return validate_with_version(version == "always", kind, subject, tokens, at_hand, receiver);
            }
            let token = tokens.issue(&subject, kind, now_s()).map_err(unsigned)?;
            let (kept, clean_up) = stores(at_hand)?;
            let ready = Ready::of(move |_| {
                Ok(Validate {
                    tokens: Arc::clone(&tokens),
                    kind,
                    token: token.clone(),
                    blacklist: Blacklist::new(kept.handle()?),
                    cache: is_cached.then(|| Lru::new(1000)),
                })
            });
            receiver.take(Ready { clean_up: Some(clean_up), ..ready })
        }
        "auth.revoked" | "auth.track" | "auth.revoke_all" => blacklist(name, parameters, at_hand, receiver),
        "auth.token_round" => {
            let (tokens, subject) = (tokens(at_hand), subject(parameters)?);
            let keep = parameters.flag("keep", true)?;
            receiver.take(Ready::of(move |_| {
                Ok(TokenRound { tokens: Arc::clone(&tokens), subject: subject.clone(), kept: keep.then(Vec::new) })
            }))
        }
        "auth.login" => login(parameters, at_hand, receiver),
        "auth.register" => register(parameters, at_hand, receiver),
        _ => Err(unlisted(name)),
    }
}

fn hashed(password: &str, cost: u32) -> Result<String, NotReady> {
    bcrypt::hash(password, cost).map_err(|error| NotReady::new("builtin.failed", error.to_string()))
}

fn unsigned(error: jsonwebtoken::errors::Error) -> NotReady {
    NotReady::new("builtin.failed", format!("no token can be signed: {error}"))
}

impl From<bcrypt::BcryptError> for Failure {
    fn from(error: bcrypt::BcryptError) -> Self {
        Self { code: "auth.hash", message: error.to_string().into() }
    }
}

impl From<jsonwebtoken::errors::Error> for Failure {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self { code: "auth.sign", message: error.to_string().into() }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self { code: "auth.token", message: error.to_string().into() }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self { code: "db.failed", message: error.to_string().into() }
    }
}

impl From<LedgerError> for NotReady {
    fn from(error: LedgerError) -> Self {
        let message = match &error {
            LedgerError::Address => format!("{error} (variable DATABASE_URL)"),
            other => format!("the database for this case (DATABASE_URL, else a temporary SQLite file): {other}"),
        };
        Self::new("builtin.database", message)
    }
}

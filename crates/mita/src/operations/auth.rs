//! Passwords, tokens, logging in and registering.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::parameters::Parameters;
use super::security::stores;
use super::{AtHand, CleanUp, Failure, Fields, NotReady, Operation, Ready, Receiver, now_us, unlisted};
use crate::auth::{Claims, Demand, Subject, TokenError, TokenKind, Tokens, Version, check_password};
use crate::ledger::{Fixture, LedgerError, Seed, Session, email};
use crate::lru::Lru;
use crate::security::blacklist::{Blacklist, Reason};

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

/// The hash of a password.
struct Hash {
    cost: u32,
    password: String,
}

impl Operation for Hash {
    type Answer = String;

    fn perform(&mut self, _: u64) -> Result<String, Failure> {
        Ok(bcrypt::hash(&self.password, self.cost)?)
    }

    fn fields(&self, _: u64, hash: &String) -> Fields {
        // Comparing would cost as much again, for every answer: the form tells enough, `auth.verify` does the rest.
        let cost: Option<u32> = hash.split('$').nth(2).and_then(|cost| cost.parse().ok());
        let is_shaped = hash.len() == 60 && hash.starts_with("$2");
        vec![("cost", json!(cost)), ("hash", json!(if is_shaped { "valid" } else { "malformed" }))]
    }

    fn input(&self, _: u64) -> String {
        format!("a password of {} characters at cost {}", self.password.chars().count(), self.cost)
    }
}

/// Whether a password matches.
struct Verify {
    cost: u32,
    hash: String,
    given: String,
}

impl Operation for Verify {
    type Answer = bool;

    fn perform(&mut self, _: u64) -> Result<bool, Failure> {
        Ok(bcrypt::verify(&self.given, &self.hash)?)
    }

    fn fields(&self, _: u64, matches: &bool) -> Fields {
        vec![("matches", json!(matches))]
    }

    fn input(&self, _: u64) -> String {
        format!("a password of {} characters at cost {}", self.given.chars().count(), self.cost)
    }
}

/// What a token that was just made is worth.
fn token_fields(checked: Result<Claims, TokenError>) -> Fields {
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
struct Issue {
    tokens: Arc<Tokens>,
    subject: Subject,
    kind: TokenKind,
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
struct Validate {
    tokens: Arc<Tokens>,
    kind: TokenKind,
    token: String,
    blacklist: Blacklist,
    cache: Option<Lru<String, Claims>>,
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

fn validate_with_version<R: Receiver>(
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
struct ValidateVersion {
    tokens: Arc<Tokens>,
    kind: TokenKind,
    token: String,
    session: Session,
    always: bool,
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

fn blacklist<R: Receiver>(
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
struct Revoked {
    blacklist: Blacklist,
    jti: Uuid,
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
struct Track {
    blacklist: Blacklist,
}

/// Tokens that a user has in use at most, users that have any.
const TRACKED: u64 = 10;

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
struct RevokeAll {
    blacklist: Blacklist,
    in_use: u64,
    user_id: i64,
}

/// How many were ended, and whether the last of them is refused.
struct Ended {
    count: u64,
    is_refused: bool,
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

/// Two tokens made and two checked; where they are kept, memory grows with each round.
struct TokenRound {
    tokens: Arc<Tokens>,
    subject: Subject,
    kept: Option<Vec<(String, Claims)>>,
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

/// Removes a fixture when the case is over.
pub(super) fn cleaning(fixture: Fixture) -> (Arc<Fixture>, CleanUp) {
    let fixture = Arc::new(fixture);
    let last = Arc::clone(&fixture);
    let clean_up: CleanUp = Box::new(move || match Arc::try_unwrap(last) {
        Ok(fixture) => fixture.finish().map_err(|error| error.to_string()),
        Err(_) => Err("test data is still in use, and removed only when the run ends".to_owned()),
    });
    (fixture, clean_up)
}

fn users(parameters: &Parameters, password: &str, cost: u32) -> Result<Seed, NotReady> {
    Ok(Seed {
        number: parameters.whole("seed", 1, 0..=u64::MAX)?,
        users: u32::try_from(parameters.whole("users", 20, 1..=10_000)?).unwrap_or(1),
        transactions: 0,
        days: 1,
        // One hash for all: a login computes it anew either way, and making one for each would take minutes.
        password_hash: hashed(password, cost)?,
    })
}

fn login<R: Receiver>(parameters: &Parameters, at_hand: &AtHand, receiver: R) -> Result<R::Taken, NotReady> {
    let (cost, password) = (cost(parameters)?, parameters.text("password", PASSWORD)?);
    let seed = users(parameters, &password, cost)?;
    if let Some(refusal) = at_hand.refusal() {
        return Err(refusal);
    }
    let (fixture, clean_up) = cleaning(Fixture::open(at_hand.database.as_ref(), &seed, true)?);
    let tokens = tokens(at_hand);
    let given = if parameters.flag("right", true)? { password } else { format!("{password}x") };
    let ready = Ready::of(move |_| {
        Ok(Login { session: fixture.session()?, tokens: Arc::clone(&tokens), users: seed.users, given: given.clone() })
    });
    receiver.take(Ready { clean_up: Some(clean_up), ..ready })
}

/// Both tokens of somebody who has logged in.
struct Pair {
    user_id: i64,
    access: String,
    refresh: String,
}

fn pair(tokens: &Tokens, subject: &Subject) -> Result<Pair, Failure> {
    let now_s = now_s();
    Ok(Pair {
        user_id: subject.user_id,
        access: tokens.issue(subject, TokenKind::Access, now_s)?,
        refresh: tokens.issue(subject, TokenKind::Refresh, now_s)?,
    })
}

fn pair_fields(tokens: &Tokens, pair: &Pair) -> Fields {
    let access = tokens.verify(&pair.access, TokenKind::Access);
    let refresh = tokens.verify(&pair.refresh, TokenKind::Refresh);
    let word = |is_valid: bool| json!(if is_valid { "valid" } else { "invalid" });
    let is_theirs = access.as_ref().is_ok_and(|claims| claims.user_id == pair.user_id);
    vec![("token", word(access.is_ok() && is_theirs)), ("refresh_token", word(refresh.is_ok()))]
}

/// Looks a user up, compares the password, makes both tokens.
struct Login {
    session: Session,
    tokens: Arc<Tokens>,
    users: u32,
    given: String,
}

impl Login {
    fn email(&self, nth: u64) -> String {
        email(u32::try_from(nth % u64::from(self.users)).unwrap_or(0))
    }
}

impl Operation for Login {
    type Answer = Pair;

    fn perform(&mut self, nth: u64) -> Result<Pair, Failure> {
        let email = self.email(nth);
        let refused = |message: &str| Failure { code: "auth.login", message: message.into() };
        let known = self.session.lookup(&email, true)?.ok_or_else(|| refused("e-mail or password is wrong"))?;
        if known.locked_until_s > now_s() {
            return Err(refused("the account is locked after five bad passwords"));
        }
        if !bcrypt::verify(&self.given, &known.password_hash)? {
            self.session.count_bad_login(known.subject.user_id, now_s())?;
            return Err(refused("e-mail or password is wrong"));
        }
        if known.bad_logins > 0 {
            self.session.forget_bad_logins(known.subject.user_id)?;
        }
        pair(&self.tokens, &known.subject)
    }

    fn fields(&self, _: u64, made: &Pair) -> Fields {
        pair_fields(&self.tokens, made)
    }

    fn input(&self, nth: u64) -> String {
        self.email(nth)
    }

    fn is_local(&self) -> bool {
        false
    }
}

fn register<R: Receiver>(parameters: &Parameters, at_hand: &AtHand, receiver: R) -> Result<R::Taken, NotReady> {
    let (cost, password) = (cost(parameters)?, parameters.text("password", PASSWORD)?);
    check_password(&password).map_err(|error| NotReady::new("builtin.parameter", error.to_string()))?;
    let seed = Seed { number: 1, users: 1, transactions: 0, days: 1, password_hash: String::new() };
    if let Some(refusal) = at_hand.refusal() {
        return Err(refusal);
    }
    let (fixture, clean_up) = cleaning(Fixture::open(at_hand.database.as_ref(), &seed, true)?);
    let tokens = tokens(at_hand);
    let ready = Ready::of(move |thread| {
        Ok(Register {
            session: fixture.session()?,
            tokens: Arc::clone(&tokens),
            cost,
            password: password.clone(),
            thread,
            registered: 0,
        })
    });
    receiver.take(Ready { clean_up: Some(clean_up), ..ready })
}

/// Checks a new password, hashes it, keeps the user, makes both tokens.
struct Register {
    session: Session,
    tokens: Arc<Tokens>,
    cost: u32,
    password: String,
    thread: u32,
    /// Counted here and not by the number of the operation: nobody can register twice.
    registered: u64,
}

impl Register {
    fn email(&self) -> String {
        format!("perf_test_user_new_{}_{}@example.com", self.thread, self.registered)
    }
}

impl Operation for Register {
    type Answer = Pair;

    fn perform(&mut self, _: u64) -> Result<Pair, Failure> {
        let refused = |message: String| Failure { code: "auth.register", message: message.into() };
        check_password(&self.password).map_err(|error| refused(error.to_string()))?;
        let hash = bcrypt::hash(&self.password, self.cost)?;
        self.registered += 1;
        let email = self.email();
        let created_at = jiff::Timestamp::now().to_string();
        let id = self.session.register(&email, &hash, "US-CA", 6_000_000, &created_at)?;
        let user_id = id.ok_or_else(|| refused("this e-mail is registered already".to_owned()))?;
        let subject = Subject {
            user_id,
            role: "user".to_owned(),
            is_premium: false,
            country: "US".to_owned(),
            token_version_id: 1,
        };
        pair(&self.tokens, &subject)
    }

    fn fields(&self, _: u64, made: &Pair) -> Fields {
        pair_fields(&self.tokens, made)
    }

    fn input(&self, _: u64) -> String {
        format!("{} at cost {}", self.email(), self.cost)
    }

    fn is_local(&self) -> bool {
        false
    }
}

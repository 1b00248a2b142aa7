//! Logging in and registering, on users in a database.

use std::sync::Arc;

use serde_json::json;

use super::super::parameters::Parameters;
use super::super::{AtHand, CleanUp, Failure, Fields, NotReady, Operation, Ready, Receiver};
use super::{PASSWORD, cost, hashed, now_s, tokens};
use crate::auth::{Subject, TokenKind, Tokens, check_password};
use crate::ledger::{Fixture, Seed, Session, email};

/// Removes a fixture when the case is over.
pub(in crate::operations) fn cleaning(fixture: Fixture) -> (Arc<Fixture>, CleanUp) {
    let fixture = Arc::new(fixture);
    let last = Arc::clone(&fixture);
    let clean_up: CleanUp = Box::new(move || match Arc::try_unwrap(last) {
        Ok(fixture) => fixture.finish().map_err(|error| error.to_string()),
        Err(_) => Err("test data is still in use, and removed only when the run ends".to_owned()),
    });
    (fixture, clean_up)
}

pub(super) fn users(parameters: &Parameters, password: &str, cost: u32) -> Result<Seed, NotReady> {
    Ok(Seed {
        number: parameters.whole("seed", 1, 0..=u64::MAX)?,
        users: u32::try_from(parameters.whole("users", 20, 1..=10_000)?).unwrap_or(1),
        transactions: 0,
        days: 1,
        // One hash for all: a login computes it anew either way, and making one for each would take minutes.
        password_hash: hashed(password, cost)?,
    })
}

pub(super) fn login<R: Receiver>(parameters: &Parameters, at_hand: &AtHand, receiver: R) -> Result<R::Taken, NotReady> {
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
pub(super) struct Pair {
    pub(super) user_id: i64,
    pub(super) access: String,
    pub(super) refresh: String,
}

pub(super) fn pair(tokens: &Tokens, subject: &Subject) -> Result<Pair, Failure> {
    let now_s = now_s();
    Ok(Pair {
        user_id: subject.user_id,
        access: tokens.issue(subject, TokenKind::Access, now_s)?,
        refresh: tokens.issue(subject, TokenKind::Refresh, now_s)?,
    })
}

pub(super) fn pair_fields(tokens: &Tokens, pair: &Pair) -> Fields {
    let access = tokens.verify(&pair.access, TokenKind::Access);
    let refresh = tokens.verify(&pair.refresh, TokenKind::Refresh);
    let word = |is_valid: bool| json!(if is_valid { "valid" } else { "invalid" });
    let is_theirs = access.as_ref().is_ok_and(|claims| claims.user_id == pair.user_id);
    vec![("token", word(access.is_ok() && is_theirs)), ("refresh_token", word(refresh.is_ok()))]
}

/// Looks a user up, compares the password, makes both tokens.
pub(super) struct Login {
    pub(super) session: Session,
    pub(super) tokens: Arc<Tokens>,
    pub(super) users: u32,
    pub(super) given: String,
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

pub(super) fn register<R: Receiver>(
    parameters: &Parameters,
    at_hand: &AtHand,
    receiver: R,
) -> Result<R::Taken, NotReady> {
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
pub(super) struct Register {
    pub(super) session: Session,
    pub(super) tokens: Arc<Tokens>,
    pub(super) cost: u32,
    pub(super) password: String,
    pub(super) thread: u32,
    /// Counted here and not by the number of the operation: nobody can register twice.
    pub(super) registered: u64,
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

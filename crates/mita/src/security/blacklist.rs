//! Tokens that are refused before they expire.
//!
//! In:  the id (`jti`) of a token, when it expires, why it is revoked. Out: whether a token is revoked.
//!
//! A revocation lives as long as its token would: one second at least, seven days at most, 24 hours where nobody could
//! read when it expires. A store that does not answer lets the token pass and is logged: a store that is down must not
//! lock everybody out.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use super::store::{Store, StoreError};

/// The longest a revocation is kept, and how long those of a whole user are.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long one is kept whose token could not be read.
const UNREADABLE: Duration = Duration::from_secs(24 * 3600);
/// How long a positive answer is believed without asking again.
const BELIEVED_US: i64 = 300_000_000;
/// How many of them.
const BELIEVED: usize = 1000;
/// Tokens of a user that are revoked at a time.
const BATCH: usize = 100;

/// Why a token is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    UserLogout,
    ExplicitRevocation,
    SecurityIncident,
    AdminRevocation,
    TokenRotation,
    SuspiciousActivity,
}

impl Reason {
    /// As it is kept.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::UserLogout => "user_logout",
            Self::ExplicitRevocation => "explicit_revocation",
            Self::SecurityIncident => "security_incident",
            Self::AdminRevocation => "admin_revocation",
            Self::TokenRotation => "token_rotation",
            Self::SuspiciousActivity => "suspicious_activity",
        }
    }

    /// Reads the word of a reason.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [
            Self::UserLogout,
            Self::ExplicitRevocation,
            Self::SecurityIncident,
            Self::AdminRevocation,
            Self::TokenRotation,
            Self::SuspiciousActivity,
        ]
        .into_iter()
        .find(|reason| reason.text() == word)
    }
}

/// Why a token could not be revoked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RevokeError {
    #[error("`{0}` is not the id of a token: it is no UUID")]
    Id(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long a revocation is kept.
pub(crate) fn life(expires_s: Option<i64>, now_us: i64) -> Duration {
    let Some(expires_s) = expires_s else { return UNREADABLE };
    let left = expires_s.saturating_sub(now_us.div_euclid(1_000_000));
    Duration::from_secs(u64::try_from(left).unwrap_or(0)).clamp(Duration::from_secs(1), LONGEST)
}

/// A handle to the blacklist, with a cache of its own.
pub(crate) struct Blacklist {
    store: Box<dyn Store>,
    /// Revoked tokens and until when that is believed. Only positive answers: a token that was fine a moment ago may have
    /// been revoked since.
    believed: HashMap<Uuid, i64>,
    order: VecDeque<Uuid>,
    /// Lookups that the store did not answer.
    unanswered: u64,
}

impl Blacklist {
    pub(crate) fn new(store: Box<dyn Store>) -> Self {
        Self { store, believed: HashMap::new(), order: VecDeque::new(), unanswered: 0 }
    }

    /// Refuses a token from now on.
    pub(crate) fn revoke(
        &mut self,
        jti: &str,
        expires_s: Option<i64>,
        reason: Reason,
        now_us: i64,
    ) -> Result<(), RevokeError> {
        let id: Uuid = jti.parse().map_err(|_| RevokeError::Id(jti.to_owned()))?;
        Ok(self.store.put(&key(&id), reason.text(), life(expires_s, now_us), now_us)?)
    }

    /// Whether a token is refused. What is no UUID was never issued, so it is not on the list either.
    pub(crate) fn is_revoked(&mut self, jti: &Uuid, now_us: i64) -> bool {
        if self.believed.get(jti).is_some_and(|until_us| *until_us > now_us) {
            return true;
        }
        match self.store.get(&key(jti), now_us) {
            Ok(Some(_)) => {
                self.believe(*jti, now_us);
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.unanswered += 1;
                tracing::warn!(error = &error as &dyn std::error::Error, "a token passes unchecked: {error}");
                false
            }
        }
    }

    /// Remembers that a token is in use, so that all tokens of its user can be revoked.
    pub(crate) fn track(&mut self, user_id: i64, jti: &Uuid, now_us: i64) -> Result<u64, StoreError> {
        self.store.add_to_set(&tokens_of(user_id), &jti.to_string(), LONGEST, now_us)
    }

    /// Revokes every token of a user that was seen; how many. The measured service reads a list of tokens that are revoked
    /// already, so that the live ones stay valid: here the ones in use are meant.
    pub(crate) fn revoke_user(&mut self, user_id: i64, reason: Reason, now_us: i64) -> Result<u64, StoreError> {
        let tokens = self.store.members(&tokens_of(user_id), now_us)?;
        for batch in tokens.chunks(BATCH) {
            for jti in batch.iter().filter_map(|jti| jti.parse::<Uuid>().ok()) {
                self.store.put(&key(&jti), reason.text(), LONGEST, now_us)?;
            }
        }
        Ok(tokens.len() as u64)
    }

    /// Lookups that the store did not answer.
    pub(crate) fn unanswered(&self) -> u64 {
        self.unanswered
    }

    fn believe(&mut self, jti: Uuid, now_us: i64) {
        if self.believed.insert(jti, now_us.saturating_add(BELIEVED_US)).is_none() {
            self.order.push_back(jti);
        }
        while self.order.len() > BELIEVED {
            if let Some(oldest) = self.order.pop_front() {
                self.believed.remove(&oldest);
            }
        }
    }
}

fn key(jti: &Uuid) -> String {
    format!("revoked:{jti}")
}

fn tokens_of(user_id: i64) -> String {
    format!("tokens:{user_id}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::security::limiter::tests::Down;
    use crate::security::store::Memory;

    const NOW_US: i64 = 1_800_000_000_000_000;

    fn id(number: u128) -> Uuid {
        uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid()
    }

    #[rstest]
    #[case::remaining_life(Some(1_800_000_060), 60)]
    #[case::expired(Some(1_700_000_000), 1)]
    #[case::far_away(Some(1_900_000_000), 7 * 24 * 3600)]
    #[case::unreadable(None, 24 * 3600)]
    fn a_revocation_lives_as_long_as_its_token_within_bounds(#[case] expires_s: Option<i64>, #[case] seconds: u64) {
        assert_eq!(life(expires_s, NOW_US), Duration::from_secs(seconds));
    }

    #[test]
    fn a_revoked_token_is_refused_until_it_would_have_expired() {
        let mut blacklist = Blacklist::new(Box::new(Memory::default()));
        let jti = id(1);
        assert!(!blacklist.is_revoked(&jti, NOW_US));
        blacklist.revoke(&jti.to_string(), Some(1_800_000_600), Reason::UserLogout, NOW_US).expect("kept");
        assert!(blacklist.is_revoked(&jti, NOW_US + 1));
        assert!(!blacklist.is_revoked(&jti, NOW_US + 601_000_000), "it has expired by itself");
    }

    #[test]
    fn a_token_id_that_is_no_uuid_is_refused_with_its_text() {
        let mut blacklist = Blacklist::new(Box::new(Memory::default()));
        let error = blacklist.revoke("not-a-uuid", None, Reason::AdminRevocation, NOW_US).expect_err("no UUID");
        assert!(error.to_string().contains("`not-a-uuid`"), "{error}");
    }

    #[test]
    fn a_negative_answer_is_never_believed_twice() {
        let store = Memory::default();
        let mut one = Blacklist::new(Box::new(store.clone()));
        let mut other = Blacklist::new(Box::new(store));
        assert!(!one.is_revoked(&id(2), NOW_US));
        other.revoke(&id(2).to_string(), None, Reason::SecurityIncident, NOW_US).expect("kept");
        assert!(one.is_revoked(&id(2), NOW_US));
    }

    #[test]
    fn a_positive_answer_is_believed_for_five_minutes_and_a_thousand_tokens() {
        let mut store = Memory::default();
        let mut blacklist = Blacklist::new(Box::new(store.clone()));
        blacklist.revoke(&id(0).to_string(), None, Reason::TokenRotation, NOW_US).expect("kept");
        assert!(blacklist.is_revoked(&id(0), NOW_US));
        store.clear().expect("in memory");
        assert!(blacklist.is_revoked(&id(0), NOW_US + 299_000_000), "believed without asking");
        assert!(!blacklist.is_revoked(&id(0), NOW_US + 300_000_000), "asked again");

        for number in 0..=1000 {
            blacklist.revoke(&id(number).to_string(), None, Reason::TokenRotation, NOW_US).expect("kept");
            assert!(blacklist.is_revoked(&id(number), NOW_US));
        }
        assert_eq!(blacklist.believed.len(), 1000);
    }

    #[test]
    fn a_store_that_is_down_lets_tokens_pass_and_counts_them() {
        let mut blacklist = Blacklist::new(Box::new(Down));
        assert!(!blacklist.is_revoked(&id(3), NOW_US));
        assert_eq!(blacklist.unanswered(), 1);
    }

    #[test]
    fn all_tokens_of_a_user_that_were_seen_are_revoked() {
        let mut blacklist = Blacklist::new(Box::new(Memory::default()));
        for number in 0..250 {
            blacklist.track(7, &id(number), NOW_US).expect("kept");
        }
        blacklist.track(8, &id(999), NOW_US).expect("kept");
        assert_eq!(blacklist.revoke_user(7, Reason::SuspiciousActivity, NOW_US).ok(), Some(250));
        assert!((0..250).all(|number| blacklist.is_revoked(&id(number), NOW_US)));
        assert!(!blacklist.is_revoked(&id(999), NOW_US));
    }
}

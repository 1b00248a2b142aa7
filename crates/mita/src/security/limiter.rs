//! Limits how often somebody may ask: a sliding window.
//!
//! In:  who asks, what limit holds, when. Out: a [`Decision`] with the headers that tell of it.
//!
//! A request that is denied stays counted, so that hammering does not help. Whoever is denied often is held to less.

use std::time::Duration;

use super::limits::{Attempt, Limit, RateTier};
use super::store::{Memory, Store, StoreError};

/// In which violations are counted.
const VIOLATIONS: Duration = Duration::from_secs(3600);
/// E-mail addresses that a client may try in an hour.
const EMAILS: u64 = 10;
/// How long a client that tried more stays flagged.
const FLAGGED: Duration = Duration::from_secs(30 * 60);

/// What a limiter does when its store does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// It counts in this process.
    #[default]
    InProcess,
    /// It denies.
    Deny,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// The limit that held, penalties included.
    pub(crate) limit: u64,
    /// How many more are allowed now.
    pub(crate) remaining: u64,
    pub(crate) window: Duration,
    /// Seconds after which it is worth asking again; 0 when it was allowed.
    pub(crate) retry_after_s: u64,
}

impl Decision {
    /// The headers of the answer; `Retry-After` beside status 429 only.
    pub(crate) fn headers(&self, tier: RateTier) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("X-RateLimit-Limit", self.limit.to_string()),
            ("X-RateLimit-Remaining", self.remaining.to_string()),
            ("X-RateLimit-Window", self.window.as_secs().to_string()),
            ("X-RateLimit-Tier", tier.text().to_owned()),
        ];
        if !self.allowed {
            headers.push(("Retry-After", self.retry_after_s.to_string()));
        }
        headers
    }

    /// 429 when it was denied.
    pub(crate) fn status(&self) -> u16 {
        if self.allowed { 200 } else { 429 }
    }
}

/// The limit of somebody with so many violations in the last hour.
pub(crate) fn with_penalty(limit: u64, violations: u64) -> u64 {
    // In tenths: 1.5, 2.5 and 4 times less.
    let divisor = match violations {
        0..3 => 10,
        3..8 => 15,
        8..15 => 25,
        _ => 40,
    };
    (limit.saturating_mul(10) / divisor).max(1)
}

/// A handle to the limiter.
pub(crate) struct Limiter {
    store: Box<dyn Store>,
    local: Memory,
    fallback: Fallback,
    /// Requests that the store did not answer.
    unanswered: u64,
}

impl Limiter {
    pub(crate) fn new(store: Box<dyn Store>, fallback: Fallback) -> Self {
        Self { store, local: Memory::default(), fallback, unanswered: 0 }
    }

    /// Whether a request of a client passes.
    pub(crate) fn check(&mut self, client: &str, limit: Limit, now_us: i64) -> Decision {
        match check(self.store.as_mut(), client, limit, now_us) {
            Ok(decision) => decision,
            Err(error) => {
                self.unanswered += 1;
                tracing::warn!(error = &error as &dyn std::error::Error, "a limit is kept without its store: {error}");
                let kept = match self.fallback {
                    Fallback::InProcess => check(&mut self.local, client, limit, now_us).ok(),
                    Fallback::Deny => None,
                };
                kept.unwrap_or(Decision {
                    allowed: false,
                    limit: limit.requests,
                    remaining: 0,
                    window: limit.window,
                    retry_after_s: limit.window.as_secs(),
                })
            }
        }
    }

    /// Whether a request of somebody who is logged in passes: their own window is twice as wide as that of a client, which
    /// several people behind one address share.
    pub(crate) fn check_user(&mut self, user_id: i64, limit: Limit, now_us: i64) -> Decision {
        let doubled = Limit { requests: limit.requests.saturating_mul(2), ..limit };
        self.check(&format!("user:{user_id}"), doubled, now_us)
    }

    /// Whether somebody may try to log in, register and so on: by client, and by e-mail with half the limit.
    pub(crate) fn attempt(&mut self, attempt: Attempt, client: &str, email: Option<&str>, now_us: i64) -> Decision {
        let limit = attempt.limit();
        let kind = attempt.text();
        if self.is_flagged(client, now_us) {
            return Decision {
                allowed: false,
                limit: limit.requests,
                remaining: 0,
                window: limit.window,
                retry_after_s: FLAGGED.as_secs(),
            };
        }
        let by_client = self.check(&format!("{kind}:{client}"), limit, now_us);
        let Some(email) = email else { return by_client };
        if let Err(error) = self.note_email(client, email, now_us) {
            tracing::warn!(error = &error as &dyn std::error::Error, "an e-mail address is not counted: {error}");
        }
        let half = Limit { requests: (limit.requests / 2).max(1), ..limit };
        let by_email = self.check(&format!("{kind}:email:{email}"), half, now_us);
        match (by_client.allowed, by_email.allowed) {
            (true, true) if by_email.remaining < by_client.remaining => by_email,
            (true, false) => by_email,
            _ => by_client,
        }
    }

    /// Whether a client has tried so many e-mail addresses that it looks like guessing.
    pub(crate) fn is_flagged(&mut self, client: &str, now_us: i64) -> bool {
        self.store.get(&format!("flagged:{client}"), now_us).is_ok_and(|flag| flag.is_some())
    }

    fn note_email(&mut self, client: &str, email: &str, now_us: i64) -> Result<(), StoreError> {
        let hour = now_us.div_euclid(3_600_000_000);
        let tried = self.store.add_to_set(&format!("emails:{hour}:{client}"), email, VIOLATIONS, now_us)?;
        if tried > EMAILS {
            self.store.put(&format!("flagged:{client}"), "1", FLAGGED, now_us)?;
        }
        Ok(())
    }

    /// Requests that the store did not answer.
    pub(crate) fn unanswered(&self) -> u64 {
        self.unanswered
    }
}

fn check(store: &mut dyn Store, client: &str, limit: Limit, now_us: i64) -> Result<Decision, StoreError> {
    let violations_key = format!("violations:{client}");
    let violations = store.count_window(&violations_key, VIOLATIONS, now_us)?;
    let requests = with_penalty(limit.requests, violations);
    let window = store.add_to_window(&format!("requests:{client}"), limit.window, now_us)?;
    let allowed = window.count <= requests;
    let retry_after_s = if allowed {
        0
    } else {
        store.add_to_window(&violations_key, VIOLATIONS, now_us)?;
        let left_us = limit.window.as_micros().saturating_sub(u128::from((now_us - window.oldest_us).unsigned_abs()));
        u64::try_from(left_us.div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
    };
    Ok(Decision {
        allowed,
        limit: requests,
        remaining: requests.saturating_sub(window.count),
        window: limit.window,
        retry_after_s,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use rstest::rstest;

    use super::*;
    use crate::security::store::Window;

    const NOW_US: i64 = 1_800_000_000_000_000;
    const SECOND: i64 = 1_000_000;

    /// A store that never answers.
    pub(crate) struct Down;

    fn down<T>() -> Result<T, StoreError> {
        Err(redis::RedisError::from((redis::ErrorKind::Io, "down")).into())
    }

    impl Store for Down {
        fn put(&mut self, _: &str, _: &str, _: Duration, _: i64) -> Result<(), StoreError> {
            down()
        }
        fn get(&mut self, _: &str, _: i64) -> Result<Option<String>, StoreError> {
            down()
        }
        fn add_to_window(&mut self, _: &str, _: Duration, _: i64) -> Result<Window, StoreError> {
            down()
        }
        fn count_window(&mut self, _: &str, _: Duration, _: i64) -> Result<u64, StoreError> {
            down()
        }
        fn add_to_set(&mut self, _: &str, _: &str, _: Duration, _: i64) -> Result<u64, StoreError> {
            down()
        }
        fn members(&mut self, _: &str, _: i64) -> Result<Vec<String>, StoreError> {
            down()
        }
        fn entries(&mut self) -> Result<u64, StoreError> {
            down()
        }
        fn clear(&mut self) -> Result<(), StoreError> {
            down()
        }
    }

    fn limiter() -> Limiter {
        Limiter::new(Box::new(Memory::default()), Fallback::InProcess)
    }

    fn limit(requests: u64, seconds: u64) -> Limit {
        Limit { requests, window: Duration::from_secs(seconds) }
    }

    #[test]
    fn the_window_slides_and_denied_requests_stay_counted() {
        let mut limiter = limiter();
        for passed in 0..3 {
            let decision = limiter.check("a", limit(3, 60), NOW_US + passed * SECOND);
            assert!(decision.allowed);
            assert_eq!(decision.remaining, 2 - passed.unsigned_abs());
        }
        let denied = limiter.check("a", limit(3, 60), NOW_US + 10 * SECOND);
        assert_eq!((denied.allowed, denied.status(), denied.retry_after_s), (false, 429, 50));
        // The first has left at 60 s; the denied one still counts, so three are there before this one.
        assert!(!limiter.check("a", limit(3, 60), NOW_US + 60 * SECOND).allowed);
        assert!(limiter.check("b", limit(3, 60), NOW_US + 60 * SECOND).allowed, "another client");
        // A minute later only what was denied at 60 s is left, and that leaves too.
        assert!(limiter.check("a", limit(3, 60), NOW_US + 121 * SECOND).allowed);
    }

    #[rstest]
    #[case(0, 100)]
    #[case(2, 100)]
    #[case(3, 66)]
    #[case(7, 66)]
    #[case(8, 40)]
    #[case(14, 40)]
    #[case(15, 25)]
    #[case(1000, 25)]
    fn violations_in_an_hour_lower_the_limit(#[case] violations: u64, #[case] expected: u64) {
        assert_eq!(with_penalty(100, violations), expected);
        assert_eq!(with_penalty(1, violations), 1, "never below one");
    }

    #[test]
    fn penalties_apply_to_whoever_was_denied_and_end_after_an_hour() {
        let mut limiter = limiter();
        let tight = limit(6, 1);
        for _ in 0..9 {
            limiter.check("a", tight, NOW_US);
        }
        assert_eq!(limiter.check("a", tight, NOW_US + 2 * SECOND).limit, 4, "three violations: 6 / 1.5");
        assert_eq!(limiter.check("a", tight, NOW_US + 3601 * SECOND).limit, 6);
    }

    #[test]
    fn a_user_gets_twice_the_limit_of_a_client() {
        let mut limiter = limiter();
        assert_eq!(limiter.check_user(7, limit(10, 60), NOW_US).limit, 20);
    }

    #[test]
    fn an_email_may_be_tried_half_as_often_as_a_client_may_try() {
        let mut limiter = limiter();
        for _ in 0..4 {
            assert!(limiter.attempt(Attempt::Login, "a", Some("x@example.com"), NOW_US).allowed);
        }
        let denied = limiter.attempt(Attempt::Login, "b", Some("x@example.com"), NOW_US);
        assert_eq!((denied.allowed, denied.limit), (false, 4), "the fifth try at one address, whoever it is");
        assert!(limiter.attempt(Attempt::Login, "b", Some("y@example.com"), NOW_US).allowed);
    }

    #[test]
    fn more_than_ten_emails_an_hour_flag_a_client_for_thirty_minutes() {
        let mut limiter = limiter();
        for number in 0..11 {
            assert!(!limiter.is_flagged("a", NOW_US));
            // Far enough apart for the limit of the client itself.
            let client_us = NOW_US + number;
            limiter.attempt(Attempt::Refresh, "a", Some(&format!("{number}@example.com")), client_us);
        }
        assert!(limiter.is_flagged("a", NOW_US + SECOND));
        assert!(!limiter.attempt(Attempt::Login, "a", None, NOW_US + SECOND).allowed);
        assert!(!limiter.is_flagged("a", NOW_US + 1801 * SECOND));
    }

    #[rstest]
    #[case(Fallback::InProcess, true)]
    #[case(Fallback::Deny, false)]
    fn without_its_store_it_counts_here_or_denies(#[case] fallback: Fallback, #[case] first_passes: bool) {
        let mut limiter = Limiter::new(Box::new(Down), fallback);
        assert_eq!(limiter.check("a", limit(1, 60), NOW_US).allowed, first_passes);
        assert!(!limiter.check("a", limit(1, 60), NOW_US).allowed);
        assert_eq!(limiter.unanswered(), 2);
    }

    #[test]
    fn headers_tell_the_limit_and_when_to_come_back() {
        let mut limiter = limiter();
        let allowed = limiter.check("a", limit(1, 60), NOW_US).headers(RateTier::Basic);
        let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Window", "X-RateLimit-Tier"]);
        assert_eq!(allowed[3].1, "basic");
        let denied = limiter.check("a", limit(1, 60), NOW_US).headers(RateTier::Basic);
        assert_eq!(denied.last(), Some(&("Retry-After", "60".to_owned())));
    }
}

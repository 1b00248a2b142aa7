//! The limiter alone: by client, by user, by attempt, and for somebody who keeps to it.

use serde_json::json;

use super::super::{Failure, Fields, Operation, now_us};
use super::address;
use crate::security::client::client;
use crate::security::limiter::{Decision, Limiter};
use crate::security::limits::{Attempt, Limit, RateTier, burst, is_exempt};

pub(super) fn decision_fields(decision: &Decision, tier: RateTier) -> Fields {
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
pub(super) struct RateLimit {
    pub(super) limiter: Limiter,
    pub(super) limit: Limit,
    pub(super) tier: RateTier,
    pub(super) path: String,
    pub(super) is_user: bool,
    pub(super) clients: u64,
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
pub(super) struct Tried {
    pub(super) limiter: Limiter,
    pub(super) attempt: Attempt,
    pub(super) clients: u64,
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
pub(super) struct Legitimate {
    pub(super) limiter: Limiter,
    pub(super) tier: RateTier,
    pub(super) per_minute: u64,
    pub(super) begun_us: i64,
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

//! Passwords: hashed, and compared with a hash.

use serde_json::json;

use super::super::{Failure, Fields, Operation};

/// The hash of a password.
pub(super) struct Hash {
    pub(super) cost: u32,
    pub(super) password: String,
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
pub(super) struct Verify {
    pub(super) cost: u32,
    pub(super) hash: String,
    pub(super) given: String,
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

//! Writing, whole visits, and many sessions at a time.

use std::collections::VecDeque;

use serde_json::json;

use super::super::{Failure, Fields, Operation};
use crate::finance::Money;
use crate::ledger::{Options, Pool, Session, days_before};

/// A transaction, committed and read back.
pub(super) struct Insert {
    pub(super) session: Session,
    pub(super) user_id: i64,
}

impl Operation for Insert {
    type Answer = i64;

    fn perform(&mut self, _: u64) -> Result<i64, Failure> {
        let (_, cents) = self.session.insert(self.user_id, "food", 2550, "test expense", &days_before(0))?;
        Ok(cents)
    }

    fn fields(&self, _: u64, cents: &i64) -> Fields {
        vec![("rows", json!(1)), ("amount", json!(Money::from_cents(*cents)))]
    }

    fn input(&self, _: u64) -> String {
        format!("25.50 for food, user {}", self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Many transactions: in one statement, or each in one of its own.
pub(super) struct InsertBatch {
    pub(super) session: Session,
    pub(super) user_id: i64,
    pub(super) batch: u64,
    pub(super) is_single: bool,
}

impl Operation for InsertBatch {
    type Answer = u64;

    fn perform(&mut self, nth: u64) -> Result<u64, Failure> {
        let cents: Vec<i64> =
            (0..self.batch).map(|number| i64::try_from((nth + number) % 10_000).unwrap_or(0) + 1).collect();
        let spent_at = days_before(0);
        if !self.is_single {
            return Ok(self.session.insert_batch(self.user_id, "food", &cents, &spent_at)?);
        }
        for cents in &cents {
            self.session.insert(self.user_id, "food", *cents, "test expense", &spent_at)?;
        }
        Ok(self.batch)
    }

    fn fields(&self, _: u64, rows: &u64) -> Fields {
        vec![("rows", json!(rows))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} transactions of user {}", self.batch, self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// A user comes by: looked up, their last twenty transactions, a new one.
pub(super) struct Visit {
    pub(super) session: Session,
    pub(super) users: Vec<(i64, String)>,
    pub(super) visits: u64,
    pub(super) since: String,
}

impl Visit {
    fn visitor(&self, number: u64) -> &(i64, String) {
        let count = self.users.len().max(1) as u64;
        &self.users[usize::try_from(number % count).unwrap_or(0)]
    }
}

impl Operation for Visit {
    type Answer = u64;

    fn perform(&mut self, nth: u64) -> Result<u64, Failure> {
        let mut right = 0;
        for number in 0..self.visits {
            let (user_id, email) = self.visitor(nth * self.visits + number).clone();
            let known = self.session.lookup(&email, true)?;
            self.session.recent(user_id)?;
            self.session.insert(user_id, "food", 2550, "test expense", &self.since)?;
            right += u64::from(known.is_some_and(|known| known.subject.user_id == user_id));
        }
        Ok(right)
    }

    fn fields(&self, _: u64, right: &u64) -> Fields {
        vec![("visits", json!(right))]
    }

    fn input(&self, nth: u64) -> String {
        self.visitor(nth * self.visits).1.clone()
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Many sessions of one trivial query at the same time: from a pool, or each with a connection of its own.
pub(super) struct Sessions {
    pub(super) options: Options,
    pub(super) pool: Option<Pool>,
    pub(super) sessions: u32,
}

impl Operation for Sessions {
    type Answer = u64;

    fn perform(&mut self, _: u64) -> Result<u64, Failure> {
        if let Some(pool) = &self.pool {
            return Ok(pool.trivial(self.sessions)?);
        }
        let mut open = VecDeque::new();
        let mut answered = 0;
        for _ in 0..self.sessions {
            let mut session = Session::open(&self.options)?;
            answered += u64::from(session.trivial()? == 1);
            open.push_back(session);
            // As many at a time as a pool of ten has.
            if open.len() > 10 {
                open.pop_front();
            }
        }
        Ok(answered)
    }

    fn fields(&self, _: u64, answered: &u64) -> Fields {
        vec![("sessions", json!(answered))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} sessions", self.sessions)
    }

    fn is_local(&self) -> bool {
        false
    }
}

//! Reading: lookups, lists, sums, plans.

use serde_json::json;

use super::super::{Failure, Fields, Operation};
use crate::ledger::{Asked, MonthSum, Session, walks_table};

/// The user of an e-mail.
pub(super) struct Lookup {
    pub(super) session: Session,
    pub(super) email: String,
    pub(super) is_prepared: bool,
}

impl Operation for Lookup {
    type Answer = Option<i64>;

    fn perform(&mut self, _: u64) -> Result<Option<i64>, Failure> {
        Ok(self.session.lookup(&self.email, self.is_prepared)?.map(|known| known.subject.user_id))
    }

    fn fields(&self, _: u64, found: &Option<i64>) -> Fields {
        vec![("found", json!(found.is_some())), ("rows", json!(u8::from(found.is_some())))]
    }

    fn input(&self, _: u64) -> String {
        self.email.clone()
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// The transactions of a time.
pub(super) struct History {
    pub(super) session: Session,
    pub(super) user_id: i64,
    pub(super) since: String,
    pub(super) right: (u64, i64),
}

impl Operation for History {
    type Answer = (u64, i64);

    fn perform(&mut self, _: u64) -> Result<(u64, i64), Failure> {
        Ok(self.session.since(self.user_id, &self.since)?)
    }

    fn fields(&self, _: u64, answer: &(u64, i64)) -> Fields {
        vec![("rows", json!(answer.0)), ("as_generated", json!(*answer == self.right))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} since {}", self.user_id, self.since)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// The last twenty transactions.
pub(super) struct Recent {
    pub(super) session: Session,
    pub(super) user_id: i64,
}

impl Operation for Recent {
    type Answer = u64;

    fn perform(&mut self, _: u64) -> Result<u64, Failure> {
        Ok(self.session.recent(self.user_id)?)
    }

    fn fields(&self, _: u64, rows: &u64) -> Fields {
        vec![("rows", json!(rows))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {}", self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// What was spent on each category.
pub(super) struct CategorySums {
    pub(super) session: Session,
    pub(super) user_id: i64,
    pub(super) since: String,
    pub(super) right: i64,
}

impl Operation for CategorySums {
    type Answer = Vec<(String, i64, i64)>;

    fn perform(&mut self, _: u64) -> Result<Self::Answer, Failure> {
        Ok(self.session.category_sums(self.user_id, &self.since)?)
    }

    fn fields(&self, _: u64, sums: &Self::Answer) -> Fields {
        let cents: i64 = sums.iter().map(|(_, _, cents)| cents).sum();
        vec![("groups", json!(sums.len())), ("as_generated", json!(cents == self.right))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} since {}", self.user_id, self.since)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Sums, counts and means by category, month and year.
pub(super) struct Analytics {
    pub(super) session: Session,
    pub(super) user_id: i64,
    pub(super) since: String,
    pub(super) right: Vec<MonthSum>,
}

impl Operation for Analytics {
    type Answer = Vec<MonthSum>;

    fn perform(&mut self, _: u64) -> Result<Vec<MonthSum>, Failure> {
        Ok(self.session.analytics(self.user_id, &self.since)?)
    }

    fn fields(&self, _: u64, sums: &Vec<MonthSum>) -> Fields {
        let is_right = sums.len() == self.right.len()
            && sums.iter().zip(&self.right).all(|(got, right)| {
                // The means are computed by the database, in its own order of steps.
                (got.mean_cents - right.mean_cents).abs() < 1e-6
                    && MonthSum { mean_cents: right.mean_cents, ..got.clone() } == *right
            });
        let count: i64 = sums.iter().map(|sum| sum.count).sum();
        vec![("groups", json!(sums.len())), ("rows", json!(count)), ("as_generated", json!(is_right))]
    }

    fn input(&self, _: u64) -> String {
        format!("user {} since {}", self.user_id, self.since)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// How the database carries out a query.
pub(super) struct Explain {
    pub(super) session: Session,
    pub(super) asked: Asked,
    pub(super) user_id: i64,
    pub(super) email: String,
    pub(super) since: String,
}

impl Operation for Explain {
    type Answer = String;

    fn perform(&mut self, _: u64) -> Result<String, Failure> {
        Ok(self.session.explain(self.asked, self.user_id, &self.email, &self.since)?)
    }

    fn fields(&self, _: u64, plan: &String) -> Fields {
        vec![("uses_index", json!(!walks_table(plan))), ("plan", json!(plan))]
    }

    fn input(&self, _: u64) -> String {
        format!("{:?} of user {}", self.asked, self.user_id)
    }

    fn is_local(&self) -> bool {
        false
    }
}

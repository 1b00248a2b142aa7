//! Makes up users and transactions from a seed.
//!
//! In:  how many of each. Out: rows, and what sums over them must give, counted while they were made.
//!
//! Invariant: the same seed gives the same rows on both databases. All days count back from one fixed day, so that a
//! query gives the same answer whenever it is measured.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::QueryBuilder;

use super::connection::{Session, on};
use super::{LedgerError, statements::MonthSum};

/// The day that all others count back from.
pub(crate) const LAST_DAY: Date = date(2026, 6, 30);
/// Rows of one statement: SQLite takes 32,766 parameters.
const ROWS: usize = 500;

const CATEGORIES: [&str; 8] =
    ["food", "dining", "groceries", "transportation", "entertainment", "utilities", "healthcare", "shopping"];
const REGIONS: [&str; 5] = ["US-CA", "US-TX", "US-NY", "US-FL", "US"];

/// So many days before the last one, as an instant that sorts before all of that day.
pub(crate) fn days_before(days: i64) -> String {
    format!("{}T00:00:00Z", LAST_DAY.saturating_sub(days.days()))
}

/// What to make up.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) number: u64,
    pub(crate) users: u32,
    /// Transactions of each user.
    pub(crate) transactions: u32,
    /// Over how many days they spread.
    pub(crate) days: u32,
    /// The hash of everybody's password.
    pub(crate) password_hash: String,
}

/// What was made up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generated {
    /// Users and their ids, in order.
    pub(crate) users: Vec<(i64, String)>,
    /// Of each user: the cents, category and day of each transaction.
    pub(crate) transactions: Vec<Vec<Row>>,
}

/// A transaction that was made up.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) cents: i64,
    pub(crate) category: &'static str,
    pub(crate) spent_at: String,
}

impl Generated {
    /// Sums by category and month since an instant, as the query over them must give, in its order.
    pub(crate) fn by_category_and_month(&self, user: usize, since: &str) -> Vec<MonthSum> {
        let mut sums = std::collections::BTreeMap::<(String, String), (i64, i64)>::new();
        for row in self.rows_since(user, since) {
            let key = (row.spent_at[..7].to_owned(), row.category.to_owned());
            let (count, cents) = sums.entry(key).or_default();
            *count += 1;
            *cents += row.cents;
        }
        sums.into_iter()
            .map(|((month, category), (count, cents))| MonthSum {
                month,
                category,
                count,
                cents,
                #[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^53 cents")]
                mean_cents: cents as f64 / count as f64,
            })
            .collect()
    }

    /// A user's transactions since an instant.
    pub(crate) fn rows_since<'a>(&'a self, user: usize, since: &'a str) -> impl Iterator<Item = &'a Row> {
        self.transactions.get(user).into_iter().flatten().filter(move |row| row.spent_at.as_str() >= since)
    }
}

impl Seed {
    /// Makes the rows and keeps them, in one transaction.
    pub(super) fn fill(&self, session: &mut Session) -> Result<Generated, LedgerError> {
        let mut draw = ChaCha8Rng::seed_from_u64(self.number);
        let emails: Vec<String> = (0..self.users).map(email).collect();
        let rows: Vec<Vec<Row>> = (0..self.users).map(|_| self.rows_of_one(&mut draw)).collect();
        let created_at = days_before(400);
        on!(&mut *session, connection => sqlx::query("BEGIN").execute(&mut *connection).await.map(drop))?;
        let mut users = Vec::with_capacity(emails.len());
        for (chunk, emails) in emails.chunks(ROWS).enumerate() {
            let made: Vec<(i64, String)> = on!(&mut *session, connection => {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO users (email, password_hash, country, region, annual_income_cents, role, is_premium, \
                     token_version_id, bad_logins, locked_until_s, created_at) ",
                );
                insert.push_values(emails.iter().enumerate(), |mut row, (index, email)| {
                    let index = chunk * ROWS + index;
                    row.push_bind(email.clone())
                        .push_bind(self.password_hash.clone())
                        .push_bind("US")
                        .push_bind(REGIONS[index % REGIONS.len()])
                        .push_bind(5_000_000 + 100_000 * i64::try_from(index).unwrap_or(0))
                        .push_bind("user")
                        .push_bind(false)
                        .push_bind(1_i64)
                        .push_bind(0_i64)
                        .push_bind(0_i64)
                        .push_bind(created_at.clone());
                });
                insert.push(" RETURNING id, email");
                insert.build_query_as().fetch_all(&mut *connection).await
            })?;
            users.extend(made);
        }
        // Rows come back in any order; ids were given out in that of the e-mails.
        users.sort();
        let all: Vec<(i64, &Row)> =
            users.iter().zip(&rows).flat_map(|((id, _), rows)| rows.iter().map(|row| (*id, row))).collect();
        for chunk in all.chunks(ROWS) {
            on!(&mut *session, connection => {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO transactions (user_id, category, amount_cents, currency, description, merchant, \
                     is_recurring, confidence_score, spent_at, created_at, updated_at) ",
                );
                insert.push_values(chunk, |mut values, (user_id, row)| {
                    values.push_bind(*user_id)
                        .push_bind(row.category)
                        .push_bind(row.cents)
                        .push_bind("USD")
                        .push_bind("test expense")
                        .push_bind("Corner shop")
                        .push_bind(false)
                        .push_bind(0.9_f64)
                        .push_bind(row.spent_at.clone())
                        .push_bind(row.spent_at.clone())
                        .push_bind(row.spent_at.clone());
                });
                insert.build().execute(&mut *connection).await.map(drop)
            })?;
        }
        on!(&mut *session, connection => sqlx::query("COMMIT").execute(&mut *connection).await.map(drop))?;
        Ok(Generated { users, transactions: rows })
    }

    fn rows_of_one(&self, draw: &mut ChaCha8Rng) -> Vec<Row> {
        (0..self.transactions)
            .map(|_| {
                let day = LAST_DAY.saturating_sub(i64::from(draw.random_range(0..self.days.max(1))).days());
                let second = draw.random_range(0..86_400_u32);
                Row {
                    // Most purchases are small, few are large.
                    cents: 100 + draw.random_range(0..200_i64) * draw.random_range(1..200_i64),
                    category: CATEGORIES[draw.random_range(0..CATEGORIES.len())],
                    spent_at: format!("{day}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60),
                }
            })
            .collect()
    }
}

/// The e-mail of the user with this number.
pub(crate) fn email(number: u32) -> String {
    format!("perf_test_user_{number}@example.com")
}

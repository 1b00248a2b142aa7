//! The load users that exist from the start, with two months of expenses and two goals each.
//!
//! In:  how many, and the hash of their password. Out: rows, made by the database itself in a few statements.

use super::Data;

/// A class of load users: e-mail prefix, lowest and highest yearly income.
#[derive(Debug)]
pub(crate) struct LoadClass {
    pub(crate) prefix: &'static str,
    lowest_income: i64,
    highest_income: i64,
}

/// The classes of users that the load suites log in with: `loadtest10000@example.com` and on.
pub(crate) const LOAD_CLASSES: [LoadClass; 4] = [
    LoadClass { prefix: "loadtest", lowest_income: 30_000, highest_income: 150_000 },
    LoadClass { prefix: "heavy", lowest_income: 75_000, highest_income: 250_000 },
    LoadClass { prefix: "mobile", lowest_income: 40_000, highest_income: 120_000 },
    LoadClass { prefix: "reporting", lowest_income: 30_000, highest_income: 150_000 },
];

// Incomes walk through their range by a prime, so that they spread evenly and come out the same each time.
const USERS: &str = "INSERT INTO users (email, password_hash, country, region, timezone, annual_income_cents, \
     fixed_cents, saving_cents, is_load_user, created_at_us) \
     WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1), \
     p (i, income) AS (SELECT i, ($4 + i * 7919 % ($5 - $4 + 1)) * 100 FROM n) \
     SELECT $2 || (10000 + i) || '@example.com', $3, 'US', \
     CASE i % 5 WHEN 0 THEN 'US-CA' WHEN 1 THEN 'US-TX' WHEN 2 THEN 'US-NY' WHEN 3 THEN 'US-FL' ELSE 'US' END, \
     CASE i % 4 WHEN 0 THEN 'America/Los_Angeles' WHEN 1 THEN 'America/Chicago' WHEN 2 THEN 'America/New_York' \
     ELSE 'America/Denver' END, \
     income, income * 45 / 1200, income * 10 / 1200, 1, $6 FROM p WHERE true \
     ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash, bad_logins = 0, locked_until_s = 0 \
     WHERE users.is_load_user = 1";

const EXPENSES: &str = "INSERT INTO expense (user_id, amount_cents, category, description, payment_method, spent_on, \
     created_at_us) \
     WITH RECURSIVE k (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM k WHERE i < 11) \
     SELECT u.id, 500 + (u.id * 7919 + k.i * 104729) % 19500, \
     CASE k.i % 6 WHEN 0 THEN 'groceries' WHEN 1 THEN 'transportation' WHEN 2 THEN 'dining' WHEN 3 THEN 'utilities' \
     WHEN 4 THEN 'entertainment' ELSE 'healthcare' END, \
     'Expense ' || (k.i + 1), CASE k.i % 3 WHEN 0 THEN 'card' WHEN 1 THEN 'cash' ELSE 'transfer' END, \
     date($1, '-' || (k.i * 5) || ' days'), $2 \
     FROM users u, k WHERE u.is_load_user = 1 AND NOT EXISTS (SELECT 1 FROM expense e WHERE e.user_id = u.id)";

impl Data {
    /// Makes load users, or gives the present ones the password of this start.
    ///
    /// All of them share ONE hash: a hash of their own for each would take a quarter of a second of work per user, a
    /// quarter of an hour for a few thousand, before the target could start. A login costs the same either way, since
    /// verifying computes the hash anew, and these accounts hold nothing worth a salt.
    pub(crate) async fn seed_load_users(
        &self,
        users_per_class: u32,
        password_hash: &str,
        today: &str,
        now_us: i64,
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.write.begin().await?;
        for class in &LOAD_CLASSES {
            sqlx::query(USERS)
                .bind(users_per_class)
                .bind(class.prefix)
                .bind(password_hash)
                .bind(class.lowest_income)
                .bind(class.highest_income)
                .bind(now_us)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(super::goals::FIRST_GOALS_OF_LOAD_USERS).bind(1).bind(today).execute(&mut *transaction).await?;
        sqlx::query(EXPENSES).bind(today).bind(now_us).execute(&mut *transaction).await?;
        transaction.commit().await
    }
}

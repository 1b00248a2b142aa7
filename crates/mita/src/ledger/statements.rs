//! What operations ask of users and transactions: one text for both databases.

use sqlx::AssertSqlSafe;

use super::LedgerError;
use super::connection::{Connection, Session, on};
use crate::auth::Subject;

/// A user, as far as a login needs them.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) subject: Subject,
    pub(crate) password_hash: String,
    pub(crate) bad_logins: i64,
    pub(crate) locked_until_s: i64,
}

/// What was spent on a category in a month.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MonthSum {
    pub(crate) month: String,
    pub(crate) category: String,
    pub(crate) count: i64,
    pub(crate) cents: i64,
    pub(crate) mean_cents: f64,
}

/// A query whose plan can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The user of an e-mail.
    Lookup,
    /// The last twenty transactions of a user.
    Recent,
    /// What a user spent on each category in thirty days.
    CategorySums,
}

/// Bad passwords in a row that lock an account.
const BAD_LOGINS: i64 = 5;
/// How long it stays locked.
const LOCK_S: i64 = 30 * 60;

const LOOKUP: &str = "SELECT id, role, is_premium, country, token_version_id, password_hash, bad_logins, locked_until_s \
                      FROM users WHERE email = $1";
const TOKEN_VERSION: &str = "SELECT token_version_id FROM users WHERE id = $1";
const INSERT: &str = "INSERT INTO transactions (user_id, category, amount_cents, currency, description, is_recurring, \
                      spent_at, created_at, updated_at) VALUES ($1, $2, $3, 'USD', $4, FALSE, $5, $5, $5) RETURNING id";
const REFRESH: &str =
    "SELECT id, user_id, category, amount_cents, description, spent_at FROM transactions WHERE id = $1";
const SINCE: &str = "SELECT id, category, amount_cents, description, spent_at FROM transactions \
                     WHERE user_id = $1 AND spent_at >= $2 AND deleted_at IS NULL ORDER BY spent_at DESC";
const RECENT: &str = "SELECT id, category, amount_cents, spent_at FROM transactions WHERE user_id = $1 \
                      ORDER BY spent_at DESC LIMIT 20";
const CATEGORY_SUMS: &str = "SELECT category, count(*), CAST(sum(amount_cents) AS BIGINT) AS cents FROM transactions \
                             WHERE user_id = $1 AND spent_at >= $2 GROUP BY category ORDER BY cents DESC, category";
// The sum over BIGINT is a NUMERIC in Postgres; the first seven characters of an instant are its month.
const ANALYTICS: &str = "SELECT substr(spent_at, 1, 7) AS month, category, count(*), CAST(sum(amount_cents) AS BIGINT), \
                         CAST(avg(amount_cents) AS DOUBLE PRECISION) FROM transactions \
                         WHERE user_id = $1 AND spent_at >= $2 GROUP BY month, category ORDER BY month, category";
const BAD_LOGIN: &str = "UPDATE users SET locked_until_s = CASE WHEN bad_logins + 1 >= $2 THEN $3 ELSE locked_until_s END, \
                         bad_logins = CASE WHEN bad_logins + 1 >= $2 THEN 0 ELSE bad_logins + 1 END WHERE id = $1";
// Written only when there is something to forget: most logins then write nothing.
const GOOD_LOGIN: &str = "UPDATE users SET bad_logins = 0 WHERE id = $1 AND bad_logins > 0";
const REGISTER: &str = "INSERT INTO users (email, password_hash, country, region, annual_income_cents, role, is_premium, \
                        token_version_id, bad_logins, locked_until_s, created_at) \
                        VALUES ($1, $2, $3, $4, $5, 'user', FALSE, 1, 0, 0, $6) ON CONFLICT (email) DO NOTHING RETURNING id";
// Whatever the operations have added belongs to the test users, or says that it is a test.
const DELETE_TRANSACTIONS: &str = "DELETE FROM transactions WHERE description LIKE '%test%' \
                                   OR user_id IN (SELECT id FROM users WHERE email LIKE 'perf_test_user_%')";
const DELETE_USERS: &str = "DELETE FROM users WHERE email LIKE 'perf_test_user_%'";

/// What costs nothing but the way to the database and back.
pub(super) const TRIVIAL: &str = "SELECT CAST(1 AS BIGINT)";

type Login = (i64, String, bool, String, i64, String, i64, i64);

impl Session {
    /// The user of an e-mail; prepared once, or parsed anew each time.
    pub(crate) fn lookup(&mut self, email: &str, is_prepared: bool) -> Result<Option<Known>, LedgerError> {
        let row: Option<Login> = on!(self, connection => {
            sqlx::query_as(LOOKUP).persistent(is_prepared).bind(email).fetch_optional(&mut *connection).await
        })?;
        Ok(row.map(
            |(user_id, role, is_premium, country, token_version_id, password_hash, bad_logins, locked_until_s)| {
                let subject = Subject { user_id, role, is_premium, country, token_version_id };
                Known { subject, password_hash, bad_logins, locked_until_s }
            },
        ))
    }

    /// Keeps a transaction, commits it and reads it back: its id and cents.
    pub(crate) fn insert(
        &mut self,
        user_id: i64,
        category: &str,
        cents: i64,
        description: &str,
        spent_at: &str,
    ) -> Result<(i64, i64), LedgerError> {
        let row: (i64, i64, String, i64, String, String) = on!(self, connection => {
            let id: i64 = sqlx::query_scalar(INSERT)
                .bind(user_id)
                .bind(category)
                .bind(cents)
                .bind(description)
                .bind(spent_at)
                .fetch_one(&mut *connection)
                .await?;
            sqlx::query_as(REFRESH).bind(id).fetch_one(&mut *connection).await
        })?;
        Ok((row.0, row.3))
    }

    /// Keeps many transactions of a user with one statement and one commit; how many.
    pub(crate) fn insert_batch(
        &mut self,
        user_id: i64,
        category: &str,
        cents: &[i64],
        spent_at: &str,
    ) -> Result<u64, LedgerError> {
        Ok(on!(self, connection => {
            let mut insert = sqlx::QueryBuilder::new(
                "INSERT INTO transactions (user_id, category, amount_cents, currency, description, is_recurring, \
                 spent_at, created_at, updated_at) ",
            );
            insert.push_values(cents, |mut row, cents| {
                row.push_bind(user_id)
                    .push_bind(category)
                    .push_bind(*cents)
                    .push_bind("USD")
                    .push_bind("test expense")
                    .push_bind(false)
                    .push_bind(spent_at)
                    .push_bind(spent_at)
                    .push_bind(spent_at);
            });
            insert.build().execute(&mut *connection).await.map(|done| done.rows_affected())
        })?)
    }

    /// A user's transactions since an instant: how many, and their sum in cents.
    pub(crate) fn since(&mut self, user_id: i64, since: &str) -> Result<(u64, i64), LedgerError> {
        let rows: Vec<(i64, String, i64, String, String)> =
            on!(self, connection => sqlx::query_as(SINCE).bind(user_id).bind(since).fetch_all(&mut *connection).await)?;
        Ok((rows.len() as u64, rows.iter().map(|row| row.2).sum()))
    }

    /// A user's last twenty transactions: how many came.
    pub(crate) fn recent(&mut self, user_id: i64) -> Result<u64, LedgerError> {
        let rows: Vec<(i64, String, i64, String)> =
            on!(self, connection => sqlx::query_as(RECENT).bind(user_id).fetch_all(&mut *connection).await)?;
        Ok(rows.len() as u64)
    }

    /// What a user spent on each category since an instant, largest first.
    pub(crate) fn category_sums(&mut self, user_id: i64, since: &str) -> Result<Vec<(String, i64, i64)>, LedgerError> {
        Ok(on!(self, connection => {
            sqlx::query_as(CATEGORY_SUMS).bind(user_id).bind(since).fetch_all(&mut *connection).await
        })?)
    }

    /// Sums, counts and means by category and month since an instant, oldest first.
    pub(crate) fn analytics(&mut self, user_id: i64, since: &str) -> Result<Vec<MonthSum>, LedgerError> {
        let rows: Vec<(String, String, i64, i64, f64)> = on!(self, connection => {
            sqlx::query_as(ANALYTICS).bind(user_id).bind(since).fetch_all(&mut *connection).await
        })?;
        let sum = |(month, category, count, cents, mean_cents)| MonthSum { month, category, count, cents, mean_cents };
        Ok(rows.into_iter().map(sum).collect())
    }

    /// Counts a bad password; the fifth in a row locks the account.
    pub(crate) fn count_bad_login(&mut self, user_id: i64, now_s: i64) -> Result<(), LedgerError> {
        Ok(on!(self, connection => {
            sqlx::query(BAD_LOGIN)
                .bind(user_id)
                .bind(BAD_LOGINS)
                .bind(now_s + LOCK_S)
                .execute(&mut *connection)
                .await
                .map(drop)
        })?)
    }

    /// Forgets bad passwords.
    pub(crate) fn forget_bad_logins(&mut self, user_id: i64) -> Result<(), LedgerError> {
        Ok(on!(self, connection => sqlx::query(GOOD_LOGIN).bind(user_id).execute(&mut *connection).await.map(drop))?)
    }

    /// Keeps a new user. `None` when the e-mail is taken.
    pub(crate) fn register(
        &mut self,
        email: &str,
        password_hash: &str,
        region: &str,
        annual_income_cents: i64,
        created_at: &str,
    ) -> Result<Option<i64>, LedgerError> {
        Ok(on!(self, connection => {
            sqlx::query_scalar(REGISTER)
                .bind(email)
                .bind(password_hash)
                .bind("US")
                .bind(region)
                .bind(annual_income_cents)
                .bind(created_at)
                .fetch_optional(&mut *connection)
                .await
        })?)
    }

    /// The version of a user's tokens.
    pub(crate) fn token_version(&mut self, user_id: i64) -> Result<Option<i64>, LedgerError> {
        Ok(on!(self, connection => {
            sqlx::query_scalar(TOKEN_VERSION).bind(user_id).fetch_optional(&mut *connection).await
        })?)
    }

    /// The answer 1.
    pub(crate) fn trivial(&mut self) -> Result<i64, LedgerError> {
        let (one,): (i64,) = on!(self, connection => sqlx::query_as(TRIVIAL).fetch_one(&mut *connection).await)?;
        Ok(one)
    }

    /// How many transactions there are.
    pub(crate) fn count_transactions(&mut self) -> Result<i64, LedgerError> {
        let (count,): (i64,) = on!(self, connection => {
            sqlx::query_as("SELECT count(*) FROM transactions").fetch_one(&mut *connection).await
        })?;
        Ok(count)
    }

    /// How the database carries out a query, as it tells it itself, after it has carried it out.
    pub(crate) fn explain(
        &mut self,
        asked: Asked,
        user_id: i64,
        email: &str,
        since: &str,
    ) -> Result<String, LedgerError> {
        let text = match asked {
            Asked::Lookup => LOOKUP,
            Asked::Recent => RECENT,
            Asked::CategorySums => CATEGORY_SUMS,
        };
        match &mut self.connection {
            Connection::Postgres(connection) => {
                let text = format!("EXPLAIN (ANALYZE, BUFFERS) {text}");
                let query = sqlx::query_as(AssertSqlSafe(text));
                let query = match asked {
                    Asked::Lookup => query.bind(email),
                    Asked::Recent => query.bind(user_id),
                    Asked::CategorySums => query.bind(user_id).bind(since),
                };
                let lines: Vec<(String,)> = self.runtime.block_on(query.fetch_all(&mut **connection))?;
                Ok(lines.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n"))
            }
            // SQLite explains without carrying out: its plan has no times.
            Connection::Sqlite(connection) => {
                let text = format!("EXPLAIN QUERY PLAN {text}");
                let query = sqlx::query_as(AssertSqlSafe(text));
                let query = match asked {
                    Asked::Lookup => query.bind(email),
                    Asked::Recent => query.bind(user_id),
                    Asked::CategorySums => query.bind(user_id).bind(since),
                };
                let lines: Vec<(i64, i64, i64, String)> = self.runtime.block_on(query.fetch_all(&mut **connection))?;
                Ok(lines.into_iter().map(|(.., line)| line).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

/// Whether a plan walks a whole table.
pub(crate) fn walks_table(plan: &str) -> bool {
    plan.lines().any(|line| {
        let line = line.trim_start_matches([' ', '-', '>']);
        line.starts_with("Seq Scan") || line.starts_with("Parallel Seq Scan") || line.starts_with("SCAN ")
    })
}

/// Removes the test users and whatever was added in a test.
pub(super) fn delete_test_data(session: &mut Session) -> Result<(), LedgerError> {
    on!(&mut *session, connection => sqlx::query(DELETE_TRANSACTIONS).execute(&mut *connection).await.map(drop))?;
    Ok(on!(session, connection => sqlx::query(DELETE_USERS).execute(&mut *connection).await.map(drop))?)
}

//! Users: who may log in, and what they told about their money.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Data;
use crate::finance::Money;

/// Bad passwords in a row that lock an account.
const BAD_LOGINS: i64 = 5;
/// How long it stays locked.
const LOCK_S: i64 = 30 * 60;

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) region: String,
    pub(crate) timezone: String,
    pub(crate) annual_income: Money,
    /// Fixed expenses a month.
    pub(crate) fixed: Money,
    /// What the user wants to put aside a month.
    pub(crate) saving: Money,
    pub(crate) role: String,
    pub(crate) is_premium: bool,
}

/// What a login needs.
#[derive(Clone, Debug)]
pub(crate) struct LoginRow {
    pub(crate) user: User,
    pub(crate) password_hash: String,
    pub(crate) locked_until_s: i64,
}

/// Someone who registers.
#[derive(Clone, Debug)]
pub(crate) struct NewUser {
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) country: String,
    pub(crate) region: String,
    pub(crate) timezone: String,
    pub(crate) annual_income: Money,
    pub(crate) now_us: i64,
}

/// What a user changes about themselves; `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProfileChange {
    pub(crate) annual_income: Option<Money>,
    pub(crate) timezone: Option<String>,
    pub(crate) fixed: Option<Money>,
    pub(crate) saving: Option<Money>,
}

const BY_EMAIL: &str = "SELECT id, email, country, region, timezone, annual_income_cents, fixed_cents, saving_cents, \
                        role, is_premium, password_hash, locked_until_s FROM users WHERE email = $1";
const BY_ID: &str = "SELECT id, email, country, region, timezone, annual_income_cents, fixed_cents, saving_cents, role, \
                     is_premium FROM users WHERE id = $1";
// Until a profile says otherwise, 45 % of an income is spent before it arrives and 10 % is to be put aside.
const INSERT: &str = "INSERT INTO users (email, password_hash, country, region, timezone, annual_income_cents, \
                      fixed_cents, saving_cents, created_at_us) \
                      VALUES ($1, $2, $3, $4, $5, $6, $6 * 45 / 1200, $6 * 10 / 1200, $7) \
                      ON CONFLICT (email) DO NOTHING RETURNING id";
const CHANGE: &str = "UPDATE users SET annual_income_cents = coalesce($2, annual_income_cents), \
                      timezone = coalesce($3, timezone), \
                      fixed_cents = coalesce($4, CASE WHEN $2 IS NULL THEN fixed_cents ELSE $2 * 45 / 1200 END), \
                      saving_cents = coalesce($5, CASE WHEN $2 IS NULL THEN saving_cents ELSE $2 * 10 / 1200 END) \
                      WHERE id = $1";
const BAD_LOGIN: &str = "UPDATE users SET locked_until_s = CASE WHEN bad_logins + 1 >= $2 THEN $3 ELSE locked_until_s END, \
                         bad_logins = CASE WHEN bad_logins + 1 >= $2 THEN 0 ELSE bad_logins + 1 END WHERE id = $1";
// Written only when there is something to forget: most logins then write nothing.
const GOOD_LOGIN: &str = "UPDATE users SET bad_logins = 0 WHERE id = $1 AND bad_logins > 0";

impl Data {
    /// The user who logs in with this e-mail.
    pub(crate) async fn login(&self, email: &str) -> Result<Option<LoginRow>, sqlx::Error> {
        let row = sqlx::query(BY_EMAIL).bind(normal(email)).fetch_optional(&self.read).await?;
        row.map(|row| {
            Ok(LoginRow {
                user: user(&row)?,
                password_hash: row.try_get("password_hash")?,
                locked_until_s: row.try_get("locked_until_s")?,
            })
        })
        .transpose()
    }

    /// The user of a token.
    pub(crate) async fn user(&self, id: i64) -> Result<Option<User>, sqlx::Error> {
        let row = sqlx::query(BY_ID).bind(id).fetch_optional(&self.read).await?;
        row.as_ref().map(user).transpose()
    }

    /// Keeps a new user and gives them first goals. `None` when the e-mail is taken.
    pub(crate) async fn register(&self, new: &NewUser, today: &str) -> Result<Option<i64>, sqlx::Error> {
        let mut transaction = self.write.begin().await?;
        let id: Option<i64> = sqlx::query_scalar(INSERT)
            .bind(normal(&new.email))
            .bind(&new.password_hash)
            .bind(&new.country)
            .bind(&new.region)
            .bind(&new.timezone)
            .bind(new.annual_income.cents())
            .bind(new.now_us)
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(id) = id {
            sqlx::query(super::goals::FIRST_GOALS_OF_ONE).bind(id).bind(today).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(id)
    }

    /// Changes a profile; fixed expenses and saving follow a new income unless they are told too.
    pub(crate) async fn change_profile(&self, id: i64, change: &ProfileChange) -> Result<(), sqlx::Error> {
        sqlx::query(CHANGE)
            .bind(id)
            .bind(change.annual_income.map(Money::cents))
            .bind(&change.timezone)
            .bind(change.fixed.map(Money::cents))
            .bind(change.saving.map(Money::cents))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Counts a bad password; the fifth in a row locks the account.
    pub(crate) async fn count_bad_login(&self, id: i64, now_s: i64) -> Result<(), sqlx::Error> {
        sqlx::query(BAD_LOGIN).bind(id).bind(BAD_LOGINS).bind(now_s + LOCK_S).execute(&self.write).await?;
        Ok(())
    }

    /// Forgets bad passwords.
    pub(crate) async fn forget_bad_logins(&self, id: i64) -> Result<(), sqlx::Error> {
        sqlx::query(GOOD_LOGIN).bind(id).execute(&self.write).await?;
        Ok(())
    }
}

/// One spelling of an e-mail address.
fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

fn user(row: &SqliteRow) -> Result<User, sqlx::Error> {
    let money = |column| row.try_get(column).map(Money::from_cents);
    Ok(User {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        country: row.try_get("country")?,
        region: row.try_get("region")?,
        timezone: row.try_get("timezone")?,
        annual_income: money("annual_income_cents")?,
        fixed: money("fixed_cents")?,
        saving: money("saving_cents")?,
        role: row.try_get("role")?,
        is_premium: row.try_get("is_premium")?,
    })
}

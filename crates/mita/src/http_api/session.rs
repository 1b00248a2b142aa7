//! Registration, login, logout, fresh tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::extract::{Body, Caller};
use super::period::today;
use super::problem::Problem;
use super::profile::{check_timezone, shown};
use crate::auth::{Subject, TokenKind, check_password};
use crate::data::{NewUser, User};
use crate::finance::Money;

/// The largest yearly income that is believed.
pub(super) const HIGHEST_INCOME: Money = Money::from_cents(10_000_000_000);

#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: String,
}

pub(super) async fn login(
    State(service): State<Arc<Service>>,
    Body(Credentials { email, password }): Body<Credentials>,
) -> Result<Json<Value>, Problem> {
    let now_s = Timestamp::now().as_second();
    let row = service.data.login(&email).await?;
    if row.as_ref().is_some_and(|row| row.locked_until_s > now_s) {
        let locked = "the account is locked after five bad passwords; it opens again after 30 minutes";
        return Err(Problem::new(StatusCode::LOCKED, "login.locked", locked));
    }
    let hash = row.as_ref().map(|row| row.password_hash.clone());
    let matches = service.hasher.verify(password, hash).await?;
    match row {
        Some(row) if matches => {
            service.data.forget_bad_logins(row.user.id).await?;
            session(&service, &row.user).map(Json)
        }
        row => {
            if let Some(row) = row {
                service.data.count_bad_login(row.user.id, now_s).await?;
            }
            // One answer for both, so that nobody learns which addresses exist.
            Err(Problem::new(StatusCode::UNAUTHORIZED, "login.refused", "e-mail or password is wrong"))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Registration {
    email: String,
    password: String,
    #[serde(default = "united_states")]
    country: String,
    state: Option<String>,
    #[serde(default)]
    annual_income: Money,
    #[serde(default = "utc")]
    timezone: String,
}

fn united_states() -> String {
    "US".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

pub(super) async fn register(
    State(service): State<Arc<Service>>,
    Body(new): Body<Registration>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    check_email(&new.email)?;
    check_password(&new.password)?;
    check_income(new.annual_income)?;
    check_timezone(&new.timezone)?;
    let country = new.country.trim().to_uppercase();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Problem::invalid("country", "must be a code of two letters such as US"));
    }
    let region = match new.state.as_deref().map(str::trim) {
        Some(state) if state.len() == 2 && state.is_ascii() => format!("{country}-{}", state.to_uppercase()),
        Some(_) => return Err(Problem::invalid("state", "must be a code of two letters such as CA")),
        None => country.clone(),
    };
    let now = Timestamp::now();
    let user = NewUser {
        email: new.email,
        password_hash: service.hasher.hash(new.password).await?,
        country,
        region,
        timezone: new.timezone,
        annual_income: new.annual_income,
        now_us: now.as_microsecond(),
    };
    let Some(id) = service.data.register(&user, &today(now).to_string()).await? else {
        return Err(Problem::new(StatusCode::CONFLICT, "user.exists", "this e-mail is registered already")
            .hint("log in at /api/auth/login"));
    };
    let user = service.data.user(id).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok((StatusCode::CREATED, Json(session(&service, &user)?)))
}

#[derive(Deserialize)]
pub(super) struct Refresh {
    refresh_token: String,
}

/// A refresh token is good for one use: the answer brings the next one.
pub(super) async fn refresh(
    State(service): State<Arc<Service>>,
    Body(Refresh { refresh_token }): Body<Refresh>,
) -> Result<Json<Value>, Problem> {
    let claims = service.tokens.verify(&refresh_token, TokenKind::Refresh)?;
    let user = service.data.user(claims.user_id).await?;
    let user = user.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "user.unknown", "the user is gone"))?;
    if !service.tokens.revoke(&claims, Timestamp::now().as_second()) {
        // Two requests with the same token at once: the first one has it.
        return Err(crate::auth::TokenError::Revoked.into());
    }
    service.data.keep_revoked(claims.jti, claims.exp, "token_rotation").await?;
    session(&service, &user).map(Json)
}

pub(super) async fn logout(
    State(service): State<Arc<Service>>,
    Caller(claims): Caller,
) -> Result<Json<Value>, Problem> {
    service.tokens.revoke(&claims, Timestamp::now().as_second());
    service.data.keep_revoked(claims.jti, claims.exp, "user_logout").await?;
    Ok(Json(json!({ "message": "logged out" })))
}

fn session(service: &Service, user: &User) -> Result<Value, Problem> {
    let subject = Subject {
        user_id: user.id,
        role: user.role.clone(),
        is_premium: user.is_premium,
        country: user.country.clone(),
        token_version_id: 1,
    };
    let now_s = Timestamp::now().as_second();
    Ok(json!({
        "access_token": service.tokens.issue(&subject, TokenKind::Access, now_s)?,
        "refresh_token": service.tokens.issue(&subject, TokenKind::Refresh, now_s)?,
        "token_type": "bearer",
        "expires_in": TokenKind::Access.life_s(),
        "user": shown(user),
    }))
}

fn check_email(email: &str) -> Result<(), Problem> {
    let shaped = email.trim().split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && !host.contains('@')
    });
    if shaped && email.len() <= 254 && !email.trim().contains(char::is_whitespace) {
        Ok(())
    } else {
        Err(Problem::invalid("email", "must be an address such as name@example.com"))
    }
}

pub(super) fn check_income(income: Money) -> Result<(), Problem> {
    if (Money::default()..=HIGHEST_INCOME).contains(&income) {
        Ok(())
    } else {
        Err(Problem::invalid("annual_income", format!("must be 0 to {HIGHEST_INCOME}, not {income}")))
    }
}

//! What a user tells about themselves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::extract::{Body, Caller};
use super::problem::Problem;
use super::session::{HIGHEST_INCOME, check_income};
use crate::auth::Scope;
use crate::data::{ProfileChange, User};
use crate::finance::Money;

#[derive(Deserialize)]
pub(super) struct Change {
    annual_income: Option<Money>,
    timezone: Option<String>,
    /// Fixed expenses a month.
    fixed_expenses: Option<Money>,
    /// Saving goal a month.
    saving_goal: Option<Money>,
}

pub(super) async fn change(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Problem> {
    let id = caller.id(Scope::WriteProfile)?;
    if let Some(income) = change.annual_income {
        check_income(income)?;
    }
    if let Some(timezone) = &change.timezone {
        check_timezone(timezone)?;
    }
    for (field, amount) in [("fixed_expenses", change.fixed_expenses), ("saving_goal", change.saving_goal)] {
        if amount.is_some_and(|amount| !(Money::default()..=HIGHEST_INCOME).contains(&amount)) {
            return Err(Problem::invalid(field, format!("must be 0 to {HIGHEST_INCOME}")));
        }
    }
    let change = ProfileChange {
        annual_income: change.annual_income,
        timezone: change.timezone,
        fixed: change.fixed_expenses,
        saving: change.saving_goal,
    };
    service.data.change_profile(id, &change).await?;
    Ok(Json(shown(&caller.user(&service, Scope::WriteProfile).await?)))
}

pub(super) async fn show(State(service): State<Arc<Service>>, caller: Caller) -> Result<Json<Value>, Problem> {
    Ok(Json(shown(&caller.user(&service, Scope::WriteProfile).await?)))
}

/// A user, as users see themselves.
pub(super) fn shown(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "country": user.country,
        "region": user.region,
        "timezone": user.timezone,
        "annual_income": user.annual_income,
        "fixed_expenses": user.fixed,
        "saving_goal": user.saving,
        "is_premium": user.is_premium,
    })
}

/// Area and city, or a plain name such as UTC. The target computes in UTC and only keeps the name, so that it needs no
/// table of time zones.
pub(super) fn check_timezone(name: &str) -> Result<(), Problem> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    if (1..=64).contains(&name.len()) && name.chars().all(known) {
        Ok(())
    } else {
        Err(Problem::invalid("timezone", "must be a name such as America/New_York"))
    }
}

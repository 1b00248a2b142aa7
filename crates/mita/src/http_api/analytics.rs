//! Insights, trends, calendar and summaries: sums over a user's expenses beside what was planned.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::Service;
use super::extract::Caller;
use super::money::{budget_of, monthly_income, total};
use super::period::{Days, today};
use super::problem::Problem;
use crate::auth::Scope;
use crate::finance::{Behaviour, Money, cohort, next_tier_when_near};

pub(super) async fn financial_insights(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let user = caller.user(&service, Scope::ReadFinancialData).await?;
    let budget = budget_of(&user)?;
    let day = today(Timestamp::now());
    let month = Days::month_of(day);
    let sums = service.data.by_category(user.id, month.texts()).await?;
    let spent = total(&sums);
    let income = monthly_income(&user)?.decimal().to_f64().unwrap_or_default();
    let categories = sums.iter().map(|sum| sum.category.as_str());
    // What the month would come to if it went on like this.
    let projected = Money::from_cents(spent.cents() * i64::from(day.days_in_month()) / i64::from(day.day()));
    let mut advice = Vec::new();
    if projected > budget.discretionary {
        advice.push("at this pace the month costs more than planned");
    }
    if budget.saving < user.saving {
        advice.push("the saving goal does not fit beside the fixed expenses");
    }
    if user.fixed.cents() * 2 > budget.income.cents() {
        advice.push("fixed expenses take more than half of the income");
    }
    Ok(Json(json!({
        "month": month.month(),
        "tier": budget.tier,
        // Regions without bounds know no neighbour class.
        "near_tier": next_tier_when_near(income, &user.region).ok().flatten(),
        "cohort": cohort(income, Some(&user.region), Behaviour::Neutral, categories)?,
        "spent": spent,
        "projected": projected,
        "discretionary": budget.discretionary,
        "largest_category": sums.first(),
        "advice": advice,
    })))
}

pub(super) async fn trends(State(service): State<Arc<Service>>, caller: Caller) -> Result<Json<Value>, Problem> {
    let user_id = caller.id(Scope::ReadFinancialData)?;
    let months = Days::months_to(today(Timestamp::now()), 6);
    let sums = service.data.by_month(user_id, months.texts()).await?;
    let mut before: Option<i64> = None;
    let months: Vec<Value> = sums
        .iter()
        .map(|sum| {
            let change = before.map(|before| Money::from_cents(sum.total.cents() - before));
            before = Some(sum.total.cents());
            json!({ "month": sum.month, "count": sum.count, "total": sum.total, "change": change })
        })
        .collect();
    Ok(Json(json!({ "months": months })))
}

pub(super) async fn calendar(State(service): State<Arc<Service>>, caller: Caller) -> Result<Json<Value>, Problem> {
    let user = caller.user(&service, Scope::ReadBudget).await?;
    let budget = budget_of(&user)?;
    let month = Days::month_of(today(Timestamp::now()));
    let sums = service.data.by_day(user.id, month.texts()).await?;
    let length = i64::from(month.first.days_in_month());
    let days: Vec<Value> = (0..length)
        .map(|index| {
            let day = month.first.saturating_add(index.days()).to_string();
            let spent = sums.iter().find(|sum| sum.day == day).map_or(Money::default(), |sum| sum.total);
            // Cents that do not divide go to the first days, so that the days add up to the month.
            let cents = budget.discretionary.cents();
            let planned = cents / length + i64::from(index < cents % length);
            json!({ "day": day, "planned": Money::from_cents(planned), "spent": spent })
        })
        .collect();
    Ok(Json(json!({ "month": month.month(), "days": days })))
}

pub(super) async fn spending_patterns(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let user_id = caller.id(Scope::ReadAnalytics)?;
    let days = Days::months_to(today(Timestamp::now()), 3);
    let (categories, by_day) =
        tokio::try_join!(service.data.by_category(user_id, days.texts()), service.data.by_day(user_id, days.texts()))?;
    let mut weekdays = [(0_i64, 0_i64); 7];
    for sum in &by_day {
        let Ok(day) = sum.day.parse::<Date>() else { continue };
        let (count, cents) = &mut weekdays[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())];
        *count += sum.count;
        *cents += sum.total.cents();
    }
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekdays: Vec<Value> = names
        .iter()
        .zip(weekdays)
        .map(|(name, (count, cents))| json!({ "weekday": name, "count": count, "total": Money::from_cents(cents) }))
        .collect();
    let categories: Vec<Value> = categories
        .iter()
        .map(|sum| {
            let mean = Money::from_cents(sum.total.cents() / sum.count.max(1));
            json!({ "category": sum.category, "count": sum.count, "total": sum.total, "mean": mean })
        })
        .collect();
    Ok(Json(json!({
        "from": days.first.to_string(),
        "to": days.last.to_string(),
        "categories": categories,
        "weekdays": weekdays,
    })))
}

pub(super) async fn monthly_summary(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let user = caller.user(&service, Scope::ReadAnalytics).await?;
    let day = today(Timestamp::now());
    let month = Days::month_of(day);
    let before = Days::month_of(day.first_of_month().saturating_sub(1.day()));
    let (sums, sums_before) = tokio::try_join!(
        service.data.by_category(user.id, month.texts()),
        service.data.by_category(user.id, before.texts())
    )?;
    let income = monthly_income(&user)?;
    let spent = total(&sums);
    Ok(Json(json!({
        "month": month.month(),
        "income": income,
        "fixed": user.fixed,
        "spent": spent,
        "left": Money::from_cents(income.cents() - user.fixed.cents() - spent.cents()),
        "count": sums.iter().map(|sum| sum.count).sum::<i64>(),
        "spent_month_before": total(&sums_before),
        "categories": sums,
    })))
}

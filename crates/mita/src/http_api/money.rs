//! Budget, expenses, goals.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Service;
use super::extract::{Asked, Body, Caller};
use super::period::{Days, today};
use super::problem::Problem;
use crate::auth::Scope;
use crate::data::{Category, CategorySum, Cursor, NewExpense, PaymentMethod, User};
use crate::finance::{Budget, BudgetInput, Habits, Money, plan};

/// What the target assumes of everybody's habits, since no load user tells theirs.
const HABITS: Habits = Habits { dining_per_month: 8, travel_per_year: 12, coffee_per_week: 5 };

/// The budget lines and the categories of expenses that count towards each.
const SPENT_ON: [(&str, &[&str]); 11] = [
    ("groceries", &["groceries", "food"]),
    ("dining", &["dining"]),
    ("public_transport", &["public_transport", "transportation"]),
    ("gas", &["gas"]),
    ("events", &["entertainment", "subscriptions"]),
    ("clothing", &["clothing", "shopping"]),
    ("hobbies", &["education", "pets", "gifts", "charity", "other"]),
    ("flights", &["travel"]),
    ("insurance", &["insurance"]),
    ("out_of_pocket", &["healthcare"]),
    ("coffee", &[]),
];

/// A month's income.
pub(super) fn monthly_income(user: &User) -> Result<Money, Problem> {
    let monthly = user.annual_income.decimal() / Decimal::from(12);
    Money::round(monthly).map_err(|error| Problem::invalid("annual_income", error))
}

/// The planned month of a user.
pub(super) fn budget_of(user: &User) -> Result<Budget, Problem> {
    Ok(plan(&BudgetInput {
        region: user.region.clone(),
        monthly_income: monthly_income(user)?,
        additional_income: Money::default(),
        fixed: vec![user.fixed],
        saving: user.saving,
        habits: HABITS,
    })?)
}

/// The sum of all categories.
pub(super) fn total(sums: &[CategorySum]) -> Money {
    Money::from_cents(sums.iter().map(|sum| sum.total.cents()).sum())
}

/// What was spent on a budget line.
fn spent_on(line: &str, sums: &[CategorySum]) -> Money {
    let categories = SPENT_ON.iter().find(|(name, _)| *name == line).map_or(&[][..], |(_, categories)| categories);
    let cents = sums.iter().filter(|sum| categories.contains(&sum.category.as_str())).map(|sum| sum.total.cents());
    Money::from_cents(cents.sum())
}

pub(super) async fn current_budget(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let user = caller.user(&service, Scope::ReadBudget).await?;
    let budget = budget_of(&user)?;
    let month = Days::month_of(today(Timestamp::now()));
    let sums = service.data.by_category(user.id, month.texts()).await?;
    let spent = total(&sums);
    let lines: Vec<Value> = budget
        .lines
        .iter()
        .map(|line| json!({ "name": line.name, "planned": line.amount, "spent": spent_on(line.name, &sums) }))
        .collect();
    Ok(Json(json!({
        "month": month.month(),
        "region": user.region,
        "tier": budget.tier,
        "income": budget.income,
        "fixed": budget.fixed,
        "saving": budget.saving,
        "discretionary": budget.discretionary,
        "spent": spent,
        "left": Money::from_cents(budget.discretionary.cents() - spent.cents()),
        "lines": lines,
    })))
}

pub(super) async fn budget_analysis(
    State(service): State<Arc<Service>>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let user = caller.user(&service, Scope::ReadBudget).await?;
    let budget = budget_of(&user)?;
    let month = Days::month_of(today(Timestamp::now()));
    let sums = service.data.by_category(user.id, month.texts()).await?;
    let lines: Vec<Value> = budget
        .lines
        .iter()
        .map(|line| {
            let spent = spent_on(line.name, &sums);
            let difference = Money::from_cents(line.amount.cents() - spent.cents());
            let status = if difference < Money::default() { "over" } else { "within" };
            json!({ "name": line.name, "planned": line.amount, "spent": spent, "difference": difference,
                "status": status })
        })
        .collect();
    let over = lines.iter().filter(|line| line["status"] == "over").count();
    Ok(Json(json!({ "month": month.month(), "lines": lines, "lines_over_plan": over, "spent": total(&sums) })))
}

#[derive(Deserialize)]
pub(super) struct ListAsked {
    month: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

pub(super) async fn transactions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Asked(asked): Asked<ListAsked>,
) -> Result<Json<Value>, Problem> {
    let user_id = caller.id(Scope::ReadTransactions)?;
    let limit = asked.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("limit", format!("must be 1 to 100, not {limit}")));
    }
    let days = match &asked.month {
        Some(month) => Days::asked(month, today(Timestamp::now()))?,
        None => Days::all(),
    };
    let after = match &asked.cursor {
        Some(cursor) => read_cursor(cursor)?,
        None => Cursor { spent_on: "9999-12-31".to_owned(), id: i64::MAX },
    };
    // One more than asked tells whether there is a next page.
    let mut transactions = service.data.expenses(user_id, days.texts(), &after, limit + 1).await?;
    let more = transactions.len() > limit as usize;
    transactions.truncate(limit as usize);
    let next = transactions.last().filter(|_| more).map(|last| format!("{}.{}", last.spent_on, last.id));
    Ok(Json(json!({ "transactions": transactions, "next": next })))
}

fn read_cursor(cursor: &str) -> Result<Cursor, Problem> {
    let read = || {
        let (spent_on, id) = cursor.rsplit_once('.')?;
        let spent_on: Date = spent_on.parse().ok()?;
        Some(Cursor { spent_on: spent_on.to_string(), id: id.parse().ok()? })
    };
    read().ok_or_else(|| Problem::invalid("cursor", "must be the `next` of an earlier answer"))
}

#[derive(Deserialize)]
pub(super) struct ExpenseAsked {
    amount: Money,
    #[serde(default)]
    category: Category,
    #[serde(default)]
    description: String,
    date: Option<String>,
    payment_method: Option<PaymentMethod>,
    source: Option<String>,
}

pub(super) async fn add_expense(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(asked): Body<ExpenseAsked>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let user_id = caller.id(Scope::WriteTransactions)?;
    let range = Money::from_cents(1)..=Money::from_cents(10_000_000);
    if !range.contains(&asked.amount) {
        return Err(Problem::invalid("amount", format!("must be 0.01 to 100000, not {}", asked.amount)));
    }
    check_length("description", &asked.description, 500)?;
    check_length("source", asked.source.as_deref().unwrap_or_default(), 50)?;
    let now = Timestamp::now();
    let expense = NewExpense {
        user_id,
        amount: asked.amount,
        category: asked.category,
        description: asked.description,
        payment_method: asked.payment_method,
        source: asked.source,
        spent_on: spent_on_day(asked.date.as_deref(), today(now))?.to_string(),
        now_us: now.as_microsecond(),
    };
    let id = service.data.add_expense(&expense).await?;
    let answer = json!({
        "id": id,
        "amount": expense.amount,
        "currency": "USD",
        "category": expense.category,
        "description": expense.description,
        "payment_method": expense.payment_method,
        "source": expense.source,
        "spent_on": expense.spent_on,
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A day such as `2026-11-23`; a time behind it is not kept.
fn spent_on_day(asked: Option<&str>, today: Date) -> Result<Date, Problem> {
    let Some(text) = asked else { return Ok(today) };
    let day: Date = text
        .get(..10)
        .filter(|_| text.len() == 10 || text[10..].starts_with(['T', ' ']))
        .and_then(|day| day.parse().ok())
        .ok_or_else(|| Problem::invalid("date", "must be a day such as 2026-11-23"))?;
    // East of Greenwich tomorrow has begun already.
    let tomorrow = today.saturating_add(1.day());
    let first = Date::constant(2000, 1, 1);
    if (first..=tomorrow).contains(&day) {
        Ok(day)
    } else {
        Err(Problem::invalid("date", format!("must be from {first} to {tomorrow}, not {day}")))
    }
}

fn check_length(field: &str, text: &str, most: usize) -> Result<(), Problem> {
    let length = text.chars().count();
    if length <= most {
        Ok(())
    } else {
        Err(Problem::invalid(field, format!("has {length} characters; {most} are allowed")))
    }
}

pub(super) async fn goals(State(service): State<Arc<Service>>, caller: Caller) -> Result<Json<Value>, Problem> {
    let user_id = caller.id(Scope::ReadFinancialData)?;
    let goals = service.data.goals(user_id).await?;
    let goals: Vec<Value> = goals
        .iter()
        .map(|goal| {
            let reached = match goal.target.cents() {
                0 => 100,
                target => goal.saved.cents() * 100 / target,
            };
            json!({ "id": goal.id, "name": goal.name, "target": goal.target, "saved": goal.saved,
                "progress_percent": reached, "due_on": goal.due_on })
        })
        .collect();
    Ok(Json(json!({ "goals": goals })))
}

//! Expenses: what was spent, on what, when.

use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::Data;
use crate::finance::Money;

/// What money is spent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    Food,
    Dining,
    Groceries,
    // The load users of the original say "transport", which its own list does not have: here it is understood.
    #[serde(alias = "transport")]
    Transportation,
    Gas,
    PublicTransport,
    Entertainment,
    Shopping,
    Clothing,
    Healthcare,
    Insurance,
    Utilities,
    Rent,
    Mortgage,
    Education,
    Childcare,
    Pets,
    Travel,
    Subscriptions,
    Gifts,
    Charity,
    #[default]
    Other,
}

impl Category {
    /// As it is kept and sent.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Food => "food",
            Self::Dining => "dining",
            Self::Groceries => "groceries",
            Self::Transportation => "transportation",
            Self::Gas => "gas",
            Self::PublicTransport => "public_transport",
            Self::Entertainment => "entertainment",
            Self::Shopping => "shopping",
            Self::Clothing => "clothing",
            Self::Healthcare => "healthcare",
            Self::Insurance => "insurance",
            Self::Utilities => "utilities",
            Self::Rent => "rent",
            Self::Mortgage => "mortgage",
            Self::Education => "education",
            Self::Childcare => "childcare",
            Self::Pets => "pets",
            Self::Travel => "travel",
            Self::Subscriptions => "subscriptions",
            Self::Gifts => "gifts",
            Self::Charity => "charity",
            Self::Other => "other",
        }
    }
}

/// How it was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentMethod {
    Card,
    Cash,
    Transfer,
}

impl PaymentMethod {
    fn text(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Cash => "cash",
            Self::Transfer => "transfer",
        }
    }
}

/// An expense to be kept.
#[derive(Clone, Debug)]
pub(crate) struct NewExpense {
    pub(crate) user_id: i64,
    pub(crate) amount: Money,
    pub(crate) category: Category,
    pub(crate) description: String,
    pub(crate) payment_method: Option<PaymentMethod>,
    pub(crate) source: Option<String>,
    pub(crate) spent_on: String,
    pub(crate) now_us: i64,
}

/// An expense as it is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Expense {
    pub(crate) id: i64,
    pub(crate) amount: Money,
    pub(crate) currency: &'static str,
    pub(crate) category: String,
    pub(crate) description: String,
    pub(crate) payment_method: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) spent_on: String,
}

/// The place in a list after which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) spent_on: String,
    pub(crate) id: i64,
}

const INSERT: &str = "INSERT INTO expense (user_id, amount_cents, category, description, payment_method, source, spent_on, \
                      created_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
// Walks the index backwards from the cursor: a later page costs what the first one costs.
const PAGE: &str = "SELECT id, amount_cents, category, description, payment_method, source, spent_on FROM expense \
                    WHERE user_id = $1 AND spent_on BETWEEN $2 AND $3 AND (spent_on, id) < ($4, $5) \
                    ORDER BY spent_on DESC, id DESC LIMIT $6";

impl Data {
    /// Keeps an expense; its id.
    pub(crate) async fn add_expense(&self, new: &NewExpense) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(INSERT)
            .bind(new.user_id)
            .bind(new.amount.cents())
            .bind(new.category.text())
            .bind(&new.description)
            .bind(new.payment_method.map(PaymentMethod::text))
            .bind(&new.source)
            .bind(&new.spent_on)
            .bind(new.now_us)
            .fetch_one(&self.write)
            .await
    }

    /// Expenses of a user from one day to another, newest first, those after the cursor.
    pub(crate) async fn expenses(
        &self,
        user_id: i64,
        (first, last): (&str, &str),
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<Expense>, sqlx::Error> {
        let rows = sqlx::query(PAGE)
            .bind(user_id)
            .bind(first)
            .bind(last)
            .bind(&after.spent_on)
            .bind(after.id)
            .bind(limit)
            .fetch_all(&self.read)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Expense {
                    id: row.try_get("id")?,
                    amount: Money::from_cents(row.try_get("amount_cents")?),
                    currency: "USD",
                    category: row.try_get("category")?,
                    description: row.try_get("description")?,
                    payment_method: row.try_get("payment_method")?,
                    source: row.try_get("source")?,
                    spent_on: row.try_get("spent_on")?,
                })
            })
            .collect()
    }
}

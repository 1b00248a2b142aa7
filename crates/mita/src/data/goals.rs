//! What users save for.

use sqlx::Row;

use super::Data;
use crate::finance::Money;

/// Something a user saves for.
#[derive(Clone, Debug)]
pub(crate) struct Goal {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) target: Money,
    pub(crate) saved: Money,
    pub(crate) due_on: String,
}

/// The two goals everybody begins with: three months' income as a reserve, and a holiday.
macro_rules! first_goals {
    ($which:literal) => {
        concat!(
            "INSERT INTO goal (user_id, name, target_cents, saved_cents, due_on) ",
            "SELECT u.id, g.name, u.annual_income_cents / g.part, u.annual_income_cents / g.part * (u.id % 10) / 10, ",
            "date($2, g.due) FROM users u, ",
            "(SELECT 'Emergency fund' AS name, 4 AS part, '+12 months' AS due ",
            "UNION ALL SELECT 'Holiday', 24, '+6 months') g WHERE ",
            $which
        )
    };
}

pub(super) const FIRST_GOALS_OF_ONE: &str = first_goals!("u.id = $1");
pub(super) const FIRST_GOALS_OF_LOAD_USERS: &str =
    first_goals!("u.is_load_user = $1 AND NOT EXISTS (SELECT 1 FROM goal o WHERE o.user_id = u.id)");

const LIST: &str =
    "SELECT id, name, target_cents, saved_cents, due_on FROM goal WHERE user_id = $1 ORDER BY id LIMIT 100";

impl Data {
    /// The goals of a user, oldest first.
    pub(crate) async fn goals(&self, user_id: i64) -> Result<Vec<Goal>, sqlx::Error> {
        let rows = sqlx::query(LIST).bind(user_id).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| {
                Ok(Goal {
                    id: row.try_get("id")?,
                    name: row.try_get("name")?,
                    target: Money::from_cents(row.try_get("target_cents")?),
                    saved: Money::from_cents(row.try_get("saved_cents")?),
                    due_on: row.try_get("due_on")?,
                })
            })
            .collect()
    }
}

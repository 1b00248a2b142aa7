//! Sums over expenses: per category, day and month.

use serde::Serialize;

use super::Data;
use crate::finance::Money;

/// What was spent on one category.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CategorySum {
    pub(crate) category: String,
    pub(crate) count: i64,
    pub(crate) total: Money,
}

/// What was spent on one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct DaySum {
    pub(crate) day: String,
    pub(crate) count: i64,
    pub(crate) total: Money,
}

/// What was spent in one month, such as `2026-11`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct MonthSum {
    pub(crate) month: String,
    pub(crate) count: i64,
    pub(crate) total: Money,
}

const BY_CATEGORY: &str = "SELECT category, count(*), sum(amount_cents) AS total FROM expense \
                           WHERE user_id = $1 AND spent_on BETWEEN $2 AND $3 GROUP BY category ORDER BY total DESC, category";
const BY_DAY: &str = "SELECT spent_on, count(*), sum(amount_cents) FROM expense \
                      WHERE user_id = $1 AND spent_on BETWEEN $2 AND $3 GROUP BY spent_on ORDER BY spent_on";
const BY_MONTH: &str = "SELECT substr(spent_on, 1, 7) AS month, count(*), sum(amount_cents) FROM expense \
                        WHERE user_id = $1 AND spent_on BETWEEN $2 AND $3 GROUP BY month ORDER BY month";

impl Data {
    /// Per category, largest first.
    pub(crate) async fn by_category(&self, user_id: i64, days: (&str, &str)) -> Result<Vec<CategorySum>, sqlx::Error> {
        let rows = self.grouped(BY_CATEGORY, user_id, days).await?;
        Ok(rows.into_iter().map(|(category, count, total)| CategorySum { category, count, total }).collect())
    }

    /// Per day, oldest first; days without expenses are left out.
    pub(crate) async fn by_day(&self, user_id: i64, days: (&str, &str)) -> Result<Vec<DaySum>, sqlx::Error> {
        let rows = self.grouped(BY_DAY, user_id, days).await?;
        Ok(rows.into_iter().map(|(day, count, total)| DaySum { day, count, total }).collect())
    }

    /// Per month, oldest first; months without expenses are left out.
    pub(crate) async fn by_month(&self, user_id: i64, days: (&str, &str)) -> Result<Vec<MonthSum>, sqlx::Error> {
        let rows = self.grouped(BY_MONTH, user_id, days).await?;
        Ok(rows.into_iter().map(|(month, count, total)| MonthSum { month, count, total }).collect())
    }

    async fn grouped(
        &self,
        query: &'static str,
        user_id: i64,
        (first, last): (&str, &str),
    ) -> Result<Vec<(String, i64, Money)>, sqlx::Error> {
        let rows: Vec<(String, i64, i64)> =
            sqlx::query_as(query).bind(user_id).bind(first).bind(last).fetch_all(&self.read).await?;
        Ok(rows.into_iter().map(|(key, count, cents)| (key, count, Money::from_cents(cents))).collect())
    }
}

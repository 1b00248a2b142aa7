//! Income classes and budgets: the arithmetic of the service, as pure functions.
//!
//! In:  incomes, regions, fixed expenses, habits.
//! Out: a [`Tier`], a cohort label, a [`Budget`] exact to the cent.
//! Not here: who the user is and what was spent (`data`), HTTP (`http`).

mod budget;
mod classify;
mod money;
mod region;
mod weights;

pub use budget::{Budget, BudgetError, BudgetInput, Habits, Line, plan};
pub use classify::{Behaviour, IncomeError, Tier, classify, classify_in, cohort, next_tier_when_near};
pub use money::{Money, MoneyError};
pub(crate) use region::PROFILES;
pub use region::{Profile, profile};

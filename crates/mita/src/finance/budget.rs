//! Plans a month: what may be spent on what, after fixed expenses and saving.
//!
//! In:  income, fixed expenses, a saving goal, habits. Out: a [`Budget`] whose lines are exact to the cent.
//!
//! Invariant: lines never add up to more than the discretionary amount (but for rounding each line to cents), and are
//! scaled down to it, never up.

use rust_decimal::Decimal;
use serde::Serialize;

use super::classify::{IncomeError, Tier, classify};
use super::money::{Money, MoneyError};
use super::region::profile;
use super::weights::weights;

/// What a budget is made from. Amounts are a month's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BudgetInput {
    /// Region name, such as `US-CA`.
    pub region: String,
    /// Wage.
    pub monthly_income: Money,
    /// Everything else that comes in.
    pub additional_income: Money,
    /// Rent, utilities, insurance, loans: paid before anything is planned.
    pub fixed: Vec<Money>,
    /// What the user wants to put aside.
    pub saving: Money,
    /// How often they do what costs money.
    pub habits: Habits,
}

/// How often a user does what costs money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Habits {
    /// Restaurant visits a month; 0 is "not said".
    pub dining_per_month: u32,
    /// Journeys a year.
    pub travel_per_year: u32,
    /// Coffees a week.
    pub coffee_per_week: u32,
}

/// A planned month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// The income class that chose the shares.
    pub tier: Tier,
    /// Wage and additional income.
    pub income: Money,
    /// Sum of the fixed expenses.
    pub fixed: Money,
    /// What can be put aside; less than was wanted when the money does not reach.
    pub saving: Money,
    /// What is left to plan with.
    pub discretionary: Money,
    /// Where it goes.
    pub lines: Vec<Line>,
}

impl Budget {
    /// The amount of a line; zero where the budget has none.
    pub fn amount(&self, name: &str) -> Money {
        self.lines.iter().find(|line| line.name == name).map_or(Money::default(), |line| line.amount)
    }
}

/// One purpose and its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is for.
    pub name: &'static str,
    /// For a month.
    pub amount: Money,
}

/// Why there is no budget.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BudgetError {
    /// Nothing is left to plan.
    #[error("fixed expenses of {fixed} exceed the income of {income}")]
    FixedAboveIncome {
        /// Sum of the fixed expenses.
        fixed: Money,
        /// Wage and additional income.
        income: Money,
    },
    /// The income has no class.
    #[error(transparent)]
    Income(#[from] IncomeError),
    /// A number does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Plans a month.
///
/// # Errors
/// When the income is negative or less than the fixed expenses.
pub fn plan(input: &BudgetInput) -> Result<Budget, BudgetError> {
    let income = input.monthly_income.decimal() + input.additional_income.decimal();
    let fixed: Decimal = input.fixed.iter().map(|amount| amount.decimal()).sum();
    if fixed > income {
        return Err(BudgetError::FixedAboveIncome { fixed: Money::round(fixed)?, income: Money::round(income)? });
    }
    let tier = classify(as_f64(income), &input.region)?;
    let rest = income - fixed - input.saving.decimal();
    let discretionary = rest.max(Decimal::ZERO);
    let saving = input.saving.decimal() + rest.min(Decimal::ZERO);

    let wanted = wanted(income, tier, input);
    let sum: Decimal = wanted.iter().map(|(_, amount)| *amount).sum();
    let lines = wanted
        .into_iter()
        .map(|(name, amount)| {
            // Multiplied before it is divided, so that nothing is lost to a rounded factor.
            let amount = if sum > discretionary { amount * discretionary / sum } else { amount };
            Ok(Line { name, amount: Money::round(amount)? })
        })
        .collect::<Result<_, MoneyError>>()?;
    Ok(Budget {
        tier,
        income: Money::round(income)?,
        fixed: Money::round(fixed)?,
        saving: Money::round(saving)?,
        discretionary: Money::round(discretionary)?,
        lines,
    })
}

/// The lines before they are made to fit.
fn wanted(income: Decimal, tier: Tier, input: &BudgetInput) -> Vec<(&'static str, Decimal)> {
    let profile = profile(&input.region);
    let weights = weights(profile.name, tier);
    let share = |per_mille: u16| income * Decimal::new(i64::from(per_mille), 3);
    let (food, transport) = (share(weights.food), share(weights.transport));
    let (healthcare, entertainment, misc) =
        (share(weights.healthcare), share(weights.entertainment), share(weights.misc));
    let habits = input.habits;

    let coffee = coffee_price(tier)
        * Decimal::new(i64::from(profile.cost_of_living_percent), 2)
        * Decimal::from(habits.coffee_per_week)
        * Decimal::from(4);
    let coffee = coffee.min(food * percent(15));
    let dining_share = match habits.dining_per_month {
        0 => percent(40),
        times => (percent(30) + Decimal::from(times) / Decimal::from(30)).min(percent(60)),
    };
    let dining = food * dining_share;

    let mut lines = vec![
        ("groceries", food - dining),
        ("dining", dining - coffee),
        ("public_transport", transport * percent(70)),
        ("gas", transport * percent(30)),
        ("events", entertainment),
        ("clothing", misc * percent(60)),
        ("hobbies", misc * percent(40)),
        ("insurance", healthcare * percent(60)),
        ("out_of_pocket", healthcare * percent(40)),
    ];
    if habits.travel_per_year > 0 {
        lines.push(("flights", (entertainment * percent(30)).min(misc * percent(50))));
    }
    if habits.coffee_per_week > 0 {
        lines.push(("coffee", coffee));
    }
    lines
}

fn coffee_price(tier: Tier) -> Decimal {
    Decimal::new(
        match tier {
            Tier::Low => 35,
            Tier::LowerMiddle => 45,
            Tier::Middle => 55,
            Tier::UpperMiddle => 70,
            Tier::High => 100,
        },
        1,
    )
}

fn percent(share: i64) -> Decimal {
    Decimal::new(share, 2)
}

fn as_f64(amount: Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    // Every decimal has a nearest f64; `NaN` would be refused by the classification.
    amount.to_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn units(amounts: &[i64]) -> Vec<Money> {
        amounts.iter().map(|units| Money::from_cents(units * 100)).collect()
    }

    fn californian() -> BudgetInput {
        BudgetInput {
            region: "US-CA".to_owned(),
            monthly_income: Money::from_cents(500_000),
            additional_income: Money::from_cents(50_000),
            fixed: units(&[1800, 250, 200, 400]),
            saving: Money::from_cents(80_000),
            habits: Habits { dining_per_month: 8, travel_per_year: 12, coffee_per_week: 5 },
        }
    }

    #[rstest]
    #[case("groceries", 26018)]
    #[case("dining", 25251)]
    #[case("public_transport", 45031)]
    #[case("gas", 19299)]
    #[case("events", 25732)]
    #[case("clothing", 15439)]
    #[case("hobbies", 10293)]
    #[case("flights", 7720)]
    #[case("insurance", 12866)]
    #[case("out_of_pocket", 8577)]
    #[case("coffee", 8772)]
    fn the_measured_budget_is_met_to_the_cent(#[case] line: &str, #[case] cents: i64) {
        let budget = plan(&californian()).expect("enough income");
        assert_eq!(budget.amount(line).cents(), cents, "{line}");
        assert_eq!(budget.lines.len(), 11);
        assert_eq!(
            (budget.tier, budget.fixed.cents(), budget.discretionary.cents()),
            (Tier::LowerMiddle, 265_000, 205_000)
        );
    }

    #[test]
    fn lines_that_fit_are_never_scaled_up() {
        let input = BudgetInput { fixed: Vec::new(), saving: Money::default(), ..californian() };
        let budget = plan(&input).expect("enough income");
        assert_eq!(budget.discretionary.cents(), 550_000);
        assert_eq!(budget.amount("events").cents(), 33_000);
        assert_eq!(budget.amount("coffee").cents(), 11_250);
    }

    #[test]
    fn saving_shrinks_before_fixed_expenses_are_touched() {
        let input = BudgetInput { saving: Money::from_cents(400_000), ..californian() };
        let budget = plan(&input).expect("enough income");
        assert_eq!((budget.saving.cents(), budget.discretionary.cents()), (285_000, 0));
        assert!(budget.lines.iter().all(|line| line.amount.cents() == 0));
    }

    #[test]
    fn fixed_expenses_above_the_income_leave_no_budget() {
        let input = BudgetInput { fixed: units(&[5501]), ..californian() };
        let error = plan(&input).expect_err("more goes out than comes in");
        assert_eq!(error.to_string(), "fixed expenses of 5501.00 exceed the income of 5500.00");
    }

    #[test]
    fn without_habits_there_is_no_coffee_and_no_flight() {
        let input =
            BudgetInput { habits: Habits::default(), fixed: Vec::new(), saving: Money::default(), ..californian() };
        let budget = plan(&input).expect("enough income");
        assert_eq!((budget.amount("coffee").cents(), budget.amount("flights").cents()), (0, 0));
        assert_eq!((budget.amount("dining").cents(), budget.amount("groceries").cents()), (30_800, 46_200));
    }
}

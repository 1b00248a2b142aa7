//! Budgets, and adding up money.

use std::hint::black_box;

use rust_decimal::Decimal;
use serde_json::json;

use super::parameters::Parameters;
use super::{Failure, Fields, NotReady, Operation, Ready, Receiver, unlisted};
use crate::finance::{Budget, BudgetError, BudgetInput, Habits, Money, plan};
use crate::lru::Lru;

const MAX_AMOUNT: f64 = 1e9;

pub(super) fn prepare<R: Receiver>(name: &str, parameters: &Parameters, receiver: R) -> Result<R::Taken, NotReady> {
    match name {
        "budget.generate" => {
            let input = input(parameters)?;
            let memoise = parameters.flag("memoise", false)?;
            receiver
                .take(Ready::of(move |_| Ok(Generate { input: input.clone(), kept: memoise.then(|| Lru::new(32)) })))
        }
        "money.sum" => {
            let items = parameters.whole("items", 1000, 1..=1_000_000)?;
            let amount = amount(parameters, "amount", 0.10)?;
            match parameters.one_of("kind", &["decimal", "float"])? {
                "decimal" => receiver.take(Ready::of(move |_| Ok(SumOfDecimals { items, amount }))),
                _ => receiver.take(Ready::of(move |_| Ok(SumOfFloats { items, amount }))),
            }
        }
        _ => Err(unlisted(name)),
    }
}

fn amount(parameters: &Parameters, name: &str, default: f64) -> Result<Money, NotReady> {
    let number = parameters.number(name, default, 0.0..=MAX_AMOUNT)?;
    // The shortest text of a number is what was written, so 0.1 stays 0.1.
    let decimal: Decimal =
        number.to_string().parse().map_err(|_| NotReady::new("builtin.parameter", format!("`{name}` is no amount")))?;
    Money::round(decimal).map_err(|error| NotReady::new("builtin.parameter", error.to_string()))
}

fn habit(parameters: &Parameters, name: &str, default: u64) -> Result<u32, NotReady> {
    Ok(u32::try_from(parameters.whole(name, default, 0..=10_000)?).unwrap_or(u32::MAX))
}

/// By default the household of the original suite.
fn input(parameters: &Parameters) -> Result<BudgetInput, NotReady> {
    let fixed = [("rent", 1800.0), ("utilities", 250.0), ("insurance", 200.0), ("loans", 400.0)];
    Ok(BudgetInput {
        region: parameters.text("region", "US-CA")?,
        monthly_income: amount(parameters, "monthly_income", 5000.0)?,
        additional_income: amount(parameters, "additional_income", 500.0)?,
        fixed: fixed.into_iter().map(|(name, default)| amount(parameters, name, default)).collect::<Result<_, _>>()?,
        saving: amount(parameters, "saving", 800.0)?,
        habits: Habits {
            dining_per_month: habit(parameters, "dining_per_month", 8)?,
            travel_per_year: habit(parameters, "travel_per_year", 12)?,
            coffee_per_week: habit(parameters, "coffee_per_week", 5)?,
        },
    })
}

impl From<BudgetError> for Failure {
    fn from(error: BudgetError) -> Self {
        Self { code: "budget.refused", message: error.to_string().into() }
    }
}

/// A planned month; where results are kept, the same question is worked out once.
struct Generate {
    input: BudgetInput,
    kept: Option<Lru<BudgetInput, Budget>>,
}

impl Operation for Generate {
    type Answer = Budget;

    fn perform(&mut self, _: u64) -> Result<Budget, Failure> {
        let Some(kept) = &mut self.kept else { return Ok(plan(&self.input)?) };
        if let Some(budget) = kept.get(&self.input) {
            return Ok(budget.clone());
        }
        let budget = plan(&self.input)?;
        kept.put(self.input.clone(), budget.clone());
        Ok(budget)
    }

    fn fields(&self, _: u64, budget: &Budget) -> Fields {
        let total = budget.lines.iter().map(|line| line.amount.cents()).sum();
        let mut fields = vec![
            ("tier", json!(budget.tier)),
            ("income", json!(budget.income)),
            ("fixed", json!(budget.fixed)),
            ("saving", json!(budget.saving)),
            ("discretionary", json!(budget.discretionary)),
            ("lines", json!(budget.lines.len())),
            ("total", json!(Money::from_cents(total))),
        ];
        // `insurance` is a fixed expense among the parameters and a line of the budget among the answers.
        fields.extend(budget.lines.iter().map(|line| (line.name, json!(line.amount))));
        fields
    }

    fn input(&self, _: u64) -> String {
        let input = &self.input;
        let fixed: Vec<String> = input.fixed.iter().map(ToString::to_string).collect();
        format!(
            "{} + {} a month in {}, fixed {}, saving {}, {:?}",
            input.monthly_income,
            input.additional_income,
            input.region,
            fixed.join(" + "),
            input.saving,
            input.habits
        )
    }
}

/// The same amount added up again and again, exact to the cent.
struct SumOfDecimals {
    items: u64,
    amount: Money,
}

impl Operation for SumOfDecimals {
    type Answer = Decimal;

    fn perform(&mut self, _: u64) -> Result<Decimal, Failure> {
        let amount = black_box(self.amount.decimal());
        Ok((0..self.items).fold(Decimal::ZERO, |sum, _| sum + amount))
    }

    fn fields(&self, _: u64, sum: &Decimal) -> Fields {
        let is_exact = *sum == self.amount.decimal() * Decimal::from(self.items);
        vec![("total", json!(sum.to_string())), ("is_exact", json!(is_exact))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} × {}", self.items, self.amount)
    }
}

/// The same with binary numbers, which hold no tenth exactly.
struct SumOfFloats {
    items: u64,
    amount: Money,
}

impl Operation for SumOfFloats {
    type Answer = f64;

    #[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 cents")]
    fn perform(&mut self, _: u64) -> Result<f64, Failure> {
        let amount = black_box(self.amount.cents() as f64 / 100.0);
        Ok((0..self.items).fold(0.0, |sum, _| sum + amount))
    }

    fn fields(&self, _: u64, sum: &f64) -> Fields {
        let right = self.amount.decimal() * Decimal::from(self.items);
        let is_exact = sum.to_string().parse::<Decimal>().is_ok_and(|sum| sum == right);
        vec![("total", json!(sum.to_string())), ("is_exact", json!(is_exact))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} × {}", self.items, self.amount)
    }
}

//! Amounts of money: whole cents inside, decimal numbers outside.
//!
//! In:  JSON numbers or texts such as `12.5`. Out: exact cents, written back as `12.5`.

use std::fmt;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount in whole cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why a number is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount of money")]
pub struct MoneyError(String);

impl Money {
    /// From whole cents, as the database keeps them.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// Whole cents.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// Rounds half up (away from zero) to whole cents.
    ///
    /// # Errors
    /// When the number is too large to count its cents.
    pub fn round(amount: Decimal) -> Result<Self, MoneyError> {
        amount
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
            .checked_mul(Decimal::ONE_HUNDRED)
            .and_then(|cents| cents.to_i64())
            .map(Self)
            .ok_or_else(|| MoneyError(amount.to_string()))
    }

    /// The same amount in currency units.
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decimal())
    }
}

impl Serialize for Money {
    #[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 cents, where f64 prints every cent")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        // The shortest text of an f64 is what the client wrote, so 0.1 stays 0.1.
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        let amount: Decimal = text.trim().parse().map_err(|_| de::Error::custom(MoneyError(text.clone())))?;
        Self::round(amount).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("12.5", 1250)]
    #[case("0.1", 10)]
    #[case("0.125", 13)]
    #[case("1.005", 101)]
    #[case("\"99.99\"", 9999)]
    #[case("100000", 10_000_000)]
    fn amounts_are_read_to_the_cent_and_rounded_half_up(#[case] json: &str, #[case] cents: i64) {
        let money: Money = serde_json::from_str(json).expect("an amount");
        assert_eq!(money.cents(), cents);
    }

    #[rstest]
    #[case("1e300")]
    #[case("\"ten\"")]
    #[case("null")]
    fn what_is_no_amount_is_refused(#[case] json: &str) {
        assert!(serde_json::from_str::<Money>(json).is_err());
    }

    #[test]
    fn amounts_are_written_as_plain_numbers() {
        assert_eq!(serde_json::to_string(&Money::from_cents(26018)).ok().as_deref(), Some("260.18"));
    }
}

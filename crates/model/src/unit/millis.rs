//! Durations as people write them: `500ms`, `2m`, `1h30m`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a number with its unit, such as 500ms, 30s, 2m or 1h30m")]
pub struct MillisError(String);

/// Whole milliseconds, for people and YAML. At most about 31 years, so that sums never overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "2m"))]
pub struct Millis(u64);

impl Millis {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// The longest duration that can be written.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// Takes milliseconds; more than [`Millis::MAX`] becomes that.
    pub const fn new(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// Takes whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self::new(seconds.saturating_mul(1000))
    }

    /// The count of milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Seconds as a fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// As the standard library's duration.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// The sum, at most [`Millis::MAX`].
    pub const fn plus(self, other: Self) -> Self {
        Self::new(self.0 + other.0)
    }

    /// The difference; zero when `other` is longer.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl FromStr for Millis {
    type Err = MillisError;

    /// Reads `90s`, `1m30s`, `1.5h`, `500ms`. A bare `0` is no time; every other bare number is refused, because
    /// nobody can tell whether it meant seconds.
    fn from_str(text: &str) -> Result<Self, MillisError> {
        let wrong = || MillisError(text.chars().take(40).collect());
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
            let amount: f64 = rest[..digits].parse().map_err(|_| wrong())?;
            let tail = &rest[digits..];
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let factor = match &tail[..letters] {
                "ms" => 1.0,
                "s" => 1e3,
                "m" | "min" => 60e3,
                "h" => 3_600e3,
                "d" => 86_400e3,
                _ => return Err(wrong()),
            };
            total += amount * factor;
            rest = tail[letters..].trim_start();
        }
        if total > Self::MAX.0 as f64 {
            return Err(wrong());
        }
        Ok(Self(total.round() as u64))
    }
}

impl fmt::Display for Millis {
    /// The shortest exact text that parses back: `2m`, `1h30m`, `1500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if !self.0.is_multiple_of(1000) {
            return write!(f, "{}ms", self.0);
        }
        let seconds = self.0 / 1000;
        let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if h > 0 {
            write!(f, "{h}h")?;
        }
        if m > 0 {
            write!(f, "{m}m")?;
        }
        if s > 0 {
            write!(f, "{s}s")?;
        }
        Ok(())
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Millis {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A duration with its unit, such as 500ms, 30s, 2m or 1h30m.",
            "pattern": r"^(0|([0-9]+(\.[0-9]+)?(ms|s|m|min|h|d) *)+)$"
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("500ms", 500)]
    #[case("2m", 120_000)]
    #[case("1h30m", 5_400_000)]
    #[case("1.5s", 1_500)]
    #[case("0", 0)]
    fn durations_read_as_people_write_them(#[case] text: &str, #[case] millis: u64) {
        assert_eq!(text.parse::<Millis>().map(Millis::get), Ok(millis));
    }

    #[rstest]
    #[case("5")]
    #[case("")]
    #[case("s")]
    #[case("5 parsecs")]
    #[case("-1s")]
    #[case("99999999999d")]
    fn a_duration_without_a_known_unit_is_refused(#[case] text: &str) {
        assert!(text.parse::<Millis>().is_err());
    }

    proptest! {
        #[test]
        fn a_printed_duration_reads_back(millis in 0_u64..10_000_000_000) {
            let value = Millis::new(millis);
            prop_assert_eq!(value.to_string().parse::<Millis>(), Ok(value));
        }
    }
}

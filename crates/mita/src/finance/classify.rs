//! Which income class a monthly income belongs to.
//!
//! In:  a monthly income and a region. Out: a [`Tier`], or why the income is none.
//!
//! Bounds are inclusive: who earns exactly the bound is still in the lower class.

use std::fmt;

use serde::Serialize;

use super::region::{Profile, profile};

/// An income class, from low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The lowest incomes.
    Low,
    /// Above low.
    LowerMiddle,
    /// Around the median.
    Middle,
    /// Above middle.
    UpperMiddle,
    /// No upper bound.
    High,
}

impl Tier {
    /// All classes, from low to high.
    pub const ALL: [Self; 5] = [Self::Low, Self::LowerMiddle, Self::Middle, Self::UpperMiddle, Self::High];
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::LowerMiddle => "lower_middle",
            Self::Middle => "middle",
            Self::UpperMiddle => "upper_middle",
            Self::High => "high",
        })
    }
}

/// Why an income could not be classified.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum IncomeError {
    /// Below zero.
    #[error("a monthly income of {0} is negative")]
    Negative(f64),
    /// Not a number, or infinite.
    #[error("a monthly income must be a finite number, not {0}")]
    NotFinite(f64),
    /// The profile does not say where its classes end.
    #[error("the profile of region `{0}` has no bound for every class, so nobody is near one")]
    MissingBound(&'static str),
}

/// The class of a monthly income in a region.
///
/// # Errors
/// When the income is negative or not a finite number.
pub fn classify(monthly_income: f64, region: &str) -> Result<Tier, IncomeError> {
    classify_in(monthly_income, profile(region))
}

/// The class of a monthly income by the bounds of a profile.
///
/// # Errors
/// As [`classify`].
pub fn classify_in(monthly_income: f64, profile: &Profile) -> Result<Tier, IncomeError> {
    Ok(tier_of(annual(monthly_income)?, profile))
}

fn annual(monthly_income: f64) -> Result<f64, IncomeError> {
    if !monthly_income.is_finite() {
        return Err(IncomeError::NotFinite(monthly_income));
    }
    if monthly_income < 0.0 {
        return Err(IncomeError::Negative(monthly_income));
    }
    Ok(monthly_income * 12.0)
}

fn tier_of(annual: f64, profile: &Profile) -> Tier {
    let bounds = [
        (Tier::Low, profile.low),
        (Tier::LowerMiddle, profile.lower_middle.unwrap_or(Profile::DEFAULT_LOWER_MIDDLE)),
        (Tier::Middle, profile.middle),
        (Tier::UpperMiddle, profile.upper_middle.unwrap_or(Profile::DEFAULT_UPPER_MIDDLE)),
    ];
    bounds.into_iter().find(|(_, bound)| annual <= f64::from(*bound)).map_or(Tier::High, |(tier, _)| tier)
}

/// The next class, when the income is within 5 % of the upper bound of its own.
///
/// # Errors
/// When the income is no income, or the region's profile lacks bounds.
pub fn next_tier_when_near(monthly_income: f64, region: &str) -> Result<Option<Tier>, IncomeError> {
    let annual = annual(monthly_income)?;
    let profile = profile(region);
    let (Some(lower_middle), Some(upper_middle)) = (profile.lower_middle, profile.upper_middle) else {
        return Err(IncomeError::MissingBound(profile.name));
    };
    let (bound, next) = match tier_of(annual, profile) {
        Tier::Low => (profile.low, Tier::LowerMiddle),
        Tier::LowerMiddle => (lower_middle, Tier::Middle),
        Tier::Middle => (profile.middle, Tier::UpperMiddle),
        Tier::UpperMiddle => (upper_middle, Tier::High),
        Tier::High => return Ok(None),
    };
    let bound = f64::from(bound);
    Ok((bound - annual <= bound * 0.05).then_some(next))
}

/// How a user handles money, as told by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// Frugal or conservative.
    Saver,
    /// Impulsive, or a spender.
    Spender,
    /// Anything else.
    #[default]
    Neutral,
}

impl Behaviour {
    /// Reads the word a user chose.
    pub fn from_word(word: &str) -> Self {
        match word {
            "frugal" | "conservative" => Self::Saver,
            "impulsive" | "spender" => Self::Spender,
            _ => Self::Neutral,
        }
    }
}

/// The label of the group of users that one is compared with: `region-tier-style-tag`.
///
/// # Errors
/// When the income is no income.
pub fn cohort<'a>(
    monthly_income: f64,
    region: Option<&str>,
    behaviour: Behaviour,
    categories: impl IntoIterator<Item = &'a str>,
) -> Result<String, IncomeError> {
    let region = region.unwrap_or("US-CA");
    let tier = classify(monthly_income, region)?;
    let style = match behaviour {
        Behaviour::Saver => "saver",
        Behaviour::Spender => "spender",
        Behaviour::Neutral => "neutral",
    };
    let tempted = categories.into_iter().any(|category| matches!(category, "coffee" | "entertainment"));
    let tag = if tempted { "challenge-prone" } else { "core-user" };
    Ok(format!("{region}-{tier}-{style}-{tag}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("US", &[(0.0, "low"), (3000.0, "low"), (3000.01, "lower_middle"), (4800.0, "lower_middle"), (4800.01, "middle"),
        (7200.0, "middle"), (7200.01, "upper_middle"), (12000.0, "upper_middle"), (12000.01, "high")])]
    #[case("US-CA", &[(3744.58, "low"), (3744.59, "lower_middle"), (5000.0, "lower_middle"), (5991.33, "lower_middle"),
        (5991.34, "middle"), (8987.0, "middle"), (8987.01, "upper_middle"), (14978.33, "upper_middle"),
        (14978.34, "high"), (44935.0 / 12.0, "low")])]
    #[case("US-TX", &[(2790.0, "low"), (2790.01, "lower_middle"), (4453.34, "middle"), (11133.34, "high")])]
    #[case("US-NY", &[(4050.0, "low"), (6480.0, "lower_middle"), (6480.01, "middle"), (16200.01, "high")])]
    #[case("US-FL", &[(2916.66, "low"), (2916.67, "lower_middle")])]
    #[case("GB", &[(166.66, "low"), (166.67, "lower_middle"), (416.67, "lower_middle"), (5000.0, "upper_middle")])]
    #[case("FR", &[(12000.01, "high")])]
    #[case("US-WA", &[(5000.0, "upper_middle")])]
    #[case("us-ca", &[(5000.0, "lower_middle")])]
    #[case("", &[(5000.0, "upper_middle")])]
    fn incomes_fall_into_the_measured_classes(#[case] region: &str, #[case] pairs: &[(f64, &str)]) {
        for (income, tier) in pairs {
            let got = classify(*income, region).map(|tier| tier.to_string());
            assert_eq!(got.as_deref(), Ok(*tier), "{income} a month in `{region}`");
        }
    }

    #[rstest]
    #[case("US", [4, 3, 5, 8, 15])]
    #[case("US-CA", [5, 4, 6, 7, 13])]
    #[case("US-TX", [3, 3, 5, 8, 16])]
    #[case("US-NY", [6, 4, 7, 7, 11])]
    #[case("US-FL", [3, 4, 5, 7, 16])]
    #[case("GB", [0, 7, 0, 13, 15])]
    fn the_35_incomes_of_the_benchmark_spread_as_measured(#[case] region: &str, #[case] expected: [usize; 5]) {
        let incomes = (3..=19)
            .map(|step| step * 500)
            .chain((10..=16).map(|step| step * 1000))
            .chain([18000, 20000, 22000, 25000, 30000, 35000, 40000, 50000, 75000, 100_000, 150_000]);
        let tiers: Vec<Tier> = incomes
            .map(|income| classify(f64::from(income), region))
            .collect::<Result<_, _>>()
            .expect("all are incomes");
        assert_eq!(tiers.len(), 35);
        assert_eq!(Tier::ALL.map(|tier| tiers.iter().filter(|got| **got == tier).count()), expected);
    }

    #[rstest]
    #[case(-1.0)]
    #[case(f64::NAN)]
    #[case(f64::INFINITY)]
    fn what_is_no_income_has_no_class(#[case] income: f64) {
        assert!(classify(income, "US").is_err());
        assert!(next_tier_when_near(income, "US").is_err());
    }

    #[rstest]
    #[case(2849.0, None)]
    #[case(2850.0, Some(Tier::LowerMiddle))]
    #[case(3000.0, Some(Tier::LowerMiddle))]
    #[case(150_000.0, None)]
    fn within_five_percent_of_a_bound_the_next_class_is_near(#[case] income: f64, #[case] next: Option<Tier>) {
        assert_eq!(next_tier_when_near(income, "US"), Ok(next));
    }

    #[rstest]
    #[case("GB")]
    #[case("DEFAULT")]
    fn regions_without_bounds_say_so(#[case] region: &str) {
        assert_eq!(
            next_tier_when_near(3000.0, region),
            Err(IncomeError::MissingBound(if region == "GB" { "GB" } else { "DEFAULT" }))
        );
    }

    #[test]
    fn a_cohort_names_region_class_style_and_tag() {
        let cohort = |behaviour: &str, categories: &[&str]| {
            cohort(5000.0, None, Behaviour::from_word(behaviour), categories.iter().copied()).expect("an income")
        };
        assert_eq!(cohort("neutral", &[]), "US-CA-lower_middle-neutral-core-user");
        assert_eq!(cohort("frugal", &["coffee"]), "US-CA-lower_middle-saver-challenge-prone");
        assert_eq!(cohort("impulsive", &["food"]), "US-CA-lower_middle-spender-core-user");
    }
}

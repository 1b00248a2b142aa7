//! Days and months, all in UTC: the target's month must not depend on where it runs.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::problem::Problem;

/// The day it is.
pub(crate) fn today(now: Timestamp) -> Date {
    now.to_zoned_datetime(TimeZone::UTC).date()
}

/// A span of whole days, both included, as the database compares them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
    first_text: String,
    last_text: String,
}

impl Days {
    pub(super) fn new(first: Date, last: Date) -> Self {
        Self { first, last, first_text: first.to_string(), last_text: last.to_string() }
    }

    /// The month of a day.
    pub(super) fn month_of(day: Date) -> Self {
        Self::new(day.first_of_month(), day.last_of_month())
    }

    /// The month of a day and some before it.
    pub(super) fn months_to(day: Date, months: i32) -> Self {
        let first = day.first_of_month().saturating_sub((months - 1).months());
        Self::new(first, day.last_of_month())
    }

    /// Every day there is.
    pub(super) fn all() -> Self {
        // Years of four digits only: beyond them texts no longer sort as days do.
        Self::new(Date::constant(1, 1, 1), Date::constant(9999, 12, 31))
    }

    /// What `?month=` asks for: `current` or `2026-11`.
    pub(super) fn asked(month: &str, today: Date) -> Result<Self, Problem> {
        if month == "current" {
            return Ok(Self::month_of(today));
        }
        format!("{month}-01").parse().map(Self::month_of).map_err(|_| {
            Problem::invalid("month", format!("`{month}` is neither `current` nor a month such as 2026-11"))
        })
    }

    /// As the database compares them.
    pub(super) fn texts(&self) -> (&str, &str) {
        (&self.first_text, &self.last_text)
    }

    /// The month of the first day, such as `2026-11`.
    pub(super) fn month(&self) -> &str {
        &self.first_text[..7]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("current", "2026-11-01", "2026-11-30")]
    #[case("2024-02", "2024-02-01", "2024-02-29")]
    fn a_month_is_asked_for_by_name(#[case] month: &str, #[case] first: &str, #[case] last: &str) {
        let days = Days::asked(month, date(2026, 11, 23)).expect("a month");
        assert_eq!(days.texts(), (first, last));
    }

    #[rstest]
    #[case("2026-13")]
    #[case("last")]
    #[case("")]
    fn what_is_no_month_is_refused(#[case] month: &str) {
        assert!(Days::asked(month, date(2026, 11, 23)).is_err());
    }

    #[test]
    fn six_months_reach_over_the_new_year() {
        assert_eq!(Days::months_to(date(2026, 2, 10), 6).texts(), ("2025-09-01", "2026-02-28"));
    }
}

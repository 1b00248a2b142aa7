//! Times of day without a calendar: what the browser's half needs of them, in UTC.

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// `14:25:12 UTC`.
pub fn time_of_day(at_us: i64) -> String {
    let second = at_us.rem_euclid(DAY_US) / 1_000_000;
    format!("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_names_its_zone() {
        assert_eq!(time_of_day(0), "00:00:00 UTC");
        assert_eq!(time_of_day(1_773_325_512_000_000), "14:25:12 UTC");
        assert_eq!(time_of_day(-1_000_000), "23:59:59 UTC");
    }
}

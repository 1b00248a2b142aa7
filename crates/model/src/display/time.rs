//! Elapsed times and instants.

/// An elapsed time: `6:24`, `1:02:03`.
pub fn elapsed(seconds: u64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// An instant (microseconds since the epoch) as `14:02 UTC`, or with its day `12 Mar 2026, 14:02 UTC`.
/// What lies outside the calendar is `–`.
pub fn clock(at_us: i64, with_day: bool) -> String {
    let Ok(instant) = jiff::Timestamp::from_microsecond(at_us) else { return "–".to_owned() };
    let zoned = instant.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let format = if with_day { "%-d %b %Y, %H:%M UTC" } else { "%H:%M UTC" };
    zoned.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_time_reads_as_a_clock() {
        assert_eq!(elapsed(384), "6:24");
        assert_eq!(elapsed(3_723), "1:02:03");
    }

    #[test]
    fn an_instant_names_its_zone() {
        assert_eq!(clock(0, true), "1 Jan 1970, 00:00 UTC");
        assert_eq!(clock(i64::MAX, false), "–");
    }
}

//! Ticks of the time of day and of the calendar, in UTC.

use super::{Tick, number};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

const DAY: i64 = 86_400;

/// Steps between ticks that are whole parts or multiples of a day, in seconds.
const STEPS: [i64; 21] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];

/// Steps in months.
const MONTHS: [i32; 11] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];

/// Monday, 5 January 1970: weeks are counted from here.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Ticks inside of the range of unix seconds, at most one an interval, at round times in UTC.
pub(crate) fn wall_time(from: f64, to: f64, intervals: f64) -> Vec<Tick> {
    let range = to - from;
    if let Some(step) = STEPS.iter().copied().find(|&step| range / step as f64 <= intervals) {
        let origin = if step >= 7 * DAY { FIRST_MONDAY } else { 0 };
        let first = ((from - origin as f64) / step as f64 - 1e-9).ceil() as i64;
        let last = ((to - origin as f64) / step as f64 + 1e-9).floor() as i64;
        return (first..=last)
            .map(|index| {
                let at = index * step + origin;
                Tick { at: at as f64, label: label(at, step) }
            })
            .collect();
    }
    const MONTH: f64 = 30.436_875 * 86_400.0;
    let step = MONTHS.iter().copied().find(|&step| range / (MONTH * f64::from(step)) <= intervals);
    step.map_or_else(Vec::new, |step| months(from, to, step))
}

fn months(from: f64, to: f64, step: i32) -> Vec<Tick> {
    let (Some(start), Some(end)) = (date(from as i64), date(to as i64)) else {
        return Vec::new();
    };
    let number = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    (number(start).div_euclid(step)..=number(end).div_euclid(step))
        .filter_map(|index| {
            let month = index * step;
            let date = Date::new(month.div_euclid(12) as i16, (month.rem_euclid(12) + 1) as i8, 1).ok()?;
            let at = date.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_second();
            let format = if step >= 12 { "%Y" } else { "%b %Y" };
            Some(Tick { at: at as f64, label: date.strftime(format).to_string() })
        })
        .filter(|tick| tick.at >= from && tick.at <= to)
        .collect()
}

/// `14:02`, with seconds where ticks are closer than a minute; at midnight and between days `13 Jan`.
fn label(second: i64, step: i64) -> String {
    let Ok(time) = Timestamp::from_second(second) else {
        return number(second as f64, 1.0);
    };
    let format = match () {
        () if step >= DAY || second.rem_euclid(DAY) == 0 => "%-d %b",
        () if step >= 60 => "%H:%M",
        () => "%H:%M:%S",
    };
    time.to_zoned_datetime(TimeZone::UTC).strftime(format).to_string()
}

fn date(second: i64) -> Option<Date> {
    Timestamp::from_second(second).ok().map(|time| time.to_zoned_datetime(TimeZone::UTC).date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tick::intervals;
    use proptest::prelude::*;
    use rstest::rstest;

    fn second(text: &str) -> f64 {
        text.parse::<Timestamp>().expect("the tests write valid times").as_second() as f64
    }

    #[rstest]
    #[case::a_quarter(
        "2026-01-13T00:00:00Z",
        "2026-03-30T00:00:00Z",
        1072.0,
        "19 Jan, 26 Jan, 2 Feb, 9 Feb, 16 Feb, 23 Feb, 2 Mar, 9 Mar, 16 Mar, 23 Mar, 30 Mar"
    )]
    #[case::over_midnight("2026-01-13T19:00:00Z", "2026-01-14T05:00:00Z", 302.0, "21:00, 14 Jan, 03:00")]
    #[case::a_minute(
        "2026-01-13T19:00:00Z",
        "2026-01-13T19:01:00Z",
        302.0,
        "19:00:00, 19:00:15, 19:00:30, 19:00:45, 19:01:00"
    )]
    #[case::two_years("2024-05-13T00:00:00Z", "2026-05-13T00:00:00Z", 302.0, "Jul 2024, Jan 2025, Jul 2025, Jan 2026")]
    #[case::decades("1990-05-13T00:00:00Z", "2026-05-13T00:00:00Z", 302.0, "2000, 2010, 2020")]
    fn wall_ticks_are_round(#[case] from: &str, #[case] to: &str, #[case] width: f64, #[case] shown: &str) {
        let ticks = wall_time(second(from), second(to), intervals(width));
        let labels: Vec<String> = ticks.into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels.join(", "), shown);
    }

    proptest! {
        #[test]
        fn wall_ticks_lie_inside_with_room_for_their_text(from in 0.0..2e9f64, range in 20.0..3e9f64, width in 150.0..1200.0f64) {
            let ticks = wall_time(from, from + range, intervals(width));
            prop_assert!(ticks.len() as f64 <= intervals(width) + 2.0);
            prop_assert!(ticks.iter().all(|tick| tick.at >= from - 1.0 && tick.at <= from + range + 1.0));
            for pair in ticks.windows(2) {
                prop_assert!((pair[1].at - pair[0].at) / range * width >= 44.0, "{ticks:?}");
            }
        }
    }
}

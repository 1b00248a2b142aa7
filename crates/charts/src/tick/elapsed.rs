//! Ticks of a run's elapsed time, at round minutes and seconds.

use super::Tick;

/// Steps between ticks in seconds. Below a second only very short runs look.
const STEPS: [f64; 27] = [
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    180.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    14_400.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    432_000.0,
    864_000.0,
    8_640_000.0,
];

/// Ticks inside of the range, at most one an interval; the end of the range has one as well where it is round.
pub(crate) fn elapsed(from: f64, to: f64, intervals: f64) -> Vec<Tick> {
    let range = to - from;
    let step = STEPS.iter().copied().find(|step| range / step <= intervals).unwrap_or(range);
    let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
    let mut places: Vec<f64> =
        (0..=(last - first).max(-1.0) as i64).map(|index| (first + index as f64) * step).collect();

    // The end of a plan matters more than the tick before it: 11:00 rather than 10:00.
    let round = match range {
        range if range >= 1800.0 => 60.0,
        range if range >= 180.0 => 30.0,
        _ => 5.0,
    };
    let distance = places.last().map_or(range, |last| to - last);
    if step >= 1.0 && distance > step * 1e-6 && (to / round - (to / round).round()).abs() < 1e-9 {
        if distance * intervals < range * 0.66 && places.len() > 1 {
            places.pop();
        }
        places.push(to);
    }
    places.into_iter().map(|at| Tick { at, label: clock(at, step) }).collect()
}

/// `6:24`, or `1:30:00` from an hour on.
fn clock(seconds: f64, step: f64) -> String {
    let sign = if seconds < 0.0 { "\u{2212}" } else { "" };
    if step < 1.0 {
        let tenths = (seconds.abs() * 10.0).round() as u64;
        return format!("{sign}{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10);
    }
    let whole = seconds.abs().round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match hours {
        0 => format!("{sign}{minutes}:{seconds:02}"),
        _ => format!("{sign}{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tick::intervals;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::eleven_minutes_on_a_page(660.0, 1076.0, "0:00 1:00 2:00 3:00 4:00 5:00 6:00 7:00 8:00 9:00 10:00 11:00")]
    #[case::eleven_minutes_on_half_a_page(660.0, 580.0, "0:00 2:00 4:00 6:00 8:00 11:00")]
    #[case::quarter_hour_on_a_phone(900.0, 302.0, "0:00 5:00 10:00 15:00")]
    #[case::ten_seconds(10.0, 400.0, "0:00 0:02 0:04 0:06 0:08 0:10")]
    #[case::two_hours(7200.0, 302.0, "0:00 30:00 1:00:00 1:30:00 2:00:00")]
    #[case::one_second(1.0, 302.0, "0:00.0 0:00.5 0:01.0")]
    fn elapsed_ticks_are_round(#[case] to: f64, #[case] width: f64, #[case] shown: &str) {
        let labels: Vec<String> = elapsed(0.0, to, intervals(width)).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels.join(" "), shown);
    }

    proptest! {
        #[test]
        fn elapsed_ticks_lie_inside_with_room_for_their_text(to in 1.0..1e7f64, width in 150.0..1200.0f64) {
            let intervals = intervals(width);
            let ticks = elapsed(0.0, to, intervals);
            prop_assert!(!ticks.is_empty() && ticks.len() as f64 <= intervals + 1.0);
            prop_assert!(ticks.iter().all(|tick| (0.0..=to * 1.000001).contains(&tick.at)));
            for pair in ticks.windows(2) {
                prop_assert!((pair[1].at - pair[0].at) / to * width >= 44.0, "{ticks:?}");
            }
        }
    }
}

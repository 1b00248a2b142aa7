//! Ticks of linear axes, at 1, 2, 2.5 or 5 times a power of ten.

use super::{Tick, number};

/// How the range of a vertical axis may be chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headroom {
    /// Values are counted: no tick between whole numbers.
    pub(crate) whole: bool,
    /// The axis ends exactly here unless data go beyond.
    pub(crate) ceiling: Option<f64>,
    /// The most intervals between ticks: 3 on a low plot, 5 on a high one.
    pub(crate) intervals: f64,
}

/// The range of a vertical axis around the data and its three to six ticks. Both ends of the range are ticks.
pub(crate) fn vertical(low: f64, high: f64, room: Headroom) -> ((f64, f64), Vec<Tick>) {
    // The axis could not tell values apart that differ in the last digits of a number only.
    let least = (low.abs().max(high.abs()) * 1e-9).max(f64::MIN_POSITIVE);
    let ceiling = room.ceiling.filter(|&ceiling| high <= ceiling && ceiling > low);
    let (low, high) = match ceiling {
        Some(ceiling) => (low, ceiling),
        None if high - low <= least => widened(low, room),
        // Two intervals of one are the least that counts can have.
        None if room.whole && high - low < 2.0 => (low, low + 2.0),
        // A line on the upper edge looks cut off.
        None if high > 0.0 => (low, high + (high - low) * 0.04),
        None => (low, high),
    };
    let best = steps(high - low, room.whole)
        .map(|step| {
            // What rounding left above a multiple must not cost another interval.
            let (from, to) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
            (step, from, to)
        })
        .filter(|(_, from, to)| (2.0..=room.intervals.clamp(3.0, 5.0)).contains(&(to - from)))
        .min_by(|a, b| waste(*a, high - low, ceiling).total_cmp(&waste(*b, high - low, ceiling)));
    // Steps grow by at most 2, and a step between half the range and the range spans it in 2 or 3 intervals: one always
    // fits. Half the range serves if the numbers are at the limits of what a number can be.
    let (step, from, to) = best.unwrap_or_else(|| {
        let step = (high - low) / 2.0;
        (step, low / step, high / step)
    });
    let count = (to - from).round() as usize;
    let ticks = (0..=count)
        .map(|index| {
            let at = (from + index as f64) * step;
            Tick { at, label: number(at, step) }
        })
        .collect();
    ((from * step, to * step), ticks)
}

/// Ticks inside of a fixed range, at most one an interval.
pub(crate) fn linear(low: f64, high: f64, intervals: f64) -> Vec<Tick> {
    let Some(step) = steps(high - low, false).find(|step| (high - low) / step <= intervals) else {
        return Vec::new();
    };
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    (0..=(last - first).max(-1.0) as i64)
        .map(|index| {
            let at = (first + index as f64) * step;
            Tick { at, label: number(at, step) }
        })
        .collect()
}

/// Steps from finer to coarser than the range needs.
fn steps(range: f64, whole: bool) -> impl Iterator<Item = f64> {
    let power = range.clamp(1e-290, 1e300).log10().floor() as i32;
    (power - 3..=power + 1)
        .flat_map(|power| {
            [1.0, 2.0, 2.5, 5.0]
                .map(|mantissa| if power < 0 { mantissa / 10f64.powi(-power) } else { mantissa * 10f64.powi(power) })
        })
        .filter(move |step| step.is_finite() && *step > 0.0 && (!whole || step.fract() == 0.0))
}

/// How much of the axis would stay empty, as a share. Among the nearly equal, five ticks are
/// the nicest, and 2 and 5 read better than 2.5.
fn waste((step, from, to): (f64, f64, f64), range: f64, ceiling: Option<f64>) -> f64 {
    let empty = (to - from) * step / range - 1.0;
    let misses_ceiling = ceiling.is_some_and(|ceiling| (to * step - ceiling).abs() > step * 1e-6);
    let mantissa = step / 10f64.powf(step.log10().floor());
    let odd = (2.4..2.6).contains(&mantissa);
    empty + ((to - from) - 4.0).abs() * 0.06 + if odd { 0.05 } else { 0.0 } + if misses_ceiling { 10.0 } else { 0.0 }
}

fn widened(value: f64, room: Headroom) -> (f64, f64) {
    if value.abs() < 1e-290 {
        (0.0, if room.whole { 2.0 } else { 1.0 })
    } else {
        let half = (value.abs() * 0.05).max(if room.whole { 1.0 } else { 0.0 });
        (value - half, value + half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn labels(ticks: &[Tick]) -> String {
        ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[rstest]
    #[case::rate(0.0, 100.0, 5.0, "0 25 50 75 100 125")]
    #[case::rate_on_a_low_plot(0.0, 100.0, 3.0, "0 50 100 150")]
    #[case::latency(0.0, 231.0, 5.0, "0 50 100 150 200 250")]
    #[case::errors_on_a_low_plot(0.0, 1.0, 3.0, "0 0.5 1 1.5")]
    #[case::trend(149.0, 245.0, 5.0, "125 150 175 200 225 250")]
    #[case::below_zero(-8.0, 12.0, 4.0, "\u{2212}10 0 10 20")]
    #[case::nothing(0.0, 0.0, 4.0, "0 0.25 0.5 0.75 1")]
    fn vertical_ticks_are_the_ones_a_person_would_choose(
        #[case] low: f64,
        #[case] high: f64,
        #[case] intervals: f64,
        #[case] shown: &str,
    ) {
        assert_eq!(labels(&vertical(low, high, Headroom { whole: false, ceiling: None, intervals }).1), shown);
    }

    #[test]
    fn counts_have_no_tick_between_whole_numbers() {
        let room = Headroom { whole: true, ceiling: None, intervals: 4.0 };
        assert_eq!(labels(&vertical(0.0, 1.0, room).1), "0 1 2");
        assert_eq!(labels(&vertical(0.0, 0.0, room).1), "0 1 2");
    }

    #[test]
    fn a_share_ends_at_100_percent() {
        let room = Headroom { whole: false, ceiling: Some(100.0), intervals: 4.0 };
        assert_eq!(vertical(0.0, 100.0, room).0, (0.0, 100.0));
        assert!(vertical(0.0, 130.0, room).0.1 > 130.0, "data beyond the ceiling are shown");
    }

    fn is_round(step: f64) -> bool {
        let mantissa = step / 10f64.powf(step.log10().floor());
        [1.0, 2.0, 2.5, 5.0, 10.0].iter().any(|nice| (mantissa - nice).abs() < 1e-6)
    }

    proptest! {
        #[test]
        fn vertical_axes_have_three_to_six_round_ticks_around_the_data(
            low in prop_oneof![Just(0.0), -1e9..1e9f64, -1.0..1.0f64],
            extent in prop_oneof![Just(0.0), 1e-6..1e-3f64, 1e-3..1e9f64],
            whole: bool,
            intervals in 3.0..5.0f64,
        ) {
            let high = low + extent;
            let ((from, to), ticks) = vertical(low, high, Headroom { whole, ceiling: None, intervals });
            prop_assert!((3..=6).contains(&ticks.len()), "{ticks:?}");
            let slack = (to - from) * 1e-6;
            prop_assert!(from <= low + slack && high <= to + slack, "{from}..{to}");
            prop_assert!(ticks.iter().all(|tick| tick.at >= from - slack && tick.at <= to + slack));
            prop_assert!(is_round(ticks[1].at - ticks[0].at) || (to - from) < from.abs() * 1e-6, "{ticks:?}");
            let mut texts: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
            texts.dedup();
            prop_assert_eq!(texts.len(), ticks.len(), "no two ticks read the same");
        }

        #[test]
        fn horizontal_ticks_lie_inside_and_never_too_close(low in -1e6..1e6f64, extent in 1e-3..1e6f64, width in 100.0..1200.0f64) {
            let intervals = super::super::intervals(width);
            let ticks = linear(low, low + extent, intervals);
            prop_assert!(!ticks.is_empty());
            prop_assert!(ticks.len() as f64 <= intervals + 1.0);
            for pair in ticks.windows(2) {
                prop_assert!((pair[1].at - pair[0].at) / extent * width >= width / intervals - 1e-3);
            }
        }
    }
}

//! Ticks of logarithmic axes, at 1, 2 and 5 times a power of ten.

use super::{Tick, number};

/// The range from just below the lowest value to the 1, 2 or 5 above the highest, with three of these at least.
pub(crate) fn log_bounds(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = if low > 0.0 && high.is_finite() { (low, high) } else { (1.0, 100.0) };
    let (low, high) = (low.clamp(1e-289, 1e289), high.clamp(1e-289, 1e289));
    let top = position(high).1;
    let from = low / 1.1;
    let third = top - 2;
    (if position(from).1 > third { value(third) } else { from }, value(top))
}

/// At most `most` ticks inside of the range, and two at least where the range holds them.
pub(crate) fn log(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let (first, last) = (position(low).1, position(high).0);
    let inside = (last - first + 1).max(0);
    // Every position, every second, then only powers of ten: every one, every second ...
    let stride = [1, 2].into_iter().chain((1..).map(|decades| decades * 3)).find(|stride| {
        let aligned = if *stride >= 3 { decade_at_or_above(first, *stride) } else { first };
        (last - aligned) / stride < most.max(2) as i32
    });
    let stride = stride.unwrap_or(inside.max(1));
    let start = if stride >= 3 { decade_at_or_above(first, stride) } else { first };
    (start..=last)
        .step_by(stride.max(1) as usize)
        .map(|position| {
            let at = value(position);
            Tick { at, label: number(at, at) }
        })
        .collect()
}

/// The positions just below and just above a value, counted in steps of 1, 2, 5: three a decade.
fn position(of: f64) -> (i32, i32) {
    // Near the limits of numbers their powers of ten are zero or endless.
    let of = if of.is_finite() && of > 0.0 { of.clamp(1e-290, 1e290) } else { 1.0 };
    let mut below = (of.log10().floor() as i32) * 3;
    while value(below + 1) <= of * (1.0 + 1e-9) {
        below += 1;
    }
    while value(below) > of * (1.0 + 1e-9) {
        below -= 1;
    }
    let exact = (value(below) / of - 1.0).abs() < 1e-9;
    (below, if exact { below } else { below + 1 })
}

fn value(position: i32) -> f64 {
    let power = position.div_euclid(3);
    let mantissa = [1.0, 2.0, 5.0][position.rem_euclid(3) as usize];
    if power < 0 { mantissa / 10f64.powi(-power) } else { mantissa * 10f64.powi(power) }
}

fn decade_at_or_above(position: i32, stride: i32) -> i32 {
    position.div_euclid(stride) * stride + if position.rem_euclid(stride) == 0 { 0 } else { stride }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::latency(42.0, 1550.0, "50 100 200 500 1,000 2,000", 6)]
    #[case::thinned(19.0, 1550.0, "20 100 500 2,000", 6)]
    #[case::decades(0.02, 9000.0, "0.1 1 10 100 1,000 10,000", 6)]
    #[case::narrow(100.0, 110.0, "50 100 200", 6)]
    #[case::constant(100.0, 100.0, "20 50 100", 6)]
    fn ticks_of_log_axes_read_well(#[case] low: f64, #[case] high: f64, #[case] shown: &str, #[case] most: usize) {
        let (from, to) = log_bounds(low, high);
        let labels: Vec<String> = log(from, to, most).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels.join(" "), shown);
    }

    proptest! {
        #[test]
        fn log_axes_have_two_to_six_ticks_inside_their_bounds(low in -12.0..12.0f64, decades in 0.0..14.0f64) {
            let (low, high) = (10f64.powf(low), 10f64.powf(low + decades));
            let (from, to) = log_bounds(low, high);
            prop_assert!(from <= low * 1.000001 && high <= to * 1.000001);
            let ticks = log(from, to, 6);
            prop_assert!((2..=6).contains(&ticks.len()), "{ticks:?} in {from}..{to}");
            prop_assert!(ticks.iter().all(|tick| tick.at >= from * 0.999999 && tick.at <= to * 1.000001));
        }
    }
}

//! Which values get a tick, and how they are written.
//!
//! In:  the range of the data and the room there is.
//! Out: ticks at round values; for the vertical axis also the range that they span.
//! Not here: units. Values come in the unit that is shown.

mod elapsed;
mod linear;
mod log;
mod wall;

pub(crate) use elapsed::elapsed;
pub(crate) use linear::{Headroom, linear, vertical};
pub(crate) use log::{log, log_bounds};
pub(crate) use wall::wall_time;

/// One tick.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// The most intervals between ticks of a horizontal axis: one a 90 px.
pub(crate) fn intervals(width: f64) -> f64 {
    (width / 90.0).ceil().max(1.0)
}

/// A number as an axis shows it: thousands with commas, a real minus, no more decimals than the distance to the next
/// tick needs. Beyond the numbers that people read digit by digit, powers of ten.
pub(crate) fn number(value: f64, step: f64) -> String {
    let size = value.abs().max(step.abs());
    if size >= 1e9 || (value != 0.0 && size < 1e-6) {
        return format!("{value:e}").replace('-', "\u{2212}");
    }
    // 2.5 needs one decimal more than its power of ten; the small amount forgives what rounding left.
    let decimals = (0..=9).find(|&decimals| {
        let scaled = step * 10f64.powi(decimals);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-3)
    });
    let plain = format!("{:.*}", decimals.unwrap_or(9) as usize, value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        text.push('\u{2212}');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(0.0, 20.0, "0")]
    #[case(2000.0, 500.0, "2,000")]
    #[case(1_234_567.0, 1.0, "1,234,567")]
    #[case(0.5, 0.5, "0.5")]
    #[case(1.0, 0.5, "1")]
    #[case(0.25, 0.25, "0.25")]
    #[case(7.5, 2.5, "7.5")]
    #[case(-20.0, 10.0, "\u{2212}20")]
    #[case(0.001, 0.001, "0.001")]
    #[case(5e12, 1e12, "5e12")]
    #[case(-0.0, 1.0, "0")]
    fn ticks_read_well(#[case] value: f64, #[case] step: f64, #[case] shown: &str) {
        assert_eq!(number(value, step), shown);
    }
}

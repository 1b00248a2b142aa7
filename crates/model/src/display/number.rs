//! Plain numbers.

/// U+2212, the minus that lines up with digits.
const MINUS: char = '\u{2212}';

/// A count, exact, with thousands separated: `56,761`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Three significant digits, thousands separated: `66.0`, `125`, `0.18`, `12,300`. Nothing measured is `–`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    // Digits after the point that leave three significant ones; from 1,000 on whole numbers are shown.
    let exponent = rounded_exponent(magnitude);
    let decimals = (2 - exponent).clamp(0, 12) as usize;
    let mut text = format!("{magnitude:.decimals$}");
    // Below one, trailing zeros say nothing: 0.180 reads as 0.18.
    if exponent < 0 && text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    let whole = text.find('.').unwrap_or(text.len());
    let shown = grouped(&text[..whole]) + &text[whole..];
    if value < 0.0 { format!("{MINUS}{shown}") } else { shown }
}

/// The decimal exponent after rounding to three digits: 0.9999 counts as 1.
fn rounded_exponent(magnitude: f64) -> i32 {
    let exponent = magnitude.log10().floor() as i32;
    let scale = 10_f64.powi(2 - exponent);
    if (magnitude * scale).round() >= 1000.0 { exponent + 1 } else { exponent }
}

/// A change: always with its sign, `+17.6`, `−2.10`; no change is `0`.
pub fn signed(value: f64) -> String {
    let shown = number(value);
    if value > 0.0 && value.is_finite() { format!("+{shown}") } else { shown }
}

/// All digits that the value has, for titles and tables that are copied from.
pub fn exact(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "–".to_owned() }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(66.0, "66.0")]
    #[case(125.4, "125")]
    #[case(0.18, "0.18")]
    #[case(0.180_4, "0.18")]
    #[case(9.996, "10.0")]
    #[case(0.9999, "1.00")]
    #[case(999.6, "1,000")]
    #[case(12_345.6, "12,346")]
    #[case(-2.1, "\u{2212}2.10")]
    #[case(0.0, "0")]
    #[case(f64::NAN, "–")]
    fn numbers_have_three_significant_digits(#[case] value: f64, #[case] shown: &str) {
        assert_eq!(number(value), shown);
    }

    #[rstest]
    #[case(17.6, "+17.6")]
    #[case(0.0, "0")]
    fn changes_carry_their_sign(#[case] value: f64, #[case] shown: &str) {
        assert_eq!(signed(value), shown);
    }

    #[test]
    fn counts_are_exact() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
    }
}

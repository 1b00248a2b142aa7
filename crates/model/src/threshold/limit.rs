//! Limits of rules: numbers with units, changed baselines, budgets, and the maximum of a two-level rule.

use super::{
    BaselineChange, Dimension, Limit, Measure, ThresholdError,
    cursor::Cursor,
    parse::{HeadPart, skip},
};
use crate::hint::nearest;

pub(super) fn limit(cursor: &mut Cursor<'_>, head: &HeadPart, dimension: Dimension) -> Result<Limit, ThresholdError> {
    let at = cursor.position();
    match cursor.word() {
        "" => number(cursor, head, dimension).map(Limit::Number),
        "baseline" => baseline(cursor, head, dimension).map(Limit::Baseline),
        "budget" => {
            skip(cursor);
            let name = if cursor.eat("(") { cursor.take_through(')').map(str::trim) } else { None };
            match name {
                Some(name) if !name.is_empty() => Ok(Limit::Budget(name.to_owned())),
                _ => Err(cursor.wrong_at(
                    at,
                    "a budget needs its name".to_owned(),
                    Some("write budget(name)".to_owned()),
                )),
            }
        }
        other => Err(cursor.wrong_at(
            at,
            format!("`{other}` is not a limit"),
            Some("a limit is a number with its unit, `baseline * 1.10` or `budget(name)`".to_owned()),
        )),
    }
}

fn baseline(cursor: &mut Cursor<'_>, head: &HeadPart, dimension: Dimension) -> Result<BaselineChange, ThresholdError> {
    let at = skip(cursor);
    let sign = cursor.peek();
    if !matches!(sign, Some('*' | '+' | '-')) {
        let hint = "write `baseline * 1.10`, `baseline + 10%` or `baseline - 5ms`".to_owned();
        return Err(cursor.wrong_at(at, "`baseline` needs *, + or - and a number".to_owned(), Some(hint)));
    }
    cursor.go_to(at + 1);
    let number_at = skip(cursor);
    if sign == Some('*') {
        let factor = cursor.number()?;
        if cursor.eat("%") {
            return Ok(BaselineChange::Times(factor / 100.0));
        }
        if factor < 0.0 {
            return Err(cursor.wrong_at(
                number_at,
                "a baseline cannot be multiplied by less than nothing".to_owned(),
                None,
            ));
        }
        return Ok(BaselineChange::Times(factor));
    }
    let direction = if sign == Some('-') { -1.0 } else { 1.0 };
    let amount = cursor.number()?;
    skip(cursor);
    if cursor.eat("%") {
        return Ok(BaselineChange::PlusShare(direction * amount / 100.0));
    }
    cursor.go_to(number_at);
    Ok(BaselineChange::Plus(direction * number(cursor, head, dimension)?))
}

pub(super) fn maximum(
    cursor: &mut Cursor<'_>,
    head: &HeadPart,
    dimension: Dimension,
) -> Result<Option<(f64, usize)>, ThresholdError> {
    let at = skip(cursor);
    let comma = cursor.eat(",");
    let word_at = skip(cursor);
    if cursor.word() == "max" {
        let number_at = skip(cursor);
        return Ok(Some((number(cursor, head, dimension)?, number_at)));
    }
    cursor.go_to(if comma { word_at } else { at });
    if comma {
        let hint = "after the comma only the maximum may stand: `p95 < 200ms, max 500ms`".to_owned();
        return Err(cursor.wrong_at(at, "a maximum is missing here".to_owned(), Some(hint)));
    }
    Ok(None)
}

/// A number with its unit, in the base unit.
fn number(cursor: &mut Cursor<'_>, head: &HeadPart, dimension: Dimension) -> Result<f64, ThresholdError> {
    let at = cursor.position();
    let amount = cursor.number()?;
    let base = unit(cursor, head, dimension, amount)?;
    let per_at = skip(cursor);
    if cursor.word() != "per" {
        cursor.go_to(per_at);
        share_fits(cursor, head, at, base)?;
        return Ok(base);
    }
    if !matches!(head.measure, Measure::Memory | Measure::Allocations) {
        let message = format!("`per … ops` does not fit {}", head.measure);
        return Err(cursor.wrong_at(per_at, message, Some("it goes with memory and allocations".to_owned())));
    }
    let count_at = skip(cursor);
    let operations = cursor.number()?;
    skip(cursor);
    let word = cursor.word();
    if operations < 1.0 || !matches!(word, "ops" | "op" | "operations") {
        let message = "`per` needs a number of operations".to_owned();
        return Err(cursor.wrong_at(count_at, message, Some("write `per 1000 ops`".to_owned())));
    }
    Ok(base / operations)
}

/// A share above 1 is nearly always a percentage whose sign was forgotten, and would never be broken.
fn share_fits(cursor: &Cursor<'_>, head: &HeadPart, at: usize, base: f64) -> Result<(), ThresholdError> {
    if matches!(head.measure, Measure::ErrorRate | Measure::Checks) && !(0.0..=1.0).contains(&base) {
        let message = format!("{base} is not a share: {} lies between 0 and 1", head.measure);
        let hint = format!("write {base}% for a percentage");
        return Err(cursor.wrong_at(at, message, (base > 1.0).then_some(hint)));
    }
    Ok(())
}

fn unit(cursor: &mut Cursor<'_>, head: &HeadPart, dimension: Dimension, amount: f64) -> Result<f64, ThresholdError> {
    let end_of_number = cursor.position();
    let at = skip(cursor);
    let word = if cursor.eat("%") {
        "%"
    } else if cursor.eat("/") {
        skip(cursor);
        let word = cursor.word();
        if word != "s" {
            let message = format!("`/{word}` is not a unit");
            return Err(cursor.wrong_at(at, message, Some("rates are a second: /s".to_owned())));
        }
        "/s"
    } else {
        cursor.word()
    };
    // What looks like no unit belongs to what follows; glued to the number it can only be meant as one.
    let glued = at == end_of_number && !word.is_empty();
    let base = match (dimension, word) {
        (Dimension::Time, "ns") => amount / 1e9,
        (Dimension::Time, "us" | "µs" | "μs") => amount / 1e6,
        (Dimension::Time, "ms") => amount / 1e3,
        (Dimension::Time, "s") => amount,
        (Dimension::Time, "m") => amount * 60.0,
        (Dimension::Time, "h") => amount * 3600.0,
        (Dimension::Share, "%") => amount / 100.0,
        (Dimension::Bytes, "B") => amount,
        (Dimension::Bytes, "KB") => amount * 1024.0,
        (Dimension::Bytes, "MB") => amount * 1024.0 * 1024.0,
        (Dimension::Bytes, "GB") => amount * 1024.0 * 1024.0 * 1024.0,
        (Dimension::PerSecond, "/s") => amount,
        (_, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h" | "%" | "B" | "KB" | "MB" | "GB" | "/s") => {
            let message = format!("the unit `{word}` does not fit {} {}", head.measure, head.stat);
            return Err(cursor.wrong_at(at, message, Some(units_hint(dimension).to_owned())));
        }
        _ if glued => {
            let shown: String = word.chars().take(20).collect();
            let hint = nearest(word, UNITS)
                .filter(|unit| unit.eq_ignore_ascii_case(word))
                .map_or_else(|| units_hint(dimension).to_owned(), |unit| format!("did you mean `{unit}`?"));
            return Err(cursor.wrong_at(at, format!("`{shown}` is not a unit"), Some(hint)));
        }
        _ => {
            cursor.go_to(end_of_number);
            bare(head.measure, dimension, amount)
        }
    };
    Ok(base)
}

const UNITS: [&str; 12] = ["ns", "us", "µs", "ms", "s", "m", "h", "B", "KB", "MB", "GB", "%"];

const fn units_hint(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Time => "times take ns, us, ms, s, m or h",
        Dimension::Share => "shares take %, or a bare number between 0 and 1",
        Dimension::Bytes => "sizes take B, KB, MB or GB",
        Dimension::PerSecond => "rates take /s or nothing",
        Dimension::Count => "counts take no unit",
    }
}

/// What a number without a unit means.
fn bare(measure: Measure, dimension: Dimension, amount: f64) -> f64 {
    match dimension {
        Dimension::Time => amount / 1e3,
        Dimension::Bytes => amount * 1024.0 * 1024.0,
        Dimension::Share if measure == Measure::Degradation => amount / 100.0,
        Dimension::Share | Dimension::PerSecond | Dimension::Count => amount,
    }
}

//! What may stand behind the limit of a rule: scope, window, after, at, level, action; each once, in any order.

use std::ops::Range;

use super::{Action, After, At, Level, Threshold, ThresholdError, Window, cursor::Cursor, parse::skip};
use crate::{hint::nearest, unit::Millis};

/// Words that begin a clause, and so end a scope that is not quoted.
const KEYWORDS: [&str; 9] = ["for", "over", "within", "after", "at", "warn", "fail", "continue", "stop"];

/// Reads them all. Out: where the scope stands, its `for` included.
pub(super) fn clauses(
    cursor: &mut Cursor<'_>,
    threshold: &mut Threshold,
) -> Result<Option<Range<usize>>, ThresholdError> {
    let (mut level, mut action) = (None, None);
    let mut scope_at = None;
    loop {
        let at = skip(cursor);
        if cursor.at_end() {
            break;
        }
        match cursor.word() {
            "for" => {
                let value_at = skip(cursor);
                if let Some(time) = duration(cursor) {
                    once(cursor, at, "window", &mut threshold.window, Window::For(time))?;
                } else {
                    cursor.go_to(value_at);
                    let scope = scope(cursor)?;
                    once(cursor, at, "scope", &mut threshold.scope, scope)?;
                    scope_at = Some(at..cursor.position());
                }
            }
            "over" => {
                let time = wanted_duration(cursor, "over")?;
                once(cursor, at, "window", &mut threshold.window, Window::Over(time))?;
            }
            "within" => {
                let time = wanted_duration(cursor, "within")?;
                once(cursor, at, "window", &mut threshold.window, Window::Within(time))?;
            }
            "after" => {
                let value_at = skip(cursor);
                let after = if cursor.word() == "warmup" {
                    After::Warmup
                } else {
                    cursor.go_to(value_at);
                    After::Time(wanted_duration(cursor, "after")?)
                };
                once(cursor, at, "`after`", &mut threshold.after, after)?;
            }
            "at" => {
                let load = at_load(cursor)?;
                once(cursor, at, "`at`", &mut threshold.at, load)?;
            }
            "warn" => once(cursor, at, "level", &mut level, Level::Warn)?,
            "fail" => once(cursor, at, "level", &mut level, Level::Fail)?,
            "continue" => once(cursor, at, "action", &mut action, Action::Continue)?,
            "stop" => once(cursor, at, "action", &mut action, Action::Stop)?,
            word => {
                let shown = if word.is_empty() {
                    cursor.rest().chars().take_while(|c| !c.is_whitespace()).take(40).collect()
                } else {
                    word.to_owned()
                };
                let hint = nearest(word, KEYWORDS).map_or_else(
                    || "after the limit stand: for, over, within, after, at, warn, fail, continue, stop".to_owned(),
                    |known| format!("did you mean `{known}`?"),
                );
                return Err(cursor.wrong_at(at, format!("`{shown}` is not known here"), Some(hint)));
            }
        }
    }
    threshold.level = level.unwrap_or_default();
    threshold.action = action.unwrap_or_default();
    Ok(scope_at)
}

/// A name as it stands behind `for`: quoted where it would be read as something else.
pub(super) fn quoted(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let plain = words.join(" ") == name
        && words.iter().all(|word| !KEYWORDS.contains(word))
        && !name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\''));
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

fn once<T>(cursor: &Cursor<'_>, at: usize, what: &str, slot: &mut Option<T>, value: T) -> Result<(), ThresholdError> {
    if slot.is_some() {
        return Err(cursor.wrong_at(
            at,
            format!("a second {what}"),
            Some("each may stand once; make it two rules".to_owned()),
        ));
    }
    *slot = Some(value);
    Ok(())
}

/// A duration, if one stands here as a whole word.
fn duration(cursor: &mut Cursor<'_>) -> Option<Millis> {
    let word = cursor.take_while(|c| !c.is_whitespace());
    if word.starts_with(|c: char| c.is_ascii_digit()) { word.parse().ok() } else { None }
}

fn wanted_duration(cursor: &mut Cursor<'_>, keyword: &str) -> Result<Millis, ThresholdError> {
    let at = skip(cursor);
    match duration(cursor) {
        Some(time) if time > Millis::ZERO => Ok(time),
        _ => {
            let message = format!("`{keyword}` needs a duration");
            Err(cursor.wrong_at(at, message, Some(format!("write it with its unit: `{keyword} 30s`"))))
        }
    }
}

fn at_load(cursor: &mut Cursor<'_>) -> Result<At, ThresholdError> {
    let at = skip(cursor);
    let wrong = |cursor: &Cursor<'_>| {
        let message = "`at` needs a number of users or a rate".to_owned();
        cursor.wrong_at(at, message, Some("write `at 1000 users` or `at 200/s`".to_owned()))
    };
    let amount = cursor.number().map_err(|_| wrong(cursor))?;
    skip(cursor);
    if cursor.eat("/s") {
        return if amount > 0.0 { Ok(At::Rate(amount)) } else { Err(wrong(cursor)) };
    }
    let whole = amount.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&amount);
    match cursor.word() {
        "users" | "user" if whole => Ok(At::Users(amount as u32)),
        _ => Err(wrong(cursor)),
    }
}

/// A glob: quoted, or up to the next keyword.
fn scope(cursor: &mut Cursor<'_>) -> Result<String, ThresholdError> {
    let at = cursor.position();
    let missing = |cursor: &Cursor<'_>| {
        let hint = "write a name or a glob, such as `for /api/*`; quote it when it holds a keyword".to_owned();
        cursor.wrong_at(at, "`for` needs a name or a duration".to_owned(), Some(hint))
    };
    if let Some(quote) = cursor.peek().filter(|c| matches!(c, '"' | '\'')) {
        cursor.go_to(at + 1);
        return match cursor.take_through(quote) {
            Some(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
            _ => Err(missing(cursor)),
        };
    }
    let mut words = Vec::new();
    loop {
        let word_at = skip(cursor);
        let word = cursor.take_while(|c| !c.is_whitespace());
        if word.is_empty() || KEYWORDS.contains(&word) {
            cursor.go_to(word_at);
            break;
        }
        words.push(word);
    }
    if words.is_empty() { Err(missing(cursor)) } else { Ok(words.join(" ")) }
}

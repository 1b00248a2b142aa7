//! Text to [`Threshold`].

use std::str::FromStr;

use super::{
    Action, After, At, BaselineChange, Dimension, Level, Limit, Measure, Op, Stat, Threshold, Window, cursor::Cursor,
    measure::is_foreign_k6_metric,
};
use crate::{Hint, unit::Millis};

/// Longest rule, in bytes: more is a mistake of pasting.
const MAX_TEXT: usize = 1000;

/// Words that begin a clause, and so end a scope that is not quoted.
const KEYWORDS: [&str; 9] = ["for", "over", "within", "after", "at", "warn", "fail", "continue", "stop"];

/// Why a text is not a threshold.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message} (column {column})")]
pub struct ThresholdError {
    /// What is wrong.
    pub message: String,
    /// Where, from 1.
    pub column: usize,
    /// What to do.
    pub hint: Option<String>,
}

impl Hint for ThresholdError {
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

impl Threshold {
    /// Reads a rule of a k6 map, whose key gives the measure (with tags, if any): `http_req_duration{status:200}`.
    ///
    /// # Errors
    /// When key or rule cannot be read. Columns count in the rule; an error in the key has column 1.
    pub fn of_k6(key: &str, rule: &str) -> Result<Self, ThresholdError> {
        let mut cursor = Cursor::new(key.trim());
        let (measure, tags) = (|| {
            let Some(Head::Measure(measure)) = head_word(&mut cursor)? else {
                return Err(cursor.wrong_at(0, format!("`{key}` is not a measure"), Some(measures_hint())));
            };
            let tags = tags(&mut cursor)?;
            cursor.skip_blanks();
            if cursor.at_end() {
                Ok((measure, tags))
            } else {
                Err(cursor.wrong_at(0, format!("`{key}` is not a measure"), Some(measures_hint())))
            }
        })()
        .map_err(|error| ThresholdError { column: 1, ..error })?;
        let mut threshold = read(rule, Some((measure, tags)))?;
        // The text must say all by itself, also in a ledger far from its key.
        threshold.text = format!("{} {}", key.trim(), rule.trim());
        Ok(threshold)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;
    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        read(text, None)
    }
}

impl TryFrom<String> for Threshold {
    type Error = ThresholdError;
    fn try_from(text: String) -> Result<Self, ThresholdError> {
        text.parse()
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.text
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn read(source: &str, given: Option<(Measure, Vec<(String, String)>)>) -> Result<Threshold, ThresholdError> {
    let text = source.trim();
    let mut cursor = Cursor::new(text);
    if text.len() > MAX_TEXT {
        return Err(cursor.wrong_at(0, format!("the rule is longer than {MAX_TEXT} characters"), None));
    }
    let head = head(&mut cursor, given)?;
    let operator = operator(&mut cursor)?;
    let dimension = head.measure.dimension(head.stat);
    let limit_at = skip(&mut cursor);
    let limit = limit(&mut cursor, &head, dimension)?;
    let max = maximum(&mut cursor, &head, dimension)?;
    if let Some((max, max_at)) = max {
        let backwards = match (&limit, operator) {
            (_, Op::Equal | Op::NotEqual) => {
                return Err(cursor.wrong_at(
                    max_at,
                    format!("a maximum has no meaning beside `{}`", operator.sign()),
                    Some("use <, <=, > or >=".to_owned()),
                ));
            }
            (Limit::Number(target), Op::Less | Op::LessOrEqual) => max < *target,
            (Limit::Number(target), Op::Greater | Op::GreaterOrEqual) => max > *target,
            _ => false,
        };
        if backwards {
            return Err(cursor.wrong_at(
                limit_at,
                "the target is beyond its maximum, so it could never warn".to_owned(),
                Some("swap the two limits".to_owned()),
            ));
        }
    }
    let mut threshold = Threshold {
        text: text.to_owned(),
        measure: head.measure,
        tags: head.tags,
        stat: head.stat,
        op: operator,
        limit,
        max: max.map(|(max, _)| max),
        scope: None,
        window: None,
        after: None,
        at: None,
        level: Level::default(),
        action: Action::default(),
    };
    clauses(&mut cursor, &mut threshold)?;
    Ok(threshold)
}

/// What stands before the operator.
struct HeadPart {
    measure: Measure,
    tags: Vec<(String, String)>,
    stat: Stat,
}

/// What a word before the operator is.
enum Head {
    Measure(Measure),
    Stat(Stat),
}

fn head(cursor: &mut Cursor<'_>, given: Option<(Measure, Vec<(String, String)>)>) -> Result<HeadPart, ThresholdError> {
    let mut measure = given;
    let mut stat: Option<(Stat, usize)> = None;
    loop {
        let at = skip(cursor);
        match head_word(cursor)? {
            None => break,
            Some(Head::Measure(found)) => {
                if measure.is_some() || stat.is_some() {
                    let message = "the measure must stand first, and only once".to_owned();
                    return Err(cursor.wrong_at(at, message, Some("write it as `latency p95 < 200ms`".to_owned())));
                }
                measure = Some((found, tags(cursor)?));
            }
            Some(Head::Stat(found)) => {
                if stat.is_some() {
                    let message = "a rule has one stat only".to_owned();
                    return Err(cursor.wrong_at(at, message, Some("make it two rules".to_owned())));
                }
                stat = Some((found, at));
            }
        }
    }
    let (measure, tags, stat) = match (measure, stat) {
        (None, None) => {
            let message = "the rule does not say what is judged".to_owned();
            let hint = "begin with a measure or a stat, such as `p95 < 200ms` or `error_rate < 1%`".to_owned();
            return Err(cursor.wrong_at(cursor.position(), message, Some(hint)));
        }
        (Some((measure, tags)), None) => (measure, tags, (measure.own_stat(), 0)),
        (Some((measure, tags)), Some(stat)) => (measure, tags, stat),
        (None, Some(stat)) => (measure_of(stat.0), Vec::new(), stat),
    };
    if !measure.has(stat.0) {
        let fitting: Vec<&str> = Stat::WORDS
            .into_iter()
            .filter(|word| *word != "mean")
            .filter(|word| measure.has(Stat::named(word).unwrap_or(Stat::Quantile(0.95))))
            .collect();
        let message = format!("`{}` has no `{}`", measure.name(), stat.0);
        return Err(cursor.wrong_at(stat.1, message, Some(format!("it has {}", fitting.join(", ")))));
    }
    Ok(HeadPart { measure, tags, stat: stat.0 })
}

/// Without a measure it is latency. k6 keeps the measure in the key beside the rule; where only the rule was copied,
/// a stat that no latency has still tells which one was meant.
const fn measure_of(stat: Stat) -> Measure {
    match stat {
        Stat::Rate => Measure::ErrorRate,
        Stat::Count => Measure::Throughput,
        Stat::Value => Measure::Users,
        Stat::Slope => Measure::Memory,
        _ => Measure::Latency,
    }
}

fn head_word(cursor: &mut Cursor<'_>) -> Result<Option<Head>, ThresholdError> {
    let at = cursor.position();
    let word = cursor.word();
    if word.is_empty() {
        return Ok(None);
    }
    if let Some(measure) = Measure::named(word) {
        return Ok(Some(Head::Measure(measure)));
    }
    if let Some(stat) = Stat::named(word) {
        return Ok(Some(Head::Stat(stat)));
    }
    if word == "p" && cursor.eat("(") {
        let Some(inner) = cursor.take_through(')') else {
            return Err(cursor.wrong_at(at, "`p(` is not closed by `)`".to_owned(), Some("write p(95)".to_owned())));
        };
        return quantile(cursor, at, inner.trim()).map(|stat| Some(Head::Stat(stat)));
    }
    if let Some(digits) = word.strip_prefix('p')
        && digits.starts_with(|c: char| c.is_ascii_digit())
    {
        return quantile(cursor, at, digits).map(|stat| Some(Head::Stat(stat)));
    }
    if is_foreign_k6_metric(word) {
        return Err(cursor.wrong_at(
            at,
            format!("k6's metric `{word}` has no counterpart here"),
            Some(measures_hint()),
        ));
    }
    let known = Measure::ALL.map(Measure::name);
    let hint = nearest(word, known.into_iter().chain(Stat::WORDS))
        .map_or_else(measures_hint, |word| format!("did you mean `{word}`?"));
    Err(cursor.wrong_at(at, format!("`{word}` is neither a measure nor a stat"), Some(hint)))
}

fn quantile(cursor: &Cursor<'_>, at: usize, digits: &str) -> Result<Stat, ThresholdError> {
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    match digits.parse::<f64>() {
        Ok(percent) if plain && (0.0..=100.0).contains(&percent) => Ok(Stat::Quantile(percent / 100.0)),
        _ => {
            let shown: String = digits.chars().take(20).collect();
            let message = format!("`{shown}` is not a percentile");
            Err(cursor.wrong_at(
                at,
                message,
                Some("a percentile lies between 0 and 100, such as p95 or p(99.9)".to_owned()),
            ))
        }
    }
}

fn measures_hint() -> String {
    format!("measures are {}", Measure::ALL.map(Measure::name).join(", "))
}

fn tags(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, ThresholdError> {
    let mut tags = Vec::new();
    let at = skip(cursor);
    if !cursor.eat("{") {
        return Ok(tags);
    }
    let Some(inner) = cursor.take_through('}') else {
        return Err(cursor.wrong_at(at, "`{` is not closed by `}`".to_owned(), None));
    };
    for pair in inner.split(',') {
        let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
        match pair.split_once(':') {
            Some((tag, value)) if !tag.trim().is_empty() && !value.trim().is_empty() => {
                tags.push((unquoted(tag), unquoted(value)));
            }
            _ => {
                let message = format!("`{}` is not a tag", pair.trim());
                return Err(cursor.wrong_at(at, message, Some("write {tag:value}, such as {status:200}".to_owned())));
            }
        }
    }
    Ok(tags)
}

fn operator(cursor: &mut Cursor<'_>) -> Result<Op, ThresholdError> {
    let at = skip(cursor);
    // Longer signs first, or `<=` would read as `<`.
    const SIGNS: [(&str, Op); 7] = [
        ("<=", Op::LessOrEqual),
        (">=", Op::GreaterOrEqual),
        ("===", Op::Equal),
        ("==", Op::Equal),
        ("!=", Op::NotEqual),
        ("<", Op::Less),
        (">", Op::Greater),
    ];
    SIGNS.into_iter().find(|(sign, _)| cursor.eat(sign)).map(|(_, operator)| operator).ok_or_else(|| {
        let hint = if cursor.rest().starts_with('=') { "equality is written ==" } else { "use <, <=, >, >=, == or !=" };
        cursor.wrong_at(at, "a comparison is missing here".to_owned(), Some(hint.to_owned()))
    })
}

fn limit(cursor: &mut Cursor<'_>, head: &HeadPart, dimension: Dimension) -> Result<Limit, ThresholdError> {
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
    let after_number = cursor.position();
    skip(cursor);
    if cursor.eat("%") {
        return Ok(BaselineChange::PlusShare(direction * amount / 100.0));
    }
    cursor.go_to(number_at);
    let _ = after_number;
    Ok(BaselineChange::Plus(direction * number(cursor, head, dimension)?))
}

fn maximum(
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
            let hint = nearest(word, UNITS.into_iter())
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

fn clauses(cursor: &mut Cursor<'_>, threshold: &mut Threshold) -> Result<(), ThresholdError> {
    let (mut level, mut action) = (None, None);
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
                let hint = nearest(word, KEYWORDS.into_iter()).map_or_else(
                    || "after the limit stand: for, over, within, after, at, warn, fail, continue, stop".to_owned(),
                    |known| format!("did you mean `{known}`?"),
                );
                return Err(cursor.wrong_at(at, format!("`{shown}` is not known here"), Some(hint)));
            }
        }
    }
    threshold.level = level.unwrap_or_default();
    threshold.action = action.unwrap_or_default();
    Ok(())
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

fn skip(cursor: &mut Cursor<'_>) -> usize {
    cursor.skip_blanks();
    cursor.position()
}

fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    crate::hint::nearest(word, known)
}

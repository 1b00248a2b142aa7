//! Text to [`Threshold`].

use std::{ops::Range, str::FromStr};

use super::{
    Action, Level, Limit, Measure, Op, Stat, Threshold,
    clause::{clauses, quoted},
    cursor::Cursor,
    limit::{limit, maximum},
    measure::is_foreign_k6_metric,
};
use crate::{Hint, hint::nearest};

/// Longest rule, in bytes: more is a mistake of pasting.
const MAX_TEXT: usize = 1000;

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
        let (mut threshold, _) = read(rule, Some((measure, tags)))?;
        // The text must say all by itself, also in a ledger far from its key.
        threshold.text = format!("{} {}", key.trim(), rule.trim());
        Ok(threshold)
    }

    /// The same rule for this name alone, whatever its scope was.
    ///
    /// # Errors
    /// When the text gets too long with the name, or the name holds a quotation mark.
    pub fn scoped(&self, name: &str) -> Result<Self, ThresholdError> {
        let (_, scope_at) = read(&self.text, None)?;
        let scope = format!("for {}", quoted(name));
        let text = match scope_at {
            Some(at) => {
                let end = at.start + self.text[at.clone()].trim_end().len();
                format!("{}{scope}{}", &self.text[..at.start], &self.text[end..])
            }
            None => format!("{} {scope}", self.text),
        };
        text.parse()
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;
    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        read(text, None).map(|(threshold, _)| threshold)
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

/// A rule, and where its scope stands in its text.
fn read(
    source: &str,
    given: Option<(Measure, Vec<(String, String)>)>,
) -> Result<(Threshold, Option<Range<usize>>), ThresholdError> {
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
    let scope_at = clauses(&mut cursor, &mut threshold)?;
    Ok((threshold, scope_at))
}

/// What stands before the operator.
pub(super) struct HeadPart {
    pub(super) measure: Measure,
    tags: Vec<(String, String)>,
    pub(super) stat: Stat,
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

pub(super) fn skip(cursor: &mut Cursor<'_>) -> usize {
    cursor.skip_blanks();
    cursor.position()
}

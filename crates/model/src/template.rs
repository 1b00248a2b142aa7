//! Texts with placeholders: `${var}`, `${feed.users.email}`, `${uuid}`, `${int(1,9)}`, `${choice(a,b)}`, `${today}`,
//! `${secret.NAME}`.
//!
//! In:  a text from a suite. Out: parts, checked for form. Which names exist is checked by the suite.
//! Filling in happens in the engine, with the user's own random numbers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${` without its `}`.
    #[error("`${{` is not closed by `}}`")]
    Unclosed,
    /// A placeholder that is no known form.
    #[error(
        "`${{{0}}}` is no placeholder: use a variable, feed.NAME.COLUMN, secret.NAME, param.NAME, uuid, today, int(FROM,TO) or choice(A,B)"
    )]
    Unknown(String),
    /// `int` with its ends swapped.
    #[error("`${{int({0},{1})}}` runs backwards: the first number must not be above the second")]
    Backwards(i64, i64),
}

/// One placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// A variable of the user: set by `extract` or by the environment.
    Var(String),
    /// A column of the current row of a feed.
    Feed {
        /// The feed's name.
        feed: String,
        /// The column of its header row.
        column: String,
    },
    /// A sealed value, by name; never shown.
    Secret(String),
    /// A parameter of the suite.
    Param(String),
    /// A random UUID.
    Uuid,
    /// Today's date (UTC) as `2026-03-12`.
    Today,
    /// A whole number between two ends, both included.
    Int(i64, i64),
    /// One of the given texts, each as likely.
    Choice(Vec<String>),
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Sent as it is.
    Text(String),
    /// Filled in for each request.
    Placeholder(Placeholder),
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// A template that is only text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())] }
    }

    /// Its pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Its placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(placeholder),
            Part::Text(_) => None,
        })
    }

    /// The text, where there is nothing to fill in.
    pub fn as_constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it is one number placeholder and nothing else: such a JSON string is sent as a number.
    pub fn is_number(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Placeholder(Placeholder::Int(..))])
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            if start > 0 {
                parts.push(Part::Text(rest[..start].to_owned()));
            }
            let inner = &rest[start + 2..];
            let end = inner.find('}').ok_or(TemplateError::Unclosed)?;
            parts.push(Part::Placeholder(placeholder(inner[..end].trim())?));
            rest = &inner[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }
}

fn placeholder(text: &str) -> Result<Placeholder, TemplateError> {
    let unknown = || TemplateError::Unknown(text.chars().take(60).collect());
    if let Some(arguments) = text.strip_prefix("int(").and_then(|t| t.strip_suffix(')')) {
        let (from, to) = arguments.split_once(',').ok_or_else(unknown)?;
        let from: i64 = from.trim().parse().map_err(|_| unknown())?;
        let to: i64 = to.trim().parse().map_err(|_| unknown())?;
        return if from <= to { Ok(Placeholder::Int(from, to)) } else { Err(TemplateError::Backwards(from, to)) };
    }
    if let Some(arguments) = text.strip_prefix("choice(").and_then(|t| t.strip_suffix(')')) {
        return Ok(Placeholder::Choice(arguments.split(',').map(|one| one.trim().to_owned()).collect()));
    }
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match text.split('.').collect::<Vec<_>>().as_slice() {
        ["uuid"] => Ok(Placeholder::Uuid),
        ["today"] => Ok(Placeholder::Today),
        ["feed", feed, column] if is_name(feed) && is_name(column) => {
            Ok(Placeholder::Feed { feed: (*feed).to_owned(), column: (*column).to_owned() })
        }
        ["secret", name] if is_name(name) => Ok(Placeholder::Secret((*name).to_owned())),
        ["param", name] if is_name(name) => Ok(Placeholder::Param((*name).to_owned())),
        [name] if is_name(name) => Ok(Placeholder::Var((*name).to_owned())),
        _ => Err(unknown()),
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Var(name) => write!(f, "${{{name}}}"),
            Self::Feed { feed, column } => write!(f, "${{feed.{feed}.{column}}}"),
            Self::Secret(name) => write!(f, "${{secret.{name}}}"),
            Self::Param(name) => write!(f, "${{param.{name}}}"),
            Self::Uuid => f.write_str("${uuid}"),
            Self::Today => f.write_str("${today}"),
            Self::Int(from, to) => write!(f, "${{int({from},{to})}}"),
            Self::Choice(all) => write!(f, "${{choice({})}}", all.join(",")),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Placeholder(placeholder) => placeholder.fmt(f),
        })
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;
    fn try_from(text: String) -> Result<Self, TemplateError> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_template_keeps_text_and_placeholders_in_order() {
        let template: Template = "u${feed.users.email}-${int(1,9)}".parse().expect("a valid template");
        assert_eq!(template.placeholders().count(), 2);
        assert_eq!(template.to_string(), "u${feed.users.email}-${int(1,9)}");
        assert!(template.as_constant().is_none());
    }

    #[test]
    fn a_misspelt_placeholder_is_refused() {
        assert!(matches!("${feed.users}".parse::<Template>(), Err(TemplateError::Unknown(_))));
        assert_eq!("${uuid".parse::<Template>(), Err(TemplateError::Unclosed));
        assert_eq!("${int(9,1)}".parse::<Template>(), Err(TemplateError::Backwards(9, 1)));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,80}") {
            let _ = text.parse::<Template>();
        }

        #[test]
        fn a_printed_template_reads_back(text in "[a-z/?=]{0,20}", name in "[a-z_]{1,10}") {
            let source = format!("{text}${{{name}}}{text}");
            if let Ok(template) = source.parse::<Template>() {
                prop_assert_eq!(template.to_string().parse::<Template>(), Ok(template));
            }
        }
    }
}

//! Templates, compiled: constants joined, names turned into numbers, then filled in with the user's values.

use std::borrow::Cow;

use perflab_model::template::{Part, Placeholder, Template};
use rand::{Rng, RngCore};

use super::session::Session;

/// A variable, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VarId(pub(crate) usize);

/// How a value is written into its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// As it is.
    Plain,
    /// Inside a JSON string.
    Json,
    /// As a form value.
    Form,
    /// Inside a URL: what no URL may hold is percent-encoded, separators stay.
    Url,
}

/// A piece of a compiled template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// Written as it is.
    Text(String),
    /// The value of a variable.
    Var(VarId, Escape),
    /// A cell of the current row.
    Feed { feed: usize, column: usize, escape: Escape },
    /// A random UUID.
    Uuid,
    /// Today, UTC.
    Today,
    /// A whole number between two ends.
    Int(i64, i64),
    /// One of these, escaped already.
    Choice(Vec<String>),
}

/// A value was asked for that this user does not have yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfilled {
    /// The variable has not been set.
    Var(VarId),
    /// The feed has no row left for this user.
    Feed(usize),
}

/// A template that is ready to be filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filler {
    pieces: Vec<Piece>,
}

impl Filler {
    /// Adds constant text, escaped already.
    pub(crate) fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// Adds a template.
    pub(crate) fn push_template(&mut self, template: &Template, escape: Escape, names: &mut impl Lookup) {
        for part in template.parts() {
            match part {
                Part::Text(text) => self.push_text(&escaped_constant(text, escape)),
                Part::Placeholder(placeholder) => match names.lookup(placeholder, escape) {
                    Piece::Text(text) => self.push_text(&text),
                    piece => self.pieces.push(piece),
                },
            }
        }
    }

    /// The text, where nothing has to be filled in.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Fills it in.
    pub(crate) fn fill(&self, session: &mut Session) -> Result<String, Unfilled> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Var(id, escape) => {
                    let value = session.var(*id).ok_or(Unfilled::Var(*id))?;
                    out.push_str(&escaped(value, *escape));
                }
                Piece::Feed { feed, column, escape } => {
                    let value = session.cell(*feed, *column).ok_or(Unfilled::Feed(*feed))?;
                    out.push_str(&escaped(value, *escape));
                }
                Piece::Uuid => {
                    let mut bytes = [0_u8; 16];
                    session.rng.fill_bytes(&mut bytes);
                    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
                    out.push_str(id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
                }
                Piece::Today => {
                    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
                    out.push_str(&today.to_string());
                }
                Piece::Int(from, to) => out.push_str(&session.rng.random_range(*from..=*to).to_string()),
                Piece::Choice(all) => {
                    if let Some(one) = (!all.is_empty()).then(|| session.rng.random_range(0..all.len())) {
                        out.push_str(&all[one]);
                    }
                }
            }
        }
        Ok(out)
    }
}

/// Turns names into numbers while templates are compiled.
pub(crate) trait Lookup {
    /// The piece that a placeholder stands for; constants (secrets, parameters) come back as escaped text.
    fn lookup(&mut self, placeholder: &Placeholder, escape: Escape) -> Piece;
}

/// The suite's own text is already in the surroundings' language, except inside JSON strings and forms.
fn escaped_constant(text: &str, escape: Escape) -> Cow<'_, str> {
    match escape {
        Escape::Plain => Cow::Borrowed(text),
        Escape::Url | Escape::Json | Escape::Form => escaped(text, escape),
    }
}

/// Writes a value so that it stays one value in its surroundings.
pub(crate) fn escaped(value: &str, escape: Escape) -> Cow<'_, str> {
    match escape {
        Escape::Plain => Cow::Borrowed(value),
        Escape::Json => {
            if value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                return Cow::Borrowed(value);
            }
            let quoted = serde_json::Value::from(value).to_string();
            Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
        }
        Escape::Form => Cow::Owned(url::form_urlencoded::byte_serialize(value.as_bytes()).collect()),
        Escape::Url => {
            let allowed = |byte: u8| {
                byte.is_ascii_graphic()
                    && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
            };
            if value.bytes().all(allowed) {
                return Cow::Borrowed(value);
            }
            let mut out = String::with_capacity(value.len() + 8);
            for byte in value.bytes() {
                if allowed(byte) {
                    out.push(char::from(byte));
                } else {
                    out.push_str(&format!("%{byte:02X}"));
                }
            }
            Cow::Owned(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Escape::Plain, "a \"b\"\r\n", "a \"b\"\r\n")]
    #[case(Escape::Json, "a \"b\"\n\\", "a \\\"b\\\"\\n\\\\")]
    #[case(Escape::Form, "a b&c=d", "a+b%26c%3Dd")]
    #[case(Escape::Url, "/a b/ü?x=1&y=2", "/a%20b/%C3%BC?x=1&y=2")]
    #[case(Escape::Url, "x\r\nHost: evil", "x%0D%0AHost:%20evil")]
    fn a_value_cannot_break_out_of_its_place(#[case] escape: Escape, #[case] value: &str, #[case] written: &str) {
        assert_eq!(escaped(value, escape), written);
    }

    proptest! {
        #[test]
        fn any_value_in_a_json_string_reads_back(value in ".{0,40}") {
            let json = format!("\"{}\"", escaped(&value, Escape::Json));
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(value));
        }

        #[test]
        fn any_value_in_a_path_makes_a_uri(value in ".{0,40}") {
            let path = format!("/{}", escaped(&value, Escape::Url));
            prop_assert!(path.parse::<http::Uri>().is_ok(), "{}", path);
        }
    }
}

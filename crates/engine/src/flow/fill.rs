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
    /// Inside a path: what no URL may hold is percent-encoded, and so are `%` and `#`; separators stay.
    Path,
    /// A piece of a URL that is written as one already, such as a link taken from an answer: only what no URL may hold
    /// is percent-encoded.
    Link,
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
                Part::Text(text) => self.push_text(&escaped(text, escape)),
                Part::Placeholder(placeholder) => self.push_value(placeholder, escape, names),
            }
        }
    }

    /// Adds the template of a path or URL. The suite's own text is a URL; what a value in it may mean follows from where
    /// it stands.
    pub(crate) fn push_url(&mut self, template: &Template, names: &mut impl Lookup) {
        let mut before = String::new();
        for part in template.parts() {
            match part {
                Part::Text(text) => {
                    before.push_str(text);
                    self.push_text(&escaped(text, Escape::Link));
                }
                Part::Placeholder(placeholder) => self.push_value(placeholder, place_in_url(&before), names),
            }
        }
    }

    fn push_value(&mut self, placeholder: &Placeholder, escape: Escape, names: &mut impl Lookup) {
        match names.lookup(placeholder, escape) {
            Piece::Text(text) => self.push_text(&text),
            piece => self.pieces.push(piece),
        }
    }

    /// Feeds that it reads from.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = usize> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Feed { feed, .. } => Some(*feed),
            _ => None,
        })
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

/// Whether it holds what not everybody may read. Parameters and random numbers are nobody's.
pub(crate) fn is_private(template: &Template) -> bool {
    template.placeholders().any(|one| match one {
        Placeholder::Secret(_) | Placeholder::Var(_) | Placeholder::Feed { .. } => true,
        Placeholder::Param(_)
        | Placeholder::Uuid
        | Placeholder::Today
        | Placeholder::Int(..)
        | Placeholder::Choice(_) => false,
    })
}

/// How a value is written after this text of a URL: at its beginning, and in place of a whole field of its query, it is a
/// link or a piece of one; after a `=` of the query a form value; else a piece of the path.
fn place_in_url(before: &str) -> Escape {
    match before.rfind(['?', '&']) {
        _ if before.is_empty() => Escape::Link,
        Some(field) if before[field..].contains('=') => Escape::Form,
        Some(field) if field + 1 == before.len() => Escape::Link,
        _ => Escape::Path,
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
        Escape::Path | Escape::Link => {
            let allowed = |byte: u8| {
                byte.is_ascii_graphic()
                    && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
                    && (escape == Escape::Link || !matches!(byte, b'%' | b'#'))
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
    #[case(Escape::Path, "/a b/ü?x=1&y=2", "/a%20b/%C3%BC?x=1&y=2")]
    #[case(Escape::Path, "100% #1", "100%25%20%231")]
    #[case(Escape::Path, "x\r\nHost: evil", "x%0D%0AHost:%20evil")]
    #[case(Escape::Link, "/a%20b?x=ü y#top", "/a%20b?x=%C3%BC%20y#top")]
    fn a_value_cannot_break_out_of_its_place(#[case] escape: Escape, #[case] value: &str, #[case] written: &str) {
        assert_eq!(escaped(value, escape), written);
    }

    #[rstest]
    #[case::whole("", Escape::Link)]
    #[case::segment("/items/", Escape::Path)]
    #[case::after_a_link("/list", Escape::Path)]
    #[case::value("/search?q=", Escape::Form)]
    #[case::later_value("/search?a=1&q=tea,", Escape::Form)]
    #[case::whole_query("/search?", Escape::Link)]
    #[case::field_after_a_link("&page=", Escape::Form)]
    #[case::name("/search?filter_", Escape::Path)]
    #[case::host("https://", Escape::Path)]
    fn where_a_value_stands_in_a_url_decides_how_it_is_written(#[case] before: &str, #[case] escape: Escape) {
        assert_eq!(place_in_url(before), escape);
    }

    proptest! {
        #[test]
        fn any_value_in_a_json_string_reads_back(value in ".{0,40}") {
            let json = format!("\"{}\"", escaped(&value, Escape::Json));
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(value));
        }

        #[test]
        fn any_value_in_a_path_makes_a_uri(value in ".{0,40}") {
            let path = format!("/{}", escaped(&value, Escape::Path));
            prop_assert!(path.parse::<http::Uri>().is_ok(), "{}", path);
        }
    }
}

//! A place in the text of a rule, and the smallest pieces read from there.

use super::ThresholdError;

/// A text with a reading position.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) const fn position(&self) -> usize {
        self.at
    }

    pub(super) const fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    /// Steps over the text if it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes characters as long as they fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !fits(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Takes up to and with the mark; nothing when it never comes.
    pub(super) fn take_through(&mut self, mark: char) -> Option<&'a str> {
        let rest = self.rest();
        let end = rest.find(mark)?;
        self.at += end + mark.len_utf8();
        Some(&rest[..end])
    }

    /// A word: a letter, then letters, digits, points and underscores. May be empty.
    pub(super) fn word(&mut self) -> &'a str {
        if self.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
            self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '.')
        } else {
            ""
        }
    }

    /// A number, with its sign and exponent if it has them.
    pub(super) fn number(&mut self) -> Result<f64, ThresholdError> {
        let start = self.at;
        if !self.eat("-") {
            self.eat("+");
        }
        self.take_while(|c| c.is_ascii_digit() || c == '.');
        let mantissa = self.at;
        // An `e` counts as exponent only with digits behind it.
        if self.eat("e") || self.eat("E") {
            if !self.eat("-") {
                self.eat("+");
            }
            if self.take_while(|c| c.is_ascii_digit()).is_empty() {
                self.at = mantissa;
            }
        }
        let digits = &self.text[start..self.at];
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => {
                self.at = start;
                let found: String = self.rest().chars().take_while(|c| !c.is_whitespace()).take(40).collect();
                let message = if found.is_empty() {
                    "a number is missing here".to_owned()
                } else {
                    format!("`{found}` is not a number")
                };
                Err(self.wrong_at(start, message, None))
            }
        }
    }

    /// An error at a position.
    pub(super) fn wrong_at(&self, position: usize, message: String, hint: Option<String>) -> ThresholdError {
        let column = self.text[..position].chars().count() + 1;
        ThresholdError { message, column, hint }
    }
}

//! Light, dark, or as the system says: the one preference that a page must know before it is drawn.
//!
//! It lives in a cookie rather than in the browser's storage, so that the server can write `data-theme` into the very
//! first byte of a page and nothing flashes.

use serde::{Deserialize, Serialize};

/// The cookie's name.
pub const COOKIE: &str = "perflab_theme";

/// Which colours the pages take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the operating system is set.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Every choice, in the order in which the pages offer them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in cookies and forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that word; `None` for any other word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }

    /// The name on its button.
    pub const fn label(self) -> &'static str {
        match self {
            Self::System => "As the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The value of `data-theme` on `<html>`. The system's choice is no attribute at all: CSS then follows by itself.
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// The theme that a request's `Cookie` header asks for; the system's where it asks for none.
    pub fn from_cookies(header: &str) -> Self {
        header
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .and_then(|(_, word)| Self::from_word(word))
            .unwrap_or_default()
    }

    /// The cookie that keeps this choice for a year, as `Set-Cookie` and `document.cookie` both write it. Scripts may
    /// read it: it is a preference, not a secret.
    pub fn cookie(self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax", self.word())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_cookie("", Theme::System)]
    #[case::alone("perflab_theme=dark", Theme::Dark)]
    #[case::among_others("a=1; perflab_theme=light; b=2", Theme::Light)]
    #[case::unknown_word("perflab_theme=sepia", Theme::System)]
    #[case::another_cookie_ends_alike("my_perflab_theme=dark", Theme::System)]
    fn the_server_reads_the_theme_from_the_cookie(#[case] header: &str, #[case] theme: Theme) {
        assert_eq!(Theme::from_cookies(header), theme);
    }

    #[rstest]
    fn a_stored_choice_comes_back() {
        for theme in Theme::ALL {
            let cookie = theme.cookie();
            let pair = cookie.split(';').next().unwrap_or_default();
            assert_eq!(Theme::from_cookies(pair), theme);
        }
    }
}

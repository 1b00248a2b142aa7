//! Takes secrets out of texts before they leave the process: as they are, in base64, and as URLs and JSON carry them.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

/// What stands in place of a secret.
const MASK: &str = "[secret]";

/// Shorter secrets would mask ordinary words and so tell more than they hide.
const MIN_CHARS: usize = 4;

/// Knows the secrets of a run in every form in which they may turn up.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a form that contains another is replaced as a whole.
    forms: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} forms)", self.forms.len())
    }
}

impl Redactor {
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self::default().and(secrets)
    }

    /// One that knows more secrets.
    pub(crate) fn and(&self, secrets: impl IntoIterator<Item = String>) -> Self {
        let mut forms: Vec<String> = secrets
            .into_iter()
            .filter(|secret| secret.chars().count() >= MIN_CHARS)
            .flat_map(|secret| {
                let json = serde_json::Value::from(secret.as_str()).to_string();
                [
                    STANDARD.encode(&secret),
                    STANDARD_NO_PAD.encode(&secret),
                    URL_SAFE.encode(&secret),
                    URL_SAFE_NO_PAD.encode(&secret),
                    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
                    percent_encoded(&secret),
                    json.trim_matches('"').to_owned(),
                    secret,
                ]
            })
            .chain(self.forms.iter().cloned())
            .collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// The text without secrets.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.forms.iter().fold(text.to_owned(), |text, form| {
            if text.contains(form.as_str()) { text.replace(form.as_str(), MASK) } else { text }
        })
    }
}

impl Redactor {
    /// The same of a text that may end in the middle of a secret: a head that is long enough to be one goes as well.
    pub(crate) fn redact_cut(&self, text: &str) -> String {
        let mut text = self.redact(text);
        let heads = self.forms.iter().filter_map(|form| {
            let ends = (MIN_CHARS..form.len()).rev().filter(|end| form.is_char_boundary(*end));
            ends.into_iter().find(|end| text.ends_with(&form[..*end]))
        });
        if let Some(head) = heads.max() {
            text.truncate(text.len() - head);
            text.push_str(MASK);
        }
        text
    }
}

/// Every byte that is not unreserved as `%XX`, as some servers echo queries.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("pass p@ss w0rd! end")]
    #[case::base64("Basic cEBzcyB3MHJkIQ==")]
    #[case::base64_without_padding("cEBzcyB3MHJkIQ")]
    #[case::form("pw=p%40ss+w0rd%21")]
    #[case::url("pw=p%40ss%20w0rd%21")]
    fn a_secret_is_hidden_in_every_form(#[case] text: &str) {
        let redacted = Redactor::new(["p@ss w0rd!".to_owned()]).redact(text);
        assert!(redacted.contains(MASK), "{redacted}");
        assert!(!redacted.contains("w0rd"), "{redacted}");
        assert!(!redacted.contains("cEBzcyB3"), "{redacted}");
    }

    #[rstest]
    #[case::whole("pw p@ss w0rd! end", "pw [secret] end")]
    #[case::head("pw p@ss w0", "pw [secret]")]
    #[case::head_of_base64("Basic cEBzcyB3MH", "Basic [secret]")]
    #[case::too_short_to_be_one("pw p@s", "pw p@s")]
    #[case::nothing("all is well", "all is well")]
    fn the_head_of_a_secret_at_the_end_of_a_cut_text_is_hidden(#[case] text: &str, #[case] redacted: &str) {
        assert_eq!(Redactor::new(["p@ss w0rd!".to_owned()]).redact_cut(text), redacted);
    }

    #[test]
    fn a_very_short_secret_does_not_mask_ordinary_text() {
        assert_eq!(Redactor::new(["a".to_owned()]).redact("a banana"), "a banana");
    }
}

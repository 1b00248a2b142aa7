//! The key that makes a repeated launch one launch.

use sha2::{Digest, Sha256};

/// Longest key, in characters.
const MAX_KEY_CHARS: usize = 200;

/// A caller's key together with what was asked under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is: keys of different callers never meet.
    pub caller: String,
    /// The key.
    pub key: String,
    /// SHA-256 of what was asked, lower-case hex.
    pub asked: String,
}

impl IdempotencyKey {
    /// A key for a request with this body; `None` when the key is empty, longer than 200 characters or not printable
    /// ASCII.
    pub fn new(caller: &str, key: &str, body: &[u8]) -> Option<Self> {
        let fits =
            !key.is_empty() && key.len() <= MAX_KEY_CHARS && key.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        fits.then(|| Self { caller: caller.to_owned(), key: key.to_owned(), asked: hex::encode(Sha256::digest(body)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_body_is_another_request() {
        let one = IdempotencyKey::new("a", "k", b"1");
        let two = IdempotencyKey::new("a", "k", b"2");
        assert!(one.is_some());
        assert_ne!(one, two);
    }

    #[test]
    fn an_unprintable_key_is_refused() {
        assert_eq!(IdempotencyKey::new("a", "k\n", b""), None);
        assert_eq!(IdempotencyKey::new("a", "", b""), None);
    }
}

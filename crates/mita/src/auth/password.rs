//! Password rules and hashing.
//!
//! In:  a password. Out: a bcrypt hash, or whether it matches one.
//!
//! Hashing is work for a quarter of a second at cost 12: it happens on blocking threads, as many at once as the machine
//! has cores (at most eight), and the rest queue. More at once would only slow each other and every other answer.

use std::sync::Arc;

use bcrypt::BcryptError;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinError;

/// Hashes and verifies passwords, a bounded number at a time.
#[derive(Debug)]
pub(crate) struct Hasher {
    cost: u32,
    at_once: Arc<Semaphore>,
    /// What the password of an unknown user is compared with.
    decoy: OnceCell<String>,
}

impl Hasher {
    pub(crate) fn new(cost: u32) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { cost, at_once: Arc::new(Semaphore::new(cores.min(8))), decoy: OnceCell::new() }
    }

    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: String) -> Result<String, HashError> {
        let cost = self.cost;
        self.blocking(move || bcrypt::hash(password, cost)).await
    }

    /// Whether a password matches. Without a hash (unknown user) the same work is done, so that the time of the answer
    /// does not tell who exists.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        match hash {
            Some(hash) => self.blocking(move || bcrypt::verify(password, &hash)).await,
            None => {
                let decoy = self.decoy.get_or_try_init(|| self.hash("no user has this".to_owned())).await?.clone();
                self.blocking(move || bcrypt::verify(password, &decoy)).await?;
                Ok(false)
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BcryptError> + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = Arc::clone(&self.at_once).acquire_owned().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(move || {
            // Held by the work, not by the request: a client that hangs up does not make room for another hash.
            let _permit = permit;
            work()
        })
        .await?
        .map_err(HashError::from)
    }
}

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// bcrypt refused.
    #[error("bcrypt refused the password or its hash")]
    Bcrypt(#[from] BcryptError),
    /// The thread at work ended early: the process is going down.
    #[error("the hashing was broken off")]
    BrokenOff(#[from] JoinError),
}

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordProblem {
    #[error("the password has {0} characters; 8 to 128 are allowed")]
    Length(usize),
    #[error("the password needs a lower-case letter, an upper-case letter and a digit")]
    Kinds,
}

/// The rules for a new password.
pub(crate) fn check_password(password: &str) -> Result<(), PasswordProblem> {
    let length = password.chars().count();
    if !(8..=128).contains(&length) {
        return Err(PasswordProblem::Length(length));
    }
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    if has(char::is_lowercase) && has(char::is_uppercase) && has(|c| c.is_ascii_digit()) {
        Ok(())
    } else {
        Err(PasswordProblem::Kinds)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("LoadTest123!", Ok(()))]
    #[case("Short1", Err(PasswordProblem::Length(6)))]
    #[case("alllower1", Err(PasswordProblem::Kinds))]
    #[case("NoDigitsHere", Err(PasswordProblem::Kinds))]
    fn passwords_need_length_and_three_kinds_of_characters(
        #[case] password: &str,
        #[case] expected: Result<(), PasswordProblem>,
    ) {
        assert_eq!(check_password(password), expected);
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hasher = Hasher::new(4);
        let hash = hasher.hash("LoadTest123!".to_owned()).await.expect("hashed");
        let verify = async |password: &str, hash: Option<String>| {
            hasher.verify(password.to_owned(), hash).await.expect("compared")
        };
        assert!(verify("LoadTest123!", Some(hash.clone())).await);
        assert!(!verify("LoadTest124!", Some(hash)).await);
        assert!(!verify("LoadTest123!", None).await);
    }
}

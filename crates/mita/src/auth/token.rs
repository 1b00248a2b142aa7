//! Signed tokens: access for two hours, refresh for seven days.
//!
//! In:  a user, or the text of a token. Out: signed texts, checked [`Claims`].
//!
//! Order of checks: length; signature, audience, issuer, times; kind; scopes (by [`Claims::require`]); blacklist.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parking_lot::RwLock;
use rand::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Secret;

const ISSUER: &str = "mita-finance-api";
const AUDIENCE: &str = "mita-finance-app";
/// Shorter texts are no tokens and are not worth decoding.
const SHORTEST: usize = 10;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    WriteProfile,
    ReadTransactions,
    WriteTransactions,
    ReadFinancialData,
    ReadBudget,
    ReadAnalytics,
}

impl Scope {
    fn text(self) -> &'static str {
        match self {
            Self::WriteProfile => "write:profile",
            Self::ReadTransactions => "read:transactions",
            Self::WriteTransactions => "write:transactions",
            Self::ReadFinancialData => "read:financial_data",
            Self::ReadBudget => "read:budget",
            Self::ReadAnalytics => "read:analytics",
        }
    }
}

const BASIC: &str = "read:profile write:profile read:transactions write:transactions read:financial_data read:budget \
                     write:budget read:analytics process:receipts";
const REFRESH: &str = "refresh:token";

/// Access or refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

impl TokenKind {
    /// How long a token lives.
    pub(crate) const fn life_s(self) -> i64 {
        match self {
            Self::Access => 120 * 60,
            Self::Refresh => 7 * 24 * 3600,
        }
    }
}

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) user_id: i64,
    pub(crate) role: String,
    pub(crate) is_premium: bool,
    pub(crate) country: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) jti: Uuid,
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) token_type: TokenKind,
    pub(crate) scope: String,
    pub(crate) token_version: String,
    pub(crate) security_level: String,
    pub(crate) token_version_id: i64,
}

impl Claims {
    /// # Errors
    /// When the token does not allow it.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), TokenError> {
        let wanted = scope.text();
        if self.scope.split(' ').any(|granted| granted == wanted) { Ok(()) } else { Err(TokenError::Scope(wanted)) }
    }
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the request has no bearer token")]
    Missing,
    #[error("the token is not valid")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    #[error("the token has expired")]
    Expired,
    #[error("the token is of the wrong kind for this path")]
    Kind,
    #[error("the token has been revoked")]
    Revoked,
    #[error("the token lacks the scope `{0}`")]
    Scope(&'static str),
}

/// Signs tokens, checks them and remembers which were revoked.
pub(crate) struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
    validation: Validation,
    /// Revoked tokens and when they would have expired anyway. Kept in memory because every request asks.
    revoked: RwLock<HashMap<Uuid, i64>>,
}

/// A user, as far as a token tells.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) user_id: i64,
    pub(crate) role: String,
    pub(crate) is_premium: bool,
    pub(crate) country: String,
}

impl Tokens {
    /// With a given key, or a random one.
    pub(crate) fn new(secret: Option<&Secret>, revoked: HashMap<Uuid, i64>) -> Self {
        let random: [u8; 32] = rand::rng().random();
        let key = secret.map_or(&random[..], |secret| secret.reveal().as_bytes());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["sub", "exp", "nbf", "iss", "aud"]);
        validation.validate_nbf = true;
        // Signer and checker are one process and share a clock.
        validation.leeway = 0;
        Self {
            sign: EncodingKey::from_secret(key),
            check: DecodingKey::from_secret(key),
            validation,
            revoked: RwLock::new(revoked),
        }
    }

    /// A new token.
    ///
    /// # Errors
    /// When the library cannot sign it.
    pub(crate) fn issue(
        &self,
        subject: &Subject,
        kind: TokenKind,
        now_s: i64,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: subject.user_id.to_string(),
            user_id: subject.user_id,
            role: subject.role.clone(),
            is_premium: subject.is_premium,
            country: subject.country.clone(),
            exp: now_s + kind.life_s(),
            iat: now_s,
            nbf: now_s,
            jti: uuid::Builder::from_random_bytes(rand::rng().random()).into_uuid(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            token_type: kind,
            scope: match kind {
                TokenKind::Access => BASIC.to_owned(),
                TokenKind::Refresh => REFRESH.to_owned(),
            },
            token_version: "2.0".to_owned(),
            security_level: "high".to_owned(),
            token_version_id: 1,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign)
    }

    /// The claims of a token that holds.
    ///
    /// # Errors
    /// When it does not, and why.
    pub(crate) fn verify(&self, token: &str, kind: TokenKind) -> Result<Claims, TokenError> {
        use jsonwebtoken::errors::{Error, ErrorKind};
        if token.len() < SHORTEST {
            return Err(TokenError::Invalid(Error::from(ErrorKind::InvalidToken)));
        }
        let claims: Claims = jsonwebtoken::decode(token, &self.check, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid(error),
            })?
            .claims;
        if claims.token_type != kind {
            return Err(TokenError::Kind);
        }
        if self.revoked.read().contains_key(&claims.jti) {
            return Err(TokenError::Revoked);
        }
        Ok(claims)
    }

    /// Refuses a token from now on. `false` when it was revoked before. Forgets the ones that have expired by themselves.
    pub(crate) fn revoke(&self, claims: &Claims, now_s: i64) -> bool {
        let mut revoked = self.revoked.write();
        // Swept now and then only: logouts under load must not each walk the whole list.
        if revoked.len().is_power_of_two() {
            revoked.retain(|_, expires_s| *expires_s > now_s);
        }
        revoked.insert(claims.jti, claims.exp).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject { user_id: 7, role: "user".to_owned(), is_premium: false, country: "US".to_owned() }
    }

    fn tokens() -> Tokens {
        Tokens::new(Some(&Secret::new("a key for tests")), HashMap::new())
    }

    fn now_s() -> i64 {
        jiff::Timestamp::now().as_second()
    }

    #[test]
    fn an_access_token_says_who_and_what_may_be_done() {
        let tokens = tokens();
        let token = tokens.issue(&subject(), TokenKind::Access, now_s()).expect("signed");
        let claims = tokens.verify(&token, TokenKind::Access).expect("holds");
        assert_eq!((claims.user_id, claims.sub.as_str(), claims.exp - claims.iat), (7, "7", 7200));
        assert!(claims.require(Scope::ReadBudget).is_ok());
        assert_eq!(claims.jti.get_version_num(), 4);
    }

    #[test]
    fn tokens_of_the_wrong_kind_key_or_age_are_refused() {
        let tokens = tokens();
        let refresh = tokens.issue(&subject(), TokenKind::Refresh, now_s()).expect("signed");
        assert!(matches!(tokens.verify(&refresh, TokenKind::Access), Err(TokenError::Kind)));
        let old = tokens.issue(&subject(), TokenKind::Access, now_s() - 7300).expect("signed");
        assert!(matches!(tokens.verify(&old, TokenKind::Access), Err(TokenError::Expired)));
        let foreign = Tokens::new(None, HashMap::new()).issue(&subject(), TokenKind::Access, now_s()).expect("signed");
        assert!(matches!(tokens.verify(&foreign, TokenKind::Access), Err(TokenError::Invalid(_))));
        assert!(matches!(tokens.verify("short", TokenKind::Access), Err(TokenError::Invalid(_))));
    }

    #[test]
    fn a_revoked_token_is_refused() {
        let tokens = tokens();
        let token = tokens.issue(&subject(), TokenKind::Access, now_s()).expect("signed");
        let claims = tokens.verify(&token, TokenKind::Access).expect("holds");
        assert!(tokens.revoke(&claims, now_s()));
        assert!(!tokens.revoke(&claims, now_s()));
        assert!(matches!(tokens.verify(&token, TokenKind::Access), Err(TokenError::Revoked)));
    }
}

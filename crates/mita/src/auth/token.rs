//! Signed tokens: access for two hours, refresh for seven days.
//!
//! In:  a user, or the text of a token. Out: signed texts, checked [`Claims`].
//!
//! Order of checks: length; signature (current key, then the previous one), audience, issuer, expiry; kind; scopes; the
//! user's token version; blacklist; presence of the claims; not-before. The first that fails is the answer.

use std::collections::HashMap;

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use parking_lot::RwLock;
use rand::Rng;
use serde::Deserialize;
use uuid::Uuid;

use super::claims::{Claims, Subject, TokenKind, is_granted, scopes};
use crate::config::Secret;

const ISSUER: &str = "mita-finance-api";
const AUDIENCE: &str = "mita-finance-app";
/// Shorter texts are no tokens and are not worth decoding.
const SHORTEST: usize = 10;
/// Younger tokens are believed to be of their user's version, where asking costs a connection.
const YOUNG_S: i64 = 30 * 60;

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the request has no bearer token")]
    Missing,
    #[error("the token is not valid")]
    Invalid(#[source] Error),
    #[error("the token has expired")]
    Expired,
    #[error("the token is of the wrong kind for this path")]
    Kind,
    #[error("the token lacks the scope `{0}`")]
    Scope(String),
    #[error("all tokens of this user that were issued before have been ended")]
    Version,
    #[error("the token has been revoked")]
    Revoked,
    #[error("the token does not say `{0}`")]
    Claim(&'static str),
    #[error("the token does not hold yet")]
    NotYet,
}

/// Signs tokens, checks them and remembers which were revoked.
pub(crate) struct Tokens {
    sign: EncodingKey,
    /// Current, then previous: tokens outlive a change of the key.
    check: Vec<DecodingKey>,
    validation: Validation,
    /// Revoked tokens and when they would have expired anyway. Kept in memory because every request asks.
    revoked: RwLock<HashMap<Uuid, i64>>,
}

/// What a token must be good for.
pub(crate) struct Demand<'a> {
    pub(crate) kind: TokenKind,
    /// Scopes that it must have, all of them.
    pub(crate) scopes: &'a [&'a str],
    pub(crate) version: Version<'a>,
    pub(crate) now_s: i64,
}

/// The token version that a user has now.
pub(crate) type VersionOf<'a> = &'a mut dyn FnMut(i64) -> Option<i64>;

/// How the version of a user's tokens is learnt.
pub(crate) enum Version<'a> {
    /// It is not asked.
    Unasked,
    /// A connection is at hand: always asked.
    AtHand(VersionOf<'a>),
    /// A connection would have to be opened: not asked for young tokens.
    ToBeOpened(VersionOf<'a>),
}

/// A token as it was read: what must be there is only asked for at the end.
#[derive(Deserialize)]
struct Read {
    sub: Option<String>,
    #[serde(default)]
    user_id: i64,
    #[serde(default)]
    role: String,
    #[serde(default)]
    is_premium: bool,
    #[serde(default)]
    country: String,
    exp: Option<i64>,
    #[serde(default)]
    iat: i64,
    #[serde(default)]
    nbf: i64,
    jti: Option<Uuid>,
    iss: Option<String>,
    aud: Option<String>,
    token_type: Option<TokenKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    token_version: String,
    #[serde(default)]
    security_level: String,
    #[serde(default = "first_version")]
    token_version_id: i64,
}

fn first_version() -> i64 {
    1
}

impl Read {
    fn complete(self) -> Result<Claims, TokenError> {
        let missing = TokenError::Claim;
        Ok(Claims {
            sub: self.sub.ok_or(missing("sub"))?,
            exp: self.exp.ok_or(missing("exp"))?,
            jti: self.jti.ok_or(missing("jti"))?,
            iss: self.iss.ok_or(missing("iss"))?,
            aud: self.aud.ok_or(missing("aud"))?,
            token_type: self.token_type.ok_or(missing("token_type"))?,
            user_id: self.user_id,
            role: self.role,
            is_premium: self.is_premium,
            country: self.country,
            iat: self.iat,
            nbf: self.nbf,
            scope: self.scope,
            token_version: self.token_version,
            security_level: self.security_level,
            token_version_id: self.token_version_id,
        })
    }
}

impl Tokens {
    /// With a given key, or a random one.
    pub(crate) fn new(secret: Option<&Secret>, revoked: HashMap<Uuid, i64>) -> Self {
        let random: [u8; 32] = rand::rng().random();
        let key = secret.map_or(&random[..], |secret| secret.reveal().as_bytes());
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Asked last, by ourselves.
        validation.validate_nbf = false;
        // Signer and checker are one process and share a clock.
        validation.leeway = 0;
        Self {
            sign: EncodingKey::from_secret(key),
            check: vec![DecodingKey::from_secret(key)],
            validation,
            revoked: RwLock::new(revoked),
        }
    }

    /// Accepts tokens of an earlier key too.
    pub(crate) fn with_previous(mut self, secret: &Secret) -> Self {
        self.check.push(DecodingKey::from_secret(secret.reveal().as_bytes()));
        self
    }

    /// A new token.
    ///
    /// # Errors
    /// When the library cannot sign it.
    pub(crate) fn issue(&self, subject: &Subject, kind: TokenKind, now_s: i64) -> Result<String, Error> {
        self.sign(&Claims {
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
            scope: scopes(kind, subject),
            token_version: "2.0".to_owned(),
            security_level: "high".to_owned(),
            token_version_id: subject.token_version_id,
        })
    }

    fn sign(&self, claims: &impl serde::Serialize) -> Result<String, Error> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign)
    }

    /// The claims of a token that holds and was not revoked here.
    ///
    /// # Errors
    /// When it does not, and why.
    pub(crate) fn verify(&self, token: &str, kind: TokenKind) -> Result<Claims, TokenError> {
        let now_s = jiff::Timestamp::now().as_second();
        let demand = Demand { kind, scopes: &[], version: Version::Unasked, now_s };
        self.check(token, demand, |jti| self.revoked.read().contains_key(jti))
    }

    /// The claims of a token that does what is asked of it, by the order of checks that the module tells.
    ///
    /// # Errors
    /// The first check that failed.
    pub(crate) fn check(
        &self,
        token: &str,
        demand: Demand<'_>,
        mut is_revoked: impl FnMut(&Uuid) -> bool,
    ) -> Result<Claims, TokenError> {
        if token.len() < SHORTEST {
            return Err(TokenError::Invalid(Error::from(ErrorKind::InvalidToken)));
        }
        let read = self.read(token)?;
        if read.token_type != Some(demand.kind) {
            return Err(TokenError::Kind);
        }
        if let Some(wanted) = demand.scopes.iter().find(|wanted| !is_granted(&read.scope, wanted)) {
            return Err(TokenError::Scope((*wanted).to_owned()));
        }
        let current = match demand.version {
            Version::Unasked => None,
            Version::ToBeOpened(_) if demand.now_s - read.iat < YOUNG_S => None,
            Version::AtHand(version_of) | Version::ToBeOpened(version_of) => {
                Some(version_of(read.user_id).ok_or(TokenError::Version)?)
            }
        };
        if current.is_some_and(|current| current != read.token_version_id) {
            return Err(TokenError::Version);
        }
        if read.jti.as_ref().is_some_and(&mut is_revoked) {
            return Err(TokenError::Revoked);
        }
        let claims = read.complete()?;
        if claims.nbf > demand.now_s {
            return Err(TokenError::NotYet);
        }
        Ok(claims)
    }

    /// What a token says whose signature, audience, issuer and expiry are right.
    fn read(&self, token: &str) -> Result<Read, TokenError> {
        let mut refused = Error::from(ErrorKind::InvalidSignature);
        for key in &self.check {
            match jsonwebtoken::decode::<Read>(token, key, &self.validation) {
                Ok(read) => return Ok(read.claims),
                // Another key may have signed it; with any other fault no key helps.
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => refused = error,
                Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => return Err(TokenError::Expired),
                Err(error) => return Err(TokenError::Invalid(error)),
            }
        }
        Err(TokenError::Invalid(refused))
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
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::Scope;

    fn subject() -> Subject {
        Subject {
            user_id: 7,
            role: "user".to_owned(),
            is_premium: false,
            country: "US".to_owned(),
            token_version_id: 1,
        }
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

    const BASIC: [&str; 9] = [
        "read:profile",
        "write:profile",
        "read:transactions",
        "write:transactions",
        "read:financial_data",
        "read:budget",
        "write:budget",
        "read:analytics",
        "process:receipts",
    ];
    const PREMIUM: [&str; 7] = [
        "delete:transactions",
        "write:financial_data",
        "manage:budget",
        "advanced:analytics",
        "premium:features",
        "premium:ai_insights",
        "ocr:analysis",
    ];
    const ADMIN: [&str; 3] = ["admin:users", "admin:system", "admin:audit"];

    #[rstest]
    #[case::basic("user", false, &[&BASIC[..]])]
    #[case::premium("user", true, &[&BASIC[..], &PREMIUM[..]])]
    #[case::admin("admin", false, &[&BASIC[..], &PREMIUM[..], &ADMIN[..]])]
    fn scopes_follow_from_role_and_premium(#[case] role: &str, #[case] is_premium: bool, #[case] expected: &[&[&str]]) {
        let tokens = tokens();
        let subject = Subject { role: role.to_owned(), is_premium, ..subject() };
        let claims = |kind| {
            let token = tokens.issue(&subject, kind, now_s()).expect("signed");
            tokens.verify(&token, kind).expect("holds")
        };
        assert_eq!(claims(TokenKind::Access).scope, expected.concat().join(" "));
        let refresh = claims(TokenKind::Refresh);
        assert_eq!((refresh.scope.as_str(), refresh.exp - refresh.iat), ("refresh:token", 7 * 24 * 3600));
    }

    #[test]
    fn a_token_says_what_the_service_says_and_no_more() {
        let token = tokens().issue(&subject(), TokenKind::Access, 1_800_000_000).expect("signed");
        let payload = token.split('.').nth(1).expect("three parts");
        let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&token).expect("JSON").claims;
        assert!(!payload.is_empty());
        let jti = claims["jti"].clone();
        assert_eq!(
            claims,
            json!({
                "sub": "7", "user_id": 7, "role": "user", "is_premium": false, "country": "US", "exp": 1_800_007_200,
                "iat": 1_800_000_000, "nbf": 1_800_000_000, "jti": jti, "iss": "mita-finance-api",
                "aud": "mita-finance-app", "token_type": "access", "scope": BASIC.join(" "), "token_version": "2.0",
                "security_level": "high", "token_version_id": 1,
            })
        );
    }

    #[test]
    fn tokens_of_the_previous_key_hold_and_those_of_older_ones_do_not() {
        let key = |name: &str| Secret::new(name);
        let old = Tokens::new(Some(&key("first")), HashMap::new());
        let token = old.issue(&subject(), TokenKind::Access, now_s()).expect("signed");
        let next = Tokens::new(Some(&key("second")), HashMap::new()).with_previous(&key("first"));
        assert!(next.verify(&token, TokenKind::Access).is_ok());
        let last = Tokens::new(Some(&key("third")), HashMap::new()).with_previous(&key("second"));
        assert!(matches!(last.verify(&token, TokenKind::Access), Err(TokenError::Invalid(_))));
    }

    /// A token in which everything is wrong that can be: each repair shows the next check, which gives their order.
    #[test]
    fn checks_come_in_their_order() {
        let tokens = tokens();
        let now_s = now_s();
        let jti = Uuid::from_u128(5);
        let mut claims = json!({
            "user_id": 7, "exp": now_s - 1, "iat": now_s - 3600, "nbf": now_s + 3600, "jti": jti,
            "iss": "mita-finance-api", "aud": "mita-finance-app", "token_type": "refresh", "scope": "",
            "token_version_id": 1,
        });
        let mut version = 2;
        let mut is_revoked = true;
        let check = |claims: &Value, version: i64, is_revoked: bool| {
            let token = tokens.sign(claims).expect("signed");
            let mut version_of = |_| Some(version);
            let demand = Demand {
                kind: TokenKind::Access,
                scopes: &["read:budget"],
                version: Version::AtHand(&mut version_of),
                now_s,
            };
            tokens.check(&token, demand, |_| is_revoked).map(|_| ()).map_err(|error| error.to_string())
        };
        let mut seen = Vec::new();
        for repair in 0..8 {
            match repair {
                1 => claims["exp"] = json!(now_s + 60),
                2 => claims["token_type"] = json!("access"),
                3 => claims["scope"] = json!("read:budget"),
                4 => version = 1,
                5 => is_revoked = false,
                6 => claims["sub"] = json!("7"),
                7 => claims["nbf"] = json!(now_s),
                _ => {}
            }
            seen.push(check(&claims, version, is_revoked).err().unwrap_or_default());
        }
        assert_eq!(
            seen,
            [
                "the token has expired",
                "the token is of the wrong kind for this path",
                "the token lacks the scope `read:budget`",
                "all tokens of this user that were issued before have been ended",
                "the token has been revoked",
                "the token does not say `sub`",
                "the token does not hold yet",
                "",
            ]
        );
    }

    #[rstest]
    #[case::young_without_connection(60, false, true)]
    #[case::old_without_connection(1800, false, false)]
    #[case::young_with_connection(60, true, false)]
    fn the_version_of_young_tokens_is_asked_only_where_a_connection_is_at_hand(
        #[case] age_s: i64,
        #[case] at_hand: bool,
        #[case] holds: bool,
    ) {
        let tokens = tokens();
        let token = tokens.issue(&subject(), TokenKind::Access, now_s() - age_s).expect("signed");
        let mut raised = |_| Some(2);
        let version = if at_hand { Version::AtHand(&mut raised) } else { Version::ToBeOpened(&mut raised) };
        let demand = Demand { kind: TokenKind::Access, scopes: &[], version, now_s: now_s() };
        assert_eq!(tokens.check(&token, demand, |_| false).is_ok(), holds);
    }
}

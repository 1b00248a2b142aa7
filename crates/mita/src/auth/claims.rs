//! What a token says and allows.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::token::TokenError;

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
const PREMIUM: &str = "delete:transactions write:financial_data manage:budget advanced:analytics premium:features \
                       premium:ai_insights ocr:analysis";
const ADMIN: &str = "admin:users admin:system admin:audit";
const REFRESH: &str = "refresh:token";

/// The scopes of a token, separated by spaces. An administrator may do what premium users may, and more.
pub(super) fn scopes(kind: TokenKind, subject: &Subject) -> String {
    let is_admin = subject.role == "admin";
    match kind {
        TokenKind::Refresh => REFRESH.to_owned(),
        TokenKind::Access if is_admin => format!("{BASIC} {PREMIUM} {ADMIN}"),
        TokenKind::Access if subject.is_premium => format!("{BASIC} {PREMIUM}"),
        TokenKind::Access => BASIC.to_owned(),
    }
}

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
        if is_granted(&self.scope, wanted) { Ok(()) } else { Err(TokenError::Scope(wanted.to_owned())) }
    }
}

/// Whether a list of scopes has this one.
pub(super) fn is_granted(scopes: &str, wanted: &str) -> bool {
    scopes.split(' ').any(|granted| granted == wanted)
}

/// A user, as far as a token tells.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) user_id: i64,
    pub(crate) role: String,
    pub(crate) is_premium: bool,
    pub(crate) country: String,
    /// Raised when all tokens of the user are to end.
    pub(crate) token_version_id: i64,
}

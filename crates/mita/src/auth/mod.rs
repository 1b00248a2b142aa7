//! Who is asking: passwords and tokens.
//!
//! In:  passwords, tokens. Out: hashes, signed tokens, checked claims.
//! Not here: where users are kept (`data`), which path needs which scope (`http`).

mod password;
mod token;

pub use password::HashError;
pub(crate) use password::{Hasher, PasswordProblem, check_password};
pub(crate) use token::{Claims, Scope, Subject, TokenError, TokenKind, Tokens};

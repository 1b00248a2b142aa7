//! Who is asking: passwords and tokens.
//!
//! In:  passwords, tokens. Out: hashes, signed tokens, checked claims.
//! Not here: where users are kept (`data`), which path needs which scope (`http`).

mod claims;
mod password;
mod token;

pub(crate) use claims::{Claims, Scope, Subject, TokenKind};
pub use password::HashError;
pub(crate) use password::{Hasher, PasswordProblem, check_password};
pub(crate) use token::{Demand, TokenError, Tokens, Version};

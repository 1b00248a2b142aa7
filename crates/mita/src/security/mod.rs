//! What protects the service: revoked tokens, limits on requests, a log of who did what.
//!
//! In:  tokens, requests, events. Out: whether a token is revoked, whether a request may pass, lines of the audit log.
//! Not here: passwords and signatures (`auth`), HTTP.
//!
//! Blacklist and limiter keep what they know in a [`store`]: in this process, or in Redis.

pub(crate) mod audit;
pub(crate) mod blacklist;
pub(crate) mod client;
pub(crate) mod limiter;
pub(crate) mod limits;
pub(crate) mod store;

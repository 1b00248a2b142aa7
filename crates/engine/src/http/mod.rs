//! HTTP for load: directly on hyper's connections, each step timed, nothing done behind the caller's back.
//!
//! In:  an [`Outgoing`] request. Out: an [`Exchange`]: its instants, what was answered or why not.
//! Not here: redirects, cookies, checks (`flow`); names and counting (`record`).
//!
//! A general client would retry, follow, pool and decompress on its own and read proxies from the environment; all of
//! that changes what is measured, and costs about twice the CPU per request. Here one task owns its connections and
//! drives them itself, so a request wakes one task once.
//!
//! Invariants: no address is connected to that the guard has not passed, after resolving and again after connecting.
//! A request whose bytes may have left is never sent again.

mod body;
mod client;
mod connect;
mod failure;
mod h1;
mod h2;
mod resolve;
mod stream;
mod tls;

pub(crate) use client::{Answer, Client, Exchange, HttpContext, Keep, Outgoing};
pub(crate) use failure::Failure;
pub(crate) use h2::H2Pool;
pub(crate) use resolve::Resolver;
pub(crate) use tls::{TlsError, TlsSetup};

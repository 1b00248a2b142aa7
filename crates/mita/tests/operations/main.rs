//! Operations by their public door: every one answers, answers rightly, and leaves nothing behind.
//!
//! They run on stores of this process, and again on Postgres and Redis: `PERFLAB_TEST_POSTGRES` and `PERFLAB_TEST_REDIS`
//! name servers for tests, and in CI their absence fails loudly.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod answers;
mod every;
mod left_behind;
mod once;
mod servers;
